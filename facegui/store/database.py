"""gallery.db: connections, transactions, and SQLite's errors said in sentences. SQLite is the truth of the gallery."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..types import GalleryError
from .schema import BUSY_MS, create_or_check, prepare

Connection = sqlite3.Connection  # what `read` and `write` lend; the verbs of this package take one as `c`


@contextmanager
def plainly(folder: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into a GalleryError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise GalleryError(_sentence(str(error), folder)) from error
    except OSError as error:
        raise GalleryError(_file_sentence(error, folder)) from error


def _sentence(text: str, folder: Path) -> str:
    low = text.lower()
    if "full" in low:
        return f"The disk of {folder} is full; nothing was changed. Free some space and try again."
    if "readonly" in low or "unable to open" in low:
        return f"The folder {folder} cannot be written; check its permissions or choose another folder."
    if "locked" in low or "busy" in low:
        return f"Another program has kept the gallery busy for {BUSY_MS // 1000} s; close it and try again."
    if "not a database" in low or "malformed" in low:
        return f"gallery.db in {folder} is damaged or no database; restore it from an export, or choose another folder."
    return f"The gallery database in {folder} failed ({text}); nothing was changed."


def _file_sentence(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _sentence("full", folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _sentence("readonly", folder)
    return f"A file of the gallery in {folder} cannot be used ({error.strerror or error}); nothing was changed."


class Database:
    """One gallery.db for all threads of a process; other processes may use the same file at the same time.

    Connections wait in a pool, so threads read side by side; writers queue for one lock, then for SQLite's own.
    """

    def __init__(self, folder: Path) -> None:
        """Open or create folder/gallery.db. Raises GalleryError where that cannot be."""
        self.folder = Path(folder)
        self.path = self.folder / "gallery.db"
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        self._writing = threading.Lock()
        self._watching = threading.Lock()
        self._closed = False
        with plainly(self.folder):
            self.folder.mkdir(0o700, parents=True, exist_ok=True)  # faces and names are for their keeper alone
            self._watch = self._connect()
            self._settle()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _settle(self) -> None:
        """Switching to WAL does not wait for a second process that does the same: so wait here."""
        deadline = time.monotonic() + BUSY_MS / 1000
        while True:
            try:
                create_or_check(self._watch, any((self.folder / "photos").glob("??/*")))
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    self._watch.close()
                    raise
                time.sleep(0.02)
            except BaseException:
                self._watch.close()
                raise

    @contextmanager
    def _lend(self) -> Iterator[sqlite3.Connection]:
        with self._pool:
            if self._closed:
                raise GalleryError("The gallery is closed; open it again.")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.rollback()
            with self._pool:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: everything read inside belongs to one moment. Keep it short; it delays `purge`."""
        with plainly(self.folder), self._lend() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that alone may write, in all processes. Committed to the disk on leaving, or not at all."""
        with plainly(self.folder), self._writing, self._lend() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def version(self) -> int:
        """A number that differs as soon as anything was committed, by any thread or process. About 10 microseconds."""
        with plainly(self.folder), self._watching:
            if self._closed:
                raise GalleryError("The gallery is closed; open it again.")
            return self._watch.execute("PRAGMA data_version").fetchone()[0]

    def purge(self, patience_s: float = 10.0) -> bool:
        """Empty the write-ahead log, so that deleted rows are on the disk no longer.

        Returns False when another process reads for longer than `patience_s`; `chores` remembers to try again.
        """
        deadline = time.monotonic() + patience_s
        with plainly(self.folder), self._writing, self._lend() as connection:
            connection.execute("PRAGMA busy_timeout=200")
            try:
                while True:
                    try:
                        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                            return True
                    except sqlite3.OperationalError as error:
                        if "locked" not in str(error):
                            raise
                    if time.monotonic() > deadline:
                        return False
                    time.sleep(0.02)
            finally:
                connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def check(self) -> str:
        """SQLite's own integrity check: "ok", or what is wrong."""
        with self.read() as c:
            broken = [row[0] for row in c.execute("PRAGMA integrity_check")]
            orphans = c.execute("PRAGMA foreign_key_check").fetchall()
        return "; ".join([*(line for line in broken if line != "ok"), *map(str, orphans)]) or "ok"

    def close(self) -> None:
        """Close every connection; the last process out folds the write-ahead log into the database."""
        with self._writing, self._watching, self._pool:
            if not self._closed:
                self._closed = True
                for connection in (*self._idle, self._watch):
                    connection.close()
                self._idle.clear()
