"""The addon's rate limits, for commands that would only meet them."""

import ast

import places

#: Which is Odoo's to import.
_FILE = places.ROOT / "services/authentication/rate_limit.py"


def parameters(calls):
    """Return the system parameters that set all of them, a dict of texts.

    :param int calls: a minute; 0 for no limit
    """
    given = {
        ast.unparse(node.targets[0]): node.value
        for node in ast.parse(_FILE.read_text()).body
        if isinstance(node, ast.Assign)
    }
    names = ast.literal_eval(given["DEFAULT_LIMITS"])
    return {f"api_auth_oauth2.limit_{name}": str(calls) for name in names}
