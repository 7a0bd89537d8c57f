"""Models that `models get NAME` downloads: facenet-pytorch's two pretrained InceptionResnetV1 networks."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import CropSpec, ModelCard

RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"


@dataclass(frozen=True, slots=True)
class Known:
    """A model to be had from the internet. A card without a sha256 records the one of the first download."""

    card: ModelCard
    url: str
    size: int  # bytes


def _inception(name: str, file: str, sha256: str, data: str, lfw: float) -> ModelCard:
    # The networks were trained on 160 px cut from 182 px MTCNN crops whose margin was 44 px of the photo (facenet's
    # own recipe); facenet-pytorch uses them with margin 0, and that is what its users' figures rest on.
    return ModelCard(
        id=name, architecture="inception-resnet-v1", file=file, sha256=sha256, crop=CropSpec("box", 160, (), 0.0),
        channels="RGB", mean=(127.5,) * 3, std=(128.0,) * 3, dimension=512,
        licence=f"code MIT (facenet-pytorch, facenet); trained on {data}, whose terms are research, non-commercial",
        origin=f"{RELEASE}{file}",
        description=f"InceptionResnetV1 trained on {data} by David Sandberg (facenet), ported by Tim Esler "
                    "(facenet-pytorch). 112 MB, bare faces.",
        figures={"lfw_accuracy_as_published": lfw})


KNOWN: dict[str, Known] = {
    # This sha256 is published by several projects that pin the release file.
    "vggface2": Known(_inception(
        "vggface2", "20180402-114759-vggface2.pt", "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        "VGGFace2", 0.9965), RELEASE + "20180402-114759-vggface2.pt", 111_898_327),
    # No published sha256 was found for this one: the first download is checked by its size and by loading it with
    # weights_only, and the sha256 found then is kept in the card.
    "casia-webface": Known(_inception(
        "casia-webface", "20180408-102900-casia-webface.pt", "", "CASIA-WebFace", 0.9905),
        RELEASE + "20180408-102900-casia-webface.pt", 115_887_415),
}
