"""Files that are damaged, foreign or cut, and a disk that is full: one line, and nothing half."""

import builtins
import errno
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from animegan_helpers import checkpoint
from animegan_helpers.__main__ import main
from animegan_helpers.attributes import AttributeNetwork, load_attributes, name_faces
from animegan_helpers.checkpoint import Weights, load_weights, read_tensors, save_weights
from animegan_helpers.faces import load_faces
from animegan_helpers.favourites import load_favourites, save_favourites
from animegan_helpers.files import read_json
from animegan_helpers.networks import make_networks
from animegan_helpers.reference import load_reference
from animegan_helpers.replay import load_grids, load_history, load_measures
from animegan_workshop.attribute_training import save_attributes, save_reference
from animegan_workshop.experiments.results import RESULTS, load_result
from animegan_workshop.measuring import make_reference
from animegan_workshop.teaching import editions, notebooks

pytestmark = pytest.mark.slow

ROUNDS = 200  # mutations of each kind of file


def encoded(kind: str, seed: int) -> bytes:
    """A picture file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """The bytes with a few of them changed, cut out, doubled, or all of them gone."""
    data = bytearray(data)
    for _ in range(random.integers(1, 4)):
        if not data:
            break
        at = int(random.integers(len(data)))
        if random.random() < 0.5:  # the beginning is where the meaning is
            at = int(random.integers(min(len(data), 200)))
        length = int(random.integers(1, 9))
        match random.integers(6):
            case 0:
                data[at] ^= 1 << int(random.integers(8))
            case 1:
                data[at : at + length] = random.bytes(length)
            case 2:
                del data[at:]
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + 40]
            case 5:
                data[at : at + length] = bytes(length)
    return bytes(data)


class Files:
    """Valid files of every kind, and what reads each: name -> (path, reader)."""

    def __init__(self, folder: Path):
        torch.manual_seed(0)
        config = {"architecture": "dcgan", "z_dim": 100, "width": 2, "variants": []}
        weights = folder / "weights.safetensors"
        save_weights(weights, Weights(*make_networks(width=2), {"config": config}))
        network = AttributeNetwork({"hair": ["a", "b"], "eyes": ["c", "d"]}, width=1)
        attributes = folder / "attributes.safetensors"
        save_attributes(attributes, network, {})
        faces = folder / "faces"
        faces.mkdir()
        for k, kind in enumerate(("PNG", "JPEG", "BMP", "GIF", "WEBP")):
            (faces / f"{k}.{kind.lower()}").write_bytes(encoded(kind, k))
        (faces / "labels.csv").write_text("file,hair\n0.png,a\n1.jpeg,b\n", encoding="utf-8")
        with zipfile.ZipFile(folder / "faces.zip", "w") as archive:
            for path in sorted(faces.iterdir()):
                archive.write(path, path.name)
        run = folder / "run"
        (run / "grids").mkdir(parents=True)
        (run / "grids" / "epoch-0001.webp").write_bytes(encoded("WEBP", 0))
        table = "step,epoch,loss_d,loss_g,d_real,d_fake\n1,1,1.2,0.7,0.6,0.4\n2,1,1,1,0.5,0.5\n"
        (run / "history.csv").write_text(table, encoding="utf-8")
        (run / "measures.csv").write_text("epoch,modes,kl\n1,7,0.5\n2,8,0.4\n", encoding="utf-8")
        favourites = folder / "favourites.json"
        save_favourites({"one": torch.zeros(100)}, favourites)
        experiments = sorted(RESULTS.glob("*.json"), key=lambda path: path.stat().st_size)
        result = Path(shutil.copy(experiments[0], folder / "result.json"))
        timings = folder / "timings.json"
        timings.write_text(json.dumps({"laptop": {"minutes": {"05": 3.0}}}), encoding="utf-8")
        self.readers = {
            "weights": (weights, load_weights),
            "attributes": (attributes, load_attributes),
            "history": (run / "history.csv", lambda path: load_history(run)),
            "measures": (run / "measures.csv", lambda path: load_measures(run)),
            "grid": (run / "grids" / "epoch-0001.webp", lambda path: load_grids(run)),
            "favourites": (favourites, load_favourites),
            "result": (result, lambda path: load_result("result", folder)),
            "timings": (timings, lambda path: read_json(path, "measured minutes")),
            "zip": (folder / "faces.zip", self.load),
            "labels": (faces / "labels.csv", lambda path: self.load(faces)),
        }
        self.readers |= {
            path.name: (path, lambda path: self.load(faces)) for path in faces.glob("[0-4].*")
        }
        seen = np.random.default_rng(0).integers(0, 256, (30, 3, 64, 64), dtype=np.uint8)
        made = make_reference(name_faces(network.eval(), seen), network)
        made.yardsticks = {10: {"kl": 0.1}}
        reference = folder / "reference.safetensors"
        save_reference(reference, made, "")
        self.readers["reference"] = (reference, load_reference)
        self.cache = folder / "cache"

    def load(self, path: Path):
        """The faces of a folder or zip, packed anew; each file is a face or counted."""
        shutil.rmtree(self.cache, ignore_errors=True)
        faces = load_faces(path, cache=self.cache, progress=False)
        if path.is_dir():
            pictures = [name for name, _ in faces.skipped if name != "labels.csv"]
            assert len(faces) + len(pictures) == 5


KINDS = [
    *("weights", "attributes", "reference", "history", "measures", "grid", "favourites"),
    *("result", "timings", "zip", "labels", "0.png", "1.jpeg", "2.bmp", "3.gif", "4.webp"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("valid"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_is_one_line_or_is_skipped(files, kind):
    path, read = files.readers[kind]
    whole, random = path.read_bytes(), np.random.default_rng(KINDS.index(kind))
    read(path)  # the valid one
    rounds = 60 if kind[0].isdigit() else ROUNDS // 2 if kind in ("zip", "labels") else ROUNDS
    try:
        for _ in range(rounds):
            damaged = mutated(whole, random)
            path.write_bytes(damaged)
            try:
                read(path)
            except ValueError as error:
                assert "\n" not in str(error) and path.name.split(".")[0] in str(error)
    finally:
        path.write_bytes(whole)


# A full disk


class FullDisk:
    """Below a folder, only so many bytes can be written; the rest meets "no space left"."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self.left, self.written, real = str(folder), None, 0, builtins.open

        def open_file(file, mode="r", *arguments, **named):
            opened = real(file, mode, *arguments, **named)
            below = isinstance(file, (str, Path)) and str(file).startswith(self.folder)
            return FileOnIt(opened, self) if below and set(mode) & set("wax") else opened

        def save_file(tensors, path, metadata):  # safetensors' own writer is not Python's
            with open_file(path, "wb") as file:
                file.write(save(tensors, metadata))

        monkeypatch.setattr(builtins, "open", open_file)
        monkeypatch.setattr(io, "open", open_file)
        monkeypatch.setattr(checkpoint, "save_file", save_file)

    def take(self, size: int) -> int:
        """How many of so many bytes find room."""
        room = size if self.left is None else min(size, self.left)
        self.left = None if self.left is None else self.left - room
        self.written += room
        return room


class FileOnIt:
    """A file opened for writing on such a disk."""

    def __init__(self, file, disk: FullDisk):
        self.file, self.disk = file, disk

    def write(self, data):
        data = data if isinstance(data, str) else bytes(data)
        room = self.disk.take(len(data))
        self.file.write(data[:room])
        if room < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return room

    def fileno(self):
        raise io.UnsupportedOperation("fileno")  # who writes past Python is asked to write here

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


FACES, RUN = "--faces PLACE/faces", "--weights PLACE/run"
COMMANDS = {
    "draw": "draw --count 6 --flaws 1 --out PLACE/new",
    "draw into an empty folder": "draw --count 3 --out PLACE/empty",
    "train": f"train {FACES} --preset smoke --epochs 1 --precision fp32 --out PLACE/new",
    "resume": f"train {FACES} --preset smoke --epochs 2 --out PLACE/run --resume",
    "sample .npy": f"sample {RUN} --count 4 --out PLACE/new.npy",
    "sample .png": f"sample {RUN} --count 4 --out PLACE/new.png",
    "export": f"export {RUN} --run PLACE/run --out PLACE/new.safetensors",
    "measure": f"measure {FACES} {RUN} --count 20 --json PLACE/deep/new.json",
    "reference": f"reference {FACES} --out PLACE/new.safetensors",
    "attributes": f"attributes {FACES} --factors hair --epochs 1 --out PLACE/new.safetensors",
    "experiments-page": "experiments-page --out PLACE/new.md",
    "page": "page --run PLACE/run --out PLACE/new.html",
    "student": "student --out PLACE/new",
    "slides": "slides --out PLACE/new",
    "experiment": "experiment veegan --budget smoke --workers 1 --out PLACE/new",
    "report": "report --notebook PLACE/00_small.ipynb --out PLACE/new.html",
    "run": "run",
    "lab": "lab",
}
SEVERAL = "train", "resume", "export", "attributes", "slides", "experiment", "lab"
"""These write several things, each whole, or one thing again and again."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with 60 faces, a run of one epoch, an empty folder, a notebook."""
    place = tmp_path_factory.mktemp("place")
    assert main(["draw", "--count", "60", "--out", str(place / "faces")]) == 0
    words = f"train {FACES} --preset smoke --epochs 1 --precision fp32 --out PLACE/run"
    assert main(words.replace("PLACE", str(place)).split()) == 0
    (place / "empty").mkdir()
    small = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    nbformat.write(small, place / "00_small.ipynb")
    return place


def contents(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def whole(path: Path, data: bytes, versions: list[bytes | None]) -> bool:
    """Whether a file is one of these versions, or tensors or JSON with all that belongs to them."""
    if path.suffix == ".safetensors" and data not in versions:
        return bool(read_tensors(path))  # raises where it is not; it holds seconds of training
    if path.suffix == ".json" and data not in versions:
        return bool(json.loads(data))  # the same; an experiment is written after each run
    return data in versions


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_leaves_the_old_file_whole_and_no_litter(
    name, place, tmp_path, monkeypatch, capsys
):
    if name == "slides":
        pytest.importorskip("sphinx_revealjs", reason="make teacher")
    random = np.random.default_rng(sorted(COMMANDS).index(name))
    before = contents(place)

    def attempt(room: int | None) -> tuple[int, Path, int]:
        here = Path(shutil.copytree(place, tmp_path / str(room)))
        with monkeypatch.context() as patch:
            disk = FullDisk(here, patch)
            disk.left = room
            patch.setattr(editions.own_copy, "__defaults__", (here / "my_work",))
            patch.setattr(notebooks, "lab", lambda notebook: 0)
            if name == "run":  # the small notebook is the course
                patch.setattr(notebooks, "NOTEBOOKS", here)
                patch.setattr(notebooks, "BUILD", here / "build")
                for variable in ("ANIMEGAN_BUDGET", "ANIMEGAN_STRICT"):  # it sets both
                    patch.setenv(variable, os.environ.get(variable, ""))
            status = main(COMMANDS[name].replace("PLACE", str(here)).split())
        return status, here, disk.written

    status, here, total = attempt(None)
    after = contents(here)
    assert status == 0 and total > 0 and after != before
    for room in random.integers(0, total, 3).tolist():
        capsys.readouterr()
        status, here, _ = attempt(room)
        said = capsys.readouterr()
        if name == "run":  # which goes on with the next notebook, and gives how many failed
            assert status == 1 and "No space left" in said.out
        else:
            error = said.err.strip().splitlines()[-1]
            assert status == 2 and error.startswith("error: ") and "No space left" in error
        found = contents(here)
        if name not in SEVERAL:
            assert set(found) == set(before)
        assert set(before) - set(found) <= {n for n in before if "checkpoint-" in n}
        for file, data in found.items():
            assert not file.endswith(".tmp")
            assert whole(here / file, data, [before.get(file), after.get(file)]), file
