"""The stages of ``./dev test``. A new one is a module here and an entry of ``ALL``."""

from stages.e2e import EndToEnd
from stages.odoo_tests import Plain, Website
from stages.odoos_own import OdoosOwn
from stages.tools_tests import ToolsTests

ALL = (Plain(), Website(), OdoosOwn(), EndToEnd(), ToolsTests())
