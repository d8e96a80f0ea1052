"""The variables by which ``tests/e2e/server.py`` finds what it talks to."""


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
        "OAUTH2_E2E_SECOND_URL": second_url,
        "OAUTH2_E2E_SECOND_LOG": str(second_log),
        "OAUTH2_E2E_OTHER_DB": other_database,
        "OAUTH2_E2E_REPLICA_PORT": replica,
    }
