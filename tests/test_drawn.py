"""Drawn faces: the same everywhere, controlled by their factors, written like a labelled set."""

import csv
import io
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from animegan_workshop.drawing import drawn
from animegan_workshop.drawing.drawn import FACTORS, draw_face, draw_faces, parse_only, write_faces
from animegan_workshop.drawing.face import describe_face

PLAIN = {
    "hairstyle": ["short"],
    "direction": ["front"],
    "expression": ["neutral"],
    "skin": ["pale"],
    "accessory": ["none"],
}


def rows(path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def labels() -> list[dict[str, str]]:
    return [describe_face(i).labels for i in range(4000)]


def test_first_face_is_the_same_for_everybody():
    """Stored when faces were first drawn. Other numbers are other faces for everybody's seeds."""
    face = describe_face(0)
    assert " ".join(face.labels.values()) == "orange blue long left angry brown ribbon pastel"
    assert (face.nuisance["tilt"], face.strands[-1]) == (0.8158535541215322, -0.2697796635103429)
    picture = draw_face(0)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8
    blocks = picture.mean(2).reshape(4, 24, 4, 24).mean((1, 3))
    stored = [[39, 136, 160, 92], [67, 152, 156, 151], [87, 145, 145, 128], [100, 120, 124, 110]]
    assert np.abs(blocks - stored).max() < 3  # libraries may round a little differently


def test_index_seed_and_nothing_else_decide():
    faces = list(draw_faces(9, seed=1))
    assert list(draw_faces(4, seed=1)) == faces[:4]
    assert np.array_equal(np.array(Image.open(io.BytesIO(faces[5][0]))), draw_face(5, seed=1))
    assert faces[5][1] == describe_face(5, seed=1).labels
    assert describe_face(7, seed=3) != describe_face(7, seed=4) != describe_face(8, seed=4)


def test_many_faces_come_from_several_processes(monkeypatch):
    monkeypatch.setattr(drawn.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(drawn.os, "process_cpu_count", lambda: 2, raising=False)
    monkeypatch.setattr(drawn, "FACES_PER_PROCESS", 3)
    alone = [describe_face(i, 1, {"style": ["cel"]}) for i in range(6)]
    several = list(draw_faces(6, 1, {"style": ["cel"]}))
    assert several == [(drawn._jpeg(face), face.labels) for face in alone]
    half_taken = draw_faces(10_000)
    next(half_taken)
    half_taken.close()  # the processes end, although their pipes are full
    monkeypatch.setattr(drawn, "WORKER", "")
    with pytest.raises(RuntimeError, match="ended early"):
        list(draw_faces(6))


def test_processes_need_no_main_guard(tmp_path):
    """A script without `if __name__ == "__main__"` runs once; so does one on standard input."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path[:0] = {[p for p in sys.path if p]!r}\nprint('once')\n"
        "from animegan_workshop.drawing.drawn import _from_workers\n"
        "print(len(list(_from_workers(5, 0, None, 1))))\n",
        encoding="utf-8",
    )
    for source in (str(script), "-"):
        with open(script, encoding="utf-8") as text:
            command = [sys.executable, source]
            done = subprocess.run(command, stdin=text, capture_output=True, encoding="utf-8")
        assert done.stdout.split() == ["once", "5"], done.stderr


def test_values_occur_as_often_as_they_should(labels):
    for factor, values in FACTORS.items():
        assert {face[factor] for face in labels} == set(values)
    pairs = Counter((face["hair"], face["eyes"]) for face in labels)
    expected = len(labels) / 120
    squares = [(pairs[h, e] - expected) ** 2 for h in FACTORS["hair"] for e in FACTORS["eyes"]]
    assert sum(squares) / expected < 119 + 4 * (2 * 119) ** 0.5  # chi-square, 119 degrees


def test_only_keeps_to_the_values():
    only = {"hair": {"aqua": 3, "blue": 1, "red": 0}, "style": ["bold"]}
    faces = [describe_face(i, only=only).labels for i in range(1000)]
    hair = Counter(face["hair"] for face in faces)
    assert set(hair) == {"aqua", "blue"}
    assert hair["aqua"] == pytest.approx(750, abs=55)  # 4 standard deviations
    assert {face["style"] for face in faces} == {"bold"}
    assert {face["eyes"] for face in faces} == set(FACTORS["eyes"])


def test_order_of_only_does_not_matter():
    ways = (["aqua", "blue"], ["blue", "aqua"], {"blue": 2, "aqua": 2})
    hair = [[describe_face(i, only={"hair": way}).labels for i in range(50)] for way in ways]
    assert hair[0] == hair[1] == hair[2]


@pytest.mark.parametrize("factor", FACTORS)
def test_holding_a_factor_leaves_all_else(factor):
    value = FACTORS[factor][-1]
    for index in range(20):
        free, held = describe_face(index), describe_face(index, only={factor: [value]})
        assert held.labels == {**free.labels, factor: value}
        assert held.nuisance == free.nuisance and held.strands == free.strands


@pytest.mark.parametrize("factor", FACTORS)
def test_every_value_shows(factor):
    """Faces that differ in one value differ in their pixels."""
    faces = [draw_face(3, only={**PLAIN, factor: [value]}).astype(int) for value in FACTORS[factor]]
    for n, face in enumerate(faces):
        assert all(np.abs(face - other).max() > 25 for other in faces[:n])


@pytest.mark.parametrize(
    "factor, box", [("hair", np.s_[10:26, 36:60]), ("skin", np.s_[48:60, 40:56])]
)
def test_colours_are_told_apart(factor, box):
    """The median colour of hair or cheeks is nearest to the mean of other faces with its value."""

    def colour(index: int, value: str) -> np.ndarray:
        only = {**PLAIN, "style": ["cel"], factor: [value]}
        return np.median(draw_face(index, only=only)[box], (0, 1))

    colours = np.array([[colour(i, value) for i in range(12)] for value in FACTORS[factor]])
    means = colours[:, :6].mean(1)  # (values, 3)
    distances = np.linalg.norm(colours[:, 6:, None] - means, axis=3)  # (values, 6, values)
    right = distances.argmin(2) == np.arange(len(means))[:, None]
    assert right.mean() > 0.85


def test_parse_only():
    assert parse_only([]) == {}
    assert parse_only(["hair=aqua,blue", "style=1"]) == {
        "hair": {"aqua": 1, "blue": 1},
        "style": {FACTORS["style"][1]: 1},
    }
    assert parse_only(["hair=aqua:3,1:0.5"]) == {"hair": {"aqua": 3, "black": 0.5}}


@pytest.mark.parametrize(
    "words, named",
    [
        ("hair", "hair"),
        ("hair=", "hairstyle"),
        ("hare=red", "hairstyle"),
        ("hair=rad", "orange"),
        ("style=9", "retro"),
        ("hair=red:x", "weight"),
        ("hair=red:-1", "weight"),
        ("hair=red:nan", "weight"),
        ("hair=red:inf", "weight"),
        ("hair=red:0", "orange"),
        ("hair=red hair=blue", "twice"),
        ("hair=red,red", "twice"),
    ],
)
def test_bad_words_are_explained(words, named):
    with pytest.raises(ValueError, match=named) as error:
        parse_only(words.split())
    assert "\n" not in str(error.value)


def test_bad_values_are_refused_before_the_first_face(tmp_path):
    bad_only = ({"hare": ["red"]}, {"hair": "red"}, {"hair": []}, {"hair": 3})
    calls = [lambda only=only: draw_faces(1, only=only) for only in bad_only]
    calls += [
        lambda: draw_faces(-1),
        lambda: draw_faces(1, seed=-1),
        lambda: describe_face(-1),
        lambda: write_faces(tmp_path / "out", 1, flaws=1.5),
    ]
    for call in calls:
        with pytest.raises(ValueError) as error:
            call()
        assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_written_files(tmp_path):
    out, only = tmp_path / "deep" / "set", {"hair": ["red"]}
    write_faces(out, 6, seed=5, only=only, progress=False)
    assert [p.name for p in out.iterdir()] == ["drawn"]
    table = rows(out / "drawn" / "labels.csv")
    faces = list(draw_faces(6, 5, only))
    assert table == [{"file": f"{i:05}.jpg", **labels} for i, (_, labels) in enumerate(faces)]
    assert [(out / "drawn" / row["file"]).read_bytes() for row in table] == [f[0] for f in faces]


def test_nothing_is_overwritten(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    write_faces(empty, 0, progress=False)  # an empty folder will do
    assert rows(empty / "drawn" / "labels.csv") == []
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ValueError, match="overwritten"):
            write_faces(place, 2, progress=False)
    assert {p.name for p in tmp_path.iterdir()} == {"empty", "mine.txt"}


def test_flaws(tmp_path):
    write_faces(tmp_path, 20, flaws=0.7, progress=False)
    flaws = {row["file"]: row["flaw"] for row in rows(tmp_path / "flaws.csv")}
    assert Counter(flaws.values()) == dict.fromkeys(drawn.FLAWS, 2)
    files = {p.name: p.read_bytes() for p in (tmp_path / "drawn").glob("*.*g")}
    sound = {row["file"] for row in rows(tmp_path / "drawn" / "labels.csv")}
    assert len(sound) == 20 and not sound & set(flaws) and set(files) == sound | set(flaws)
    modes = {"grey": "L", "cmyk": "CMYK", "transparent": "RGBA"}
    for name, flaw in flaws.items():
        data = files[name]
        assert (data in [files[other] for other in sound]) == (flaw == "duplicate")
        assert (data == b"") == (flaw == "empty")
        if flaw in ("truncated", "empty", "not a picture"):
            with pytest.raises(OSError):
                Image.open(io.BytesIO(data)).load()
        else:
            assert Image.open(io.BytesIO(data)).mode == modes.get(flaw, "RGB")
