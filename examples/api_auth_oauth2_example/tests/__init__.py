from . import test_partners
