"""Measuring any installed model from raw photos, through the same detection and alignment as in use.

`pairs` and `lfw` verify (1:1), `folder` identifies (1:N), `masked` identifies with drawn masks, `gallery` asks how well the
enrolled people are told apart. Each takes what it needs, a cache folder or None and a Tick, and returns a frozen report
with `to_json()` and its evidence; `summary` puts it into words, `page` makes one HTML file of it.
"""

from .folder import FolderReport, folder
from .gallery import GalleryReport, gallery
from .lfw import lfw
from .masked import MaskedReport, masked
from .matching import Looks
from .page import body, page, write_page
from .pairs import PairsReport, pairs
from .words import summary

Report = PairsReport | FolderReport | MaskedReport | GalleryReport

__all__ = ["FolderReport", "GalleryReport", "Looks", "MaskedReport", "PairsReport", "Report",
           "body", "folder", "gallery", "lfw",
           "masked", "page", "pairs", "summary", "write_page"]
