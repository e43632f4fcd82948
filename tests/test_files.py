"""Writing files whole or not at all, and never over one of the user's."""

import os

import pytest

from animegan_helpers.files import WriteError, unused, write_atomically, write_bytes, write_text


def test_text_and_bytes_are_the_same_on_every_system(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "é\n")
    write_bytes(tmp_path / "new" / "b.bin", b"\r\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "new" / "b.bin").read_bytes() == b"\r\n"
    assert sorted(os.listdir(tmp_path / "new")) == ["a.txt", "b.bin"]
    write_atomically(tmp_path / "c", lambda path: (path.touch(), path.chmod(0o600)))
    assert (tmp_path / "c").stat().st_mode & 0o044 or os.name == "nt", "a class can read it"


def test_a_write_that_fails_leaves_the_old_file_and_names_it(tmp_path):
    path = tmp_path / "file"
    write_text(path, "good")

    def disk_full(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match="No space left on device; what was saved") as error:
        write_atomically(path, disk_full)
    assert str(path) in str(error.value)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, lambda temporary: interrupt(temporary.write_text("half")))
    assert path.read_text() == "good" and os.listdir(tmp_path) == ["file"]


def interrupt(_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["file/below", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match=f"cannot write .*{place}"):
        write_text(tmp_path / place, "text")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_what_is_there_already_is_refused(tmp_path):
    assert unused(str(tmp_path / "new")) == tmp_path / "new"
    with pytest.raises(WriteError, match="is there already"):
        unused(tmp_path)
