"""Photos become templates: one person's at enrollment, everybody's again when the model changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import image, quality
from ..gallery import Gallery, name_key
from ..gallery.enroll import LOOKS
from ..store import photos as stored
from ..training import looks
from ..types import (Candidate, Cover, EnrollReport, FaceguiError, ImageError, NewPhoto, PhotoOutcome, Picture,
                     Progress, Tick)
from .sight import Seen, Sight, subject

BATCH = 32  # faces embedded together; more gains nothing on a CPU and holds up the progress bar
Offer = str | Path | np.ndarray | tuple[str, bytes]  # a file, RGB pixels, or (file name, bytes)

@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """One photo offered for enrollment, decoded; `data` is what the gallery keeps: the very bytes that were looked at."""

    label: str
    data: bytes
    suffix: str
    picture: Picture


def read(offer: Offer) -> Offered:
    """Raises ImageError where it is no usable picture."""
    if isinstance(offer, np.ndarray):
        offer = ("webcam.png", image.encode(offer, ".png", 100))  # lossless: a later model sees the same pixels
    if isinstance(offer, tuple):
        label, data = offer
    else:
        label, data = str(offer), image.load(offer)
    return Offered(label, data, Path(label).suffix, image.decode(data, Path(label).name))


def pick(sight: Sight, offered: Offered, force: bool) -> Seen | PhotoOutcome:
    """The face to enroll, or why there is none."""
    seen, _ = sight.look(offered.picture)
    if not seen:
        return PhotoOutcome(offered.label, "refused", ("no_face",), quality.REASONS["no_face"])
    one = subject(seen, offered.picture.width, offered.picture.height) or (seen[0] if force else None)
    if one is None:
        return PhotoOutcome(offered.label, "refused", ("several_faces",), quality.REASONS["several_faces"])
    if not force and quality.refuses(one.quality):
        advice = " ".join(quality.REASONS[reason] for reason in one.quality.reasons)
        return PhotoOutcome(offered.label, "refused", one.quality.reasons, advice, one.quality.score)
    return one


def new_photo(offered: Offered, seen: Seen, embedding: np.ndarray, look: np.ndarray | None) -> NewPhoto:
    """The photo as the gallery keeps it."""
    return NewPhoto(offered.data, offered.suffix, offered.picture.sha256, Path(offered.label).name, seen.face, seen.quality,
                    seen.masked, embedding, look)


def failure(label: str, error: FaceguiError) -> PhotoOutcome:
    return PhotoOutcome(label, "failed", ("unreadable",), str(error))


def enroll(sight: Sight, gallery: Gallery, name: str, photos: Sequence[Offer], *, force: bool, tick: Tick,
           resembled: Callable[[np.ndarray, Sequence[Cover]], list[list[Candidate]]], careful: bool = False,
           note: str = "") -> EnrollReport:
    """See FaceService.enroll. `resembled`: Decisions.resembled."""
    if not photos:
        raise FaceguiError("give at least one photo")
    name = gallery.check_name(name)
    gallery.sorting.check_note(name, note)  # before anything is enrolled
    outcomes: list[PhotoOutcome | None] = [None] * len(photos)
    taken: list[tuple[int, Offered, Seen]] = []
    for number, offer in enumerate(photos):
        tick(Progress(number, len(photos), "looking for faces"))
        try:
            offered = read(offer)
            found = pick(sight, offered, force)
        except ImageError as error:
            outcomes[number] = failure(_label(offer), error)
            continue
        if isinstance(found, PhotoOutcome):
            outcomes[number] = found
        else:
            taken.append((number, offered, found))
    vectors = [probe.embedding for probe in sight.embed([seen for _, _, seen in taken])]
    alike = resembled(np.stack(vectors), [seen.cover for _, _, seen in taken]) if taken else []
    near = _too_close(gallery, name, alike)
    person_id = None
    if near and careful:
        for number, offered, seen in taken:
            outcomes[number] = PhotoOutcome(offered.label, "held", seen.quality.reasons, "", seen.quality.score)
    elif taken:
        drawn = sight.looks([seen for _, _, seen in taken], vectors)
        items = [new_photo(offered, seen, vector, look) for (_, offered, seen), vector, look in zip(taken, vectors, drawn, strict=True)]
        stored = gallery.enroll(name, items)
        person_id = stored.person_id
        for (number, offered, seen), outcome in zip(taken, stored.outcomes, strict=True):
            outcomes[number] = PhotoOutcome(offered.label, outcome.status, outcome.reasons or seen.quality.reasons,
                                            outcome.advice, seen.quality.score)
        if note.strip() and person_id is not None:
            gallery.sorting.set_note(name, note, add=True)
    return EnrollReport(name, person_id, tuple(outcomes), tuple(one for one, _ in near),
                        tuple(taken[row][0] for _, row in near))


def _label(offer: Offer) -> str:
    return "webcam" if isinstance(offer, np.ndarray) else str(offer[0] if isinstance(offer, tuple) else offer)


def _too_close(gallery: Gallery, name: str, alike: Sequence[list[Candidate]]) -> list[tuple[Candidate, int]]:
    """Other people whom the new photos resemble as if they were the same, closest first, each with the photo's row.

    Not those of whom it was decided already that they are somebody else.
    """
    best: dict[int, tuple[Candidate, int]] = {}
    mine = next((one.id for one in gallery.people(name) if name_key(one.name) == name_key(name)), None) if any(alike) else None
    apart = gallery.sorting.decided()[0] if mine is not None else set()
    for row, candidates in enumerate(alike):
        for one in candidates:
            known = mine is not None and (min(mine, one.person_id), max(mine, one.person_id)) in apart
            if one.person_id != mine and not known:
                if one.person_id not in best or one.score > best[one.person_id][0].score:
                    best[one.person_id] = one, row
    return sorted(best.values(), key=lambda pair: -pair[0].score)


def reembed(sight: Sight, gallery: Gallery, tick: Tick) -> int:
    """Templates and looks of the model in use for every kept photo that lacks one; a photo that cannot be read is left out.

    What hides the face is judged anew: photos may have been enrolled by a version that did not look for dark glasses.
    """
    card = sight.embedder.card
    missing = gallery.missing_templates(card.key)
    points, there = looks.landmarks(card.crop), {photo.id for photo in missing}
    if points is not None:
        missing += [photo for photo in gallery.missing_templates(card.key + LOOKS) if not photo.masked and photo.id not in there]
    made = 0
    for batch in _batches(missing, BATCH):
        tick(Progress(made, len(missing), f"making templates of {card.id}"))
        crops, ids, bare, judged = [], [], [], {}
        for photo in batch:
            try:
                picture = image.decode(gallery.photo_bytes(photo.id), photo.original_name)
            except FaceguiError:  # a damaged file must not keep all others from their templates
                continue
            crops.append(sight.again(picture, photo.face))
            ids.append(photo.id)
            again = sight.judged_again(picture, photo)
            if again != photo.quality:
                judged[photo.id] = again
            if not photo.masked and points is not None:
                bare.append(len(ids) - 1)
        if crops:
            rows = sight.embedder.embed(np.stack(crops))
            gallery.add_templates(card.key, list(zip(ids, rows, strict=True)))
            if judged:  # a commit waits for the disk
                with gallery.database.write() as c:
                    for number, found in judged.items():
                        stored.judge(c, number, found)
            drawn = looks.looks(sight.embedder.embed, [crops[at] for at in bare], rows[bare], points)
            gallery.add_templates(card.key + LOOKS, list(zip([ids[at] for at in bare], drawn, strict=True)))
            made += len(ids)
    tick(Progress(len(missing), len(missing)))
    return made


def _batches(items: Sequence, size: int) -> Iterator[Sequence]:
    for start in range(0, len(items), size):
        yield items[start:start + size]
