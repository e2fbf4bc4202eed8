"""Settings that must be in place before any test module is imported."""

import os

# No window may open, and Qt reads this once, when its first application object is made.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Nothing may be fetched while testing: a test that needs the network is a wrong test.
os.environ["HF_HUB_OFFLINE"] = "1"
