# A dispatcher registers itself when it is imported, before the routes that use it.
from . import dispatchers  # isort: skip
from . import (
    applications,
    authorization,
    callback,
    consent,
    introspection,
    json2,
    metadata,
    openapi,
    postman,
    revocation,
    token,
    trial,
    whoami,
)
