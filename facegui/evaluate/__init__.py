"""Measuring any installed model from raw photos, through the same detection and alignment as in use.

`pairs` verifies (1:1), `folder` identifies (1:N), `masked` identifies with drawn masks. Each takes a Detector, an
Embedder, a cache folder or None and a Tick, and returns a frozen report with `to_json()`; `summary` puts it into words.
"""

from .folder import FolderReport, folder
from .masked import MaskedReport, masked
from .pairs import PairsReport, pairs
from .words import summary

__all__ = ["FolderReport", "MaskedReport", "PairsReport", "folder", "masked", "pairs", "summary"]
