"""Work that must follow a deletion even if the process dies in between: files to unlink, a log to empty."""

from __future__ import annotations

from .database import Connection


def add(c: Connection, kind: str, item: str = "") -> None:
    c.execute("INSERT OR IGNORE INTO chores(kind, item) VALUES(?, ?)", (kind, item))


def items(c: Connection, kind: str) -> list[str]:
    return [row[0] for row in c.execute("SELECT item FROM chores WHERE kind = ?", (kind,))]


def pending(c: Connection) -> bool:
    return c.execute("SELECT 1 FROM chores LIMIT 1").fetchone() is not None


def done(c: Connection, kind: str, item: str = "") -> None:
    c.execute("DELETE FROM chores WHERE kind = ? AND item = ?", (kind, item))
