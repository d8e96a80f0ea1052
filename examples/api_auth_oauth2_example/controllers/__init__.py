from . import partners
