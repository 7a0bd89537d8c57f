"""VectorIndex: numbers in, nearest people out, as by brute force; files on disk may be damaged, answers not."""

import shutil

import numpy as np
import pytest
from annoy import AnnoyIndex
from gallery_rig import unit

from facegui import index
from facegui.index import trees as growing
from facegui.index import VectorIndex
from facegui.index.generation import HEADER, checksums
from facegui.index.trees import measure, near
from facegui.index.view import View, largest
from facegui.types import no_tick

D, COSINE = 96, 0.8  # so few templates need easier probes for the trees to pay


def data(people, each, seed=0, dimension=D):
    """ids, photos, people, vectors: templates of one person lie together; ids do not start at 0 and have gaps."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.standard_normal((people, dimension)))
    owner = np.repeat(np.arange(people) + 1, each)
    vectors = unit(centres[owner - 1] + 0.15 * rng.standard_normal((len(owner), dimension)))
    ids = np.cumsum(rng.integers(1, 4, len(owner)))
    return ids.astype(np.int64), ids * 10, owner.astype(np.int64), vectors


def brute(rows, probe, top):
    """[(person, photo, score)] by a plain loop."""
    best = {}
    for _, photo, person, vector in zip(*rows, strict=True):
        score = float(vector.astype(np.float64) @ probe.astype(np.float64))
        if score > best.get(int(person), (-9, 0))[0]:
            best[int(person)] = (score, int(photo))
    ranked = sorted(((score, person, photo) for person, (score, photo) in best.items()), reverse=True)
    return [(person, photo, score) for score, person, photo in ranked[:top]]


def agree(view, rows, probes, top=5):
    for probe, hits in zip(probes, view.search(probes, top), strict=True):
        wanted = brute(rows, probe, top)
        assert [(hit.person_id, hit.photo_id) for hit in hits] == [(person, photo) for person, photo, _ in wanted]
        np.testing.assert_allclose([hit.score for hit in hits], [score for *_, score in wanted], atol=2e-6)


def probes_of(count, seed=5):
    return unit(np.random.default_rng(seed).standard_normal((count, D)))


def without(rows, gone):
    keep = ~np.isin(rows[0], gone)
    return tuple(part[keep] for part in rows)


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A generation of 6000 templates with few trees, so that they pay at this size."""
    folder = tmp_path_factory.mktemp("index") / "model"
    rows = data(2000, 3)
    blocks = (rows[3][at:at + 700] for at in range(0, 6000, 700))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "COSINE", COSINE)
        return folder, rows, index.build(folder, rows[0], rows[2], blocks, D, no_tick, trees=16)


def view_of(base, rows):
    return VectorIndex(D, base, rows[1], rows[2], np.ones(len(rows[0]), bool))


def test_exact_index_grows_shrinks_and_moves():
    rows, live, probes = data(300, 4), VectorIndex(D), probes_of(12)
    assert live.view.search(probes, 3) == [[]] * 12
    for at in range(0, 1200, 150):
        live.extend(*(part[at:at + 150] for part in rows))
        agree(live.view, tuple(part[:at + 150] for part in rows), probes)
    earlier = live.view
    gone = rows[0][::3].tolist()
    assert live.remove([*gone, 10**9]) == len(gone) and live.remove(gone) == 0
    agree(live.view, without(rows, gone), probes)
    assert len(earlier.ids) == 1200 and earlier.dead == 0  # the earlier moment is as it was
    moved = [(int(photo), 999) for photo in rows[1][100:130]]
    live.move(moved)
    people = rows[2].copy()
    people[100:130] = 999
    agree(live.view, without((rows[0], rows[1], people, rows[3]), gone), probes)
    live.remove(rows[0].tolist())
    assert live.view.search(probes, 3) == [[]] * 12


def test_reserved_room_is_filled_in_place():
    rows, live = data(1000, 3), VectorIndex(D)
    live.reserve(2500)
    for at in range(0, 3000, 400):
        live.extend(*(part[at:at + 400] for part in rows))
    assert len(live.view.blocks) == 2 and len(live.view.blocks[0]) == 2500
    agree(live.view, rows, probes_of(4))


def test_one_person_with_most_templates_hides_nobody():
    ids, photos, people, vectors = data(30, 100)
    people[:2500] = 1
    live = VectorIndex(D)
    live.extend(ids, photos, people, vectors)
    agree(live.view, (ids, photos, people, vectors), vectors[:3], top=6)


@pytest.mark.parametrize("count", [1, 9, 3000, 70_000])
def test_largest_is_what_sorting_finds(count):
    scores = np.random.default_rng(count).integers(0, 500, count).astype(np.float32)  # with ties
    for taken in {1, min(5, count), min(64, count), count}:
        np.testing.assert_array_equal(np.sort(scores[largest(scores, taken)]), np.sort(scores)[count - taken:])


def test_trees_find_what_brute_force_finds(grown):
    _, rows, base = grown
    assert base.search_k > 0 and base.recall >= 0.999 and base.nominates(1) and not base.nominates(9)
    live, rng = view_of(base, rows), np.random.default_rng(3)
    probes = near(rows[3][rng.integers(0, 6000, 400)], COSINE, rng)
    exact = View(None, (rows[3],), rows[0], rows[1], rows[2], np.ones(6000, bool)).search(probes, 1)
    found = [live.view.search(probe[None], 1)[0] for probe in probes]
    assert np.mean([one[0].person_id == other[0].person_id for one, other in zip(found, exact, strict=True)]) >= 0.995
    for (one,), (other,) in zip(found, exact, strict=True):
        assert one.person_id != other.person_id or abs(one.score - other.score) < 2e-6
    agree(live.view, rows, probes[:20], 3)  # together: exact


def test_delta_removal_and_moves_beside_trees(grown):
    _, rows, base = grown
    live = view_of(base, rows)
    more = data(50, 2, seed=9)
    more = (more[0] + 10**6, more[1] + 10**7, more[2] + 5000, more[3])
    live.extend(*more)
    every = tuple(np.concatenate(pair) for pair in zip(rows, more, strict=True))
    for one in (*more[3][:5], *rows[3][:5]):
        assert live.view.search(one[None], 1)[0][0].score == pytest.approx(1, abs=1e-5)
    gone = [*rows[0][:6].tolist(), *more[0][:2].tolist()]
    assert live.remove(gone) == 8
    for one in (rows[3][0], more[3][0]):
        assert live.view.search(one[None], 1)[0][0][:2] == brute(without(every, gone), one, 1)[0][:2]
    live.move([(int(rows[1][50]), 77777)])
    assert live.view.search(rows[3][50][None], 1)[0][0].person_id == 77777


def test_too_few_people_nominated_falls_back_to_comparing_with_all(grown):
    _, rows, base = grown
    people = rows[2].copy()
    people[300:] = 424242  # nearly everything belongs to one person
    mixed = (rows[0], rows[1], people, rows[3])
    agree(view_of(base, mixed).view, mixed, probes_of(3)[:1], top=20)


def test_measured_search_k_is_zero_where_trees_do_not_pay():
    rows = data(100, 2)
    tree = AnnoyIndex(D, "angular")
    for number, vector in enumerate(rows[3]):
        tree.add_item(number, vector.tolist())
    tree.build(8)
    assert measure(tree, rows[3], rows[2], 8, no_tick) == (0, 1.0)


def test_loading_brings_back_the_same(grown):
    folder, rows, base = grown
    again = index.load(folder, D)
    assert (again.name, again.search_k, again.recall, again.tree_count) == (base.name, base.search_k, base.recall, 16)
    np.testing.assert_array_equal(again.ids, rows[0])
    np.testing.assert_array_equal(again.vectors, rows[3])
    np.testing.assert_array_equal(again.checksums, checksums(rows[3]))
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [base.name]


DAMAGE = {
    "no pointer": lambda place: (place.parent / "current").unlink(),
    "pointer to nowhere": lambda place: (place.parent / "current").write_text("0123456789ab"),
    "pointer outside": lambda place: (place.parent / "current").write_text("../model"),
    "pointer of rubbish": lambda place: (place.parent / "current").write_bytes(b"\xff\xfe\0"),
    "no trees": lambda place: (place / "trees.ann").unlink(),
    "no card": lambda place: (place / "card.json").unlink(),
    "card of rubbish": lambda place: (place / "card.json").write_text("[1, 2"),
    "card of another shape": lambda place: (place / "card.json").write_text("[]"),
    "no rows": lambda place: (place / "rows.npy").unlink(),
    "rows flipped": lambda place: flip(place / "rows.npy", 2000),
    "vector flipped": lambda place: flip(place / "trees.ann", 4 * 5 * (HEADER + D) + 4 * HEADER + 2),
    "node flipped": lambda place: flip(place / "trees.ann", 4 * 9 * (HEADER + D)),
    "trees flipped": lambda place: flip(place / "trees.ann", -40),
    "cut short": lambda place: (place / "trees.ann").write_bytes((place / "trees.ann").read_bytes()[:-4096]),
    "cut in the vectors": lambda place: (place / "trees.ann").write_bytes((place / "trees.ann").read_bytes()[:4096]),
    "empty": lambda place: (place / "trees.ann").write_bytes(b""),
}


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_generation_is_no_generation(grown, tmp_path, kind):
    folder, _, base = grown
    shutil.copytree(folder, tmp_path / "model")
    DAMAGE[kind](tmp_path / "model" / base.name)
    assert index.load(tmp_path / "model", D) is None


def test_another_dimension_is_no_generation(grown):
    assert index.load(grown[0], D + 1) is None and index.load(grown[0] / "none", D) is None


def test_blanked_vectors_are_gone_from_disk_and_from_open_maps(grown, tmp_path):
    folder, rows, base = grown
    shutil.copytree(folder, tmp_path / "root" / "model")
    held = index.load(tmp_path / "root" / "model", D)
    keep = rows[0][5:]
    assert index.blank(tmp_path / "root", keep[:0], 0) == 0  # nothing was ever given, as far as this caller knows
    assert index.blank(tmp_path / "root", keep, 10**6) == 5 and index.blank(tmp_path / "root", keep, 10**6) == 0
    assert not held.vectors[:5].any() and held.vectors[5:].any(axis=1).all()
    content = (tmp_path / "root" / "model" / base.name / "trees.ann").read_bytes()
    for vector, gone in zip(rows[3][:8], [True] * 5 + [False] * 3, strict=True):
        assert (vector.tobytes() not in content) == gone
    again = index.load(tmp_path / "root" / "model", D)
    np.testing.assert_array_equal(again.checksums == 0, np.arange(6000) < 5)
