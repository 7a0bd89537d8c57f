"""Settings: command-line flags beat FACEGUI_* environment variables beat defaults. Paths and machine facts only."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from .types import FaceguiError

HOME = Path(__file__).resolve().parent.parent  # the checkout: weights/ and gallery/ stand beside the package


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and what the machine may use.

    long_side: photos are searched for faces at this size, px (0 = full size); a smaller one is faster.
    """

    gallery: Path = HOME / "gallery"
    weights: Path = HOME / "weights"
    model: str | None = None  # None: the gallery's own choice
    device: str = "auto"  # auto, cpu or cuda
    long_side: int = 1024

    @classmethod
    def load(cls, **flags: object) -> Settings:
        """Settings from `flags` (None = not given), then FACEGUI_GALLERY and its like, then the defaults.

        Raises FaceguiError where a value makes no sense.
        """
        values: dict[str, object] = {}
        for item in fields(cls):
            value = flags.pop(item.name, None)
            if value is None:
                value = os.environ.get(f"FACEGUI_{item.name.upper()}")
            if value is not None:
                values[item.name] = value
        if flags:
            raise TypeError(f"no such settings: {sorted(flags)}")
        for name in ("gallery", "weights"):
            if name in values:
                values[name] = Path(str(values[name])).expanduser().absolute()
        if "long_side" in values:
            try:
                values["long_side"] = int(str(values["long_side"]))
            except ValueError:
                raise FaceguiError(f"long side {values['long_side']!r} is not a number of pixels; give e.g. 1024") from None
            if values["long_side"] != 0 and not 160 <= values["long_side"] <= 20000:
                raise FaceguiError(f"long side {values['long_side']} px is out of range; give 160 to 20000, or 0 for full size")
        if values.get("device", "auto") not in ("auto", "cpu", "cuda"):
            raise FaceguiError(f"device {values['device']!r} is unknown; give auto, cpu or cuda")
        return cls(**values)
