"""Tasks: in processes, and with codecs that fail."""

import math
import os
import sys
from pathlib import Path

import pictures
import pytest
from evaluate_rows import run, table, task

from comrec.apps.evaluate import interface, peers, rivals, rows, sweep

pytest.importorskip("scipy", reason="comes with the eval extra")
pytest.importorskip("matplotlib", reason="comes with the eval extra")


def test_processes_measure_what_one_does(folder, tmp_path):
    found = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.tsv"
        run(folder, out, "--points", "2", "--jobs", jobs)
        found.append([row._replace(encode_s=0, decode_s=0) for row in rows.read(out)])
    assert found[0] == found[1]
    assert len(found[0]) == 6


def test_what_a_codec_refuses_is_a_marked_row_and_the_others_go_on(
    folder, tmp_path, here, monkeypatch, capsys
):
    whole = interface.run

    def refuses(codec, pixels, setting):
        if (codec.name, setting) == ("webp", 50):
            raise ValueError("not today,\nsays the\tlibrary")
        return whole(codec, pixels, setting)

    monkeypatch.setattr(interface, "run", refuses)
    monkeypatch.setitem(rivals.MAKERS, "webp", _few("webp", 18, 50, 87))
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
    monkeypatch.setattr(interface, "run", whole)
    run(*arguments)
    assert any(row.error for row in rows.read(out)), "tried again only with --retry"
    other = folder, out, "--codecs", "jpeg", "--points", "4", "--no-figure"
    run(*other, "--retry")
    assert any(row.error for row in rows.read(out)), "webp was not among the codecs"
    run(*arguments, "--retry")
    assert not any(row.error for row in rows.read(out))


def _few(name: str, *grid: float):
    peer = peers.find(name)
    return lambda _: interface.Peer(
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
    monkeypatch.setattr(sweep, "_make_context", _spawn_with("crashing"))
    tasks = [task(folder, "jpeg", 5, 90), task(folder, "crashing", 5, 50, 90)]
    found = [row for some in sweep.measure_all(tasks, 2) for row in some]
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


def test_pictures_with_one_name_keep_their_suffix_in_rows(tmp_path):
    for name in ("a.png", "b.png", "b.webp", "._a.png", "c.heic"):
        (tmp_path / name).write_bytes(pictures.photo_file(Path(name).suffix[-5:])
                                      if name[0] in "ab" else b"x")  # fmt: skip
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "below").mkdir()
    found, left_out = sweep.subjects(tmp_path)
    assert [subject.identity()[0] for subject in found] == ["a", "b.png", "b.webp"]
    assert {path.name: reason for path, reason in left_out.items()} == {
        "._a.png": "files of macOS (._*)", "c.heic": "HEIC files",
        "pipe.png": "pipes and devices", "below": "folders",
    }  # fmt: skip
