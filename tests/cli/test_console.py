"""What is said: names made harmless, `info`, `verify`, `presets`."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.cli import console, describe
from comrec.jpeg import segments

EVIL = "a\x1b[31mb\x9b2Jc\x07\u202ed\ne.png"
HARMLESS = "a?[31mb?2Jc??d?e"


@pytest.fixture
def evil(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / EVIL).write_bytes(pictures.photo_file(".png"))
    return EVIL


def assert_harmless(text: str, lines: int) -> None:
    assert len(text.splitlines()) == lines
    assert all(c.isprintable() or c == "\n" for c in text)


def test_terminal_escapes_in_names_are_neutralised(run, evil):
    made = run("compress", evil, "--jpeg-quality", 50)
    assert made.status == 0
    assert HARMLESS in made.out.decode()
    assert_harmless(made.out.decode(), 3)
    jpeg = EVIL.replace(".png", ".comrec.jpg")
    for words in (
        ("compress", evil), ("decompress", jpeg), ("verify", jpeg),
        ("verify", jpeg, "--original", evil), ("compress", evil, "-f", "--json"),
        ("decompress", evil), ("info", evil), ("compress", EVIL + "gone"),
    ):  # fmt: skip
        ran = run(*words)
        text = ran.out.decode() + ran.err
        assert_harmless(text, 1)
        assert HARMLESS in text or "\\u001b" in text
    details = run("info", jpeg)
    assert HARMLESS in details.out.decode()
    assert_harmless(details.out.decode(), len(details.out.decode().split("\n")) - 1)
    usage = run("compress", evil, "--" + EVIL)
    assert usage.status == 2
    assert "\x1b" not in usage.err


def test_a_name_that_is_no_text_is_printed_all_the_same(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_bytes(pictures.photo_file(".png"))
    made = run("compress", name, "--json")
    assert made.rows[0]["input"] == name
    assert run("compress", name, "-f").out.startswith(b"caf?.png")


def test_a_terminal_without_arrows_gets_question_marks(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    out = console.Output()
    out.row({"a": "é → è"}, lambda row: f"{row['a']} → x", as_json=False)
    assert raw.getvalue() == b"? ? ? ? x\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bar:
    """A stand-in that writes what happens to it where the lines go."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream
        self.advance = self.add_task = lambda *args, **kwargs: 0

    def start(self) -> None:
        self.stream.write("[")

    def stop(self) -> None:
        self.stream.write("]")


@pytest.mark.parametrize(
    ("after_s", "seen"), [(0, "[]one\n[]two\n[]"), (60, "one\ntwo\n]")]
)
def test_a_bar_comes_after_a_while_and_makes_way_for_lines(monkeypatch, after_s, seen):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(console, "BAR_AFTER_S", after_s)
    monkeypatch.setattr(console, "_bar", lambda: Bar(stream))

    def results():
        time.sleep(0.1)
        yield from ("one", "two")

    out = console.Output()
    for result in out.progress(results(), 2, "test"):
        out.row({"name": result}, lambda row: str(row["name"]), as_json=False)
    assert stream.getvalue() == seen


def test_info_describes_each_kind_of_file(run, pair, tmp_path):
    said = run("info", pair[1], "--json").rows[0]
    assert (said["kind"], said["width_px"], said["height_px"]) == ("sidecar", 56, 40)
    said = run("info", pair[0], "--json").rows[0]
    assert (said["jpeg_width_px"], said["width_px"]) == (28, 56)
    assert said["sidecar"] == f"{pair[1]}, fits"
    inside = tmp_path / "in.jpg"
    inside.write_bytes(
        comrec.compress(pictures.photo(), jpeg_quality=50, embed=True).jpeg
    )
    assert run("info", inside, "--json").rows[0]["sidecar"] == "inside, fits"
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(pictures.photo_file(".jpg"))
    assert run("info", plain, "--json").rows[0]["sidecar"] == "none: a plain JPEG"
    pair[1].rename(tmp_path / "plain.comrec.json")
    said = run("info", plain, "--json").rows[0]["sidecar"]
    assert said.endswith("plain.comrec.json, does not fit")
    assert run("info", pair[0], "--json").rows[0]["sidecar"] == "missing"
    in_words = run("info", pair[0]).out.decode()
    assert "sidecar" in in_words
    assert "missing" in in_words


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xff\xd8 rubbish"])
def test_info_refuses_what_it_does_not_know(refused, tmp_path, content):
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    refused("info", path, names=path)
    refused("info", tmp_path / "gone", names=tmp_path / "gone")


def test_verify_says_how_close_the_pair_is(run, made, pair, tmp_path):
    assert run("verify", pair[0]).status == 0
    ran = run("verify", pair[0], "--original", tmp_path / "photo.png", "--json")
    assert ran.status == 0
    assert ran.rows[0]["psnr_db"] == round(made.report.psnr_db, 3)


@pytest.mark.parametrize("other", ["mirrored", "cropped", "grey", "alpha"])
def test_verify_refuses_another_original(refused, tmp_path, other):
    photo = pictures.photo()
    array = pictures.with_alpha(photo) if other == "alpha" else photo
    (tmp_path / "x.jpg").write_bytes(
        comrec.compress(array, jpeg_quality=50, embed=True).jpeg
    )
    changed = {
        "mirrored": 255 - photo, "cropped": photo[:, 1:], "grey": pictures.grey(),
    }.get(other, array).copy()  # fmt: skip
    if other == "alpha":
        changed[5, 5, 3] ^= 1
    (tmp_path / "other.png").write_bytes(pictures.file_of(changed, "PNG"))
    line = refused(
        "verify", tmp_path / "x.jpg", "--original", tmp_path / "other.png",
        names=tmp_path / "x.jpg",
    )  # fmt: skip
    assert "Keep" in line


def test_verify_refuses_a_changed_jpg(refused, pair):
    data = pair[0].read_bytes()
    picture = Image.open(io.BytesIO(data))
    marker = [(s.marker, bytes(s.payload)) for s in segments.parse(data)
              if s.marker == segments.APP11]  # fmt: skip
    pair[0].write_bytes(segments.insert(pictures.file_of(picture, "JPEG"), marker))
    refused("verify", pair[0], names=pair[1])


def test_presets_lists_and_verifies_them(run):
    listed = run("presets", "--json").rows
    assert [next(iter(row)) for row in listed] == list(comrec.presets.PRESETS)
    assert run("presets", "--verify").status == 0
    one = run("presets", comrec.presets.DEFAULT).out.decode()
    assert "licence" in one


@pytest.mark.parametrize("kind", ["two frames", "16 bits", "CMYK"])
def test_verify_keeps_an_original_that_holds_more(run, tmp_path, kind):
    data, note = {
        "two frames": (pictures.animations()["two.gif"], "the first of 2 frames"),
        "16 bits": (pictures.deep_inputs()["rgb16.png"][0], "16 bits a channel came"),
        "CMYK": (pictures.file_of(pictures.cmyk(), "TIFF"), "CMYK came"),
    }[kind]
    (tmp_path / "odd.bin").write_bytes(data)
    jpeg = tmp_path / "x.jpg"
    run("compress", tmp_path / "odd.bin", "-o", jpeg, "--jpeg-quality", 50, "--quiet")
    ran = run("verify", jpeg, "--original", tmp_path / "odd.bin", "--json")
    assert ran.status == 1
    assert ran.err.startswith(f"comrec: {jpeg}: restores to ")
    assert f"{note}" in ran.err
    assert "Keep the original" in ran.err


def test_flat_pictures_are_compared_though_plain_jpeg_keeps_them(run, tmp_path):
    flat, photo = tmp_path / "flat.png", tmp_path / "photo.png"
    flat.write_bytes(pictures.file_of(np.full((64, 64, 3), 255, np.uint8), "PNG"))
    photo.write_bytes(pictures.photo_file(".png"))
    out = tmp_path / "out"
    made = run("compress", "--jpeg-quality", 50, flat, photo, "-o", f"{out}/")
    assert made.status == 0
    assert b"the networks give no gain" in made.out
    assert (out / "photo.comrec.jpg").exists()
    jpeg = out / "flat.comrec.jpg"
    assert run("verify", jpeg, "--original", flat).status == 0
    black = tmp_path / "black.png"
    black.write_bytes(pictures.file_of(np.zeros((64, 64, 3), np.uint8), "PNG"))
    assert run("verify", jpeg, "--original", black).status == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (None, None, "infinite (identical)"),
        (None, 30.0, "30.00 dB"),
        (30.0, None, "infinite (identical)"),
        (31.0, 30.0, "30.00 dB; comrec +1.00 dB"),
    ],
)
def test_infinite_closeness_has_words(ours, theirs, said):
    row = {
        "input": "a", "output": "b", "outcome": "comrec", "jpeg_bytes": 9,
        "sidecar_bytes": 9, "input_bytes": 99, "width_px": 2, "height_px": 2,
        "rate_bpp": 1.0, "psnr_db": ours, "same_bytes_psnr_db": theirs,
    }  # fmt: skip
    assert describe.format_compressed(row).endswith(
        f"plain JPEG in as many bytes: PSNR {said}"
    )


def test_info_names_a_sidecar_that_cannot_be_read(refused, tmp_path):
    plain = tmp_path / "c.jpg"
    plain.write_bytes(pictures.photo_file(".jpg"))
    (tmp_path / "c.comrec.json").mkdir()
    refused("info", plain, names=tmp_path / "c.comrec.json")


@pytest.mark.parametrize(
    ("to", "said"),
    [("| sleep 0", ""), ("> /dev/full", "comrec: stdout: cannot be written (No space")],
)
@pytest.mark.parametrize("words", ["-o -", "-f --json"])
def test_a_stdout_that_takes_nothing_ends_in_a_line_at_most(tmp_path, to, said, words):
    (tmp_path / "x.jpg").write_bytes(
        pictures.file_of(pictures.photo(400, 500), "JPEG")  # more than a pipe holds
    )
    python = (
        "import sys, time; from comrec.cli.main import main; time.sleep(0.1); "
        "sys.exit(main())"
    )
    command = (
        f"set -o pipefail; {sys.executable} -c '{python}' "
        f"decompress {tmp_path}/x.jpg {words} {to}"
    )
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(said)
    assert ran.stderr.count("\n") == bool(said)


@pytest.mark.parametrize(
    ("target", "hint"), [("quality", True), ("target_size", False)]
)
def test_a_lower_q_is_advised_to_those_who_asked_for_a_quality(target, hint):
    row = {
        "input": "a", "output": "b", "outcome": "plain", "jpeg_bytes": 9,
        "sidecar_bytes": 0, "input_bytes": 99, "width_px": 2, "height_px": 2,
        "rate_bpp": 1.0, "psnr_db": 30.0, "jpeg_quality": 80, "target": target,
    }  # fmt: skip
    said = describe.format_compressed(row)
    assert "plain JPEG, quality 80" in said
    assert said.endswith("; try a lower -q") == hint
