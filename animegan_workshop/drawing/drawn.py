"""Anime faces drawn on the spot: as pixels, as JPEG bytes, or as a folder (notebooks 00 and 01).

A face is described (`face.py`), drawn as SVG (`picture.py`), and turned into pixels by resvg.
"""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import numpy as np
import resvg_py
from PIL import Image, ImageOps

from animegan_workshop.drawing.face import (
    FACTORS,
    FaceDescription,
    Only,
    describe_face,
    parse_only,
    value_weights,
)
from animegan_workshop.drawing.picture import face_svg

__all__ = ["FACTORS", "Only", "draw_face", "draw_faces", "parse_only", "write_faces"]

SIZE = 96  # of the pictures, in pixels
# Faces are drawn smaller and enlarged. Most crops of real faces were enlarged, too, so the drawn
# ones are about as sharp; and drawing is quicker.
DRAWN_SIZE = 72
QUALITY = 92  # of the JPEG files
FACES_PER_PROCESS = 300  # for fewer faces, starting a process takes longer than it saves
MOST_PROCESSES = 8


def draw_face(index: int, seed: int = 0, only: Only | None = None) -> np.ndarray:
    """Draw face `index` of `seed`: uint8, (96, 96, 3), RGB. These are the pixels of its JPEG file.

    only: as in `describe_face`, which raises ValueError for what it does not know.
    """
    return np.array(Image.open(io.BytesIO(_jpeg(describe_face(index, seed, only)))))


def draw_faces(
    count: int, seed: int = 0, only: Only | None = None
) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Draw faces 0...count-1 of `seed`, in order: JPEG bytes (96x96 pixels) and labels by factor.

    only: as in `describe_face`. Many faces are drawn by several processes, which changes no face.
    Faces are made as they are taken, so memory does not grow with count.
    Raises ValueError for a negative count or seed, or for an `only` with unknown names.
    """
    if count < 0 or seed < 0:
        raise ValueError(f"count and seed are 0 or more, not {count} and {seed}")
    weights = value_weights(only)  # complains now, not at the first face
    faces = (describe_face(index, seed, weights) for index in range(count))
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1  # the first: Python 3.13
    processes = min(cores, MOST_PROCESSES, count // FACES_PER_PROCESS)
    if processes < 2:
        return ((_jpeg(face), face.labels) for face in faces)
    jpegs = _from_workers(count, seed, weights, processes)
    return ((jpeg, face.labels) for jpeg, face in zip(jpegs, faces))


def _jpeg(face: FaceDescription) -> bytes:
    size = {"width": DRAWN_SIZE, "height": DRAWN_SIZE}
    png = resvg_py.svg_to_bytes(svg_string=face_svg(face), skip_system_fonts=True, **size)
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    return _encode(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC), "JPEG")


def _encode(picture: Image.Image, file_format: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, file_format, quality=QUALITY)
    return file.getvalue()


WORKER = "import sys; from animegan_workshop.drawing.drawn import serve; serve(sys.argv[1])"


def _from_workers(count: int, seed: int, only: Only | None, processes: int) -> Iterator[bytes]:
    """The JPEGs in order. Face k comes from process k % processes, which may get a little ahead.

    Processes, not threads: resvg holds the interpreter's lock. They are started by hand, because
    multiprocessing would run the caller's script once more in each.
    """
    workers, environment = [], os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        for first in range(processes):
            job = json.dumps([[first, count, processes], seed, only])
            command = [sys.executable, "-P", "-c", WORKER, job]
            workers.append(Popen(command, stdin=DEVNULL, stdout=PIPE, env=environment))
        for index in range(count):
            pipe = workers[index % processes].stdout
            jpeg = pipe.read(int.from_bytes(pipe.read(4), "little"))
            if not jpeg:
                raise RuntimeError(
                    "a process that draws faces has ended early; its message stands above"
                )
            yield jpeg
    finally:
        for worker in workers:
            with worker:  # closes the pipe and waits for the end
                worker.kill()


def serve(job: str) -> None:
    """What a worker does: JPEGs to standard output, each after its length in 4 bytes."""
    indices, seed, only = json.loads(job)
    for index in range(*indices):
        jpeg = _jpeg(describe_face(index, seed, only))
        sys.stdout.buffer.write(len(jpeg).to_bytes(4, "little") + jpeg)


def write_faces(
    out: str | Path,
    count: int,
    seed: int = 0,
    only: Only | None = None,
    flaws: float = 0.0,
    progress: bool = True,
) -> None:
    """Write faces 0...count-1 of `seed` to out/drawn/00000.jpg ..., with their labels.

    out/drawn/labels.csv has the columns file and FACTORS. only: as in `describe_face`.
    flaws: how many flawed files to add, as a share (0...1) of count. Their numbers follow the sound
    ones. They stand in out/flaws.csv (file, flaw), not in labels.csv.
    Raises ValueError where `out` exists and is not an empty folder, or a number or name makes no
    sense.
    """
    from tqdm.auto import tqdm  # here, since the workers can do without them

    from animegan_helpers.files import write_atomically

    out = Path(out)
    if not 0 <= flaws <= 1:
        raise ValueError(f"flaws is a share from 0 to 1, not {flaws}")
    faces = draw_faces(count, seed, only)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            f"{out} exists and is not an empty folder; name a new one, nothing is overwritten"
        )

    def write(temporary: Path) -> None:
        folder = temporary / "drawn"
        folder.mkdir(parents=True)
        with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["file", *FACTORS])
            shown = tqdm(faces, total=count, desc="faces", disable=not progress)
            for index, (jpeg, labels) in enumerate(shown):
                name = f"{index:05}.jpg"
                (folder / name).write_bytes(jpeg)
                table.writerow([name, *labels.values()])
        if flaws:
            _write_flaws(temporary, count, round(flaws * count), seed, only)

    write_atomically(out, write)


FLAWS = ("truncated", "empty", "not a picture", "grey", "cmyk", "transparent", "duplicate")


def _write_flaws(out: Path, count: int, flawed: int, seed: int, only: Only | None) -> None:
    """Add `flawed` files, the kinds in turn, and list them in flaws.csv."""
    with open(out / "flaws.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "flaw"])
        for index in range(count, count + flawed):
            flaw = FLAWS[(index - count) % len(FLAWS)]
            # A duplicate copies a sound file. All others are made of faces that the set lacks.
            source = (index * 7919) % count if flaw == "duplicate" else index
            name = f"{index:05}.{'png' if flaw == 'transparent' else 'jpg'}"
            jpeg = _jpeg(describe_face(source, seed, only))
            (out / "drawn" / name).write_bytes(_flawed(jpeg, flaw))
            table.writerow([name, flaw])


def _flawed(jpeg: bytes, flaw: str) -> bytes:
    """The file of a face with one of FLAWS."""
    picture = Image.open(io.BytesIO(jpeg))
    match flaw:
        case "truncated":
            return jpeg[: len(jpeg) // 2]
        case "empty":
            return b""
        case "not a picture":
            return b"<html><body>404 Not Found</body></html>\n"
        case "grey":
            return _encode(picture.convert("L"), "JPEG")
        case "cmyk":
            return _encode(picture.convert("CMYK"), "JPEG")
        case "transparent":
            picture.putalpha(ImageOps.invert(Image.radial_gradient("L").resize(picture.size)))
            return _encode(picture, "PNG")
    return jpeg
