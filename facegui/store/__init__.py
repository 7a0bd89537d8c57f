"""The store: gallery.db (people, photos, templates, settings) and the photo files. Names only; no searching here.

`Database` lends connections; the other files hold verbs that take one as `c`. Only this room knows SQLite.
"""

from . import chores, decisions, files, journal, merges, moves, names, people, photos, settings, staging, templates, trust
from .database import Connection, Database, plainly

__all__ = ["Connection", "Database", "chores", "decisions", "files", "journal", "merges", "moves", "names", "people", "photos",
           "plainly", "settings", "staging", "templates", "trust"]
