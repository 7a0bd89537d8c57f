"""What was found and embedded before, by content: a second measurement of the same photos costs seconds.

One .npz file per detector or model, written whole under another name and then moved in place. A cache may be deleted
at any moment, and a damaged one is ignored. Nothing in it is unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

from ..types import DataError


def digest(*parts: object) -> str:
    """SHA-256 of arrays' bytes and other parts' text, hex: the key of an entry, or the name of a table."""
    state = hashlib.sha256()
    for part in parts:
        data = part.tobytes() if isinstance(part, np.ndarray) else str(part).encode()
        state.update(len(data).to_bytes(8, "little") + data)
    return state.hexdigest()


class Table:
    """Keys (hex digests) to float32 arrays (k, width), k differing from key to key; a file of them, or memory alone."""

    def __init__(self, file: Path | None, width: int):
        self.file, self.width = file, width
        self._unsaved = 0
        self._entries = self._load()

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> np.ndarray:
        """(k, width) rows under `key`; KeyError where there are none."""
        return self._entries[key]

    def put(self, key: str, rows: np.ndarray) -> None:
        self._entries[key] = np.asarray(rows, dtype=np.float32).reshape(-1, self.width)
        self._unsaved += 1

    def save(self, after: int = 1) -> None:
        """To disk, together with what another process wrote meanwhile, if at least `after` entries are new.

        Raises DataError where the folder cannot be written.
        """
        if self.file is None or self._unsaved < max(1, after):
            return
        self._entries = {**self._load(), **self._entries}
        keys = np.array(list(self._entries), dtype="U64")
        counts = np.array([len(rows) for rows in self._entries.values()], dtype=np.int64)
        part = self.file.with_name(f".{self.file.name}-{os.getpid()}.part")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                np.savez(stream, keys=keys, counts=counts, rows=np.concatenate(list(self._entries.values())))
            os.replace(part, self.file)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise DataError(f"the cache {self.file} cannot be written ({error.strerror}); give another") from None
        self._unsaved = 0

    def _load(self) -> dict[str, np.ndarray]:
        if self.file is None or not self.file.is_file():
            return {}
        try:
            with np.load(self.file, allow_pickle=False) as stored:
                keys, counts, rows = stored["keys"], stored["counts"], stored["rows"]
            if rows.ndim != 2 or rows.shape[1] != self.width or rows.dtype != np.float32 or counts.sum() != len(rows):
                return {}
            return dict(zip(keys.tolist(), np.split(rows, np.cumsum(counts)[:-1]), strict=True))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return {}  # derived data: measure again
