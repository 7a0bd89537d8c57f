"""Open the browser interface: `python launch.py`; everything else is `python -m facegui COMMAND`."""

import sys

from facegui.ui import main

sys.exit(main())
