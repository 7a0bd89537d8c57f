"""A gallery, what compares faces with it, and impostor tails of straight lines."""

import pytest
from gallery_rig import DIMENSION

from facegui.decide import tails_of
from facegui.decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from facegui.gallery import Gallery
from facegui.gallery.compare import Comparer

POINTS = {pair: [[10.0 ** -n, start + 0.1 * n, 0.5 * 10.0 ** -n, 2 * 10.0 ** -n] for n in range(1, 6)]
          for pair, start in ((BARE, 0.0), (MASKED_BARE, 0.02), (MASKED, 0.2), (LOOK, 0.1))}
TAILS = tails_of((), {"impostor_tails": {pair: {"points": points, "comparisons": 10 ** 6, "people": 300}
                                         for pair, points in POINTS.items()}})


@pytest.fixture
def gallery(tmp_path):
    with Gallery(tmp_path / "gallery", "model", DIMENSION) as made:
        yield made


@pytest.fixture
def comparer(gallery):
    made = Comparer(gallery)
    yield made
    made.close()
