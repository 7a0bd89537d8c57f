"""Cards of faces, without a browser: who is shown beside a face, and to whom."""

import numpy as np

from facegui.service import answers
from facegui.types import MATCH, POSSIBLE, Candidate, Face, Identification, Probe, Quality, Recognition, Verdict
from facegui.ui import answer

FACE = Face((10.0, 10.0, 60.0, 70.0), np.zeros((5, 2), np.float32), 1.0)
NEAR = (Candidate(2, "Bea", 0.7, 20), Candidate(1, "Ana", 0.6, 10))


def found(name, verdict=None):
    return Identification(Probe(FACE, Quality(0.9), False, np.eye(8, dtype=np.float32)[0]), name, 0.7, 0.5, NEAR, verdict)


def test_a_name_kept_over_several_looks_has_its_own_photo_beside_it():
    shown = answer.card(1, found("Ana"), b"", lambda near: near.name.encode())
    assert "enrolled: Ana" in shown and "enrolled: Bea" not in shown


def test_a_guest_reads_the_decided_name_and_nobody_else():
    asked = Verdict(POSSIBLE, 2, "Bea", "bare", "bare-bare", 0.75, 0.65, "by hand", "near", "A question.")
    for one in (found("Ana"), found(None), found(None, asked)):
        shown = answer.card(1, one, b"", None)
        assert "Bea" not in shown and ("Ana" in shown) == (one.name == "Ana")


def test_a_score_asked_for_takes_names_away_and_gives_none():
    clear = Verdict(MATCH, 1, "Ana", "bare", "bare-bare", 0.5, 0.45, "a rule", "clear", "Clear.")
    asked = Verdict(POSSIBLE, 2, "Bea", "bare", "bare-bare", 0.75, 0.65, "a rule", "near", "A question.")
    for one in (found("Ana", clear), found(None, asked), found(None)):
        whole = Recognition("a.jpg", 90, 90, (one,), {})
        assert answers.held_to(whole, None) is whole
        (same,), (less,), (more,) = (answers.held_to(whole, score).faces for score in (-1.0, 0.6, 0.8))
        assert same.name == one.name and same.threshold == one.threshold and less.name == one.name and less.threshold == 0.6
        assert more.name is None and more.question is None and more.threshold == 0.8
        if one.verdict:
            told = answers.identification(more)
            assert told["level"] == "unknown" and told["reason"] == "far" and "0.10 too little" in told["why"]
