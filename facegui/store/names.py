"""What a person may be called, and when two spellings mean the same person."""

from __future__ import annotations

import unicodedata

from ..types import GalleryError

LONGEST = 200  # characters
# Format characters that shape a word or an emoji; all others (bidi overrides, zero-width spaces) would make two
# names that look the same, or one that reads backwards.
JOINERS = {"\u200c", "\u200d"} | {chr(code) for code in range(0xE0020, 0xE0080)}


def tidy(name: str) -> str:
    """`name` as it is stored: Unicode NFC, no outer spaces, runs of spaces made one.

    Any script, emoji and path characters are welcome: a name never becomes a path. Raises GalleryError for a blank
    name, one longer than 200 characters, and invisible control characters.
    """
    text = " ".join(unicodedata.normalize("NFC", str(name)).split())
    if len(text) > LONGEST:
        raise GalleryError(f"This name has {len(text):,} characters; give one of at most {LONGEST}.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") and character not in JOINERS:
            raise GalleryError(f"The name holds an invisible or unassigned character (U+{ord(character):04X}); "
                               "type the name again without it.")
    if not any(unicodedata.category(character)[0] in "LNPS" for character in text):
        raise GalleryError("The name is blank; give the person a name.")
    return text


def key(name: str) -> str:
    """Equal for spellings of one name: 'ana' and 'Ana' are one person (canonical caseless matching, Unicode D145)."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", tidy(name)).casefold())
