"""A whole gallery in one zip file: people, photos, templates and what the owner said, to back up, to move, and to put together.

    manifest.json        format, version, counts, and the SHA-256 of the members below (photos are named by theirs)
    people.jsonl         one person a line: name, created
    photos.jsonl         one photo a line: person (line number), file, face, quality
    rulings.jsonl        one ruling of the owner a line, see rulings.py (from format 2 on)
    vectors/N.npy        float32 (n, dimension) unit vectors of the manifest's Nth model
    vectors/N.photos.npy int64 (n,) line numbers of their photos
    photos/ab/SHA256.ext the photo files

No database file travels: what an archive says is checked line by line and enrolled like anything else.
"""

from .export import NOTICE, export
from .load import load

__all__ = ["NOTICE", "export", "load"]
