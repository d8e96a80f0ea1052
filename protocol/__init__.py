"""OAuth 2.0 and OpenID Connect as their RFCs write them.

Nothing in this package knows Odoo, an HTTP framework or a database: it takes and
returns plain values, so that each rule can be read and tested beside the paragraph it
follows.
"""

from . import logs  # guards the logs of server and libraries
