# A dispatcher registers itself when it is imported, before the routes that use it.
from . import dispatchers  # isort: skip
from . import json2, metadata, provider_sign_in, token_life
