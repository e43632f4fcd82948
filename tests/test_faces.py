"""Reading faces from folders, zips and the drawn set: formats, trouble, labels, and the cache."""

import csv
import errno
import io
import json
import os
import struct
import subprocess
import sys
import types
import zipfile
import zlib
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


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def numbered(count: int) -> dict[str, bytes]:
    """name -> PNG of one grey level, which is the picture's number."""
    return {f"{i:03d}.png": encode(np.full((64, 64, 3), i, np.uint8)) for i in range(count)}


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value)
    assert ":" in str(error.value), "what is wrong: what to do"
    return str(error.value)


def png(bit_depth: int, colour: int, width: int, height: int, rows: bytes) -> bytes:
    """A PNG file made by hand, with any header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


# Pictures of every kind


@pytest.mark.parametrize(
    ("kind", "mode", "tolerance"),
    [
        ("PNG", None, 1),
        ("BMP", None, 1),
        ("WEBP", None, 24),
        ("JPEG", None, 12),
        ("JPEG", "CMYK", 16),
        ("PNG", "P", 40),
        ("GIF", "P", 40),
    ],
)
def test_each_kind_of_colour_picture_is_the_same_face(kind, mode, tolerance):
    face = smooth(1)
    expected = packing.decode(encode(face)).astype(int)
    found = packing.decode(encode(face, kind, mode))
    assert found.shape == (3, 64, 64) and found.dtype == np.uint8
    assert np.abs(found - expected).mean() < tolerance / 2
    assert np.abs(found - expected).max() <= max(1, 3 * tolerance)


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "L"), ("PNG", "LA"), ("JPEG", "L"), ("PNG", "1"), ("GIF", "L")]
)
def test_grey_pictures_become_rgb(kind, mode):
    found = packing.decode(encode(smooth(2), kind, mode))
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all() and found.std() > 5


def test_16_bit_grey_is_scaled_not_clipped():
    ramp = np.tile((np.arange(64) * 1024).astype(">u2"), (64, 1))
    rows = b"".join(b"\0" + row.tobytes() for row in ramp)
    found = packing.decode(png(16, 0, 64, 64, rows))
    assert (found[0, 0] == np.arange(64) * 4).all()


def test_transparency_is_laid_on_white():
    clear = np.zeros((96, 96, 4), np.uint8)
    half = clear.copy()
    half[..., 3] = 128
    assert (packing.decode(encode(clear)) == 255).all()
    assert (packing.decode(encode(clear, "WEBP", lossless=True)) == 255).all()
    assert (packing.decode(encode(half)) == 127).all()
    palette = encode(np.zeros((96, 96), np.uint8), "PNG", "P", transparency=0)
    assert (packing.decode(palette) == 255).all()
    assert (
        packing.decode(encode(np.zeros((96, 96), np.uint8), "GIF", transparency=0)) == 255
    ).all()


def test_first_frame_of_a_gif():
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert packing.decode(file.getvalue())[:, 0, 0].tolist() == [255, 0, 0]


def test_exif_orientation_is_applied_and_damaged_exif_is_ignored():
    face = smooth(3)
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to show"
    turned = packing.decode(
        encode(np.rot90(face).copy(), "JPEG", quality=100, exif=exif.tobytes())
    ).astype(int)
    assert np.abs(turned - packing.decode(encode(face))).mean() < 3
    damaged = packing.decode(
        encode(face, "JPEG", quality=100, exif=b"Exif\0\0" + b"\xff" * 40)
    ).astype(int)
    assert np.abs(damaged - packing.decode(encode(face))).mean() < 3


def test_resize_takes_the_central_square_and_does_not_alias():
    wide = np.zeros((100, 200, 3), np.uint8)
    wide[:, 50:150] = 255
    assert (packing.decode(encode(wide)) == 255).all()
    assert (packing.decode(encode(wide.transpose(1, 0, 2).copy())) == 255).all()
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(packing.decode(encode(stripes))[:, 4:-4, 4:-4].astype(int) - 127).max() <= 2


def test_crop_cuts_out_the_central_pixels():
    face = smooth(4)
    found = packing.decode(encode(face), method="crop")
    assert (found == face[16:80, 16:80].transpose(2, 0, 1)).all()
    small = packing.decode(encode(smooth(4, 40, 50)), method="crop")
    assert (small == packing.decode(encode(smooth(4, 40, 50)))).all()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (64, 64), (3000, 2000)])
def test_any_size(width, height):
    data = encode(np.full((height, width, 3), 200, np.uint8), "JPEG", quality=100)
    for method in ("resize", "crop"):
        assert np.abs(packing.decode(data, method=method).astype(int) - 200).max() <= 2


# What cannot be read


def test_unreadable_files_are_skipped_and_counted_by_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 100_000)
    good = encode(smooth(5), "JPEG")
    files = {
        "a good.jpg": good,
        "b empty.jpg": b"",
        "c cut.jpg": good[: len(good) // 2],
        "d cut.png": encode(smooth(5))[:2000],
        "e text.jpg": b"not a picture at all",
        "f bomb.png": png(8, 2, 60_000, 60_000, b""),
        "g large.png": png(8, 2, 10_000, 9_000, b""),
        "h long.jpg": good + b"\0" * 100_000,
        "i notes.txt": b"hello",
        "j tiff.tif": encode(smooth(5), "TIFF"),
        "k damaged.png": encode(smooth(5))[:60] + bytes(2000),
        "l cut.gif": encode(smooth(5), "GIF")[:300],
        "m cut.bmp": encode(smooth(5), "BMP")[:3000],
        "n cut.webp": encode(smooth(5), "WEBP")[:300],
    }
    for source in (write(tmp_path / "mixed", files), zipped(tmp_path / "mixed.zip", files)):
        faces = load(source)
        assert faces.files.tolist() == ["a good.jpg"]
        reasons = dict(faces.skipped)
        assert list(reasons) == list(files)[1:]
        assert reasons["b empty.jpg"] == "empty file"
        assert {reasons[name] for name in files if "bomb" in name or "large" in name} == {
            "more than 50,000,000 pixels"
        }
        assert reasons["h long.jpg"].startswith("larger than")
        assert reasons["c cut.jpg"] == reasons["d cut.png"] == "truncated or damaged"
        assert "not a JPEG" in reasons["e text.jpg"] and "not a JPEG" in reasons["j tiff.tif"]
        assert "skipped 13" in faces.summary() and "1 empty file" in faces.summary()


def test_zip_members_that_cannot_be_read(tmp_path):
    path = zipped(tmp_path / "faces.zip", numbered(3))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    data[infos[1].header_offset + 60] ^= 0xFF  # inside the stored picture: its CRC is wrong now
    central = data.index(b"PK\x01\x02", infos[2].header_offset)
    for _ in range(2):
        central = data.index(b"PK\x01\x02", central + 1)
    data[central + 8] |= 1  # the third is marked as encrypted
    path.write_bytes(data)
    faces = load(path)
    assert faces.files.tolist() == ["000.png"]
    assert faces.skipped == [("001.png", "damaged in the zip"), ("002.png", "encrypted in the zip")]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_and_pipes(tmp_path):
    folder = write(tmp_path / "faces", numbered(2))
    (folder / "broken.png").symlink_to(tmp_path / "nowhere")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    (tmp_path / "link").symlink_to(folder)
    faces = load(tmp_path / "link")
    assert faces.files.tolist() == ["000.png", "001.png"]
    assert [name for name, _ in faces.skipped] == ["broken.png", "pipe.png"]


def test_errors_are_one_line(tmp_path, monkeypatch):
    folder = write(tmp_path / "faces", numbered(3))
    whole = zipped(tmp_path / "whole.zip", numbered(3)).read_bytes()
    paths = write(
        tmp_path,
        {
            "cut.zip": whole[:-30],
            "empty.zip": b"",
            "text.txt": b"hi",
            "bad/a.jpg": b"x",
            "bad/b.jpg": b"",
        },
    )
    (tmp_path / "nothing").mkdir()
    expected = {
        "missing": "no",
        "cut.zip": "neither",
        "empty.zip": "neither",
        "text.txt": "neither",
    }
    expected |= {
        "nothing": "No face",
        "bad": "1 empty file",
        "faces/000.png": "neither",
        "text.txt/a": "no",
    }
    for name, words in expected.items():
        with pytest.raises(FacesError, match=words) as error:
            load(paths / name)
        assert name.split("/")[0] in one_line(error)
    for options in (
        {"method": "squash"},
        {"count": 0},
        {"size": 0},
        {"minimum": 4},
        {"only": {"hair": ["red"]}},
    ):
        with pytest.raises(FacesError) as error:
            load(folder, **options)
        one_line(error)
    with pytest.raises(FacesError, match="ANIMEGAN_CACHE") as error:
        load(folder, cache=folder / "cache")
    one_line(error)
    with pytest.raises(FacesError, match="ANIMEGAN_CACHE") as error:
        load(folder, cache=paths / "text.txt")
    one_line(error)
    monkeypatch.setenv("ANIMEGAN_FACES", str(tmp_path / "missing"))
    with pytest.raises(FacesError):
        load(None)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packing.os, "fsync", full)
    with pytest.raises(FacesError, match="No space left") as error:
        load(write(tmp_path / "faces", numbered(3)))
    assert str(cache) in one_line(error)
    assert list(cache.iterdir()) == []


# Folders, zips, labels


NAMES = [
    "b/2.png",
    "a b/1 x.png",
    "猫/顔 é.png",
    "0.png",
    "b/.hidden.png",
    "__MACOSX/b/2.png",
    ".thumbs/1.png",
]


def test_folder_and_zip_give_the_same_faces_and_labels(tmp_path):
    files = {name: encode(smooth(i)) for i, name in enumerate(NAMES)}
    files["b/labels.csv"] = (
        "\ufefffile,hair,eyes\r\n2.png,red,\r\nelsewhere.png,blue,blue\r\n".encode()
    )
    files["labels.csv"] = (
        'file,hair\n猫/顔 é.png,"black, long"\n./0.png,green\na b\\1 x.png\n'.encode()
    )
    from_folder = load(write(tmp_path / "two words", files))
    from_zip = load(zipped(tmp_path / "faces.zip", files))
    for faces in (from_folder, from_zip):
        assert faces.files.tolist() == ["0.png", "a b/1 x.png", "b/2.png", "猫/顔 é.png"]
        assert faces.labels["hair"].tolist() == ["green", "", "red", "black, long"]
        assert list(faces.labels) == ["hair"], "a factor with no value in it is none"
        assert faces.skipped == [] and len(faces) == 4
        assert "labels: hair (3 values)" in faces.summary()
        assert isinstance(faces.images, np.memmap) and not faces.images.flags.writeable
        assert (faces.images[0] == packing.decode(files["0.png"])).all()
    assert (from_folder.images == from_zip.images).all()
    assert from_folder.source != from_zip.source


@pytest.mark.parametrize(
    "table",
    [b"", b"name,hair\n000.png,red\n", b"file;hair\n000.png;red\n", "file,hair\n".encode("utf-16")],
)
def test_a_labels_file_that_cannot_be_read_is_noted(tmp_path, table):
    faces = load(write(tmp_path / "faces", numbered(2) | {"labels.csv": table}))
    assert len(faces) == 2 and faces.labels == {}
    [(name, reason)] = faces.skipped
    assert name == "labels.csv" and reason.startswith("labels not read")


def test_utf8_names_that_a_zip_does_not_declare(tmp_path):
    path = zipped(tmp_path / "faces.zip", {"AAAAAA.png": encode(smooth(1))})
    path.write_bytes(path.read_bytes().replace(b"AAAAAA", "猫顔".encode()))
    assert load(path).files.tolist() == ["猫顔.png"]


def test_count_is_spaced_evenly(tmp_path):
    folder = write(tmp_path / "faces", numbered(10))
    assert load(folder, count=5).images[:, 0, 0, 0].tolist() == [0, 2, 4, 6, 8]
    assert load(folder, count=3).images[:, 0, 0, 0].tolist() == [0, 3, 6]
    assert len(load(folder, count=99)) == len(load(folder)) == 10
    (folder / "002.png").write_bytes(b"")
    assert load(folder, count=5).images[:, 0, 0, 0].tolist() == [0, 4, 6, 8]


def test_nothing_is_written_where_the_faces_are(tmp_path):
    def listing(folder):
        return sorted(
            (path, path.stat().st_mtime_ns, path.stat().st_size)
            for path in [folder, *folder.rglob("*")]
        )

    folder = write(
        tmp_path / "a" / "faces",
        numbered(3) | {"labels.csv": b"file,hair\n000.png,red\n", "bad.png": b"x"},
    )
    zipped(tmp_path / "a" / "faces.zip", numbered(3))
    before = listing(tmp_path / "a")
    for path in (folder, tmp_path / "a" / "faces.zip"):
        load(path), load(path)
    assert listing(tmp_path / "a") == before


# The cache


def forbid_decoding(monkeypatch):
    def decode(*_, **__):
        raise AssertionError("decoded again")

    monkeypatch.setattr(packing, "decode", decode)


def test_the_second_call_opens_the_cache(tmp_path, cache, monkeypatch):
    table = io.StringIO()
    csv.writer(table).writerows([["file", "hair"], ["001.png", "red"]])
    folder = write(
        tmp_path / "faces", numbered(5) | {"labels.csv": table.getvalue().encode(), "x.png": b"x"}
    )
    first = load(folder)
    forbid_decoding(monkeypatch)
    again = load(folder)
    assert (again.images == first.images).all() and again.files.tolist() == first.files.tolist()
    assert again.labels["hair"].tolist() == ["", "red", "", "", ""]
    assert again.skipped == first.skipped and again.summary() == first.summary()
    assert [path.name[:6] for path in cache.iterdir()] == ["faces-"]
    with pytest.raises(FacesError, match="8 are needed"):
        load(folder, minimum=8)


def test_a_change_of_content_or_scaling_packs_again(tmp_path):
    folder = write(tmp_path / "faces", numbered(4))
    assert load(folder).images[0, 0, 0, 0] == 0
    write(folder, {"000.png": encode(np.full((64, 64, 3), 99, np.uint8))})
    os.utime(folder / "000.png", ns=(1, 1))
    assert load(folder).images[0, 0, 0, 0] == 99
    (folder / "003.png").unlink()
    assert len(load(folder)) == 3
    assert load(folder, size=32, method="crop").images.shape == (3, 3, 32, 32)
    assert load(folder).labels == {}
    write(folder, {"labels.csv": b"file,hair\n000.png,red\n"})
    assert load(folder).labels["hair"].tolist() == ["red", "", ""]


def truncate(entry):
    os.truncate(entry / "images.npy", (entry / "images.npy").stat().st_size - 1)


def lengthen(entry):
    with (entry / "images.npy").open("ab") as file:
        file.write(b"\0")


def flip(entry):
    with (entry / "images.npy").open("r+b") as file:
        file.seek(-5, os.SEEK_END)  # in the last row, which is always checked
        file.write(bytes([255 ^ file.read(1)[0]]))


def spoil_header(entry):
    with (entry / "images.npy").open("r+b") as file:
        file.seek(11)
        file.write(b"(((")


def drop_file(entry):
    about = json.loads((entry / "faces.json").read_text())
    about["files"].pop()
    (entry / "faces.json").write_text(json.dumps(about))


def garbage(entry):
    (entry / "faces.json").write_text('{"checksum": ')


def wrong_json(entry):
    (entry / "faces.json").write_text("[1]")


def no_images(entry):
    (entry / "images.npy").unlink()


def no_json(entry):
    (entry / "faces.json").unlink()


def a_file(entry):
    for path in entry.iterdir():
        path.unlink()
    entry.rmdir()
    entry.write_text("not a folder")


DAMAGES = [
    truncate,
    lengthen,
    flip,
    spoil_header,
    drop_file,
    garbage,
    wrong_json,
    no_images,
    no_json,
    a_file,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_rebuilt(tmp_path, cache, damage, monkeypatch):
    folder = write(tmp_path / "faces", numbered(6))
    pixels = load(folder).images.copy()
    (cache / "packing-left-over" / "entry").mkdir(parents=True)
    [entry] = cache.glob("faces-*")
    damage(entry)
    assert (load(folder).images == pixels).all()
    forbid_decoding(monkeypatch)
    assert (load(folder).images == pixels).all()
    assert {path.name for path in cache.iterdir()} == {entry.name, "packing-left-over"}


def test_an_interrupted_packing_leaves_no_entry(tmp_path, cache, monkeypatch):
    def interrupt(data, size, method):
        raise KeyboardInterrupt

    folder = write(tmp_path / "faces", numbered(6))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(packing, "decode", interrupt)
        load(folder)
    assert list(cache.iterdir()) == []
    assert len(load(folder)) == 6


def test_two_packers_at_once(tmp_path, cache):
    folder = write(tmp_path / "faces", {f"{i}.png": encode(smooth(i)) for i in range(200)})
    code = (
        "import sys, hashlib\n"
        "from animegan_helpers.faces import load_faces; print('ready', flush=True); input();"
        "print(hashlib.sha256(load_faces(sys.argv[1], progress=False).images.tobytes()).hexdigest())"
    )
    root = Path(animegan_helpers.__path__[0]).parent
    packers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for packer in packers:
        assert packer.stdout.readline() == "ready\n"
    for packer in packers:
        packer.stdin.write("\n")
        packer.stdin.flush()
    digests = {packer.communicate(timeout=60)[0].strip() for packer in packers}
    assert [packer.returncode for packer in packers] == [0, 0]
    assert len(digests) == 1 and len(digests.pop()) == 64
    assert [path.name[:6] for path in cache.iterdir()] == ["faces-"]


def test_the_one_that_packs_later_takes_the_finished_entry(tmp_path, cache, monkeypatch):
    folder = write(tmp_path / "faces", numbered(6))
    with monkeypatch.context() as patch:
        patch.setattr(packing, "_publish", lambda packed, *_: load_in_between(packed))

        def load_in_between(packed):
            patch.undo()
            pixels = load(folder).images  # the other one is done first
            [entry] = cache.glob("faces-*")
            when = (entry / "images.npy").stat().st_mtime_ns
            opened = packing._publish(packed, entry, packed.parent / "damaged")
            assert (entry / "images.npy").stat().st_mtime_ns == when and (opened[0] == pixels).all()
            return opened

        assert len(load(folder)) == 6


def test_cache_folder(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "the cache"
    monkeypatch.delenv("ANIMEGAN_CACHE")
    writable = "animegan_helpers.faces._is_writable"
    monkeypatch.setattr(writable, lambda folder: "animegan-workbook" in folder.parts)
    with pytest.warns(UserWarning, match="ANIMEGAN_CACHE"):
        assert cache_folder().name == "animegan-workbook"
    monkeypatch.setattr("animegan_helpers.faces._is_writable", lambda folder: False)
    with pytest.raises(FacesError) as error:
        cache_folder()
    one_line(error)


# Drawn faces


def test_drawn_faces(monkeypatch):
    calls = []

    def draw_faces(count, seed=0, only=None, processes=None):
        calls.append((count, seed, only))
        for index in range(count):
            yield encode(smooth(seed + index), "JPEG"), {"hair": "red" if index % 2 else "blue"}

    monkeypatch.setattr(
        animegan_workshop.drawing,
        "drawn",
        types.SimpleNamespace(draw_faces=draw_faces),
        raising=False,
    )
    faces = load(None, count=4, seed=7)
    assert len(faces) == 4 and faces.files[0] == "00000.jpg" and "drawn" in faces.source
    assert faces.labels["hair"].tolist() == ["blue", "red", "blue", "red"]
    assert len(load(None, count=4, seed=7)) == 4 and calls == [(4, 7, None)], (
        "the second is from the cache"
    )
    monkeypatch.setenv("ANIMEGAN_FACES", "no such place")
    load("", count=4, only={"hair": ["red"]})
    assert calls[1:] == [(4, 0, {"hair": ["red"]})]


def test_really_drawn_faces(cache):
    faces = load(None, count=6, seed=1, only={"hair": ["red"]})
    assert (
        faces.images.shape == (6, 3, 64, 64)
        and faces.images.std() > 20
        and find_duplicates(faces.images) == []
    )
    assert set(faces.labels["hair"]) == {"red"} and faces.skipped == []
    with pytest.raises(FacesError, match="plaid") as error:
        load(None, count=6, only={"hair": ["plaid"]})
    one_line(error)
    assert len(list(cache.iterdir())) == 1


# The face set


def test_subset_and_tensor(tmp_path):
    table = "file,hair\n" + "".join(f"{i:03d}.png,{'red' if i % 2 else 'blue'}\n" for i in range(8))
    faces = load(write(tmp_path / "faces", numbered(8) | {"labels.csv": table.encode()}))
    red = faces.subset(faces.labels["hair"] == "red")
    assert red.images[:, 0, 0, 0].tolist() == [1, 3, 5, 7] and set(red.labels["hair"]) == {"red"}
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
    levels = np.arange(256, dtype=np.uint8)
    values = to_tensor(levels)
    assert values[0] == -1 and values[-1] == 1 and values.dtype == torch.float32
    assert (to_uint8(values) == levels).all() and to_uint8(values).dtype == np.uint8
    assert torch.equal(values, torch.arange(256) / 127.5 - 1)
    assert to_uint8(torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5])).tolist() == [0, 0, 128, 255, 255]
    with pytest.raises(TypeError):
        to_tensor(np.zeros(3))


def test_find_duplicates():
    images = np.random.default_rng(0).integers(0, 256, (20, 3, 8, 8), dtype=np.uint8)
    assert find_duplicates(images) == []
    images[7] = images[3]
    images[19] = images[3]
    images[11] = images[10]
    assert find_duplicates(images) == [(3, 7), (10, 11), (3, 19)]


def test_held_out_faces_are_always_the_same(tmp_path):
    faces = load_faces("", count=40, cache=tmp_path)
    kept, held_out = faces.hold_out(10)
    assert (len(kept), len(held_out)) == (30, 10)
    assert sorted([*kept.files, *held_out.files]) == sorted(faces.files)
    assert faces.hold_out(10)[1].files.tolist() == held_out.files.tolist()
    for count in (-1, 40):
        with pytest.raises(FacesError, match="cannot be held out"):
            faces.hold_out(count)
