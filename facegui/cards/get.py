"""`models get NAME`: a known model, downloaded or brought by hand, checked and installed."""

from __future__ import annotations

from pathlib import Path

from ..download import fetch
from ..types import DownloadError, ModelCard, ModelError, Tick, no_tick
from .card import CARD_FILE, digest, write_card
from .known import KNOWN, Known
from .shelf import Check, find, place


def get(weights: Path, name: str, tick: Tick = no_tick, *, file: Path | None = None, check: Check | None = None,
        known: dict[str, Known] = KNOWN) -> ModelCard:
    """Install the known model `name`: from `file` if given, from weights/NAME if its file was put there by hand,
    else from the internet, going on where an earlier download broke off. Installed already: returns its card.

    Raises ModelError for an unknown name or a file that is not the model; DownloadError that names the file to fetch
    by hand and where to put it.
    """
    if name not in known:
        raise ModelError(f"there is no model {name!r} to download; known are {', '.join(known)}")
    card, folder = known[name].card, weights / name
    if (folder / CARD_FILE).exists():
        return find(weights, name)
    if file is not None:
        return place(weights, file, card, tick, check=check, replace_existing=True)
    target = folder / card.file
    if not target.exists():
        try:
            fetch(known[name].url, target, card.sha256, tick, size=known[name].size)
        except DownloadError as error:
            raise DownloadError(
                f"{error}. By hand: fetch {known[name].url} with a browser, put it at {target}, and run "
                f"`python -m facegui models get {name}` again (or add --file PATH to it)") from None
    if (found := digest(target)) != card.sha256:
        raise ModelError(f"{target} is not the file {card.origin} (its sha256 is {found}, not {card.sha256}); "
                         "remove it and fetch it again")
    if check:
        check(weights, card)
    return write_card(folder, card)
