import os

from odoo import http

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route


class Probe(http.Controller):
    """Where a call was served: process, database, primary or replica."""

    @oauth2_route("/<api>/probe", scopes="partners.read", methods=["GET"])
    def probe(self):
        return self._whereabouts()

    @oauth2_route(
        "/<api>/probe/readonly", scopes="partners.read", methods=["GET"], readonly=True
    )
    def probe_readonly(self):
        return self._whereabouts()

    def _whereabouts(self):
        self.env.cr.execute("SELECT pg_is_in_recovery()")
        [on_replica] = self.env.cr.fetchone()
        return {
            "process": os.getpid(),
            "database": self.env.cr.dbname,
            "on_replica": on_replica,
            "read_only": self.env.cr.readonly,
            "login": self.env.user.login,
            "internal": self.env.user._is_internal(),
        }
