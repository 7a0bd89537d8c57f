"""Decisions: from scores to match, possible match or unknown, with a promise about strangers. Pure rules, numpy alone.

    tails    how rare a score is among different people, by what the two faces wear
    promise  what the user chose: at most 1 of so many strangers gets a name, or a score by hand
    local    what each person must score more than usual, because others resemble them
    own      the gallery's own people, searched as strangers
    level    the rarity that keeps the promise in a gallery of this size, and how sure that is
    fuse     several photos of a person -> one score
    rule     the nearest people -> the verdict
    words    reasons as sentences
"""

from . import words
from .fuse import fused
from .level import Level, level_for
from .promise import CHOICES, Promise, parse
from .rule import Near, Rule, decide
from .tails import PAIRS, Tail, tails_of

__all__ = ["CHOICES", "PAIRS", "Level", "Near", "Promise", "Rule", "Tail", "decide", "fused", "level_for", "parse", "tails_of", "words"]
