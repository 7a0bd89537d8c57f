"""The tables of gallery.db, their version, and how a connection is set up."""

from __future__ import annotations

import sqlite3

from ..types import GalleryError

APPLICATION = 0x46614775  # "FaGu": tells our file from any other SQLite database
BUSY_MS = 60_000  # how long one process waits for another's write

FIRST = """
CREATE TABLE people(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL UNIQUE, created REAL NOT NULL);
CREATE TABLE photos(
    id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL REFERENCES people(id),
    sha256 TEXT NOT NULL, file TEXT NOT NULL, original_name TEXT NOT NULL,
    box TEXT NOT NULL, landmarks TEXT NOT NULL, score REAL NOT NULL,
    quality REAL NOT NULL, reasons TEXT NOT NULL, masked INTEGER NOT NULL, created REAL NOT NULL);
CREATE INDEX photos_of_person ON photos(person_id);
CREATE INDEX photos_of_file ON photos(sha256);
CREATE TABLE models(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL);
CREATE TABLE templates(
    id INTEGER PRIMARY KEY AUTOINCREMENT, model INTEGER NOT NULL REFERENCES models(id),
    photo_id INTEGER NOT NULL REFERENCES photos(id), checksum INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE UNIQUE INDEX templates_of_model ON templates(model, photo_id);
CREATE INDEX templates_at_a_glance ON templates(model, photo_id, checksum);
CREATE INDEX templates_of_photo ON templates(photo_id);
CREATE TABLE changes(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item INTEGER NOT NULL);
CREATE TABLE merges(
    id INTEGER PRIMARY KEY AUTOINCREMENT, from_id INTEGER NOT NULL, from_name TEXT NOT NULL, from_key TEXT NOT NULL,
    from_created REAL NOT NULL, into_id INTEGER NOT NULL, photos TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE chores(kind TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY(kind, item)) WITHOUT ROWID;
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
# `apart` and `kept` hold ids of people and photos that may be gone for a while, inside a merge that can be undone.
DECISIONS = """
ALTER TABLE people ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE merges ADD COLUMN from_note TEXT NOT NULL DEFAULT '';
ALTER TABLE merges ADD COLUMN into_note TEXT NOT NULL DEFAULT '';
CREATE TABLE moves(
    id INTEGER PRIMARY KEY AUTOINCREMENT, from_id INTEGER NOT NULL, into_id INTEGER NOT NULL, into_new INTEGER NOT NULL,
    photos TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE apart(one INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY(one, other)) WITHOUT ROWID;
CREATE TABLE kept(photo_id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL);
"""
# Both name people by an id that may be gone for a while, inside a merge that can be undone.
TRUST = """
CREATE TABLE strictness(person_id INTEGER PRIMARY KEY, level TEXT NOT NULL);
CREATE TABLE rejected(
    id INTEGER PRIMARY KEY AUTOINCREMENT, person_id INTEGER NOT NULL, model TEXT NOT NULL, masked INTEGER NOT NULL,
    vector BLOB NOT NULL, created REAL NOT NULL);
CREATE INDEX rejected_of_person ON rejected(person_id);
"""
# Whether the owner said since the merge how strictly the two are recognised.
OVERRULED = "ALTER TABLE merges ADD COLUMN overruled INTEGER NOT NULL DEFAULT 0"
# Asked at every change: without an index each answer would read all photos.
COVERED = """
CREATE INDEX masked_photos ON photos(id) WHERE masked;
CREATE INDEX hidden_photos ON photos(id) WHERE instr(reasons, '"partly_hidden"')
"""
STEPS = (FIRST, DECISIONS, TRUST, OVERRULED, COVERED)  # an older gallery takes those that it lacks; a step that was released never changes
VERSION = len(STEPS)


def prepare(connection: sqlite3.Connection) -> None:
    """Per-connection settings. FULL in WAL mode syncs every commit: acknowledged means on the disk."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=256")  # pages: 4 MB of log
    connection.execute("PRAGMA secure_delete=ON")  # a deleted vector is overwritten, not only unlinked


def create_or_check(connection: sqlite3.Connection, photos_exist: bool) -> None:
    """Create the tables in a new file, bring an older one up to date; raise GalleryError for a newer version or
    somebody else's database."""
    if (version := _known(connection)) == VERSION:
        return
    if not version and photos_exist:
        raise GalleryError("The gallery folder holds photos but its gallery.db is missing or empty; put gallery.db "
                           "back, or move the photos folder away to start a new gallery.")
    if not version:
        # 2 kB vectors: 16 kB pages hold seven each; in the default 4 kB every vector would take a page of its own.
        connection.execute("PRAGMA page_size=16384")
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_known(connection):]:  # asked again: another process may have been quicker
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _known(connection: sqlite3.Connection) -> int:
    """The version of our tables, 0 for an empty file."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application != APPLICATION:
        raise GalleryError("gallery.db in the gallery folder is another program's database; choose another folder.")
    if version > VERSION:
        raise GalleryError(f"This gallery was made by a newer facegui (format {version}, this one reads {VERSION}); "
                           "update facegui to open it.")
    return version if tables else 0
