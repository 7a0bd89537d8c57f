"""Models as folders: weights/ID holds card.json, which says what the model means, and one weight file.

Reading, listing, adding and removing models needs neither torch nor onnxruntime.
"""

from .card import CARD_FILE, digest, parse, read_card, verify, write_card
from .get import get
from .known import KNOWN, Known
from .shelf import Broken, Installed, find, install, installed, place, remove

__all__ = ["CARD_FILE", "KNOWN", "Broken", "Installed", "Known", "digest", "find", "get", "install", "installed", "parse",
           "place", "read_card", "remove", "verify", "write_card"]
