"""Photos that wait to be enrolled: each once, at most so many, and what finds no place is said."""

import numpy as np
import pytest

from facegui import image
from facegui.types import ImageError
from facegui.ui import tray


def jpeg(number):
    return image.encode_jpeg(np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8), 90)


def test_of_too_many_uploads_the_first_wait_and_the_rest_is_named(tmp_path):
    paths = [tmp_path / f"{number}.jpg" for number in range(tray.MOST + 5)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number))
    twice = tmp_path / "again.jpg"
    twice.write_bytes(jpeg(0))
    held, over = tray.uploaded([], map(str, [*paths, twice]))
    assert [one.name for one in held] == [path.name for path in paths[:tray.MOST]] and over == 5
    assert not list(tmp_path.iterdir()), "no upload stays on the disk"
    shown = tray.show(held, over)
    assert "5 photos were not taken." in shown and f"{tray.MOST} can wait at once" in shown and f"{tray.MOST} photos waiting" in shown
    assert "not taken" not in tray.show(held) and tray.show([]) == ""
    more, over = tray.add(held, [("a.jpg", jpeg(0)), ("b.jpg", jpeg(1000)), ("c.jpg", jpeg(1000))])
    assert more == held and over == 1, "who waits already is not too many"


def test_an_upload_that_did_not_arrive_is_named(tmp_path):
    with pytest.raises(ImageError, match="gone.jpg did not arrive"):
        tray.uploaded([], [str(tmp_path / "gone.jpg")])
