from pathlib import Path

from facegui.cli.recognize import _target


def test_out_is_a_file_or_a_folder(tmp_path):
    photo = Path("holiday/party.jpg")
    assert _target(tmp_path / "named.png", photo, False, set()) == tmp_path / "named.png"
    assert _target(tmp_path / "named", photo, False, set()) == tmp_path / "named" / "party.jpg"
    taken = set()
    names = [_target(tmp_path, one, True, taken).name for one in (photo, Path("b/party.jpg"), Path("c/party.heic"))]
    assert names == ["party.jpg", "party-2.jpg", "party-3.jpg"]


def test_the_photo_itself_is_never_written_over(tmp_path):
    photo = tmp_path / "party.jpg"
    photo.write_bytes(b"the only copy")
    assert _target(tmp_path, photo, False, set()) == tmp_path / "party-2.jpg"
