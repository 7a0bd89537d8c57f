"""Photos that wait to be enrolled: in memory, their uploaded files deleted at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import image
from ..types import ImageError
from .markup import esc, jpeg_address, note, plural

MOST = 40  # photos waiting at once, per visitor
REMOVE = """element.addEventListener('click', (event) => {
  const cross = event.target.closest('[data-remove]');
  if (cross) trigger('remove', {photo: cross.dataset.remove});
});"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A photo that was offered and not yet enrolled. `thumb` None: no browser can show it, or it is damaged.

    `stranger`: the number of the unknown person whom it shows, if it comes from there.
    """

    name: str
    data: bytes
    sha256: str
    thumb: bytes | None
    stranger: int | None = None


def uploaded(held: list[Waiting], paths: Iterable[str]) -> tuple[list[Waiting], int]:
    """`add` for uploaded photos, whose files go."""
    new = []
    for path in map(Path, paths):
        try:
            new.append((path.name, path.read_bytes()))
        except OSError:
            raise ImageError(f"{path.name} did not arrive; add it again") from None
        finally:
            path.unlink(missing_ok=True)
    return add(held, new)


def add(held: list[Waiting], new: Iterable[tuple[str, bytes]], stranger: int | None = None) -> tuple[list[Waiting], int]:
    """The photos that wait, with new ones (file name, bytes), and how many were too many; the same photo waits once."""
    held, over = list(held), set()
    for name, data in new:
        digest = hashlib.sha256(data).hexdigest()
        if digest in {one.sha256 for one in held}:
            continue
        if len(held) == MOST:
            over.add(digest)
        else:
            held.append(Waiting(name, data, digest, _thumb(data), stranger))
    return held, len(over)


def _thumb(data: bytes) -> bytes | None:
    try:
        return image.encode_jpeg(image.decode(data, max_side=192).pixels, 80)
    except ImageError:
        return None  # the report of the enrollment will say what is wrong with it


def show(held: list[Waiting], over: int = 0) -> str:
    """over: how many photos found no place."""
    if not held:
        return ""
    items = "".join(f'<div>{picture(one)}<button type="button" data-remove="{one.sha256}" aria-label="remove {esc(one.name)}">&times;'
                    '</button></div>' for one in held)
    said = note(f"{plural(over, 'photo was', 'photos were')} not taken.", f"{MOST} can wait at once. Enroll these first, then "
                "add the others again.", "warn") if over else ""
    return f'{said}<p class="fg-hint">{plural(len(held), "photo")} waiting</p><div class="fg-tray">{items}</div>'


def picture(one: Waiting) -> str:
    if one.thumb is None:
        return f'<span class="fg-none" title="{esc(one.name)}">?</span>'
    return f'<img src="{jpeg_address(one.thumb)}" alt="{esc(one.name)}" title="{esc(one.name)}">'
