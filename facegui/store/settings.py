"""The gallery's own settings, kept with it: JSON values by key."""

from __future__ import annotations

import json
from typing import Any

from .database import Connection


def get(c: Connection, key: str, default: Any = None) -> Any:
    row = c.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else default


def put(c: Connection, key: str, value: Any) -> None:
    """Keep `value` (anything JSON can say); None removes the setting."""
    if value is None:
        c.execute("DELETE FROM settings WHERE key = ?", (key,))
    else:
        c.execute("INSERT OR REPLACE INTO settings(key, value) VALUES(?, ?)", (key, json.dumps(value)))
