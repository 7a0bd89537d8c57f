"""Which model is in use, what it takes to load it, and which score it needs for a name."""

from __future__ import annotations

import contextlib
from functools import lru_cache
from pathlib import Path

from .. import cards, embed
from ..config import Settings
from ..cover import CoverJudge
from ..detect import MtcnnDetector
from ..device import pick_device, share_cores
from ..gallery import Gallery
from ..metrics import Threshold, threshold_for
from ..types import ModelCard, ModelError, Tick
from .sight import Sight

BUNDLED = "compact"
SETTING = "model"  # the gallery's own choice, kept in its database
THRESHOLD = "threshold"  # a score set by hand for this gallery
STRANGERS = 0.01  # share of strangers who may get a name: one in a hundred
FALSE_MATCHES = 0.001  # share of pairs of different people that `verify` may call the same
UNCALIBRATED = 0.5  # for a model whose card has no measured impostor scores; said openly wherever it is used


def chosen_id(gallery: Gallery, settings: Settings) -> str | None:
    """The id of the model in use: the command line's, the gallery's own, the bundled one, the only one; else None."""
    wanted = settings.model or gallery.setting(SETTING)
    if wanted:
        return wanted
    if (settings.weights / BUNDLED / cards.CARD_FILE).is_file():
        return BUNDLED
    there = [card.id for card in cards.installed(settings.weights).cards]
    return there[0] if len(there) == 1 else None


def chosen(gallery: Gallery, settings: Settings) -> ModelCard:
    """The card of the model in use. Raises ModelError that says what is missing and how to get it."""
    model_id = chosen_id(gallery, settings)
    if model_id is not None:
        file = settings.weights / model_id / cards.CARD_FILE
        return _find(settings.weights, model_id, file.stat().st_mtime_ns if file.is_file() else 0)
    there = [card.id for card in cards.installed(settings.weights).cards]
    if there:
        raise ModelError(f"several models are installed ({', '.join(there)}) and none is chosen; "
                         "choose one with `python -m facegui models use NAME`")
    raise ModelError(f"no model is installed in {settings.weights}; restore weights/{BUNDLED} from the repository, get one "
                     "with `python -m facegui models get vggface2`, or add your own with `models add FILE --card CARD`")


@lru_cache(maxsize=8)
def _find(weights: Path, model_id: str, changed_ns: int) -> ModelCard:
    """The card, read once for every version of it: every search asks for it."""
    return cards.find(weights, model_id)


def follow(gallery: Gallery, settings: Settings) -> None:
    """See the gallery through the model in use. Without a model its people can still be listed, renamed and forgotten."""
    with contextlib.suppress(ModelError):  # a model that is missing is told to whoever needs it
        card = chosen(gallery, settings)
        if card.key != gallery.model_id:
            gallery.use_model(card.key, card.dimension)


def load_sight(card: ModelCard, settings: Settings, earlier: Sight | None) -> Sight:
    """The pipeline for a model; the detector and the cover judge of an earlier one are kept."""
    device = pick_device(settings.device)
    share_cores()
    embedder = embed.load(settings.weights, card, device)
    if earlier is not None:
        return Sight(earlier.detector, earlier.cover, embedder)
    return Sight(MtcnnDetector(device, settings.long_side), CoverJudge(settings.weights / "cover", device), embedder)


def threshold(card: ModelCard, templates: int) -> Threshold:
    """The score for a name in a gallery of that many templates, so that one stranger in a hundred gets one."""
    return _from_tail(card, templates, STRANGERS)


def verify_threshold(card: ModelCard) -> Threshold:
    """The score at which one pair of different people in a thousand is called the same person."""
    return _from_tail(card, 1, FALSE_MATCHES)


def _from_tail(card: ModelCard, templates: int, share: float) -> Threshold:
    if len(card.impostor_tail) < 2:
        return Threshold(UNCALIBRATED, float("nan"), True)
    return threshold_for(card.impostor_tail, templates, share)


def use(gallery: Gallery, settings: Settings, model_id: str) -> ModelCard:
    """Make a model the gallery's own; its templates come with `reembed`. Raises ModelError where it is not installed."""
    card = cards.find(settings.weights, model_id)
    embed.check(settings.weights, card)
    gallery.set_setting(SETTING, model_id)
    return card


def add(settings: Settings, file: Path, card_file: Path, tick: Tick, replace: bool = False) -> ModelCard:
    """Install a weight file with its card once it has proven to load and embed. Raises ModelError."""
    return cards.install(settings.weights, file, card_file, tick, check=embed.check, replace_existing=replace)


def get(settings: Settings, name: str, file: Path | None, tick: Tick) -> ModelCard:
    """Download a known model (or take `file`, fetched by hand), verify and install it. Raises DownloadError, ModelError."""
    return cards.get(settings.weights, name, tick, file=file, check=embed.check)
