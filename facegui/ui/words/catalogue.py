"""One language: English sentences with places for names and numbers, and what is said instead."""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from typing import Any

NUMBERS = {"n", "m", "k"}
_PLACE = re.compile(r"\{(\w+)\}")
_FORMS = re.compile(r"\{(\w+):([^{}]*)\}")
_PIECES = re.compile(r"(\{\w+\}|\[[^\]|]*\|[^\]]*\])")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
# A text that is no sentence of its own may be several in a row: these stand between them, the strongest first.
_BETWEEN = (re.compile(r"(?<=[.!?])(\s+)"), re.compile(r"(; )"), re.compile(r"( · )"), re.compile(r"(, )"))


class Catalogue:
    """`name`: how the language calls itself; `words`: English -> translation."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.name: str = values["name"]
        self.words: dict[str, str] = values["words"]
        self._form = gettext.c2py(values["plural"])  # the rule as gettext writes it: "n != 1" and so on
        self._plain = {_bare(key): said for key, said in self.words.items() if not _PIECES.search(key)}
        places = sorted((key for key in self.words if _PIECES.search(key)), key=lambda key: -len(_PIECES.sub("", key)))
        self._places = [(re.compile(pattern(_bare(key)), re.DOTALL), self.words[key]) for key in places]

    def say(self, text: str) -> str:
        """The whole sentence if it is known, else its parts, else the English."""
        said = self._whole(text)
        if said is not None:
            return said
        for between in _BETWEEN:
            parts = between.split(text)
            if len(parts) > 1:
                return "".join(part if number % 2 else self.say(part) for number, part in enumerate(parts))
        return text

    def _whole(self, text: str) -> str | None:
        bare, stop = _bare(text), text.endswith(".")
        said = self._plain.get(bare)
        if said is None:
            for key, meant in self._places:
                found = key.fullmatch(bare)
                if found:
                    said = self._fill(meant, found.groupdict())
                    break
        if said is None:
            return None
        if text[:1].islower() and said[:1].isupper() and text.split()[0].isalpha():  # "the photo is ..." inside a sentence
            said = said[:1].lower() + said[1:]
        elif text[:1].isupper() and said[:1].islower():
            said = said[:1].upper() + said[1:]
        return said if stop == said.endswith(".") else said + "." if stop and said[-1] not in "!?\u2026" else said.removesuffix(".")

    def _fill(self, meant: str, found: dict[str, str]) -> str:
        values = {name: self.say(text) if name.startswith("_") else _spaced(text) for name, text in found.items()}
        said = _FORMS.sub(lambda place: self._choose(found[place[1]], place[2].split("|")), meant)
        return _PLACE.sub(lambda place: values[place[1]], said)

    def _choose(self, number: str, forms: list[str]) -> str:
        digits = number.replace(",", "")
        return forms[min(self._form(int(digits)) if digits.isdecimal() else 1, len(forms) - 1)]


def pattern(key: str) -> str:
    """A regular expression for the English that a key stands for."""
    out, seen = [], set()
    for part in _PIECES.split(key):
        if part.startswith("{") and _PIECES.fullmatch(part):
            name = part[1:-1]
            any_text = r"(?:(?![.!?] ).)+?" if name.startswith("_") else ".+?"  # what is translated in turn ends with its sentence
            out.append(f"(?P={name})" if name in seen else f"(?P<{name}>{r'-?[0-9][0-9,.]*' if name in NUMBERS else any_text})")
            seen.add(name)
        elif part.startswith("[") and _PIECES.fullmatch(part):
            out.append("(?:" + "|".join(map(re.escape, part[1:-1].split("|"))) + ")")
        else:
            out.append(re.escape(part))
    return "".join(out)


def _bare(text: str) -> str:
    """Without what changes with the place in a sentence: the first letter's case, the full stop, line breaks."""
    text = " ".join(text.split()).removesuffix(".")
    return text[:1].lower() + text[1:]


def _spaced(number: str) -> str:
    """1,000 would be read as one with three decimals elsewhere."""
    return number.replace(",", "\u202f") if _THOUSANDS.fullmatch(number) else number
