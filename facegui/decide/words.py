"""Reasons as sentences. They hold no names: a guest may read them."""

from __future__ import annotations

from .level import Level

REASONS = {
    "clear": "The score {score:.2f} is at least the {threshold:.2f} that a name needs{second}.",
    "near": "The score {score:.2f} is a little below the {threshold:.2f} that a name needs, so this is a question and no answer.",
    "strict": "The score {score:.2f} would be enough for most people, but this person is set to be recognised {strictness}: "
              "{threshold:.2f} is needed.",
    "two_alike": "The score {score:.2f} is high enough, but a second person scores nearly as much ({other:.2f}).",
    "far": "The closest person scores {score:.2f}: {missing:.2f} too little for a name.",
    "second_choice": "You said of this face that it is not the person it resembles most; another one scores {score:.2f}, and a name "
                     "needs {threshold:.2f}.",
    "rejected": "You said of this face that it is not the person it resembles most.",
    "nobody": "Nobody is enrolled to compare with.",
}
STRICT = {"normal": "as usual", "strict": "strictly", "stricter": "very strictly"}


def sentence(reason: str, score: float | None, threshold: float, other: float | None,
             strictness: str | None) -> str:
    """score, other: of the first and the second person; threshold: what the first one's name needs."""
    if score is None:
        return REASONS[reason]
    second = "" if other is None else f"; the next person scores {other:.2f}"
    return REASONS[reason].format(score=score, threshold=threshold, other=0.0 if other is None else other,
                                  second=second, missing=max(threshold - score, 0.0), strictness=STRICT.get(strictness or "", ""))


def statement(level: Level) -> str:
    """What the promise means here, and whether there is enough data for it, in two or three sentences."""
    people = "1 person" if level.people == 1 else f"{level.people:,} people"
    score = f"A bare face needs {level.score('bare-bare', level.match):.2f} for a name, a masked one " \
            f"{level.score('masked-look', level.match):.2f}" if level.tails and level.promise.by_hand is None else \
            f"A name needs {level.match / 10:.2f}"
    if level.fpir is None:
        return f"{score}. This model has no measured impostor scores, so nothing can be promised about strangers."
    low, high = level.interval or (level.fpir, level.fpir)
    text = f"{score}, among {people}. About {often(level.fpir)} strangers gets a name (between {often(low)} and {often(high)})."
    if level.own:
        text += f" {level.own:,} of the gallery's own people were searched as strangers for it."
    if not level.enough and level.promise.by_hand is None:
        text += f" Not enough data to promise {level.promise.words}: the threshold is extrapolated, on the safe side."
    elif not level.enough:
        text += " That lies beyond what was measured: the share is extrapolated."
    return text


def often(share: float) -> str:
    """0.01 -> "1 in 100"; two significant digits."""
    if share <= 1e-9:
        return "1 in 1,000,000,000"
    count = 1 / share
    if count < 10:
        return f"1 in {count:.1f}".removesuffix(".0")
    digits = len(str(int(count))) - 2
    return f"1 in {round(count, -digits):,.0f}"


__all__ = ["REASONS", "often", "sentence", "statement"]
