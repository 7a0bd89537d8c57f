"""The browser interface. `main` reads the options without importing Gradio or torch, so `--help` answers at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..types import FaceguiError


def main(argv: Sequence[str] | None = None) -> int:
    """Open the interface and serve it until Ctrl+C. Returns the exit code: 0 closed, 2 bad options or port in use."""
    from .options import read

    try:
        settings, options = read(argv)
        from .serve import serve

        return serve(settings, options)
    except FaceguiError as error:
        print(f"facegui: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:  # before the server was up
        return 130
