"""The command line: one short function per command over FaceService, errors mapped to sentences here and nowhere else.

Exit codes: 0 done; 1 the answer is no (verify: different people); 2 bad input or nothing could be done; 130 stopped.
Building the parser imports neither torch nor gradio: each command's module is loaded when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from ..types import FaceguiError
from .parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    module, function = arguments.run.split(".")
    try:
        return getattr(import_module(f".{module}", __package__), function)(arguments) or 0
    except FaceguiError as error:
        print(f"facegui: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("facegui: stopped; everything acknowledged so far is kept, run the same command again to continue",
              file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe went away, e.g. `facegui people | head -1`
        sys.stdout = None
        return 0
