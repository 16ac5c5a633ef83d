"""The corpus runner tells what happened to each file, and outlives all of them."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pictures
import pytest

import comrec

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "data" / "cases"
if sys.platform != "linux":
    pytest.skip("needs /proc", allow_module_level=True)

# What is right for each case: the outcome, and the kinds that are left out.
RIGHT = {
    "adobe-transform-2.jpg": ("done", ""),
    "apng-default-image-16.png": ("done", "frames,bit depth"),
    "apng-short-fdat-16.png": ("refused", ""),
    "associated-alpha-16.tif": ("done", "bit depth"),
    "associated-alpha-8.tif": ("done", ""),
    "big-icc.png": ("done", ""),
    "cicp-pq.png": ("done", "colour space"),
    "comment.jpg": ("done", ""),
    "damaged-jpeg-inside.tif": ("refused", ""),
    "dpi300.jpg": ("done", ""),
    "extended-xmp.jpg": ("done", ""),
    "gain-map.jpg": ("done", "gain map"),
    "gama-linear.png": ("done", ""),
    "grey2-trns.png": ("done", ""),
    "iptc.jpg": ("done", ""),
    "jfif-2.01.jpg": ("done", ""),
    "png-text.png": ("done", ""),
    "preview-first.dng": ("refused", ""),
    "rgb32-bitfields.bmp": ("refused", ""),
    "same-pixels.jpg": ("done", ""),
    "sos-bytes-zero.jpg": ("done", ""),
    "turned-exif-text.jpg": ("done", ""),
}


def run(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "fuzz" / "corpus.py", *args]
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """Tries the cases, with a file that is no picture beside them."""
    folder = tmp_path_factory.mktemp("corpus") / "cases"
    shutil.copytree(CASES, folder / "below")
    (folder / "notes.txt").write_text("no picture")
    out = folder.parent / "rows.tsv"
    return run(folder, "--source", "ours", "--out", out), out


def test_every_case_ends_as_it_should(tried):
    done, out = tried
    assert done.returncode == 0, done.stdout + done.stderr
    with open(out) as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = {row["file"]: (row["outcome"], row["left_out"]) for row in rows}
    assert found == {f"below/{name}": right for name, right in RIGHT.items()}
    assert {row["source"] for row in rows} == {"ours"}


def test_pixels_are_compared_with_those_of_another_library(tried):
    with open(tried[1]) as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    compared = [row for row in rows if row["outcome"] == "done"]
    others = {row["second"] for row in compared}
    assert others <= {"pillow", "vips", "tifffile", "none"}
    alone = [row["file"] for row in compared if row["second"] == "none"]
    assert alone == ["below/big-icc.png", "below/grey2-trns.png"]  # Pillow fails


def test_the_summary_adds_up(tried):
    lines = tried[0].stdout.splitlines()
    assert lines[-1] == f"{len(RIGHT)} pictures, 1 other files passed over"
    counts = [line.split("\t") for line in lines[1:-1]]
    assert sum(int(row[1]) for row in counts) == len(RIGHT)
    assert all(int(row[1]) == sum(map(int, row[2:-1])) for row in counts)


ENDS = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import isolated

def crashes():
    yield {"n": 1}
    os.kill(os.getpid(), signal.SIGSEGV)

def hangs():
    yield {"n": 2}
    while True:
        pass

def grows():
    held = bytearray(2**30)
    yield {"n": 3, "held": len(held)}

def writes():
    os.write(2, b"a word")
    yield {"n": 4, "said": isolated.said_bytes()}

limits = isolated.Limits(1, 256)
for work in (crashes, hangs, grows, writes):
    ended = isolated.run(work, limits)
    print(ended.end, ended.answers, ended.said[-11:])
"""


def test_no_end_of_a_process_ends_the_runner():
    done = subprocess.run(
        [sys.executable, "-c", ENDS, ROOT / "fuzz"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "crashed (SIGSEGV) [{'n': 1}] b''",
        "hung [{'n': 2}] b''",
        "status 70 [] b''",
        " [{'n': 4, 'said': 6}] b'a word'",
    ]
    assert done.stderr == ""


JUDGED = {
    "crashed": ([], "crashed (SIGSEGV)", b""),
    "hung": ([], "hung", b""),
    "foreign": ([], "status 70", b""),
    "leak": ([{"outcome": "done", "said": 3}], "", b"LZW"),
    "wrong": ([{"outcome": "done", "said": 0}, {"outcome": "wrong"}], "", b""),
    "done": ([{"outcome": "done", "said": 0}], "crashed (SIGSEGV)", b"by another"),
}


@pytest.mark.parametrize("outcome", JUDGED)
def test_an_end_is_named(outcome, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "fuzz")
    import corpus
    import isolated

    answers, end, said = JUDGED[outcome]
    ended = isolated.Ended(answers, end, said, 0)
    row = corpus.judge("s", "f", "PNG", ended)
    assert row.outcome == outcome
    assert (outcome in corpus.FAULTS) == (outcome != "done")


def test_rows_of_another_source_stay(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "fuzz")
    import corpus

    out = tmp_path / "rows.tsv"
    row = corpus.Row("b", "x.png", "PNG", "done", "", "pillow", "")
    corpus.write(out, "b", [row])
    corpus.write(out, "a", [row._replace(source="a")])
    corpus.write(out, "b", [row._replace(outcome="refused")])
    lines = out.read_text().splitlines()
    assert [line.split("\t")[:4] for line in lines[1:]] == [
        ["a", "x.png", "PNG", "done"], ["b", "x.png", "PNG", "refused"],
    ]  # fmt: skip


def test_a_round_trip_that_is_not_as_reported_is_wrong(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "fuzz")
    import corpus

    monkeypatch.setattr(corpus.isolated, "said_bytes", lambda: 0)
    data = pictures.photo_file(".png")
    assert next(corpus.steps(data, "PNG", True))["outcome"] == "done"
    decompress = comrec.decompress
    monkeypatch.setattr(comrec, "decompress", lambda *a: 255 - decompress(*a))
    answer = next(corpus.steps(data, "PNG", True))
    assert answer["outcome"] == "wrong"
    assert "reported" in answer["note"]
