"""Several inputs: outputs, failures and jobs side by side."""

from __future__ import annotations

import os

import numpy as np
import pictures
from outputs import names_in

from comrec.cli import console
from comrec.cli.commands import batch
from comrec.image import reader, writer
from comrec.system import listing, stages
from comrec.system.batch import Job

USED = ("--jpeg-quality", 50)


def test_one_failure_leaves_the_others_done(run, folder):
    (folder / "bad.png").write_bytes(b"no picture")
    ran = run("compress", "bad.png", "gone.png", "photo.png", *USED, "--json")
    assert ran.status == 1
    assert "photo.comrec.jpg" in names_in(folder)
    assert [row["outcome"] for row in ran.rows] == ["failed", "failed", "comrec"]
    assert [row["input"] for row in ran.rows] == ["bad.png", "gone.png", "photo.png"]
    lines = ran.err.splitlines()
    assert lines[0].startswith("comrec: bad.png: ")
    assert lines[1].startswith("comrec: gone.png: cannot be read")
    assert lines[2] == "comrec: 2 of 3 failed; the others are done"


def test_what_is_left_out_is_counted_and_listed(run, folder):
    for name in ("a.heic", "b.heif", "notes.txt", "._photo.png"):
        (folder / name).write_bytes(b"x")
    ran = run("compress", "-r", ".", *USED, "--json", "--list-left-out")
    assert ran.status == 0
    want = "4 left out: HEIC files (2), files of macOS (._*) (1), no pictures (1)"
    assert ran.err == f"comrec: {want}\n"
    rows = {r["input"]: r["reason"] for r in ran.rows if r["outcome"] == "left_out"}
    assert rows == {
        "a.heic": "HEIC files", "b.heif": "HEIC files", "notes.txt": "no pictures",
        "._photo.png": "files of macOS (._*)",
    }  # fmt: skip
    again = ("compress", "-r", ".", "-f", *USED)
    assert b"a.heic: left out, HEIC files\n" in run(*again, "--list-left-out").out
    quiet = run(*again, "--quiet", "--json")
    assert quiet.err == ""
    assert [row["outcome"] for row in quiet.rows] == ["comrec"]


def test_a_folder_that_cannot_be_listed_fails_and_the_others_are_done(
    run, folder, monkeypatch
):
    (folder / "shut").mkdir()
    scan = listing.scan

    def refuse(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(listing, "scan", refuse)
    ran = run("compress", "-r", ".", *USED, "--json")
    assert ran.status == 1
    assert [row["outcome"] for row in ran.rows] == ["failed", "comrec"]
    assert "shut: cannot be listed (Permission denied)" in ran.err


def test_outputs_among_what_a_shell_expanded_are_left_out(run, folder):
    (folder / "photo.restored.png").write_bytes(restored())
    ran = run("compress", "photo.png", "photo.restored.png", *USED)
    assert ran.status == 0
    assert "1 left out: outputs of comrec (1)" in ran.err
    assert "photo.restored.comrec.jpg" not in names_in(folder)


def restored() -> bytes:
    return writer.write(reader.read(pictures.photo_file(".png")), ".png")


def test_jobs_side_by_side_give_the_same_files(run, folder, listing):
    for name in "abcdef":
        shift = ord(name) - ord("a")
        array = np.ascontiguousarray(pictures.photo()[:, shift:])
        (folder / f"{name}.png").write_bytes(pictures.file_of(array, "PNG"))
    inputs = sorted(names_in(folder))
    one = run("compress", *inputs, "-o", "one/", *USED, "--json")
    three = run("compress", *inputs, "-o", "three/", "-j", 3, *USED, "--json")
    assert (one.status, three.status) == (0, 0)
    files = {name: content for name, (content, _) in listing().items()}
    for name in [n for n in files if n.startswith("one/")]:
        assert files[name] == files[name.replace("one/", "three/")]
    assert [r["input"] for r in three.rows] == inputs
    keep = ("input", "output", "sidecar")
    plain = [[{k: v for k, v in r.items() if k not in keep} for r in ran.rows]
             for ran in (one, three)]  # fmt: skip
    assert plain[0] == plain[1]


def test_outputs_have_the_times_of_their_inputs_where_that_is_asked(run, folder):
    time_ns = 1_234_567_890_123_456_789
    photo, jpeg = folder / "photo.png", folder / "photo.comrec.jpg"
    os.utime(photo, ns=(time_ns, time_ns))
    assert run("compress", photo, "--keep-times", *USED, "--scale", 2).status == 0
    for path in (jpeg, folder / "photo.comrec.json"):
        assert path.stat().st_mtime_ns == time_ns
    assert run("decompress", jpeg, "--keep-times").status == 0
    assert (folder / "photo.restored.png").stat().st_mtime_ns == time_ns
    assert run("decompress", jpeg, "-f").status == 0
    assert (folder / "photo.restored.png").stat().st_mtime_ns != time_ns


def test_times_of_stdin_and_stdout_are_refused(run, folder):
    ran = run("compress", "photo.png", "-o", "-", "--keep-times")
    assert (ran.status, ran.out) == (2, b"")
    assert "--keep-times goes with files" in ran.err


def test_one_picture_shows_stages_and_several_show_a_bar(run, folder, monkeypatch):
    used = []
    for name in ("watch", "show_progress"):

        def shown(_, results, *__, name=name, **___):
            used.append(name)
            return iter(results)

        monkeypatch.setattr(console.Output, name, shown)
    run("compress", "photo.png", *USED)
    run("compress", "photo.png", "gone.png", "-f", *USED)
    assert used == ["watch", "show_progress"]


def test_a_stage_is_the_command_until_the_work_names_one():
    stage = batch.Stage("compress")
    assert stage.read() == "compress"

    def work(job):
        stages.begin("round 1 of 3")
        return {"input": job.name}

    assert stage.watched(work)(Job(None, None)) == {"input": "stdin"}
    assert stage.read() == "round 1 of 3"
