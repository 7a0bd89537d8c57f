"""Pictures in and out: untrusted files become upright RGB uint8 arrays, or an ImageError that says what to do.

Pillow reads the header (kind, size, orientation) before anything is decoded. OpenCV decodes plain 8-bit JPEG, PNG, WebP
and BMP, in half of Pillow's time and, for JPEG, at 1/2, 1/4 or 1/8 of the size; Pillow decodes everything else.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from .types import ImageError, Picture

SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".gif"))
MAX_FILE_BYTES = 200 * 2**20
MAX_PIXELS = 178_956_970  # Pillow's own refusal limit: a decoded 0.5 GB
KEPT_PIXELS = 24_000_000  # larger pictures are decoded smaller: no face needs more, and 72 MB is enough memory for one photo
MIN_SIDE_PX = 20  # the detector's smallest face

_READ = ("JPEG", "PNG", "WEBP", "HEIF", "BMP", "TIFF", "GIF")  # no EPS: it would start Ghostscript
_WRITE = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}
_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}

pillow_heif.register_heif_opener(thumbnails=False)
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # its limit is stated in an ImageError instead


def read(path: Path | str, max_side: int | None = None) -> Picture:
    """The picture in a file, see `decode`. Raises ImageError for anything that is not a readable file."""
    return decode(load(path), Path(path).name, max_side)


def load(path: Path | str) -> bytes:
    """The bytes of a picture file, not decoded yet. Raises ImageError for anything that is not a readable file."""
    path = Path(path)
    name = shown(path.name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device would block or never end
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise ImageError(f"{name} is {kind}, not a picture; give a picture file")
        _check_bytes(status.st_size, name)
        return path.read_bytes()
    except FileNotFoundError:
        lost = "is a link to a file that no longer exists" if path.is_symlink() else "does not exist"
        raise ImageError(f"{name} {lost}; check the name and the folder") from None
    except PermissionError:
        raise ImageError(f"{name} may not be read by this user; change its permissions or copy it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ImageError(f"{name} cannot be read ({_why(error)}); check the disk and the file name") from None


def decode(data: bytes, name: str = "", max_side: int | None = None) -> Picture:
    """The first frame of a JPEG, PNG, WebP, HEIC, BMP, TIFF or GIF file's bytes: upright, RGB, transparency on white.

    max_side: longest side wanted, px; the picture is made smaller, never larger. Without it pictures above 24
    megapixels are made smaller too; `Picture.scale` tells. Colour profiles are not applied. Raises ImageError.
    """
    start = time.perf_counter()
    label = shown(name) or "the picture"
    _check_bytes(len(data), label)
    try:
        with Image.open(io.BytesIO(data), formats=_READ) as image:
            width, height = image.size
            _check_size(width, height, label)
            scale = min(1.0, (KEPT_PIXELS / (width * height)) ** 0.5, (max_side or max(width, height)) / max(width, height))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            pixels = _decode_plain(data, image, size)
            if pixels is None:
                pixels = _decode_any(image, size)
            turn = image.getexif().get(0x0112, 1)  # after decoding: Pillow's TIFF turns itself and then says 1
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{label} is not a picture this program reads; give JPEG, PNG, WebP, HEIC, BMP, TIFF or GIF") from None
    except Image.DecompressionBombError as error:
        count = re.search(r"\d+", str(error))
        raise _too_many_pixels(label, int(count[0]) if count else 0) from None
    except MemoryError:
        raise ImageError(f"{label} needs more memory than there is; give a smaller copy") from None
    except Exception as error:  # decoders meet damaged data with errors of a dozen types
        raise ImageError(f"{label} is damaged or incomplete ({_why(error)}); copy or download it again") from None
    pixels = _upright(pixels, turn)
    width, height = (height, width) if turn in (5, 6, 7, 8) else (width, height)
    return Picture(pixels, width, height, pixels.shape[1] / width, hashlib.sha256(data).hexdigest(), label if name else "",
                   (time.perf_counter() - start) * 1e3)


def from_array(pixels: np.ndarray, name: str = "") -> Picture:
    """RGB uint8 pixels (height, width, 3) that were never a file, as a Picture. Raises ImageError for other arrays."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ImageError(f"pixels of shape {pixels.shape} and type {pixels.dtype} are not an RGB picture; "
                         "give (height, width, 3) numbers of type uint8")
    height, width = pixels.shape[:2]
    _check_size(width, height, name or "the picture")
    return Picture(np.ascontiguousarray(pixels), width, height, 1.0, hashlib.sha256(pixels.tobytes()).hexdigest(), name)


def encode_jpeg(pixels: np.ndarray, quality: int = 90) -> bytes:
    """RGB uint8 pixels as the bytes of a JPEG file. Raises ImageError when they do not fit into one."""
    return encode(pixels, ".jpg", quality)


def write(path: Path | str, pixels: np.ndarray) -> None:
    """Writes RGB uint8 pixels, the suffix decides the format; the file is there complete or not at all.

    No metadata is written: no place, no camera. Raises ImageError (unknown suffix, folder missing, disk full ...).
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITE:
        raise ImageError(f"{shown(path.name)}: pictures are written as {', '.join(sorted(_WRITE))}; give a name that ends so")
    data = encode(pixels, path.suffix.lower(), 95)
    part = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        why = _why(error)
        raise ImageError(f"{shown(path.name)} cannot be written ({why}); check the folder and the free space") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def find_images(folder: Path | str, recursive: bool = False) -> list[Path]:
    """Picture files of a folder by suffix, sorted; hidden files and folders are left out. Raises ImageError."""
    folder = Path(folder)
    try:
        found = []
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.suffix.lower() in SUFFIXES and entry.is_file():
                found.append(entry)
            elif recursive and entry.is_dir() and not entry.is_symlink():  # a link may lead in a circle
                found += find_images(entry, True)
        return found
    except OSError as error:
        raise ImageError(f"the folder {shown(folder.name)} cannot be listed ({_why(error)}); check its name and permissions") from None


def shown(name: str, length: int = 80) -> str:
    """A file name fit for a message: no control characters, the middle of a very long one left out."""
    name = "".join(letter for letter in name if letter.isprintable())
    return name if len(name) <= length else f"{name[: length // 2]}...{name[-length // 3:]}"


def _check_bytes(count: int, label: str) -> None:
    if count == 0:
        raise ImageError(f"{label} is empty (0 bytes); copy or download it again")
    if count > MAX_FILE_BYTES:
        raise ImageError(f"{label} has {count / 2**20:.0f} MB, the limit is {MAX_FILE_BYTES >> 20} MB; give a smaller copy")


def _check_size(width: int, height: int, label: str) -> None:
    if min(width, height) < MIN_SIDE_PX:
        raise ImageError(f"{label} is {width} x {height} pixels, too small to hold a face; "
                         f"give a picture of at least {MIN_SIDE_PX} pixels on each side")
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(label, width * height)


def _too_many_pixels(label: str, count: int) -> ImageError:
    return ImageError(f"{label} has {count / 1e6:,.0f} megapixels, the limit is {MAX_PIXELS // 10**6}; give a smaller copy")


def _decode_plain(data: bytes, image: Image.Image, size: tuple[int, int]) -> np.ndarray | None:
    """OpenCV's decode, at the smallest size the format allows that holds `size`; None: leave it to Pillow."""
    plain = image.format in ("JPEG", "MPO", "PNG", "WEBP", "BMP") and image.mode in ("L", "RGB")
    if not plain or "transparency" in image.info or getattr(image, "is_animated", False) and image.format != "MPO":
        return None
    if image.format == "JPEG" and not data.endswith(b"\xff\xd9"):  # OpenCV 4 fills what is missing with grey; Pillow refuses
        return None
    shrink = min(image.width / size[0], image.height / size[1]) if image.format in ("JPEG", "MPO") else 1
    factor = max(number for number in _REDUCED if number <= max(shrink, 1))
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED[factor] | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else cv2.cvtColor(_fit(pixels, size), cv2.COLOR_BGR2RGB)


def _decode_any(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Pillow's decode, made smaller before it is turned into an array, so that one full-size copy exists at a time."""
    image.draft(None, size)  # JPEG only: decodes at 1/2, 1/4 or 1/8
    image.load()
    if image.mode[0] in "IF":
        return _fit(_from_deep(np.asarray(image)), size)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if image.size != size:
        image = image.resize(size, Image.Resampling.BOX)  # weighs colours by their opacity
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return np.array(image)


def _fit(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return pixels if pixels.shape[1::-1] == size else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _from_deep(values: np.ndarray) -> np.ndarray:
    """Grey of 16 or 32 bits or floats -> RGB uint8; white is the smallest usual one that holds the largest value."""
    whites = (65535.0,) if values.dtype.kind in "iu" else (1.0, 255.0, 65535.0)
    values = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    top = float(values.max())
    white = next((white for white in whites if top <= white), top)
    grey = np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def _upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    """EXIF orientation 1 to 8 undone (1 and nonsense: as it is)."""
    if turn in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def encode(pixels: np.ndarray, suffix: str, quality: int) -> bytes:
    """RGB uint8 pixels as the bytes of a file of this kind (".png" is without loss). Raises ImageError."""
    kind = _WRITE[suffix]
    options = {"quality": quality} if kind in ("JPEG", "WEBP") else {}
    buffer = io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, kind, **options)
    except (OSError, ValueError, TypeError) as error:
        raise ImageError(f"a picture of shape {pixels.shape} cannot be written as {kind} ({_why(error)})") from None
    return buffer.getvalue()


def _why(error: BaseException) -> str:
    return shown(getattr(error, "strerror", None) or str(error) or type(error).__name__)
