"""The stages of ``./dev test``. A new one is a module here and an entry of ``ALL``."""

from stages.e2e import EndToEnd
from stages.odoo_tests import Beside, Plain, Website
from stages.odoos_own import OdoosOwn
from stages.pooled import Pooled
from stages.tools_tests import ToolsTests

__all__ = ["ALL", "Beside"]

ALL = (Plain(), Website(), OdoosOwn(), EndToEnd(), Pooled(), ToolsTests())
