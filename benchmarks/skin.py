"""Is a model as good for dark skin as for light? Held-out people by their skin's measured tone, bare and with drawn masks.

    python -m benchmarks.skin SET [--weights DIR] [--model NAME]

SET is the set of aligned faces that the model was trained on (`facegui.training.shards`); only people held out from training
count, five photos of each at most. A share is the mean over people, its interval draws the people anew.
The tone is the individual typology angle of both cheeks (Chardon, Cretois and Hourseau, 1991), median over a person's
photos. Light falls on it too: it sorts people roughly and says nothing about anybody.
"""

from __future__ import annotations

import cv2
import numpy as np

from facegui.training.augment import STILL, Augment, view

from .held_out import begin

TONES = (("light", 41.0, 180.0), ("intermediate", 28.0, 41.0), ("tan", 10.0, 28.0), ("dark", -180.0, 10.0))  # degrees

PHOTOS, DRAWS = 5, 1000


def tone_deg(pixels: np.ndarray, points: np.ndarray) -> float:
    """Individual typology angle of the cheeks: below the eyes, beside the nose. pixels (h, w, 3) RGB uint8, points (5, 2) px."""
    left, right, nose = points[0], points[1], points[2]
    reach = 0.16 * np.linalg.norm(right - left)
    cheeks = [np.array([eye[0], 0.25 * eye[1] + 0.75 * nose[1]]) for eye in (left, right)]
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    spots = [lab[int(y - reach):int(y + reach) + 1, int(x - reach):int(x + reach) + 1].reshape(-1, 3) for x, y in cheeks]
    light, _, yellow = np.median(np.concatenate(spots), axis=0)
    return float(np.degrees(np.arctan2(light - 50, yellow)))


def main() -> None:
    faces, held, embedder = begin(__doc__.splitlines()[0])
    held = held[[(faces.people[held][:i] == faces.people[row]).sum() < PHOTOS for i, row in enumerate(held)]]
    grey = [i for i in held if np.ptp(faces.pixels[i].astype(int), axis=2).mean() < 4]
    held = np.setdiff1d(held, grey)  # no tone in a picture without colour
    spec = embedder.card.crop

    def rows(how: Augment) -> np.ndarray:
        return np.concatenate([embedder.embed(np.stack([view(np.asarray(faces.pixels[i]), faces.points_of(i), spec,
                                                             np.random.default_rng(int(i)), how)[0] for i in held[k : k + 32]]))
                               for k in range(0, len(held), 32)])

    tones = np.array([tone_deg(np.asarray(faces.pixels[i]), faces.points_of(i)) for i in held])
    people = faces.people[held]
    known, person = np.unique(people, return_inverse=True)
    tone = np.array([np.median(tones[person == k]) for k in range(len(known))])[person]
    bare = rows(STILL)
    print(f"{embedder.card.id}: {len(held)} bare faces of {len(known)} held-out people; {len(grey)} grey ones left out")
    for cover, probes in (("bare", bare), ("drawn mask", rows(Augment(mask=1.0)))):
        scores, same = probes @ bare.T, people[:, None] == people[None]
        threshold = np.quantile(scores[~same], 0.999)  # over all: the one that everybody is held against
        print(f"{cover} against bare, threshold {threshold:.3f} (FMR 0.1 % over all)")
        for name, low, high in TONES:
            chosen = np.flatnonzero((tone > low) & (tone <= high))
            within, who = scores[np.ix_(chosen, chosen)] >= threshold, people[chosen]
            other = who[:, None] != who[None]
            shares = []
            for one in np.unique(who):
                mine = within[np.ix_(who == one, who == one)]
                if len(mine) > 1:
                    shares.append(mine[~np.eye(len(mine), dtype=bool)].mean())  # not a face with itself or its own masked copy
            draws = np.random.default_rng(0).choice(shares, (DRAWS, len(shares))).mean(1)
            low_, high_ = np.quantile(draws, (0.025, 0.975))
            print(f"  {name:13} TAR {100 * np.mean(shares):5.1f} % ({100 * low_:.1f} to {100 * high_:.1f}; {len(shares)} people), "
                  f"FMR {100 * within[other].mean():.2f} % ({int(within[other].sum())} of {int(other.sum())})")


if __name__ == "__main__":
    main()
