"""Reading faces from folders, zips and the drawn set: formats, trouble, labels, and the cache."""

import codecs
import errno
import io
import os
import struct
import subprocess
import sys
import tempfile
import types
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import animegan_workshop.drawing
from animegan_helpers import packing, sources
from animegan_helpers.faces import (
    FacesError,
    cache_folder,
    find_duplicates,
    load_faces,
    to_tensor,
    to_uint8,
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own for each test, and no faces from the user's environment."""
    folder = tmp_path / "the cache"
    monkeypatch.setenv("ANIMEGAN_CACHE", str(folder))
    monkeypatch.delenv("ANIMEGAN_FACES", raising=False)
    return folder


def load(path, **options):
    return load_faces(path, progress=False, **options)


def smooth(seed: int, width: int = 96, height: int = 96) -> np.ndarray:
    """uint8 (height, width, 3), a soft random picture: JPEG keeps it nearly as it is."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def encode(pixels: np.ndarray, kind: str = "PNG", mode: str | None = None, **options) -> bytes:
    picture = Image.fromarray(pixels)
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, kind, **options)
    return file.getvalue()


def decoded(*arguments, **options) -> np.ndarray:
    """int (3, 64, 64): what `encode` writes, read again."""
    return packing.decode(encode(*arguments, **options)).astype(int)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(path: Path, files: dict[str, bytes], **options) -> Path:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def zipped_as(path: Path, encoding: str, files: dict[str, bytes]) -> Path:
    """A zip whose names are in `encoding`, as old programs write them: without a word about it."""
    path = zipped(
        path, {chr(65 + k) * len(n.encode(encoding)): files[n] for k, n in enumerate(files)}
    )
    content = path.read_bytes()
    for k, name in enumerate(files):
        raw = name.encode(encoding)
        content = content.replace(bytes([65 + k]) * len(raw), raw)
    path.write_bytes(content)
    return path


def damage(path: Path, name: str) -> None:
    """Changes some bytes of one member of a zip. The list of members stays."""
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(name).header_offset + 30 + len(name)
    data = bytearray(path.read_bytes())
    data[start + 12 : start + 30] = b"\xff" * 18
    path.write_bytes(data)


def numbered(count: int) -> dict[str, bytes]:
    """name -> PNG of one grey level, which is the picture's number."""
    return {f"{i:03d}.png": encode(np.full((64, 64, 3), i, np.uint8)) for i in range(count)}


def levels(faces) -> list[int]:
    return faces.images[:, 0, 0, 0].tolist()


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value)
    assert ":" in str(error.value), "what is wrong: what to do"
    return str(error.value)


def png(bit_depth: int, colour: int, width: int, height: int, rows: bytes) -> bytes:
    """A PNG file made by hand, with any header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# Pictures of every kind


@pytest.mark.parametrize(
    "kind", ["BMP RGB 1", "WEBP RGB 24", "JPEG RGB 12", "JPEG CMYK 16", "PNG P 40", "GIF P 40"]
)
def test_each_kind_of_colour_picture_is_the_same_face(kind):
    kind, mode, tolerance = kind.split()
    difference = np.abs(decoded(smooth(1), kind, mode) - decoded(smooth(1)))
    assert difference.mean() < int(tolerance) / 2 and difference.max() <= 3 * int(tolerance)


@pytest.mark.parametrize("kind", ["PNG L", "PNG LA", "JPEG L", "PNG 1", "GIF L"])
def test_grey_pictures_become_rgb(kind):
    found = decoded(smooth(2), *kind.split())
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all() and found.std() > 5


@pytest.mark.parametrize("step", [1024, 4])
def test_16_bit_grey_is_scaled_not_clipped_and_8_bit_levels_in_it_are_kept(step):
    ramp = np.tile((np.arange(64) * step).astype(">u2"), (64, 1))
    rows = b"".join(b"\0" + row.tobytes() for row in ramp)
    assert (packing.decode(png(16, 0, 64, 64, rows))[0, 0] == np.arange(64) * 4).all()


def test_transparency_is_laid_on_white_and_nothing_but_transparency_is_no_face():
    half = np.full((96, 96, 4), 128, np.uint8) * [0, 0, 0, 1]
    assert (decoded(half.astype(np.uint8)) == 127).all()
    half[:, 48:, 3] = 0
    assert (decoded(half.astype(np.uint8))[:, :, 33:] == 255).all()
    clear = np.dstack([smooth(1), np.zeros((96, 96), np.uint8)])
    black = np.zeros((96, 96), np.uint8)
    for data in (
        encode(clear),
        encode(clear, "WEBP", lossless=True),
        encode(black, "PNG", "P", transparency=0),
        encode(black, "GIF", transparency=0),
    ):
        with pytest.raises(sources.Unreadable, match="transparent everywhere"):
            packing.decode(data)


def test_first_frame_of_a_gif():
    red, blue = (Image.new("RGB", (80, 80), colour) for colour in ("red", "blue"))
    file = io.BytesIO()
    red.save(file, "GIF", save_all=True, append_images=[blue])
    assert packing.decode(file.getvalue())[:, 0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_applied_and_damaged_exif_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to show"
    face = smooth(3)
    turned = decoded(np.rot90(face).copy(), "JPEG", quality=100, exif=exif.tobytes())
    damaged = decoded(face, "JPEG", quality=100, exif=b"Exif\0\0" + b"\xff" * 40)
    for found in (turned, damaged):
        assert np.abs(found - decoded(face)).mean() < 3


def test_resize_takes_the_central_square_and_does_not_alias():
    wide = np.zeros((100, 200, 3), np.uint8)
    wide[:, 50:150] = 255
    assert (decoded(wide) == 255).all() and (decoded(wide.transpose(1, 0, 2).copy()) == 255).all()
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(decoded(stripes)[:, 4:-4, 4:-4] - 127).max() <= 2


def test_crop_cuts_out_the_central_pixels():
    face = smooth(4)
    found = packing.decode(encode(face), method="crop")
    assert found.dtype == np.uint8 and (found == face[16:80, 16:80].transpose(2, 0, 1)).all()
    small = encode(smooth(4, 40, 50))
    assert (packing.decode(small, method="crop") == packing.decode(small)).all()


@pytest.mark.parametrize("method", ["resize", "crop"])
@pytest.mark.parametrize("shape", [(1, 1), (300, 1), (64, 64), (1000, 1500)])
def test_any_size(shape, method):
    data = encode(np.full((*shape, 3), 200, np.uint8), "JPEG", quality=100)
    assert np.abs(packing.decode(data, method=method).astype(int) - 200).max() <= 2


# What cannot be read


def test_unreadable_files_are_skipped_and_counted_by_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 100_000)
    good = encode(smooth(5), "JPEG")
    other, cut, large = "not a JPEG", "truncated or damaged", "more than 50,000,000 pixels"
    files = {
        "b empty.jpg": (b"", "empty file"),
        "c cut.jpg": (good[: len(good) // 2], cut),
        "d cut.png": (encode(smooth(5))[:2000], cut),
        "e text.jpg": (b"not a picture at all", other),
        "f bomb.png": (png(8, 2, 60_000, 60_000, b""), large),
        "g large.png": (png(8, 2, 10_000, 9_000, b""), large),
        "h long.jpg": (good + b"\0" * 100_000, "larger than"),
        "j tiff.tif": (encode(smooth(5), "TIFF"), other),
        "k damaged.png": (encode(smooth(5))[:60] + bytes(2000), cut),
        "l cut.gif": (encode(smooth(5), "GIF")[:2000], cut),
        "m cut.bmp": (encode(smooth(5), "BMP")[:3000], cut),
        "n cut.webp": (encode(smooth(5), "WEBP")[:300], cut),
        ".o/hidden.jpg": (good, "hidden"),
        "__MACOSX/p.jpg": (good, "hidden"),
    }
    content = {"a good.jpg": good} | {name: data for name, (data, _) in files.items()}
    for path in (write(tmp_path / "all", content), zipped(tmp_path / "all.zip", content)):
        faces = load(path)
        assert faces.files.tolist() == ["a good.jpg"]
        assert {
            name: reason for name, reason in faces.skipped if files[name][1] not in reason
        } == {}
        assert len(faces.skipped) == len(files)
        assert "skipped 14" in faces.summary() and "1 empty file" in faces.summary()


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_damaged_zip_member_is_skipped_and_read_once_it_is_whole(tmp_path, kind):
    path = zipped(tmp_path / "faces.zip", numbered(3), compression=kind)
    whole = path.read_bytes()
    damage(path, "001.png")
    faces = load(path)
    assert levels(faces) == [0, 2] and faces.skipped == [("001.png", "damaged in the zip")]
    path.write_bytes(whole)  # the list of members is the same
    assert levels(load(path)) == [0, 1, 2]


def test_encrypted_zip_members_are_skipped(tmp_path):
    path = zipped(tmp_path / "faces.zip", numbered(2))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert load(path).skipped == [("001.png", "encrypted in the zip")]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_and_pipes(tmp_path):
    folder = write(tmp_path / "faces", numbered(2))
    (folder / "broken.png").symlink_to(tmp_path / "nowhere")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    (tmp_path / "link").symlink_to(folder)
    for name in "nztaymu":  # the first of them in the alphabet is the one that is read
        (folder / name).symlink_to(tmp_path / "more")
    write(tmp_path / "more", {"002.png": encode(smooth(1))})
    faces = load(tmp_path / "link")
    assert faces.files.tolist() == ["000.png", "001.png", "a/002.png"]
    assert sorted(name for name, _ in faces.skipped) == ["broken.png", "pipe.png"]


def test_a_file_that_becomes_readable_is_read(tmp_path, monkeypatch):
    folder = write(tmp_path / "faces", numbered(3) | {"labels.csv": b"file,hair\n000.png,red\n"})

    def refuse(path, mode):
        if path.endswith(("001.png", "labels.csv")):
            raise PermissionError(errno.EACCES, "Permission denied")
        return open(path, mode)

    with monkeypatch.context() as patch:
        patch.setattr(sources, "open", refuse, raising=False)
        faces = load(folder)
        assert levels(faces) == [0, 2] and faces.labels == {}
        assert "1 cannot be opened (Permission denied)" in faces.summary()
    with monkeypatch.context() as patch:
        patch.setattr(packing, "_to_rgb", lambda picture: bytearray(1 << 62))  # MemoryError
        assert "3 too little memory" in str(pytest.raises(sources.FacesError, load, folder).value)
    assert levels(load(folder)) == [0, 1, 2] and load(folder).labels["hair"][0] == "red"


def test_errors_are_one_line(tmp_path, monkeypatch):
    folder = write(tmp_path / "faces", numbered(3))
    whole = zipped(tmp_path / "whole.zip", numbered(3)).read_bytes()
    write(tmp_path, {"cut.zip": whole[:-30], "text.txt": b"hi", "bad/a": b"x", "bad/b.jpg": b""})
    zipped(tmp_path / "hidden.zip", {".faces/a.png": whole})
    (tmp_path / "nothing").mkdir()
    neither = ("missing", "cut.zip", "text.txt", "faces/000.png", "text.txt/a")
    expected = dict.fromkeys(neither, "neither") | {"nothing": "^0 faces", "bad": "1 empty file"}
    for name, words in (expected | {"hidden.zip": "1 hidden"}).items():
        with pytest.raises(FacesError, match=words) as error:
            load(tmp_path / name)
        assert name.split("/")[0] in one_line(error)
    for options in (
        {"method": "squash"},
        {"count": 0},
        {"size": 0},
        {"minimum": 4},
        {"only": {"hair": ["red"]}},
        {"cache": folder / "cache"},
        {"cache": tmp_path / "text.txt"},
    ):
        with pytest.raises(FacesError) as error:
            load(folder, **options)
        assert "cache" not in options or "ANIMEGAN_CACHE" in one_line(error)
    monkeypatch.setenv("ANIMEGAN_FACES", str(tmp_path / "missing"))
    with pytest.raises(FacesError):
        load(None)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FacesError, match="No space left") as error:
        load(write(tmp_path / "faces", numbered(3)))
    assert str(cache) in one_line(error) and list(cache.glob("*faces*")) == []


# Folders, zips, labels


def test_folder_and_zip_give_the_same_faces_and_labels(tmp_path):
    names = ["b/2.png", "a b/1 x.png", "猫/顔 é.png", "0.png"]
    files = {name: encode(smooth(i)) for i, name in enumerate(names)}
    table = "\ufefffile,hair,eyes\r\n2.png,red,\r\nelsewhere.png,blue,blue\r\n"
    files["b/labels.csv"] = table.encode()
    table = 'file, hair\n猫/顔 é.png,"black, long"\n./0.png,green\na b\\1 x.png\nb/2.png,blue\n'
    files["labels.csv"] = table.encode()
    from_folder = load(write(tmp_path / "two words", files))
    from_zip = load(zipped(tmp_path / "faces.zip", files))
    for faces in (from_folder, from_zip):
        assert faces.files.tolist() == ["0.png", "a b/1 x.png", "b/2.png", "猫/顔 é.png"]
        assert faces.labels["hair"].tolist() == ["green", "", "red", "black, long"]
        assert list(faces.labels) == ["hair"], "a factor with no value in it is none"
        assert faces.skipped == [] and "labels: hair (3 values)" in faces.summary()
        assert isinstance(faces.images, np.memmap) and not faces.images.flags.writeable
        assert (faces.images[0] == packing.decode(files["0.png"])).all()
    assert (from_folder.images == from_zip.images).all()
    assert from_folder.source != from_zip.source


@pytest.mark.parametrize("start", ["./", "../", "./a/../", "/"])
def test_zip_names_that_begin_with_dots(tmp_path, start):
    files = {start + name: data for name, data in numbered(2).items()}
    files[start + "labels.csv"] = b"file,hair\n001.png,red\n"
    faces = load(zipped(tmp_path / "faces.zip", files))
    assert levels(faces) == [0, 1] and faces.labels["hair"].tolist() == ["", "red"]
    assert faces.skipped == []


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["猫顔.png", "é.png"]),
        ("cp932", ["表情.png", "ソ/可能.png", "顔表.png"]),  # with a backslash in their bytes
        ("gbk", ["银发少女.png", "乗乗/乗.png"]),
        ("cp437", ["Müller.png", "très.png"]),
        ("ascii", ["a\\b.png", "a\\c.png"]),  # folders divided by backslashes
    ],
)
def test_zip_names_in_an_old_encoding(tmp_path, encoding, names, labels):
    files = dict(zip(names, numbered(len(names)).values()))
    if labels:
        rows = "".join(f"{name},{k}\n" for k, name in enumerate(names))
        files["labels.csv"] = f"file,number\n{rows}".encode()
    faces = load(zipped_as(tmp_path / "faces.zip", encoding, files))
    assert sorted(levels(faces)) == list(range(len(names))) and faces.skipped == []
    if labels:
        assert faces.labels["number"].tolist() == [str(level) for level in levels(faces)]
    if labels or encoding != "cp437":  # nothing tells these from Shift-JIS
        assert sorted(faces.files) == sorted(name.replace("\\", "/") for name in names)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "empty file"),
        (b"name,hair\n000.png,red\n", "no column `file`"),
        (b"file;hair\n000.png;red\n", "no column `file`"),
        ("file,hair\n".encode("utf-16"), "no table in UTF-8"),
        (b"file,hair\n0,red\n1,red\n", 'none of its 2 rows .* has "0", a picture is "000.png"'),
    ],
)
def test_a_labels_file_that_cannot_be_used_is_said(tmp_path, table, words):
    faces = load(write(tmp_path / "faces", numbered(2) | {"labels.csv": table}))
    assert len(faces) == 2 and faces.labels == {} and faces.skipped[0][0] == "labels.csv"
    with pytest.raises(AssertionError, match=f"labels not read: {words}"):
        raise AssertionError(faces.summary())


def test_count_is_spaced_evenly(tmp_path):
    folder = write(tmp_path / "faces", numbered(10))
    assert levels(load(folder, count=5)) == [0, 2, 4, 6, 8]
    assert levels(load(folder, count=3)) == [0, 3, 6]
    assert len(load(folder, count=99)) == len(load(folder)) == 10
    (folder / "002.png").write_bytes(b"")
    assert levels(load(folder, count=5)) == [0, 4, 6, 8]


# The cache


def forbid_decoding(monkeypatch):
    monkeypatch.setattr(packing, "decode", lambda *_, **__: pytest.fail("decoded again"))


def test_the_second_call_opens_the_cache_and_the_faces_stay_untouched(tmp_path, monkeypatch):
    extra = {"labels.csv": b"file,hair\n001.png,red\n", "x.png": b"x", ".DS_Store": b"x"}
    folder = write(tmp_path / "faces", numbered(5) | extra)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")])
    first = load(folder)
    forbid_decoding(monkeypatch)
    again = load(folder)
    assert (again.images == first.images).all() and again.files.tolist() == first.files.tolist()
    assert again.labels["hair"].tolist() == ["", "red", "", "", ""]
    assert again.skipped == first.skipped and again.summary() == first.summary()
    with pytest.raises(FacesError, match="8 are needed"):
        load(folder, minimum=8)
    after = sorted((path.name, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")])
    assert after == before


def test_a_change_of_content_or_scaling_packs_again(tmp_path):
    folder = write(tmp_path / "faces", numbered(4))
    assert levels(load(folder)) == [0, 1, 2, 3]
    write(folder, {"000.png": encode(np.full((64, 64, 3), 99, np.uint8))})
    os.utime(folder / "000.png", ns=(1, 1))
    assert levels(load(folder)) == [99, 1, 2, 3]
    write(folder, {"003.png": encode(smooth(1))})
    ways = [load(folder, **how).images for how in ({}, {"method": "crop"}, {"size": 32})]
    assert (ways[0] != ways[1]).any() and ways[2].shape == (4, 3, 32, 32)
    (folder / "003.png").unlink()
    assert levels(load(folder)) == [99, 1, 2]
    for level in (1, 2):  # a zip of the same length
        one = {"a.bmp": encode(np.full((64, 64, 3), level, np.uint8), "BMP")}
        assert levels(load(zipped(tmp_path / "faces.zip", one))) == [level]
    assert load(folder).labels == {}
    write(folder, {"labels.csv": b"file,hair\n000.png,red\n"})
    assert load(folder).labels["hair"].tolist() == ["red", "", ""]


@pytest.mark.parametrize("suffix", ["pixels", "json"])
@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"files": ["a"], "unread": []}'])
def test_a_damaged_set_is_packed_again(tmp_path, cache, monkeypatch, suffix, content):
    folder = write(tmp_path / "faces", numbered(6))
    load(folder)
    [file] = cache.glob(f"faces-*.{suffix}")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert levels(load(folder)) == list(range(6))
    forbid_decoding(monkeypatch)
    assert levels(load(folder)) == list(range(6))


def test_an_interrupted_packing_leaves_nothing(tmp_path, cache, monkeypatch):
    def interrupt(data, size, method):
        raise KeyboardInterrupt

    folder = write(tmp_path / "faces", numbered(6))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(packing, "decode", interrupt)
        load(folder)
    assert list(cache.glob("*faces*")) == []
    assert len(load(folder)) == 6


PACK = """
import sys
from animegan_helpers import faces, packing
def decode(*arguments):
    print("packing", flush=True)
    sys.stdin.readline()
    return real(*arguments)
real, packing.decode, packing.BATCH = packing.decode, decode, 1
print(len(faces.load_faces(sys.argv[1], progress=False)))
"""


def packer(folder: Path) -> subprocess.Popen:
    """A process that packs, and stops at each picture until it gets a line."""
    root = Path(packing.__file__).parents[1]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", PACK, str(folder)], cwd=root, **pipes)


@pytest.mark.slow
def test_one_process_packs_the_other_waits_and_a_killed_one_leaves_nothing(tmp_path, cache):
    folder = write(tmp_path / "faces", numbered(3))
    with packer(folder) as killed:
        assert killed.stdout.readline() == "packing\n"
        killed.kill()
    assert list(cache.glob(".faces-*.tmp"))
    with packer(folder) as first:
        assert first.stdout.readline() == "packing\n"
        with packer(folder) as second:
            assert first.communicate("\n" * 3, timeout=60)[0] == "packing\n" * 2 + "3\n"
            assert second.communicate("\n" * 3, timeout=60)[0] == "3\n"
    assert list(cache.glob(".faces-*.tmp")) == [] and len(list(cache.glob("faces-*"))) == 2


@contextmanager
def as_user(number: int):
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(getattr(os, "geteuid", int)() != 0 or os.name != "posix", reason="not root")
def test_users_share_a_cache(monkeypatch):
    with tempfile.TemporaryDirectory() as shared:
        os.chmod(shared, 0o755)
        folder, cache = write(Path(shared) / "faces", numbered(3)), Path(shared) / "cache"
        cache.mkdir()
        cache.chmod(0o1777)
        load(folder)  # as root: what is imported late, is now
        codecs.lookup("ascii")
        with as_user(65532):
            load(folder, cache=cache)
        with as_user(65533):
            assert len(load(folder, cache=cache, count=2)) == 2, "each user can pack"
        cache.chmod(0o555)
        with as_user(65533):
            with pytest.raises(FacesError, match="ANIMEGAN_CACHE") as error:
                load(folder, cache=cache, count=1)
            assert str(cache) in one_line(error)
            forbid_decoding(monkeypatch)
            assert levels(load(folder, cache=cache)) == [0, 1, 2]


def test_cache_folder(cache, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.delenv("ANIMEGAN_CACHE")
    assert cache_folder() == Path(packing.__file__).parents[1] / "data" / "cache"


# Drawn faces


def test_drawn_faces(monkeypatch):
    calls = []

    def draw_faces(count, seed=0, only=None):
        calls.append((count, seed, only))
        for index in range(count):
            yield encode(smooth(seed + index), "JPEG"), {"hair": "red" if index % 2 else "blue"}

    drawn = types.SimpleNamespace(draw_faces=draw_faces)
    monkeypatch.setattr(animegan_workshop.drawing, "drawn", drawn, raising=False)
    faces = load(None, count=4, seed=7)
    assert len(faces) == 4 and faces.files[0] == "00000.jpg" and "drawn" in faces.source
    assert faces.labels["hair"].tolist() == ["blue", "red", "blue", "red"]
    assert len(load(None, count=4, seed=7)) == 4 and calls == [(4, 7, None)], "packed once"
    monkeypatch.setenv("ANIMEGAN_FACES", "no such place")
    load("", count=4, only={"hair": ["red"]})
    assert calls[1:] == [(4, 0, {"hair": ["red"]})]


def test_really_drawn_faces(cache):
    faces = load(None, count=6, seed=1, only={"hair": ["red"]})
    assert faces.images.shape == (6, 3, 64, 64) and faces.images.std() > 20
    assert set(faces.labels["hair"]) == {"red"} and faces.skipped == []
    with pytest.raises(ValueError, match="plaid"):
        load(None, count=6, only={"hair": ["plaid"]})
    assert len(list(cache.glob("faces-*"))) == 2 and find_duplicates(faces.images) == []


# The face set


def test_subset_and_tensor(tmp_path):
    table = "file,hair\n" + "".join(f"{i:03d}.png,{'red' if i % 2 else 'blue'}\n" for i in range(8))
    faces = load(write(tmp_path / "faces", numbered(8) | {"labels.csv": table.encode()}))
    red = faces.subset(faces.labels["hair"] == "red")
    assert levels(red) == [1, 3, 5, 7] and set(red.labels["hair"]) == {"red"}
    assert red.files.tolist() == ["001.png", "003.png", "005.png", "007.png"]
    first = faces.subset(slice(3))
    assert np.shares_memory(first.images, faces.images) and len(first) == 3
    assert not red.images.flags.writeable
    batch = faces.tensor([2, 0])
    assert batch.shape == (2, 3, 64, 64) and batch.dtype == torch.float32
    assert (to_uint8(batch)[:, 0, 0, 0] == [2, 0]).all()
    assert faces.tensor(5).shape == (1, 3, 64, 64)
    assert faces.tensor(torch.tensor([1, 2, 3])).shape == (3, 3, 64, 64)
    assert len(faces.tensor()) == 8
    with pytest.raises(IndexError):
        faces.tensor([8])


def test_conversion_is_exact_both_ways():
    level = np.arange(256, dtype=np.uint8)
    values = to_tensor(level)
    assert torch.equal(values, torch.arange(256) / 127.5 - 1) and values.dtype == torch.float32
    assert (to_uint8(values) == level).all() and to_uint8(values).dtype == np.uint8
    assert to_uint8(torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5])).tolist() == [0, 0, 128, 255, 255]
    with pytest.raises(TypeError):
        to_tensor(np.zeros(3))


def test_find_duplicates():
    images = np.random.default_rng(0).integers(0, 256, (20, 3, 8, 8), dtype=np.uint8)
    assert find_duplicates(images) == []
    images[7] = images[19] = images[3]
    images[11] = images[10]
    assert find_duplicates(images) == [(3, 7), (10, 11), (3, 19)]


def test_held_out_faces_are_always_the_same(tmp_path):
    faces = load(write(tmp_path / "faces", numbered(40)))
    kept, held_out = faces.hold_out(10)
    assert (len(kept), len(held_out)) == (30, 10)
    assert sorted(levels(kept) + levels(held_out)) == list(range(40))
    assert all(levels(part) == sorted(levels(part)) for part in (kept, held_out))
    assert faces.hold_out(10)[1].files.tolist() == held_out.files.tolist()
    for count in (-1, 40):
        with pytest.raises(FacesError, match="cannot be held out"):
            faces.hold_out(count)
