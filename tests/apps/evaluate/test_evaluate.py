"""A run: its rows, how it continues, and what it refuses."""

import io
import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import processes
import pytest
from evaluate_rows import run, table
from pictures import photo
from PIL import Image

from comrec.apps.evaluate import (
    quality,
    rivals,
    rows,
    sweep,
)
from comrec.cli import main
from comrec.image import metrics, reader
from comrec.jpeg import coding

pytest.importorskip("scipy", reason="comes with the eval extra")
pytest.importorskip("matplotlib", reason="comes with the eval extra")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


def test_a_run_makes_a_row_for_each_picture_codec_and_setting(
    folder, tmp_path, here, capsys
):
    out = tmp_path / "rows.tsv"
    codecs = "--codecs", "webp", "jpeg", "half-jpeg"
    given = "evaluate", str(folder), "--out", str(out), "--every", "2", "--points", "3"
    assert main.main([*given, *codecs]) == 0
    found = table(out)
    assert len(found) == 2 * 3 * 3
    assert {row["image"] for row in found} == {"0", "2"}
    one = next(r for r in found if (r["codec"], r["setting"]) == ("jpeg", "5"))
    pixels = reader.read((folder / f"{one['image']}.png").read_bytes()).pixels
    coded = coding.encode(pixels, 5, rivals.BASELINE)
    assert int(one["rate_bytes"]) == len(coded)
    assert float(one["rate_bpp"]) == pytest.approx(8 * len(coded) / (163 * 180), 1e-5)
    expected = metrics.psnr_db(pixels, coding.decode(coded))
    assert float(one["rgb_psnr_db"]) == pytest.approx(expected, rel=1e-5)
    assert one["ssim"] == one["ms_ssim"] == one["ssimulacra2"] == one["error"] == ""
    lines = table(tmp_path / "rows-summary.tsv")
    assert [(line["codec"], line["metric"]) for line in lines] == [
        (codec, metric)
        for metric in ("rgb_psnr_db", "luma_psnr_db")
        for codec in ("jpeg", "half-jpeg", "webp")
    ]
    assert float(lines[0]["bd_rate_percent"]) == 0
    assert float(lines[2]["bd_rate_percent"]) < -20
    assert (lines[2]["won"], lines[2]["lost"]) == ("2", "0")
    assert float(lines[2]["encode_s_per_mp"]) > float(lines[0]["encode_s_per_mp"])
    with Image.open(tmp_path / "rows.png") as drawn:
        assert drawn.width > 1000
    assert "WebP" in (tmp_path / "rows.svg").read_text()
    said = capsys.readouterr()
    assert "RGB PSNR (dB), mean of 2" in said.out
    assert "Seconds per megapixel" in said.out
    assert "written: " in said.err


def test_a_run_goes_on_where_another_stopped(folder, tmp_path, here):
    out = tmp_path / "rows.tsv"
    arguments = folder, out, "--points", "3"
    run(*arguments)
    whole = out.read_text()
    figures = [(tmp_path / f"rows.{kind}").read_bytes() for kind in ("png", "svg")]
    run(*arguments)
    assert out.read_text() == whole, "nothing is measured twice, times and all"
    assert figures == [
        (tmp_path / f"rows.{kind}").read_bytes() for kind in ("png", "svg")
    ]
    kept = whole.splitlines(keepends=True)
    out.write_text("".join(kept[:4] + kept[6:]))
    arguments = *arguments, "--no-figure"
    run(*arguments)
    again = out.read_text().splitlines(keepends=True)
    same = [old == new for old, new in zip(kept, again, strict=True)]
    assert all(same[:4] + same[6:])
    Image.fromarray(data.astronaut()[:163, :180]).save(folder / "1.png")
    run(*arguments)
    assert len(table(out)) == 3 * 3 + 3, "another picture under a known name is new"


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_from_the_rows_it_has(folder, tmp_path):
    out = tmp_path / "rows.tsv"
    given = "evaluate", folder, "--out", out, "--codecs", "jpeg", "webp", "avif"
    command = [sys.executable, "-m", "comrec", *map(str, given), "--jobs", "1"]
    script = (
        "import sys; from comrec.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command[1:3] = ["-c", script]
    first = processes.start(command, start_new_session=True)
    deadline = time.monotonic() + 60
    while not out.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(first.pid, 9)
    first.wait()
    before = {row.key: row for row in rows.read(out)}
    assert subprocess.run(command, timeout=120, check=False).returncode == 0
    after = {row.key: row for row in rows.read(out)}
    assert len(after) == 3 * 14 * 3
    assert before
    assert before.items() <= after.items(), "times and all"


def test_metrics_that_rows_lack_are_added(folder, tmp_path, here):
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    out = tmp_path / "rows.tsv"
    arguments = folder, out, "--every", "3", "--points", "2", "--grey", "--no-figure"
    run(*arguments)
    run(*arguments, "--metrics", "all")
    found = table(out)
    assert len(found) == 2
    assert {row["channels"] for row in found} == {"1"}
    assert all(0 < float(row["ssim"]) < 1 for row in found)
    assert all(0 < float(row["ms_ssim"]) < 1 for row in found)
    assert all(float(row["ssimulacra2"]) < 100 for row in found)
    assert [line["metric"] for line in table(tmp_path / "rows-summary.tsv")] == [
        "luma_psnr_db", "ssim", "ms_ssim_db", "ssimulacra2",
    ]  # fmt: skip
    assert not (tmp_path / "rows.png").exists()


def test_a_summary_is_written_over_and_no_rows_are(folder, tmp_path, here, capsys):
    run(folder, tmp_path / "a.tsv", "--points", "2", "--no-figure")
    run(folder, tmp_path / "a.tsv", "--points", "2", "--no-figure")
    (tmp_path / "a.tsv").rename(tmp_path / "b-summary.tsv")
    kept = (tmp_path / "b-summary.tsv").read_bytes()
    assert run(folder, tmp_path / "b.tsv", "--points", "2", "--no-figure") == 1
    assert "b-summary.tsv: exists" in capsys.readouterr().err
    assert (tmp_path / "b-summary.tsv").read_bytes() == kept


def test_rows_replace_no_file_that_appeared(folder, tmp_path, monkeypatch, capsys):
    out = tmp_path / "rows.tsv"

    def measure_all(tasks, jobs):
        out.write_text("of somebody else")
        return map(sweep.measure, tasks)

    monkeypatch.setattr(sweep, "measure_all", measure_all)
    assert run(folder, out, "--points", "2", "--no-figure") == 1
    assert "another program wrote it meanwhile" in capsys.readouterr().err
    assert out.read_text() == "of somebody else"


def test_what_comrec_wrote_is_no_picture_to_measure(folder, here, capsys):
    out = folder / "rows.tsv"
    compress = "compress", str(folder / "0.png"), "-p", "comrec-lite-2", "-q", "20"
    assert main.main([*compress, "--effort", "0"]) == 0
    assert run(folder, out, "--points", "2") == 0  # leaves a figure
    given = "evaluate", str(folder), "--codecs", "jpeg", "--points", "2"
    for words in ((), ("--no-figure",)):  # and rows of another name
        other = folder / f"other{len(words)}.tsv"
        for place in (out, other):
            assert main.main([*given, *words, "--out", str(place)]) == 0
            assert {row.image for row in rows.read(place)} == {"0", "1", "2"}
    assert "outputs of comrec (3)" in capsys.readouterr().err
    # A figure without a mark, of an earlier comrec, is known by the name of the rows.
    Image.open(folder / "rows.png").save(folder / "rows.png")
    assert main.main([*given, "--no-figure", "--out", str(out)]) == 0
    assert {row.image for row in rows.read(out)} == {"0", "1", "2"}


def test_pictures_of_more_bits_than_the_figure_shows_have_one_too(tmp_path, here):
    for i in range(2):
        Image.fromarray(photo()[i * 8 :, :16]).save(tmp_path / f"{i}.png")
    out = tmp_path / "rows.tsv"
    assert run(tmp_path, out, "--points", "3", "--codecs", "jpeg", "webp") == 0
    assert (tmp_path / "rows.png").exists()


def test_a_name_that_is_no_text_is_a_row(folder, tmp_path, here):
    try:
        os.rename(folder / "0.png", os.fsencode(folder) + b"/b\xff.png")
    except OSError:
        pytest.skip("this file system has none such")
    assert run(folder, tmp_path / "rows.tsv", "--points", "2", "--no-figure") == 0
    assert "b�" in {row.image for row in rows.read(tmp_path / "rows.tsv")}


def test_a_score_that_fails_leaves_the_row_that_was_there(
    folder, tmp_path, here, monkeypatch
):
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    out = tmp_path / "rows.tsv"
    run(folder, out, "--points", "2", "--no-figure")
    before = rows.read(out)

    def fails(*_):
        raise ValueError("no")

    monkeypatch.setattr(quality, "ssimulacra2", fails)
    assert run(folder, out, "--points", "2", "--no-figure", "--metrics", "all") == 1
    assert rows.read(out) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--codecs": "webp"}, "compared with jpeg. Add it to --codecs"),
        ({"pictures": "flat"}, "flat: is restored without any error .* Remove it"),
        ({"pictures": "long" * 99}, "not a folder"),
        ({"pictures": "nowhere"}, "not a folder"),
        ({"pictures": "."}, "no pictures in it"),
        ({"pictures": "broken"}, r"broken.0\.png: "),
        ({"pictures": "mixed"}, "grey and colour pictures have no common mean"),
        ({"--out": "notes.tsv"}, r"notes\.tsv: not rows of `comrec evaluate`"),
        ({"--out": "quote.tsv"}, r"quote\.tsv: not rows of `comrec evaluate`"),
        ({"--out": "rows.csv"}, r"rows\.csv: rows go to a \.tsv"),
        ({"--out": "a-summary.tsv"}, r"a-summary\.tsv: rows go to a \.tsv"),
        ({"--out": "mine.tsv"}, r"mine\.png: exists, .* give --out another name"),
        ({"--codecs": "jpg"}, "no codec is called 'jpg'"),
        ({"--codecs": "comrec:nothing"}, "no preset is called 'nothing'"),
        ({"--published": "kodak"}, "are of its pictures in colour"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    folder, tmp_path, here, change, message, capsys
):
    picture, out = (folder / "0.png").read_bytes(), tmp_path / "out"
    for name, files in {
        "broken": {"0.png": picture[:500]},
        "mixed": {"0.png": picture, "1.png": _png(photo()[..., 0])},
        "flat": {"flat.png": _png(np.full((40, 40, 3), 128, np.uint8))},
        "out": {
            "notes.tsv": b"one\ttwo\n",
            "mine.png": picture,
            "quote.tsv": b'"' + bytes(2**18),
        },
    }.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_bytes(content)
    given = {"pictures": "pictures", "--out": "rows.tsv", "--codecs": "jpeg"} | change
    arguments = [
        "evaluate", str(tmp_path / given.pop("pictures")), "--points", "2", "--every",
        "1", "--out", str(out / given.pop("--out")),
    ]  # fmt: skip
    for option, value in given.items():
        arguments += [option, value]
    status = main.main(arguments)
    said = capsys.readouterr().err.strip()
    assert status in (1, 2)
    assert "\n" not in said
    assert re.search(message, said), said
    assert (out / "mine.png").read_bytes() == picture


def _png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_a_curve_of_one_point_is_refused(folder, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(folder, tmp_path / "rows.tsv", "--points", "1")
    assert stopped.value.code == 2
    assert "from 2 to 100" in capsys.readouterr().err


def test_json_is_one_object_for_each_line(folder, tmp_path, here, capsys):
    given = "--points", "2", "--json", "--no-figure", "--codecs", "jpeg", "webp"
    assert run(folder, tmp_path / "rows.tsv", *given) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["codec"] for line in found] == ["jpeg", "webp"] * 2
