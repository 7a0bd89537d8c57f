"""Models that `models get NAME` downloads: facenet-pytorch's two pretrained InceptionResnetV1 networks."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import CropSpec, ModelCard

RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"


@dataclass(frozen=True, slots=True)
class Known:
    """A model to be had from the internet, checked by its size and its sha256."""

    card: ModelCard
    url: str
    size: int  # bytes


def _inception(name: str, file: str, sha256: str, data: str, lfw: float) -> ModelCard:
    # 14 px is the margin that facenet-pytorch's author names for these weights.
    return ModelCard(
        id=name, architecture="inception-resnet-v1", file=file, sha256=sha256, crop=CropSpec("box", 160, (), 14.0),
        channels="RGB", mean=(127.5,) * 3, std=(128.0,) * 3, dimension=512,
        licence=f"code MIT (facenet-pytorch, facenet); trained on {data}, whose terms are research, non-commercial",
        origin=f"{RELEASE}{file}",
        description=f"InceptionResnetV1 trained on {data} by David Sandberg (facenet), ported by Tim Esler "
                    "(facenet-pytorch). 112 MB, bare faces.",
        figures={"lfw_accuracy_as_published": lfw})


# The sha256 are those that other projects publish for these release files; the release itself states none.
KNOWN: dict[str, Known] = {
    "vggface2": Known(_inception(
        "vggface2", "20180402-114759-vggface2.pt", "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        "VGGFace2", 0.9965), RELEASE + "20180402-114759-vggface2.pt", 111_898_327),
    "casia-webface": Known(_inception(
        "casia-webface", "20180408-102900-casia-webface.pt", "7a67afdbbc995fce5e10128675e318799a70698c2f433ba75dd7eb9a2f096e7d",
        "CASIA-WebFace", 0.9905), RELEASE + "20180408-102900-casia-webface.pt", 115_887_415),
}
