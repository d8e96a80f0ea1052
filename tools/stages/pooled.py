"""Tests of servers whose connections to the database are few: behind pgbouncer, or not.

One server is behind a pooler of transactions, one behind a pooler of sessions, one has
few connections in Odoo's own pool. One is behind a pooler of transactions, too, and got
no connection when it was started, so that its processes have loaded no database.
"""

import contextlib
import dataclasses
import json

import databases
import odoo_log
import pgbouncer
import places
import ports
import postgres
import selection
from e2e_site import e2e_variables, install
from stages import with_unittest
from stages.stage import Stage

CONNECTIONS = 3  # fewer than callers
MODULES = [*places.our_modules(), places.PROBE.name]
_WORKERS = ["--workers=4", "--max-cron-threads=0"]
SERVERS = {
    "few": ["--workers=0", "--max-cron-threads=0", f"--db_maxconn={CONNECTIONS}"],
    "transaction": _WORKERS,
    "session": _WORKERS,
    "cold": [*_WORKERS, "--load=base,rpc,web,api_auth_oauth2"],
}
#: A process knows an API of before its start, or of before a call that it served.
API = """
    INSERT INTO oauth2_api (name, endpoint, active, access_token_lifetime,
                            refresh_token_lifetime, authorization_lifetime)
    VALUES ('Pooled', 'pooled', true, 3600, 86400, 86400)"""
#: What Odoo says of a statement that the pooler refuses.
REFUSED = "server closed the connection unexpectedly"
#: What the addon says of a call without a connection; Odoo, where it is not asked.
WITHOUT = "No connection to the database: "
UNASKED = "Failed to initialize database ", "Database or registry unusable, "
LOGS = {name: places.LOGS / f"pooled-{name}.log" for name in ("install", *SERVERS)}


class Pooled(Stage):
    """The tests of ``checks/pooled``."""

    name = "pooled"
    seconds = 40
    folder = selection.POOLED

    def run(self, ground, words):
        """Make a database, poolers and servers, and run the tests against them.

        The PostgreSQL must be ours: a pooler is led to its socket.
        """
        if postgres.is_given():
            return odoo_log.Verdict(0, 0, len(words), [], [])
        odoo, found = ground.with_variables({}), {}
        with contextlib.ExitStack() as stack:
            database = stack.enter_context(ground.made.temporary(self.name))
            at_install = ground.search.odoo_arguments(LOGS["install"])
            install(odoo, database, MODULES, self.name, *at_install)
            listening = {
                name: stack.enter_context(ports.Listening()) for name in SERVERS
            }
            urls = {name: f"http://localhost:{p.port}" for name, p in listening.items()}
            base_url = "api_auth_oauth2.base_url", urls["few"]
            ground.made.set_parameter(database, *base_url)
            ground.made.execute(database, API)
            for name, options in SERVERS.items():
                pg = odoo.pg
                if name != "few":
                    mode = "transaction" if name == "cold" else name
                    pooler = pgbouncer.running(odoo.pg, mode, CONNECTIONS, name)
                    pg = stack.enter_context(pooler)
                found[name] = {"url": urls[name], "host": pg["PGHOST"]}
                found[name]["port"] = pg["PGPORT"]
                log = LOGS[name]
                options = [*options, *ground.search.odoo_arguments(log)]
                server = dataclasses.replace(odoo, pg=pg)
                at = database, listening[name]
                with _all_taken(pg, database) if name == "cold" else _NOTHING:
                    stack.enter_context(server.serving(*at, *options, log=log.name))
            ground.search.add(places.LOGS / f"{self.name}.log")
            env = ground.search.environment()
            env |= e2e_variables(urls["few"], database, LOGS["few"])
            env["OAUTH2_POOLED"] = json.dumps(found)
            verdict = with_unittest.run(
                odoo, selection.POOLED, words, env=env, beside=[selection.E2E]
            )
        for log in LOGS.values():
            verdict.complaints += _complaints(log)
        return verdict


_NOTHING = contextlib.nullcontext()


@contextlib.contextmanager
def _all_taken(pg, database):
    """Take all connections of a pooler of transactions."""
    with contextlib.ExitStack() as stack:
        for _number in range(CONNECTIONS):
            held = databases.connect(pg, database)
            held.autocommit = False
            stack.enter_context(contextlib.closing(held))
            held.cursor().execute("SELECT 1")  # its transaction stays open
        yield


def _complaints(log):
    """What should not be in a log, which tells of each connection that was not got."""
    expected = (WITHOUT, *UNASKED) if log == LOGS["cold"] else (WITHOUT,)
    return [
        entry
        for entry in odoo_log.complaints(log)
        if not (entry.logger == "odoo.sql_db" and REFUSED in entry.text)
        and not any(told in entry.first_line for told in expected)
    ]
