"""A class on one server: faces shared by several users, the load that is measured, and the pages for teachers.

That two processes which pack the same faces at the same moment do not spoil each other is tested in test_faces.py
(test_two_packers_at_once).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animegan_helpers import workbook
from animegan_helpers.budget import DATA, PROJECT
from animegan_helpers.course import class_load
from animegan_helpers.course.memory import Peak, descendants, proportional_mib, resident_mib
from animegan_helpers.course.student_kernel import Student, all_at_once
from animegan_helpers.faces.faceset import FacesError, load_faces
from animegan_helpers.workbook import MEASURED_PAGES, NOTEBOOKS, notebook_paths, with_measured

posix = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
two_users = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be two users")


# Faces shared by several users


@contextmanager
def user(number: int):
    """As another user, where the tests run as root, whom no right of a file would stop."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared():
    """A folder that every user can enter, with faces in it; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "faces").mkdir()
    for k in range(12):
        Image.fromarray(np.full((64, 64, 3), 20 * k, np.uint8)).save(folder / "faces" / f"{k:02}.png")
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def listing(folder: Path) -> list:
    return sorted((path, path.stat().st_mtime_ns, path.stat().st_size) for path in [folder, *folder.rglob("*")])


@posix
def test_a_read_only_cache_is_read_and_what_it_lacks_is_one_line(shared, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_CACHE", str(shared / "cache"))
    by_teacher = load_faces(shared / "faces", progress=False).images
    for path in (shared, shared / "cache", *(shared / "cache").glob("*")):
        path.chmod(0o555)
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    home.chmod(0o777)
    before = listing(shared)
    with user(65534):
        assert (load_faces(shared / "faces", progress=False).images == by_teacher).all()
        with pytest.raises(FacesError, match="set ANIMEGAN_CACHE to a folder that can be written") as error:
            load_faces(shared / "faces", count=5, progress=False)
        assert str(shared / "cache") in one_line(error)
        monkeypatch.setenv("ANIMEGAN_CACHE", str(home / "cache"))
        assert len(load_faces(shared / "faces", count=5, progress=False)) == 5
    assert listing(shared) == before
    shutil.rmtree(home)


@two_users
def test_what_one_user_packed_is_read_by_the_next(shared, monkeypatch):
    cache = shared / "cache"
    cache.mkdir()
    cache.chmod(0o1777)
    load_faces(shared / "faces", cache=shared / "warm", progress=False)  # as root: what is imported late, is now
    with user(65534):
        first = load_faces(shared / "faces", cache=cache, progress=False).images
    [entry] = cache.glob("faces-*")
    assert entry.stat().st_uid == 65534
    with user(65533):
        with monkeypatch.context() as patch:
            patch.setattr("animegan_helpers.faces.packing.decode", lambda *_, **__: pytest.fail("packed again"))
            assert (load_faces(shared / "faces", cache=cache, progress=False).images == first).all()
    (entry / "faces.json").write_text("damaged")
    with user(65533), pytest.raises(FacesError, match="ANIMEGAN_CACHE") as error:  # it is not theirs to mend
        load_faces(shared / "faces", cache=cache, progress=False)
    one_line(error)
    with user(65534):
        assert (load_faces(shared / "faces", cache=cache, progress=False).images == first).all()


# What is measured, and by what


@pytest.fixture(scope="module")
def student():
    kernel = Student({"OMP_NUM_THREADS": "1"})
    yield kernel
    kernel.leave()


def test_a_slider_is_timed_from_the_event_to_the_picture(student):
    student.show_slider()
    start = time.perf_counter()
    delays = student.slide(0.5)
    assert len(delays) >= 2 and 500 <= 1000 * (time.perf_counter() - start)
    assert 0 < min(delays) and sum(delays) <= 1000 * (time.perf_counter() - start)
    student.run("slow = explorer.generator.register_forward_hook(lambda *_: __import__('time').sleep(0.2))")
    assert min(student.slide(0.5)) > 200  # a slower picture is a longer delay
    student.run("slow.remove()")


def test_a_kernel_that_fails_says_why(student):
    assert student.run("print(6 * 7)") == "42"
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        student.run("1 / 0")


@pytest.mark.parametrize("read", [resident_mib, pytest.param(proportional_mib, marks=posix)])
def test_peak_memory_of_a_process(read):
    if read is proportional_mib and sys.platform != "linux":
        pytest.skip("Linux only")
    # it says when it has taken the memory and when it has given it back, so that no clock has to be right
    code = "a = b'x' * (300 << 20); print('has it', flush=True); input(); del a; print('gave it', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with Peak(lambda: read([process.pid])) as peak:
        assert process.stdout.readline() == b"has it\n"
        deadline = time.monotonic() + 30
        while peak.value < 300 and time.monotonic() < deadline:  # until the watching thread has had a look
            time.sleep(0.05)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"gave it\n"
        assert process.pid in descendants()
        assert 0 < read([process.pid]) < 100
    process.communicate(b"\n")
    assert 300 < peak.value < 360
    assert read([process.pid]) == 0  # it is gone


def test_tasks_run_at_once_and_their_error_comes_out():
    def sleep(k: int) -> int:
        time.sleep(0.5)
        return 1 // k

    start = time.perf_counter()
    assert all_at_once([lambda k=k: sleep(k) for k in (1, 2, 1)]) == [1, 0, 1]
    assert time.perf_counter() - start < 1.4  # one after the other they would take 1.5
    with pytest.raises(ZeroDivisionError):
        all_at_once([lambda k=k: sleep(k) for k in (1, 0)])


def test_how_many_students_fit():
    assert class_load.fit(924, 100) == 22  # 22 GiB, 1 GiB each
    assert class_load.fit(925, 100) == 21


# The pages


def test_the_page_says_what_was_measured():
    result = json.loads(class_load.RESULT.read_text())
    page = class_load.PAGE.read_text(encoding="utf-8")
    assert class_load.with_tables(page, result) == page, "write it anew: python -m animegan_helpers.course.class_load"
    for table in class_load.tables(result).values():
        assert table in page
    assert {f"{count} slide" for count in class_load.STUDENTS} <= {row["kernels"] for row in result["slider"]}
    assert all(0 < row["median_ms"] <= row["p95_ms"] and row["events"] > 10 for row in result["slider"])
    medians = {(row["kernels"], row["threads"]): row["median_ms"] for row in result["slider"]}
    for (who, threads), median in medians.items():  # the page advises one thread each
        assert who == "1 slide" or median >= medians[who, 1], (who, threads)


@pytest.mark.parametrize("name", MEASURED_PAGES)
def test_every_page_has_the_minutes_and_the_memory(name):
    timings = json.loads((DATA / "timings.json").read_text())
    page = (PROJECT / name).read_text(encoding="utf-8")
    assert with_measured(page, timings, MEASURED_PAGES[name]) == page
    for path in notebook_paths():
        assert len(re.findall(rf"^\| \[{path.name[:2]} .*notebooks/{path.name}\)", page, re.M)) == 1, path.name


def test_rows_are_filled_from_the_measurement():
    timings = {"smoke": {"minutes": {"03": 0.26}, "memory_mib": {"03": 1536}}, "laptop": {"minutes": {"03": 4}}}
    rows = "a\n| [03 x](../notebooks/03_x.ipynb) | old | | | |\n| [04 y](notebooks/04_y.ipynb) | 1 | 2 | 3 | 4 |\n"
    assert with_measured(rows, timings, 4) == (
        "a\n| [03 x](../notebooks/03_x.ipynb) | 0.3 | 4.0 | 1.5 |  |\n| [04 y](notebooks/04_y.ipynb) |  |  |  |  |\n"
    )


def test_numbers_of_two_machines_are_not_mixed(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("| [01 a](notebooks/01_a.ipynb) | | |\n| [02 b](notebooks/02_b.ipynb) | | |\n")
    monkeypatch.setattr(workbook, "DATA", tmp_path)
    monkeypatch.setattr(workbook, "PROJECT", tmp_path)
    monkeypatch.setattr(workbook, "MEASURED_PAGES", {"page.md": 2})
    for machine, number in (("old", "01"), ("old", "02"), ("new", "02")):
        monkeypatch.setattr(workbook, "hardware", lambda machine=machine: machine)
        workbook.record("laptop", {number: 1.5}, {number: 700.0})
        if machine == "old":
            assert "| [01 a](notebooks/01_a.ipynb) |  | 1.5 |" in page.read_text()
    kept = json.loads((tmp_path / "timings.json").read_text())
    assert kept == {"laptop": {"hardware": "new", "minutes": {"02": 1.5}, "memory_mib": {"02": 700}}}
    assert "| [01 a](notebooks/01_a.ipynb) |  |  |" in page.read_text()


def markdown(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_every_section_that_the_teacher_is_sent_to_is_there():
    page = re.sub(r"\s+", " ", (PROJECT / "docs" / "teaching.md").read_text(encoding="utf-8"))
    links = re.findall(r"\[(\d\d): ([^\]]+)\]\(\.\./notebooks/([^)]+)\)", page)
    assert len(links) > 40
    for number, section, name in links:
        assert name.startswith(number)
        headings = re.findall(r"^#+ +(.*)$", markdown(NOTEBOOKS / name), re.M)
        assert any(section in heading for heading in headings), f"{name} has no section {section!r}"


ENTRY = re.compile(
    r'^- <a id="(?P<anchor>[a-z0-9-]+)"></a>\*\*(?P<term>[^*]+)\*\*(?: \(there: (?P<form>[^)]+)\))?'
    r' · (?P<chinese>[^\[]+)'
    r" · \[(?P<number>\d\d)\]\(\.\./notebooks/(?P<name>[^)]+)\)<br>\n(?P<text>(?:  .+\n)+)",
    re.M,
)


def glossary() -> list[re.Match]:
    return list(ENTRY.finditer((PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")))


def test_glossary():
    entries = glossary()
    lines = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    assert len(entries) == sum(line.startswith("- ") for line in lines) > 80, "an entry that is not like the others"
    terms = [entry["term"].lower().replace("é", "e") for entry in entries]
    assert terms == sorted(terms)
    assert len({entry["anchor"] for entry in entries}) == len(entries)
    for entry in entries:
        assert re.search("[\u4e00-\u9fff]", entry["chinese"]), entry["term"]
        assert entry["text"].count("\n") <= 2, entry["term"]
        assert entry["name"].startswith(entry["number"])
        form = entry["form"] or re.sub(r" \(.*\)", "", entry["term"])
        text = re.sub(r"\s+", " ", markdown(NOTEBOOKS / entry["name"]).replace("*", ""))
        assert form.lower() in text.lower(), f"{entry['term']!r} is not in {entry['name']}"


def test_links_into_the_glossary_lead_to_a_term():
    anchors = {entry["anchor"] for entry in glossary()}
    for path in notebook_paths():
        assert set(re.findall(r"glossary\.md#([^)\s]+)\)", markdown(path))) <= anchors, path.name


def test_the_chinese_readme_follows_the_english_one():
    english, chinese = ((PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))

    def commands(page: str) -> list[str]:
        blocks = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
        return [re.sub(r" +#.*", "", line) for block in blocks for line in block.splitlines()]

    def rows(page: str) -> list[str]:
        """What no translation changes in the rows of tables: code, and links to files."""
        lines = [line for line in page.splitlines() if line.startswith("|")]
        return [" ".join(re.findall(r"`[^`]+`|\]\([^)]+\)", line.split("|")[1])) for line in lines]

    assert commands(chinese) == commands(english)
    assert rows(chinese) == rows(english)
    assert len(re.findall(r"^#+ ", chinese, re.M)) == len(re.findall(r"^#+ ", english, re.M))
    assert re.findall(r"!\[[^\]]*\]\(([^)]+)\)", chinese) == re.findall(r"!\[[^\]]*\]\(([^)]+)\)", english)
    assert not re.search("[\u4e00-\u9fff][,;:?!()]", re.sub(r"`[^`]*`|\]\([^)]*\)", "", chinese)), "Latin punctuation"
