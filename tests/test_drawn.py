"""The drawn faces: the same anywhere, controlled by their factors, written in the layout of a tagged set."""

import csv
import io
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from animegan_workshop.drawing import drawn
from animegan_workshop.drawing.drawn import (
    FACTORS,
    describe_face,
    draw_face,
    draw_faces,
    parse_only,
    write_faces,
)

HOLD = {
    "hairstyle": ["short"],
    "direction": ["front"],
    "expression": ["neutral"],
    "skin": ["pale"],
    "accessory": ["none"],
}


def pixels(jpeg: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(jpeg)))


def rows(path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_factors():
    assert list(FACTORS) == [
        "hair",
        "eyes",
        "hairstyle",
        "direction",
        "expression",
        "skin",
        "accessory",
        "style",
    ]
    assert [len(FACTORS[f]) for f in ("hair", "eyes", "direction", "skin")] == [12, 10, 5, 5]
    assert (
        len(FACTORS["hairstyle"]) >= 8
        and len(FACTORS["expression"]) >= 5
        and len(FACTORS["style"]) >= 4
    )
    assert FACTORS["accessory"][0] == "none"


def test_face_is_a_picture():
    face = draw_face(0)
    assert face.shape == (96, 96, 3) and face.dtype == np.uint8
    assert face.std() > 20


def test_same_face_every_time():
    assert describe_face(7, seed=3) == describe_face(7, seed=3)
    assert np.array_equal(draw_face(7, seed=3), draw_face(7, seed=3))
    assert describe_face(7, seed=3) != describe_face(7, seed=4) != describe_face(8, seed=4)


def test_random_numbers_stay_the_same():
    """These stood here when the faces were first drawn: other numbers are other faces for everybody's seeds."""
    face = describe_face(0)
    assert list(face.labels.values()) == [
        "orange",
        "blue",
        "long",
        "left",
        "angry",
        "brown",
        "ribbon",
        "pastel",
    ]
    assert (face.nuisance["tilt"], face.strands[-1]) == (0.8158535541215322, -0.2697796635103429)


def test_count_and_processes_change_no_face():
    alone = list(draw_faces(9, seed=1, processes=1))
    assert list(draw_faces(4, seed=1, processes=1)) == alone[:4]
    assert list(draw_faces(9, seed=1, processes=2)) == alone
    assert np.array_equal(pixels(alone[5][0]), draw_face(5, seed=1))
    assert alone[5][1] == describe_face(5, seed=1).labels


def test_processes_need_no_main_guard(tmp_path):
    """Neither a script without `if __name__ == "__main__"`, nor one on standard input, is run twice."""
    code = "print('once')\nfrom animegan_workshop.drawing.drawn import draw_faces\n"
    code += "print(len(list(draw_faces(5, processes=2))))\n"
    script = tmp_path / "script.py"
    script.write_text(f"import sys\nsys.path[:0] = {[p for p in sys.path if p]!r}\n{code}")
    for call in ([str(script)], ["-"]):
        done = subprocess.run(
            [sys.executable, *call], input=script.read_text(), capture_output=True, text=True
        )
        assert done.stdout.split() == ["once", "5"], done.stderr


def test_faces_can_be_left_half_taken():
    faces = draw_faces(10_000, processes=2)
    next(faces)
    faces.close()


def test_lost_worker_is_reported(monkeypatch):
    monkeypatch.setattr(drawn, "_WORKER_CODE", "import sys; sys.stdin.buffer.read()")
    with pytest.raises(RuntimeError, match="ended early"):
        list(draw_faces(5, processes=2))


def test_all_values_occur_about_as_often_as_they_should():
    faces = [describe_face(i).labels for i in range(3000)]
    for factor, values in FACTORS.items():
        counts = Counter(face[factor] for face in faces)
        assert set(counts) == set(values)
    hair = Counter(face["hair"] for face in faces)
    assert (
        min(hair.values()) > 190 and max(hair.values()) < 310
    )  # 250 expected, 4 standard deviations either way


def test_factors_are_independent():
    pairs = Counter((f["hair"], f["eyes"]) for f in (describe_face(i).labels for i in range(6000)))
    expected = 6000 / 120
    chi2 = sum(
        (pairs[h, e] - expected) ** 2 / expected for h in FACTORS["hair"] for e in FACTORS["eyes"]
    )
    assert chi2 < 119 + 4 * (2 * 119) ** 0.5


def test_only_keeps_to_the_values():
    only = {"hair": ["aqua", "blue"], "style": ["bold"]}
    faces = [describe_face(i, only=only).labels for i in range(300)]
    assert {f["hair"] for f in faces} == {"aqua", "blue"} and {f["style"] for f in faces} == {
        "bold"
    }
    assert {f["eyes"] for f in faces} == set(FACTORS["eyes"])


def test_only_weights():
    counts = Counter(
        describe_face(i, only={"hair": {"aqua": 3, "blue": 1, "red": 0}}).labels["hair"]
        for i in range(2000)
    )
    assert set(counts) == {"aqua", "blue"}
    assert counts["aqua"] == pytest.approx(1500, abs=80)  # 4 standard deviations


def test_order_of_only_does_not_matter():
    ways = (
        {"hair": ["aqua", "blue"]},
        {"hair": ["blue", "aqua"]},
        {"hair": {"blue": 2, "aqua": 2}},
    )
    assert (
        len({tuple(describe_face(i, only=only).labels["hair"] for i in range(50)) for only in ways})
        == 1
    )


@pytest.mark.parametrize("factor", FACTORS)
def test_holding_a_factor_leaves_all_else(factor):
    for index in range(20):
        free, held = (
            describe_face(index),
            describe_face(index, only={factor: [FACTORS[factor][-1]]}),
        )
        assert held.labels == {**free.labels, factor: FACTORS[factor][-1]}
        assert held.nuisance == free.nuisance and held.strands == free.strands


@pytest.mark.parametrize("factor", FACTORS)
def test_every_value_shows(factor):
    """Faces that differ in one value differ in their pixels."""
    faces = [draw_face(3, only={**HOLD, factor: [value]}).astype(int) for value in FACTORS[factor]]
    for n, a in enumerate(faces):
        for b in faces[:n]:
            assert np.abs(a - b).max() > 25


@pytest.mark.parametrize(
    "factor, box", [("hair", np.s_[10:26, 36:60]), ("skin", np.s_[48:60, 40:56])]
)
def test_colours_are_told_apart(factor, box):
    """The mean colour of a patch of hair or of the cheeks names the value: the nearest mean of other faces is right."""
    others = {k: v for k, v in HOLD.items() if k != factor} | {"style": ["cel"]}
    patch = {
        value: np.array(
            [
                np.median(draw_face(i, only={**others, factor: [value]})[box], (0, 1))
                for i in range(12)
            ]
        )
        for value in FACTORS[factor]
    }
    means = np.array([colours[:6].mean(0) for colours in patch.values()])
    right = [
        np.linalg.norm(means - colour, axis=1).argmin() == n
        for n, colours in enumerate(patch.values())
        for colour in colours[6:]
    ]
    assert np.mean(right) > 0.85


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
        (["hair"], "hair"),
        (["hair="], "hairstyle"),
        (["hare=red"], "hairstyle"),
        (["hair=rad"], "orange"),
        (["style=9"], "retro"),
        (["hair=red:x"], "weight"),
        (["hair=red:-1"], "weight"),
        (["hair=red:nan"], "weight"),
        (["hair=red:inf"], "weight"),
        (["hair=red:0"], "orange"),
        (["hair=red", "hair=blue"], "twice"),
        (["hair=red,red"], "twice"),
    ],
)
def test_bad_words_are_explained(words, named):
    with pytest.raises(ValueError) as error:
        parse_only(words)
    assert named in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "only",
    [
        {"hare": ["red"]},
        {"hair": ["rad"]},
        {"hair": "red"},
        {"hair": []},
        {"hair": {"red": -1}},
        {"hair": 3},
    ],
)
def test_bad_only_is_refused_before_the_first_face(only):
    with pytest.raises(ValueError):
        draw_faces(1, only=only)


def test_bad_numbers_are_refused(tmp_path):
    for call in (
        lambda: draw_faces(-1),
        lambda: draw_faces(1, processes=0),
        lambda: draw_faces(1, seed=-1),
        lambda: describe_face(-1),
        lambda: write_faces(tmp_path / "out", 1, flaws=1.5),
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_written_files(tmp_path):
    out = tmp_path / "deep" / "set"
    write_faces(out, 12, seed=5, only={"hair": ["red"]}, progress=False)
    assert sorted(p.name for p in out.iterdir()) == ["drawn"]
    table = rows(out / "drawn" / "labels.csv")
    assert [row["file"] for row in table] == [f"{i:05}.jpg" for i in range(12)]
    assert list(table[0]) == ["file", *FACTORS]
    for index, row in enumerate(table):
        with Image.open(out / "drawn" / row["file"]) as picture:
            assert picture.format == "JPEG" and picture.mode == "RGB"
            assert np.array_equal(np.array(picture), draw_face(index, 5, {"hair": ["red"]}))
        assert {f: row[f] for f in FACTORS} == describe_face(index, 5, {"hair": ["red"]}).labels


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ValueError, match="overwritten"):
            write_faces(place, 2, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_empty_folder_will_do(tmp_path):
    write_faces(tmp_path, 0, progress=False)
    assert rows(tmp_path / "drawn" / "labels.csv") == []


def test_flaws(tmp_path):
    write_faces(tmp_path, 20, flaws=0.7, progress=False)
    folder, flaws = (
        tmp_path / "drawn",
        {row["file"]: row["flaw"] for row in rows(tmp_path / "flaws.csv")},
    )
    assert Counter(flaws.values()) == dict.fromkeys(drawn.FLAWS, 2)
    sound = {row["file"] for row in rows(folder / "labels.csv")}
    assert len(sound) == 20 and not sound & set(flaws)
    assert {p.name for p in folder.iterdir()} == sound | set(flaws) | {"labels.csv"}
    whole = {(folder / name).read_bytes() for name in sound}
    modes = {"grey": "L", "cmyk": "CMYK", "transparent": "RGBA"}
    for name, flaw in flaws.items():
        data = (folder / name).read_bytes()
        assert (data in whole) == (flaw == "duplicate")
        if flaw in modes:
            assert Image.open(io.BytesIO(data)).mode == modes[flaw]
        elif flaw == "empty":
            assert data == b""
        elif flaw in ("truncated", "not a picture"):
            with pytest.raises(OSError):
                Image.open(io.BytesIO(data)).load()


def test_speed():
    """A face takes some 5 ms of a core; many times that would make 6,000 faces a coffee break."""
    list(draw_faces(3, processes=1))
    start = time.process_time()
    list(draw_faces(60, processes=1))
    assert (time.process_time() - start) / 60 < 0.04
