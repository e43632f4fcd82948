"""Anime faces drawn on the spot: as pixels, as JPEG bytes with labels, or as a folder in the layout of a tagged set.

The drawing is SVG text (`svg.py`), turned into pixels by resvg. What a face is made of stands in `face.py`.
"""

import csv
import io
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import numpy as np
import resvg_py
from PIL import Image
from tqdm.auto import tqdm

from animegan_workshop.drawing.face import (
    FACTORS,
    FaceDescription,
    Only,
    describe_face,
    parse_only,
    value_weights,
)
from animegan_workshop.drawing.svg import face_svg

__all__ = [
    "FACTORS",
    "FaceDescription",
    "describe_face",
    "draw_face",
    "draw_faces",
    "parse_only",
    "write_faces",
]

SIZE = 96  # of the pictures, in pixels
# Drawn smaller and enlarged, as most crops of real faces were: that gives their sharpness, and is quicker.
DRAWN_SIZE = 72
QUALITY = 92  # of the JPEG files
WORTH_A_PROCESS = 300  # faces; for fewer, starting a process takes longer than it saves
MOST_PROCESSES = 8


def draw_face(index: int, seed: int = 0, only: Only | None = None) -> np.ndarray:
    """Draw face `index` of `seed`: uint8, (96, 96, 3), RGB; the very pixels that its file holds.

    only: as in `describe_face`, which raises ValueError for what it does not know.
    """
    return np.array(Image.open(io.BytesIO(_jpeg(describe_face(index, seed, only)))))


def draw_faces(
    count: int, seed: int = 0, only: Only | None = None, processes: int | None = None
) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Draw faces 0...count-1 of `seed`: JPEG bytes of 96x96 pixels and labels (factor -> value), in the order of index.

    only: as in `describe_face`. processes: how many draw at a time (by default one a core, and one alone for a small
    count); the faces do not depend on it. Faces are made as they are taken, so memory does not grow with count.
    Raises ValueError for a negative count or seed, fewer than 1 process, or an `only` with unknown names.
    """
    if count < 0 or seed < 0 or (processes is not None and processes < 1):
        raise ValueError(
            f"count and seed are 0 or more, processes 1 or more; not {count}, {seed} and {processes}"
        )
    value_weights(only)  # complain at once, not at the first face
    if processes is None:
        cores = (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
        processes = max(1, min(cores, MOST_PROCESSES, count // WORTH_A_PROCESS))
    if processes == 1:
        return ((_jpeg(face), face.labels) for face in _faces(count, seed, only))
    jpegs = _from_workers(count, seed, only, processes)
    return ((jpeg, face.labels) for jpeg, face in zip(jpegs, _faces(count, seed, only)))


def _faces(count: int, seed: int, only: Only | None) -> Iterator[FaceDescription]:
    return (describe_face(index, seed, only) for index in range(count))


def _from_workers(count: int, seed: int, only: Only | None, processes: int) -> Iterator[bytes]:
    """The JPEGs in order: face k comes from worker k % processes, whose pipe lets it get a little ahead."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_Worker(range(k, count, processes), seed, only))
            for k in range(processes)
        ]
        for index in range(count):
            yield workers[index % processes].next_jpeg()


class _Worker:
    """Another Python process that draws the faces `indices` one after the other.

    A process of its own, as resvg holds the interpreter's lock. Started by hand, not by multiprocessing, which would
    run the caller's script once more in each process.
    """

    def __init__(self, indices: range, seed: int, only: Only | None) -> None:
        self.process = Popen([sys.executable, "-c", _WORKER_CODE], stdin=PIPE, stdout=PIPE)
        pickle.dump((sys.path, (indices, seed, only)), self.process.stdin)
        self.process.stdin.close()

    def __enter__(self) -> "_Worker":
        return self

    def next_jpeg(self) -> bytes:
        """The next face of the worker. Raises RuntimeError where it has died."""
        head = self.process.stdout.read(4)
        data = self.process.stdout.read(int.from_bytes(head, "little"))
        if not data:
            raise RuntimeError(
                "a process that draws faces has ended early; its message stands above"
            )
        return data

    def __exit__(self, *error: object) -> None:
        self.process.kill()  # does nothing to one that is done
        self.process.stdout.close()
        self.process.wait()


_WORKER_CODE = """
import pickle, sys
sys.path[:], job = pickle.load(sys.stdin.buffer)
from animegan_workshop.drawing.drawn import _serve
_serve(*job)
"""


def _serve(indices: range, seed: int, only: Only | None) -> None:
    """The work of a worker: the JPEGs on standard output, each after its length in 4 bytes."""
    for index in indices:
        jpeg = _jpeg(describe_face(index, seed, only))
        sys.stdout.buffer.write(len(jpeg).to_bytes(4, "little") + jpeg)


def _jpeg(face: FaceDescription) -> bytes:
    png = resvg_py.svg_to_bytes(
        svg_string=face_svg(face), width=DRAWN_SIZE, height=DRAWN_SIZE, skip_system_fonts=True
    )
    picture = (
        Image.open(io.BytesIO(png)).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def write_faces(
    out: str | Path,
    count: int,
    seed: int = 0,
    only: Only | None = None,
    flaws: float = 0.0,
    progress: bool = True,
) -> None:
    """Write faces 0...count-1 of `seed` to out/drawn/00000.jpg ... and their labels to out/drawn/labels.csv.

    labels.csv has the columns file and FACTORS. flaws: share (0...1) of flawed files added to the count, numbered after
    the sound ones and listed in out/flaws.csv (file, flaw), not in labels.csv. only: as in `describe_face`.
    Raises ValueError where `out` exists and is not an empty folder, or a number or name makes no sense.
    """
    out = Path(out)
    if not 0 <= flaws <= 1:
        raise ValueError(f"flaws is a share from 0 to 1, not {flaws}")
    faces = draw_faces(count, seed, only)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            f"{out} exists and is not an empty folder; name a new one, nothing is overwritten"
        )
    folder = out / "drawn"
    folder.mkdir(parents=True)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", *FACTORS])
        for index, (jpeg, labels) in enumerate(
            tqdm(faces, total=count, desc="faces", disable=not progress)
        ):
            name = f"{index:05}.jpg"
            (folder / name).write_bytes(jpeg)
            table.writerow([name, *labels.values()])
    if flaws:
        _write_flaws(out, count, round(flaws * count), seed, only)


FLAWS = ("truncated", "empty", "not a picture", "grey", "cmyk", "transparent", "duplicate")


def _write_flaws(out: Path, count: int, flawed: int, seed: int, only: Only | None) -> None:
    """Add `flawed` files, the kinds in turn, and list them in flaws.csv."""
    with open(out / "flaws.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "flaw"])
        for index in range(count, count + flawed):
            flaw = FLAWS[(index - count) % len(FLAWS)]
            # A duplicate is a copy of a sound file; all others are made of faces that the set does not hold.
            jpeg = _jpeg(
                describe_face((index * 7919) % count if flaw == "duplicate" else index, seed, only)
            )
            name = f"{index:05}.{'png' if flaw == 'transparent' else 'jpg'}"
            (out / "drawn" / name).write_bytes(_flawed(jpeg, flaw))
            table.writerow([name, flaw])


def _flawed(jpeg: bytes, flaw: str) -> bytes:
    """The file of a face with one of FLAWS."""
    if flaw == "duplicate":
        return jpeg
    if flaw == "truncated":
        return jpeg[: len(jpeg) // 2]
    if flaw == "empty":
        return b""
    if flaw == "not a picture":
        return b"<html><body>404 Not Found</body></html>\n"
    picture, file = Image.open(io.BytesIO(jpeg)), io.BytesIO()
    if flaw == "transparent":
        picture.putalpha(
            Image.radial_gradient("L").resize(picture.size).point(lambda far: 255 - far)
        )
        picture.save(file, "PNG")
    else:
        picture.convert({"grey": "L", "cmyk": "CMYK"}[flaw]).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
