"""What dark glasses, hands and things before a face do to its scores: held-out people of the training set, drawn covers.

    python -m benchmarks.covers SET [--weights DIR] [--model NAME]

SET is the set of aligned faces that the model was trained on (`facegui.training.shards`); only people held out from training
count. FMR: the share of pairs of different people that reach the score which one in 10,000 pairs of bare faces reaches; beside
it the same for masks by the rule's own threshold for two masked faces. TMR: the share of pairs of one person.
"""

from __future__ import annotations

import numpy as np

from facegui.decide.tails import MASKED, tails_of
from facegui.training.augment import STILL, view
from facegui.training.covers import KINDS, draw_cover
from facegui.training.masks import draw

from .held_out import begin

RATE = 1e-4


def main() -> None:
    faces, held, embedder = begin(__doc__.splitlines()[0])
    card = embedder.card

    def embedded(kind: str) -> np.ndarray:
        crops = []
        for place in held:
            rng, pixels, points = np.random.default_rng(int(place)), np.asarray(faces.pixels[place]), faces.points_of(place)
            worn = pixels if kind == "bare" else draw(pixels, points, rng) if kind == "mask" else draw_cover(pixels, points, rng, kind)
            crops.append(view(worn, points, card.crop, rng, STILL)[0])
        return embedder.embed(np.stack(crops))

    rows = {kind: embedded(kind) for kind in ("bare", *KINDS, "mask")}
    people = faces.people[held]
    other = people[:, None] != people[None]
    same = ~other & ~np.eye(len(held), dtype=bool)
    bare = float(np.quantile((rows["bare"] @ rows["bare"].T)[other], 1 - RATE))
    tails = tails_of(card.impostor_tail, card.figures)
    masked = tails[MASKED].score(-np.log10(RATE)) if tails else bare
    print(f"{card.id}: {len(held)} faces of {len(set(people))} people; {int(other.sum()):,} pairs of different people, "
          f"{int(same.sum()):,} of one; bare threshold {bare:.3f}, of two masked faces {masked:.3f}")
    print(f"{'pair':18} {'FMR, bare threshold':>20} {'TMR':>7} {'FMR, masked':>14} {'TMR':>7} {'cosine to its own photo':>25}")
    for kind in rows:
        for against in dict.fromkeys(("bare", kind)):
            scores = rows[kind] @ rows[against].T
            own = float(np.diag(scores).mean())
            print(f"{kind + ' - ' + against:18} {(scores[other] >= bare).mean():20.2e} {(scores[same] >= bare).mean():7.1%} "
                  f"{(scores[other] >= masked).mean():14.2e} {(scores[same] >= masked).mean():7.1%} {own:25.2f}")


if __name__ == "__main__":
    main()
