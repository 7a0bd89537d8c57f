"""Is a found face fit to be enrolled? The photo's faults are named, each with advice.

The thresholds stand where two published embedders lost their way on damaged copies of LFW photos. Scores between photo
and copy: blurred by 0.08 eye distances 0.78 and 0.52; eyes 10 px apart 0.86 and 0.76; a tenth of the light left 0.87 and
0.65; three times the light 0.53 and 0.57. Of 500 untouched photos 0.6 % are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .types import HIDDEN, Face, Quality

REASONS = {
    "no_face": "No face was found; take a photo in which the face is larger and looks at the camera.",
    "several_faces": "Several faces are in the photo; cut out the person, or choose a photo of one person.",
    "too_small": "The face is too small; come closer or give a larger photo.",
    "blurred": "The photo is blurred; hold still, wipe the lens, or give a sharper photo.",
    "too_dark": "The face is too dark; turn towards a window or a lamp.",
    "too_bright": "The face is overexposed; move out of direct light.",
    "low_contrast": "The face is washed out; avoid light behind the person and fog on the lens.",
    "profile": "The face is turned to the side; look at the camera.",
    "lower_face_covered": "A mask covers the lower face; take it off for enrollment. It may stay on for recognition.",
    HIDDEN: "Dark glasses, a hand or something else hides eyes or mouth; take it away for enrollment. It may stay for recognition.",
    "cut_off": "Part of the face lies outside the photo; give a photo with the whole face.",
    "unsure": "The program is not sure that this is a face; give a clearer photo.",
}
# A profile still adds something to other photos of the person, so it only warns.
REFUSED = frozenset(REASONS) - {"profile"}
COVERED = frozenset({"lower_face_covered", HIDDEN})  # no fault where a face is only to be recognised

MIN_EYES_PX = 16
MIN_DETAIL = 0.18
MIN_LIGHT, MAX_BURNT, MIN_CONTRAST = 45, 0.6, 5
MAX_YAW_DEG = 45
MIN_DETECTION = 0.9
HIDDEN_SHARE = 0.5  # of the score that is left where something hides eyes or mouth
_NOSE_DEPTH = 0.55  # how far the nose tip stands before the eyes, in eye distances
_EYES_PX = 35  # eye distance at which light and detail are measured: that of the usual 112 px crop


def judge(pixels: np.ndarray, face: Face, masked: bool, hidden: bool = False) -> Quality:
    """How fit `face`, found in (height, width, 3) RGB uint8 `pixels`, is to be enrolled; it is `masked`, or something
    else hides its eyes or mouth.

    The score is 1 for a large, sharp, well lit, frontal, bare face and falls towards 0 with each of these; reasons
    are codes of REASONS, the gravest kind first.
    """
    eyes_px = float(np.hypot(*(face.landmarks[1] - face.landmarks[0])))
    yaw_deg = abs(turned_deg(face))
    marks = {"unsure": (face.score < MIN_DETECTION, _between(0.6, 0.98, face.score)),
             "cut_off": (_cut_off(face, pixels.shape), 1.0),
             "too_small": (eyes_px < MIN_EYES_PX, _between(4, 48, eyes_px)),
             "lower_face_covered": (masked, 0.5 if masked else 1.0),
             HIDDEN: (hidden, HIDDEN_SHARE if hidden else 1.0),
             "profile": (yaw_deg > MAX_YAW_DEG, _between(90, 15, yaw_deg))}
    band = _eye_band(pixels, face, eyes_px)
    if band is not None:
        detail, light, burnt, contrast = detail_of(band, eyes_px), *_exposure(band)
        marks |= {"too_dark": (light < MIN_LIGHT, _between(10, 90, light)),
                  "too_bright": (burnt > MAX_BURNT, _between(0.9, 0.1, burnt)),
                  "low_contrast": (contrast < MIN_CONTRAST <= MIN_LIGHT <= light, _between(1, 15, contrast)),
                  "blurred": (detail < MIN_DETAIL and contrast >= MIN_CONTRAST, _between(0, 0.45, detail))}
    score = math.prod(share for _, share in marks.values()) * (0.3 if marks["cut_off"][0] else 1.0)
    return Quality(round(score, 3), tuple(reason for reason, (wrong, _) in marks.items() if wrong))


def refuses(quality: Quality) -> bool:
    """Whether a photo of this quality should not be enrolled unless the user insists."""
    return not REFUSED.isdisjoint(quality.reasons)


def judged_again(found: Quality, hidden: bool) -> Quality:
    """The same photo's quality with or without HIDDEN: earlier versions did not look for it."""
    if hidden == (HIDDEN in found.reasons):
        return found
    if hidden:
        return Quality(round(found.score * HIDDEN_SHARE, 3), (*found.reasons, HIDDEN))
    return Quality(round(min(found.score / HIDDEN_SHARE, 1.0), 3), tuple(reason for reason in found.reasons if reason != HIDDEN))


def turned_deg(face: Face) -> float:
    """Rough yaw from the landmarks, degrees: how far the nose tip stands from the middle of the eyes, along their line.

    Positive to the image right. A tilted head changes nothing. A hidden nose (mask) is the detector's guess.
    """
    left, right, nose = face.landmarks[:3].astype(np.float64)
    across = right - left
    offset = (nose - (left + right) / 2) @ across / max(across @ across, 1e-9)
    return math.degrees(math.atan(offset / _NOSE_DEPTH))


def detail_of(band: np.ndarray, eyes_px: float) -> float:
    """Energy of fine over that of coarser detail in a grey picture of the eyes: 0.5 as a rule, below 0.2 when blurred.

    Fine is what lies between Gaussians of 1 and 2 px, coarser between 2 and 4 px, at the scale of the 112 px crop. Unlike
    the variance of the Laplacian this does not take the noise of a blurred photo for detail.
    """
    unit = min(1.0, eyes_px / _EYES_PX)
    one, two, four = (cv2.GaussianBlur(band, (0, 0), sigma * unit) for sigma in (1.0, 2.0, 4.0))
    return float(((one - two) ** 2).mean() / (((two - four) ** 2).mean() + 0.5))


def _eye_band(pixels: np.ndarray, face: Face, eyes_px: float) -> np.ndarray | None:
    """Grey float32 picture from the brows to the tip of the nose, free of masks, at most at the 112 px crop's scale."""
    x, y = (face.landmarks[0] + face.landmarks[1]) / 2
    height, width = pixels.shape[:2]
    left, right = (int(np.clip(x + share * eyes_px, 0, width)) for share in (-1.0, 1.0))
    top, bottom = (int(np.clip(y + share * eyes_px, 0, height)) for share in (-0.5, 0.7))
    if right - left < 3 or bottom - top < 3:
        return None
    band = cv2.cvtColor(np.ascontiguousarray(pixels[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    if eyes_px > _EYES_PX:
        size = (max(3, round((right - left) * _EYES_PX / eyes_px)), max(3, round((bottom - top) * _EYES_PX / eyes_px)))
        band = cv2.resize(band, size, interpolation=cv2.INTER_AREA)
    return band.astype(np.float32)


def _exposure(band: np.ndarray) -> tuple[float, float, float]:
    """Brightest parts (so that dark skin in good light is not called dark), share of burnt pixels, standard deviation."""
    return float(np.percentile(band, 95)), float((band >= 250).mean()), float(band.std())


def _cut_off(face: Face, shape: Sequence[int]) -> bool:
    """Whether eyes or mouth come so near the border that brows, cheek or chin must lie outside."""
    height, width = shape[:2]
    room = 0.15 * np.hypot(*(face.landmarks[1] - face.landmarks[0]))
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    return bool(x.min() < room or y.min() < room or x.max() > width - 1 - room or y.max() > height - 1 - room)


def _between(bad: float, good: float, value: float) -> float:
    """0 at `bad`, 1 at `good`, straight between."""
    return float(np.clip((value - bad) / (good - bad), 0, 1))
