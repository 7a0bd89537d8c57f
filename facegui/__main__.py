"""`python -m facegui COMMAND`."""

import sys

from .cli import main

sys.exit(main())
