import hashlib
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from facegui import image
from facegui.types import ImageError


@pytest.fixture
def scene():
    """Smooth, so that lossy formats stay close, and without any symmetry: red grows to the right, green downwards."""
    y, x = np.mgrid[0:90, 0:120].astype(np.float32)
    scene = np.stack([40 + x * 1.6, 30 + y * 2, 200 - x], axis=2)
    scene[10:25, 8:40] = (250, 240, 20)
    return scene.astype(np.uint8)


def near(found, wanted, mean=4.0):
    assert found.shape == wanted.shape and found.dtype == np.uint8
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < mean


FORMATS = ["jpg", "png", "webp", "bmp", "tiff", "heic", "gif"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_reads_every_format(tmp_path, scene, suffix):
    path = tmp_path / f"scene.{suffix}"
    Image.fromarray(scene).save(path, **({"quality": 95} if suffix in ("jpg", "webp", "heic") else {}))
    picture = image.read(path)
    near(picture.pixels, scene, 8 if suffix == "gif" else 4)
    assert (picture.width, picture.height, picture.scale, picture.name) == (120, 90, 1.0, path.name)
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert picture.pixels.flags.c_contiguous and picture.pixels.flags.writeable


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_undone(tmp_path, scene, turn, suffix):
    stored = {1: scene, 2: np.fliplr(scene), 3: np.rot90(scene, 2), 4: np.flipud(scene), 5: scene.transpose(1, 0, 2),
              6: np.rot90(scene, 1), 7: np.rot90(scene.transpose(1, 0, 2), 2), 8: np.rot90(scene, -1)}[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    picture = image.read(path)
    near(picture.pixels, scene)
    assert (picture.width, picture.height) == (120, 90)


def test_heic_is_turned_once(tmp_path, scene):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(scene))).save(tmp_path / "p.heic", exif=exif.tobytes(), quality=95)
    near(image.read(tmp_path / "p.heic").pixels, scene)


def test_grey_16_bit_palette_cmyk_and_alpha(tmp_path, scene):
    grey = scene[..., 0]
    three = np.repeat(grey[..., None], 3, axis=2)
    Image.fromarray(grey).save(tmp_path / "grey.jpg", quality=95)
    near(image.read(tmp_path / "grey.jpg").pixels, three)
    for suffix in ("png", "tiff"):
        Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / f"deep.{suffix}")
        np.testing.assert_array_equal(image.read(tmp_path / f"deep.{suffix}").pixels, three)
        cv2.imwrite(str(tmp_path / f"colour.{suffix}"), scene[..., ::-1].astype(np.uint16) * 257)
        near(image.read(tmp_path / f"colour.{suffix}").pixels, scene, 1.01)
    Image.fromarray(grey.astype(np.float32) / 255).save(tmp_path / "float.tiff")
    np.testing.assert_array_equal(image.read(tmp_path / "float.tiff").pixels, three)
    Image.fromarray(scene).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    near(image.read(tmp_path / "palette.png").pixels, scene, 8)
    Image.fromarray(scene).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    near(image.read(tmp_path / "cmyk.jpg").pixels, scene)


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_transparency_is_laid_on_white(tmp_path, scene, suffix):
    alpha = np.zeros(scene.shape[:2], np.uint8)
    alpha[:, 60:] = 255
    alpha[:, 20:40] = 102
    path = tmp_path / f"alpha.{suffix}"
    Image.fromarray(np.dstack([scene, alpha])).save(path, **({"lossless": True, "exact": True} if suffix == "webp" else {}))
    share = alpha[..., None] / 255
    wanted = np.round(scene * share + 255 * (1 - share)).astype(np.uint8)
    near(image.read(path).pixels, wanted, 0.5)


def test_first_frame_of_an_animation(tmp_path, scene):
    frames = [Image.fromarray(scene), Image.fromarray(255 - scene)]
    for suffix in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"move.{suffix}", save_all=True, append_images=frames[1:])
        near(image.read(tmp_path / f"move.{suffix}").pixels, scene, 8)
    frames[0].save(tmp_path / "phone.jpg", format="MPO", save_all=True, append_images=frames[1:], quality=95)
    near(image.read(tmp_path / "phone.jpg").pixels, scene)


@pytest.mark.parametrize("suffix", ["jpg", "png", "heic"])
def test_max_side_makes_smaller_and_never_larger(tmp_path, scene, suffix):
    large = cv2.resize(scene, (1200, 900), interpolation=cv2.INTER_LINEAR)
    Image.fromarray(large).save(tmp_path / f"large.{suffix}")
    for side in (37, 300, 599, 1199):
        picture = image.read(tmp_path / f"large.{suffix}", max_side=side)
        assert max(picture.pixels.shape) == side and picture.pixels.shape[0] == round(side * 0.75)
        assert (picture.width, picture.height, picture.scale) == (1200, 900, side / 1200)
        near(picture.pixels, cv2.resize(large, picture.pixels.shape[1::-1], interpolation=cv2.INTER_AREA))
    assert image.read(tmp_path / f"large.{suffix}", max_side=5000).scale == 1


def test_fifty_megapixels_are_decoded_smaller(tmp_path):
    path = tmp_path / "huge.jpg"
    Image.new("RGB", (8700, 5800), (10, 200, 30)).save(path)
    picture = image.read(path)
    height, width = picture.pixels.shape[:2]
    assert (picture.width, picture.height) == (8700, 5800)
    assert width * height <= image.KEPT_PIXELS * 1.001 and width / 8700 == picture.scale
    assert abs(width / height - 1.5) < 0.001


def huge_png(side):
    """A valid header of a side x side picture with next to nothing behind it."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_bombs_are_refused_by_their_header():
    with pytest.raises(ImageError, match="bomb.png has 900 megapixels, the limit is 178"):
        image.decode(huge_png(30_000), "bomb.png")
    with pytest.raises(ImageError, match="has 179 megapixels, the limit is 178"):
        image.decode(huge_png(13_378), "bomb.png")


def test_bad_files_say_what_to_do(tmp_path, scene):
    (tmp_path / "text.jpg").write_text("dear diary")
    (tmp_path / "none.png").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    cases = {"text.jpg": "not a picture", "none.png": "empty", "dot.png": "1 x 1 pixels, too small", "folder.jpg": "folder",
             "link.jpg": "link to a file", "missing.jpg": "does not exist", "pipe.jpg": "not a plain file", "a\0b.jpg": "ab.jpg cannot",
             "n" * 300 + ".jpg": r"n\.\.\.n"}
    for name, sentence in cases.items():
        with pytest.raises(ImageError, match=sentence) as error:
            image.read(tmp_path / name)
        assert len(str(error.value)) < 250


@pytest.mark.parametrize("suffix", FORMATS)
def test_truncated_files_are_refused(tmp_path, scene, suffix):
    noisy = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(noisy).save(tmp_path / f"whole.{suffix}")
    data = (tmp_path / f"whole.{suffix}").read_bytes()
    for share in (0.01, 0.3, 0.7):
        with pytest.raises(ImageError, match=r"half\.x"):
            image.decode(data[: int(len(data) * share)], "half.x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path):
    (tmp_path / "p.jpg").write_bytes(b"x")
    (tmp_path / "p.jpg").chmod(0)
    with pytest.raises(ImageError, match="permissions"):
        image.read(tmp_path / "p.jpg")


def test_names_in_messages_are_harmless(tmp_path):
    with pytest.raises(ImageError) as error:
        image.read(tmp_path / "a\x1b[31m\nb\u202e.jpg")
    assert "a[31mb.jpg" in str(error.value) and error.value.args[0].isprintable()


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "webp", "bmp", "tiff", "PNG"])
def test_write_and_read_again(tmp_path, scene, suffix):
    image.write(tmp_path / f"p.{suffix}", scene)
    near(image.read(tmp_path / f"p.{suffix}").pixels, scene)
    assert [path.name for path in tmp_path.iterdir()] == [f"p.{suffix}"]
    near(image.decode(image.encode_jpeg(scene)).pixels, scene)


def test_a_failed_write_leaves_the_old_file(tmp_path, scene, monkeypatch):
    target = tmp_path / "p.png"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ImageError, match="No space left"):
        image.write(target, scene)
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"] and target.read_bytes() == b"old"
    with pytest.raises(ImageError, match="written as .bmp, .jpeg"):
        image.write(tmp_path / "p.xyz", scene)
    with pytest.raises(ImageError, match="cannot be written"):
        image.write(tmp_path / "nowhere" / "p.png", scene)


def test_find_images(tmp_path):
    for name in ("b.JPG", "a.png", ".hidden.jpg", "c.txt", "d.heic"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deep.jpg").mkdir()
    (tmp_path / "deep.jpg" / "e.webp").write_bytes(b"x")
    assert [path.name for path in image.find_images(tmp_path)] == ["a.png", "b.JPG", "d.heic"]
    assert [path.name for path in image.find_images(tmp_path, recursive=True)] == ["a.png", "b.JPG", "d.heic", "e.webp"]
    with pytest.raises(ImageError, match="cannot be listed"):
        image.find_images(tmp_path / "nowhere")
