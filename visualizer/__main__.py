"""``python -m visualizer`` is the command ``denoising-visualizer``."""

import sys

from visualizer.cli import main

sys.exit(main())
