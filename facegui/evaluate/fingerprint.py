"""What code found and cut out a face: part of a cache's key, so that a better detector or alignment is measured anew."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from functools import lru_cache
from types import ModuleType

from .. import align
from ..types import Detector


def detector_key(detector: Detector) -> str:
    """What the cache of found faces is kept under: the detector's own `key` (weights, libraries, settings), or its class
    and plain settings where it has none; and the code that it is made of."""
    key = getattr(detector, "key", None)
    settings = {name: value for name, value in sorted(vars(detector).items()) if isinstance(value, int | float | str)}
    return f"{key or f'{type(detector).__qualname__} {settings}'} {code(sys.modules[type(detector).__module__])}"


def alignment_key() -> str:
    return code(align)


@lru_cache(maxsize=32)
def code(module: ModuleType) -> str:
    """SHA-256 of what a module does, hex: comments, docstrings and layout may change without costing a cache."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return "no source"  # a compiled or interactive module: its own key must do
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body and ast.get_docstring(node):
            node.body = body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
