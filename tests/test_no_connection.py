"""A database to which Odoo gets no connection; ``checks/pooled`` has those that come
back."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config, mute_logger

from .route_common import RouteCase

_WELL_KNOWN = "/.well-known/oauth-protected-resource"


@tagged("post_install", "-at_install")
class TestDatabaseThatIsGone(RouteCase):
    @mute_logger("odoo.http", "odoo.sql_db", "odoo.registry", "odoo.modules.loading")
    def test_no_caller_is_told_to_try_again_at_a_database_that_does_not_exist(self):
        self.assertEqual(self.get(token=self.token).status_code, 404)  # it is routed
        header = ("X-Odoo-Database", "oauth2_of_nobody")
        for path in ("/orders/probe", "/orders/oauth2/token", f"{_WELL_KNOWN}/orders"):
            with (
                self.subTest(path),
                patch.dict(config.options, {"dbfilter": ".*"}),
                self.assertNoLogs("odoo.addons.api_auth_oauth2", "WARNING"),
            ):
                status, headers, body = self.get_raw(path, header)
                self.assertEqual(status, 404, body)
                self.assertNotIn("Retry-After", headers)
                self.assertIn("No database is selected", body)
