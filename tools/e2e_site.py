"""A server on a database of its own, and a program that finds it by variables.

``checks/e2e/server.py`` reads the variables.
"""

import os

import console
import odoo_server
import places
import ports
import processes
import selection


def e2e_variables(url, database, log, second=("", ""), other_database="", replica=""):
    """Return them, for a child process.

    :param str url: of the server, :param log: its log, a path
    :param second: the same of a second server, where there is one
    :param replica: the port of a replica's PostgreSQL, where there is one
    """
    second_url, second_log = second
    return {
        "OAUTH2_E2E_URL": url,
        "OAUTH2_E2E_DB": database,
        "OAUTH2_E2E_ADMIN_LOGIN": "admin",
        "OAUTH2_E2E_ADMIN_PASSWORD": "admin",
        "OAUTH2_E2E_SERVER_LOG": str(log),
        "OAUTH2_E2E_SESSIONS": str(odoo_server.SESSIONS),
        "OAUTH2_E2E_SECOND_URL": second_url,
        "OAUTH2_E2E_SECOND_LOG": str(second_log),
        "OAUTH2_E2E_OTHER_DB": other_database,
        "OAUTH2_E2E_REPLICA_PORT": replica,
    }


def install(odoo, database, modules, name, *arguments):
    """Install modules on a database, with a line of it; the log bears the name."""
    modules = ",".join(modules)
    with console.step(f"Installing {modules}"):
        arguments = ["-i", modules, "--stop-after-init", *arguments]
        odoo.run(database, arguments, log=f"{name}-install.log")


def run(odoo, made, database, name, server, program, *, what, parameters=()):
    """Serve a database and run a program of ours meanwhile; returns its status.

    :param server: arguments of the server, whose log bears the name
    :param program: the file or folder and its arguments
    :param str what: is done, for the person who waits
    :param parameters: system parameters of the database
    """
    log = places.LOGS / f"{name}-server.log"
    with ports.Listening() as listening:
        url = f"http://localhost:{listening.port}"
        base_url = {"api_auth_oauth2.base_url": url}
        for key, value in (dict(parameters) | base_url).items():
            made.set_parameter(database, key, value)
        env = odoo.env() | e2e_variables(url, database, log)
        path = selection.TESTS, selection.E2E, env["PYTHONPATH"]
        env["PYTHONPATH"] = os.pathsep.join(map(str, path))
        del env["PYTHONSAFEPATH"]  # its own folder is its own
        with odoo.serving(database, listening, *server, log=log.name):
            with console.step(what):
                command = [odoo.python, *program]
                with processes.running(command, env=env, cwd=places.DEV) as child:
                    return child.wait()
