"""help           show this"""

import ast

import console
import places

INTRODUCTION = """\
./dev COMMAND

Everything it downloads, installs or makes is in .dev/, but Debian packages, which
it names before it installs them.
"""

VARIABLES = """
Variables:
  ODOO_HOME                an Odoo 19.0 that is already there
  PGHOST, PGPORT, PGUSER…  a PostgreSQL that is already there
  API_AUTH_OAUTH2_CACHE    a folder for downloads that several checkouts share
"""


WIDTH = 16


def run(args):
    """Print the commands, each with the first line of its module's docstring."""
    console.say(INTRODUCTION)
    for name in places.command_names():
        source = (places.TOOLS / "commands" / f"{name}.py").read_text()
        usage, _, text = ast.get_docstring(ast.parse(source)).partition("  ")
        text = text.strip().partition("\n")[0]
        console.say(f"  ./dev {usage.ljust(WIDTH)}  {text}")
    console.say(VARIABLES)
