"""Several inputs: outputs, failures and jobs side by side."""

from __future__ import annotations

import numpy as np
import pictures
from outputs import names_in

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


def test_two_inputs_with_one_output_are_refused_with_both_names(refused, folder):
    (folder / "photo.webp").write_bytes(pictures.photo_file(".webp"))
    line = refused("compress", "photo.png", "photo.webp", names="photo.comrec.jpg")
    assert "photo.png and photo.webp would both" in line


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
