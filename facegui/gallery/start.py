"""Opening a gallery: finish what a killed process began, and sweep up what it left."""

from __future__ import annotations

import logging
from pathlib import Path

from ..store import Database, chores, files, staging
from ..types import GalleryError
from . import forget

logger = logging.getLogger("facegui.gallery")


def start(folder: Path) -> Database:
    """The database of the gallery in `folder`, created where there is none. Raises GalleryError if it cannot."""
    log = folder / "gallery.db-wal"
    crashed = log.exists() and log.stat().st_size > 0  # or another process is at work
    database = Database(folder)
    try:
        with database.read() as c:
            unfinished = chores.pending(c)
        try:
            if unfinished:
                forget.finish(database)
            elif crashed:
                database.purge(patience_s=0.2)  # what a killed process wrote and did not commit
            files.sweep(database)
            staging.sweep(folder)
        except GalleryError as error:  # a full disk, say: the gallery can still be searched
            logger.warning("not everything left behind was swept up: %s", type(error.__cause__).__name__)
    except BaseException:
        database.close()
        raise
    return database
