"""`comrec evaluate`: rows, how a run goes on, what a summary says of them."""

import csv
import io
import json
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pictures import photo
from PIL import Image

from comrec.apps import evaluate
from comrec.apps.evaluate import peers, published, report, rows, summary, sweep
from comrec.apps.evaluate.rows import Row
from comrec.cli import main
from comrec.errors import UsageError
from comrec.image import metrics, reader
from comrec.jpeg import coding

pytest.importorskip("scipy", reason="comes with the eval extra")
pytest.importorskip("matplotlib", reason="comes with the eval extra")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "pictures"
    path.mkdir()
    for i in range(3):
        crop = data.astronaut()[i * 90 : i * 90 + 163, 150:330]
        Image.fromarray(crop).save(path / f"{i}.png")
    return path


@pytest.fixture
def here(monkeypatch):
    """Measures in this process, as fast as it can."""

    def measured(tasks, jobs):
        return map(sweep.measure, tasks)

    monkeypatch.setattr(sweep, "measured", measured)


def run(folder: Path, out: Path, *more: str) -> int:
    given = ["evaluate", str(folder), "--out", str(out), "--quiet", *more]
    return main.main(given if "--codecs" in more else [*given, "--codecs", "jpeg"])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text()), delimiter="\t"))


# Rows


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
    coded = coding.encode(pixels, 5, evaluate.rivals.BASELINE)
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
    first = subprocess.Popen(command, start_new_session=True)
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


def test_processes_measure_what_one_does(folder, tmp_path):
    found = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.tsv"
        run(folder, out, "--points", "2", "--jobs", jobs)
        found.append([row._replace(encode_s=0, decode_s=0) for row in rows.read(out)])
    assert found[0] == found[1]
    assert len(found[0]) == 6


def test_a_summary_is_written_over_and_no_rows_are(folder, tmp_path, here, capsys):
    run(folder, tmp_path / "a.tsv", "--points", "2", "--no-figure")
    run(folder, tmp_path / "a.tsv", "--points", "2", "--no-figure")
    (tmp_path / "a.tsv").rename(tmp_path / "b-summary.tsv")
    kept = (tmp_path / "b-summary.tsv").read_bytes()
    assert run(folder, tmp_path / "b.tsv", "--points", "2", "--no-figure") == 1
    assert "b-summary.tsv: exists" in capsys.readouterr().err
    assert (tmp_path / "b-summary.tsv").read_bytes() == kept


def test_what_comrec_wrote_is_no_picture_to_measure(folder, here, capsys):
    out = folder / "rows.tsv"
    status = [main.main(["compress", str(folder / "0.png"), "-p", "comrec-lite"])]
    status += [run(folder, out, "--points", "2") for _ in range(2)]
    assert status == [0, 0, 0]
    assert {row.image for row in rows.read(out)} == {"0", "1", "2"}
    main.main(["evaluate", str(folder), "--out", str(out), "--codecs", "jpeg"])
    assert "Left out: 2 of the files" in capsys.readouterr().err


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


# Codecs that fail


def task(folder: Path, codec: str, *settings: float) -> sweep.Task:
    (subject, *_), _ = sweep.subjects(folder)
    return sweep.Task(codec, "1", subject, subject.identity(), settings, "psnr")


def test_what_a_codec_refuses_is_a_marked_row_and_the_others_go_on(
    folder, tmp_path, here, monkeypatch, capsys
):
    whole = evaluate.run

    def refuses(codec, pixels, setting):
        if (codec.name, setting) == ("webp", 50):
            raise ValueError("not today,\nsays the\tlibrary")
        return whole(codec, pixels, setting)

    monkeypatch.setattr(evaluate, "run", refuses)
    monkeypatch.setitem(evaluate.rivals.MAKERS, "webp", _few("webp", 18, 50, 87))
    out = tmp_path / "rows.tsv"
    arguments = folder, out, "--codecs", "jpeg", "webp", "--points", "4", "--no-figure"
    assert run(*arguments) == 1, "some input failed"
    assert "2: webp at 50 failed (not today" in capsys.readouterr().err
    failed = [row for row in rows.read(out) if row.error]
    assert [(row.codec, row.setting, row.image) for row in failed] == [
        ("webp", 50, image) for image in "012"
    ]
    assert {row.error for row in failed} == {"not today, says the library"}
    assert math.isnan(failed[0].rgb_psnr_db)
    lines = table(tmp_path / "rows-summary.tsv")
    assert {line["codec"]: line["settings"] for line in lines} == {
        "jpeg": "4", "webp": "2",
    }  # fmt: skip
    monkeypatch.setattr(evaluate, "run", whole)
    run(*arguments)
    assert any(row.error for row in rows.read(out)), "tried again only if asked"
    other = folder, out, "--codecs", "jpeg", "--points", "4", "--no-figure"
    run(*other, "--retry")
    assert any(row.error for row in rows.read(out)), "of webp nothing was asked"
    run(*arguments, "--retry")
    assert not any(row.error for row in rows.read(out))


def _few(name: str, *grid: float):
    peer = peers.find(name)
    return lambda _: evaluate.Peer(
        name, peer.version, grid, peer.encode, peer.decode
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal")
def test_a_codec_that_takes_its_process_with_it_is_a_marked_row(
    folder, tmp_path, monkeypatch
):
    plugin = tmp_path / "crashing.py"
    plugin.write_text(
        "import os, signal\n"
        "from comrec.apps.evaluate import rivals, sweep\n"
        "_jpeg = rivals.MAKERS['jpeg']('jpeg')\n"
        "def encode(pixels, setting):\n"
        "    if setting == 50:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return _jpeg.encode(pixels, setting)\n"
        "def make(name):\n"
        "    return type(_jpeg)(name, '1', (5, 50, 90), encode, _jpeg.decode)\n"
        "rivals.MAKERS['crashing'] = make\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path.cwd()}")
    monkeypatch.setattr(sweep, "_context", _spawn_with("crashing"))
    tasks = [task(folder, "jpeg", 5, 90), task(folder, "crashing", 5, 50, 90)]
    found = [row for some in sweep.measured(tasks, 2) for row in some]
    by_key = {(row.codec, row.setting): row for row in found}
    assert len(by_key) == len(found) == 5
    marked = [key for key, row in by_key.items() if row.error]
    assert marked == [("crashing", 50)]
    assert by_key["crashing", 50].error == sweep.CRASHED
    assert by_key["crashing", 90].rate_bytes == by_key["jpeg", 90].rate_bytes


def _spawn_with(module: str):
    """Processes that import a module first."""
    import multiprocessing

    context = multiprocessing.get_context("forkserver")
    multiprocessing.forkserver._forkserver._stop()
    context.set_forkserver_preload([sweep.__name__, module])
    return lambda: context


def test_a_score_that_fails_leaves_the_row_that_was_there(
    folder, tmp_path, here, monkeypatch
):
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    out = tmp_path / "rows.tsv"
    run(folder, out, "--points", "2", "--no-figure")
    before = rows.read(out)

    def fails(*_):
        raise ValueError("no")

    monkeypatch.setattr(evaluate.quality, "ssimulacra2", fails)
    assert run(folder, out, "--points", "2", "--no-figure", "--metrics", "all") == 1
    assert rows.read(out) == before


# Summaries


def row(codec: str, setting: float, image: str, bpp: float, db: float) -> Row:
    numbers = int(1e5 * bpp / 8), bpp, db, db, None, None, None, 0.1, 0.02
    return Row(codec, "1", setting, image, 3, "0", *numbers)


def test_a_picture_counts_as_won_by_its_own_bd_rate():
    known = [(image, 3, "0") for image in "abc"]
    bits = {"a": 0.5, "b": 0.9, "c": 2.0}  # of the anchor's
    found = [row("jpeg", q, i, q / 100, 20 + q / 3) for q in (5, 20, 60) for i in "abc"]
    found += [
        row("webp", q, i, bits[i] * q / 100, 20 + q / 3)
        for q in (5, 20, 60) for i in "abc"
    ]  # fmt: skip
    lines, notes = summary.lines(found, known)
    webp = next(line for line in lines if line.codec == "webp")
    assert (webp.won, webp.lost) == (2, 1)
    assert webp.encode_s == pytest.approx(0.1 / 0.1, rel=1e-3)
    assert webp.bd_rate.value == pytest.approx(100 * (3.4 / 3 - 1), abs=1e-6)
    assert webp.bd_akima.value == pytest.approx(webp.bd_rate.value, abs=1e-6)
    assert not notes


def test_two_versions_of_a_codec_are_two_lines():
    found = [row(c, q, "a", q / 10, 20 + q) for c in ("jpeg", "webp") for q in (5, 9)]
    found += [one._replace(version="2") for one in found if one.codec == "webp"]
    lines, _ = summary.lines(found, [("a", 3, "0")])
    lines = [line for line in lines if line.metric == "rgb_psnr_db"]
    names = [summary.name(line, lines) for line in lines]
    assert names == ["jpeg", "webp (1)", "webp (2)"]


def test_a_setting_that_a_picture_lacks_is_left_out_by_name():
    found = [row("jpeg", q, i, q / 10, 20 + q) for q in (5, 9) for i in "ab"]
    found += [row("webp", 3, "a", 1, 30), row("jpeg", 5, "other", 1, 1)]
    found += [rows.failed(("webp", "1", 3, "b", 3, "0"), "too dark")]
    lines, notes = summary.lines(found, [("a", 3, "0"), ("b", 3, "0")])
    assert {line.codec for line in lines} == {"jpeg"}
    assert notes == [
        "Left out: webp (1) at 3, which only 1 of 2 pictures have; b failed (too dark)."
    ]


def test_curves_without_a_common_range_are_named_and_have_no_bd_rate():
    found = [row("jpeg", q, "a", q / 10, 20 + q) for q in (5, 9)]
    found += [row("webp", q, "a", q / 10, 60 + q) for q in (5, 9)]
    lines, notes = summary.lines(found, [("a", 3, "0")])
    assert all(line.bd_rate is None for line in lines if line.codec == "webp")
    assert notes == [
        "No BD-rate: webp (1) has no range of quality in common with jpeg."
    ]
    assert report.record(lines[1])["bd_rate_percent"] is None


def test_what_others_published_is_marked_and_belongs_to_its_pictures():
    known = [(str(i), 3, "0") for i in range(24)]
    found = [
        row("jpeg", q, image, q / 50, 24 + q / 8) for q in (5, 30, 90)
        for image, _, _ in known
    ]  # fmt: skip
    lines, _ = summary.lines(found, known)
    learned = published.lines("kodak", lines)
    assert {line.version for line in learned} == {"published"}
    hyperprior = next(line for line in learned if line.codec == "bmshj2018-hyperprior")
    # bpp 0.3199 and 30.96 dB, and 0.4784 and 32.83 dB, are two of its points.
    assert 30.96 < hyperprior.at[summary.RATES_BPP.index(0.4)] < 32.83
    record = report.record(hyperprior)
    assert record["won"] is None
    assert record["encode_s_per_mp"] is None
    with pytest.raises(UsageError, match="of its pictures in colour"):
        published.check("kodak", known)


# What makes no sense


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--codecs": "webp"}, "compared with jpeg. Add it to --codecs"),
        ({"pictures": "flat"}, "flat: comes back without any error .* Take it out"),
        ({"pictures": "long" * 99}, "not a folder"),
        ({"pictures": "nowhere"}, "not a folder"),
        ({"pictures": "."}, "no pictures in it"),
        ({"pictures": "broken"}, r"broken.0\.png: "),
        ({"pictures": "mixed"}, "grey and colour pictures have no mean in common"),
        ({"pictures": "twice"}, "two pictures share a name"),
        ({"--out": "notes.tsv"}, r"notes\.tsv: not rows of `comrec evaluate`"),
        ({"--out": "quote.tsv"}, r"quote\.tsv: not rows of `comrec evaluate`"),
        ({"--out": "rows.csv"}, r"rows\.csv: rows go to a \.tsv"),
        ({"--out": "a-summary.tsv"}, r"a-summary\.tsv: rows go to a \.tsv"),
        ({"--out": "mine.tsv"}, r"mine\.png: exists, .* give --out another name"),
        ({"--codecs": "jpg"}, "no codec is called 'jpg'"),
        ({"--codecs": "comrec:nothing"}, "no preset is called 'nothing'"),
        ({"--published": "kodak"}, "is of its pictures in colour"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    folder, tmp_path, here, change, message, capsys
):
    picture, out = (folder / "0.png").read_bytes(), tmp_path / "out"
    for name, files in {
        "broken": {"0.png": picture[:500]},
        "mixed": {"0.png": picture, "1.png": _png(photo()[..., 0])},
        "twice": {"0.png": picture, "0.webp": picture},
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
