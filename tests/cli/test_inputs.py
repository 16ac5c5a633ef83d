"""Inputs become jobs; outputs that collide are refused before a file is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comrec.cli import inputs
from comrec.errors import ImageError, OutputError, UsageError
from comrec.format.names import is_output
from comrec.system import listing
from comrec.system.batch import Job


def plan(*arguments) -> list[Job]:
    """`inputs.plan` in a folder where comrec's outputs go by their names."""
    return inputs.plan(*arguments, made=is_output).jobs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A function that makes empty files in the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def names(jobs: list[Job]) -> dict[str, str]:
    return {str(job.source): str(job.target) for job in jobs}


@pytest.mark.parametrize(
    ("direction", "source", "target"),
    [
        ("compress", "photo.png", "photo.comrec.jpg"),
        ("compress", "photo.tar.PNG", "photo.tar.comrec.jpg"),
        ("decompress", "photo.comrec.jpg", "photo.restored.png"),
        ("decompress", "x.jpg", "x.restored.png"),
        ("decompress", "other.bin", "other.bin.restored.png"),
    ],
)
def test_outputs_stand_beside_inputs(folder, direction, source, target):
    folder(source)
    assert names(plan([source], None, False, direction)) == {source: target}


def test_o_names_a_file_or_a_folder(folder):
    folder("a.png", "b.png", "there/keep")
    one = lambda output: names(plan(["a.png"], output, False, "compress"))  # noqa: E731
    assert one("x.jpg") == {"a.png": "x.jpg"}
    assert one("there") == {"a.png": "there/a.comrec.jpg"}
    assert one("new/") == {"a.png": "new/a.comrec.jpg"}
    both = plan(["a.png", "b.png"], "new", False, "compress")
    assert names(both) == {"a.png": "new/a.comrec.jpg", "b.png": "new/b.comrec.jpg"}


@pytest.mark.parametrize("output", ["x.png", "x", "x.json"])
def test_compress_writes_a_jpg_and_says_so(folder, output):
    folder("a.png")
    with pytest.raises(UsageError, match=rf"{output}: compress writes a \.jpg"):
        plan(["a.png"], output, False, "compress")


def test_a_tree_is_mirrored_below_o(folder):
    folder("in/a.png", "in/deep/er/b.PNG", "in/deep/notes.txt")
    found = names(plan(["in"], "out", True, "compress"))
    assert found == {
        "in/a.png": "out/a.comrec.jpg",
        "in/deep/er/b.PNG": "out/deep/er/b.comrec.jpg",
    }


def test_a_folder_is_taken_with_r_only(folder):
    folder("in/a.png")
    with pytest.raises(UsageError, match=r"in: a folder\. Add -r"):
        plan(["in"], None, False, "compress")


def test_own_outputs_are_no_inputs_of_a_folder(folder):
    folder("a.png", "a.comrec.jpg", "a.comrec.json", "a.restored.png", "c.jpg")
    found = inputs.plan(["."], None, True, "compress", is_output)
    assert set(names(found.jobs)) == {"a.png", "c.jpg"}
    assert {str(path): why for path, why in found.left_out.items()} == {
        "a.comrec.jpg": "outputs of comrec", "a.restored.png": "outputs of comrec",
        "a.comrec.json": "sidecars of comrec",
    }  # fmt: skip


def test_what_may_be_a_damaged_pair_is_decompressed_to_say_so(folder):
    folder("a.comrec.jpg", "b.jpg", "b.comrec.json", "c.jpg", "d.restored.jpg",
           "e.jpg", "e.comrec.jpg", "e.comrec.json")  # fmt: skip
    found = set(names(plan(["."], "out", True, "decompress")))
    assert found == {"a.comrec.jpg", "b.jpg", "e.comrec.jpg"}


def test_globs_are_expanded_where_the_shell_does_not(folder):
    folder("a.png", "b.png", "c.txt", "a.comrec.jpg", "[odd].png")
    found = names(plan(["*.*"], None, False, "compress"))
    assert set(found) == {"a.png", "b.png", "[odd].png"}
    assert set(names(plan(["[odd].png"], None, False, "compress"))) == {"[odd].png"}


def test_an_input_given_twice_is_done_once(folder):
    folder("a.png")
    assert len(plan(["a.png", "./a.png", "*.png"], None, False, "compress")) == 1


def test_a_missing_input_does_not_stop_the_others(folder):
    folder("a.png")
    found = names(plan(["gone.png", "a.png"], None, False, "compress"))
    assert set(found) == {"gone.png", "a.png"}


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["a/photo.png", "b/photo.png"], "out"),
        (["a", "b"], "out"),
        (["photo.png", "link.png"], None),
    ],
)
def test_one_output_of_two_inputs_is_refused_by_all_names(folder, inputs, output):
    root = folder("photo.png", "a/photo.png", "b/photo.png")
    os.symlink("photo.png", root / "link.png")
    if "link.png" in inputs:
        (root / "photo.comrec.jpg").touch()
        os.symlink("photo.comrec.jpg", root / "link.comrec.jpg")
    with pytest.raises(OutputError, match=r"photo.*photo|link.*photo") as caught:
        plan(inputs, output, True, "compress")
    assert "would both be written" in str(caught.value)


@pytest.mark.parametrize(
    "output", ["photo.jpg", "./photo.jpg", "sub/../photo.jpg", "link.jpg", "hard.jpg"]
)
def test_no_input_is_an_output_under_any_name(folder, output):
    root = folder("photo.jpg", "sub/keep")
    os.symlink("photo.jpg", root / "link.jpg")
    os.link("photo.jpg", root / "hard.jpg")
    for direction in ("compress", "decompress"):
        with pytest.raises(OutputError, match="is an input as well as the output"):
            plan(["photo.jpg"], output, False, direction)


def test_an_input_in_other_capitals_is_the_same_file_where_the_disk_says_so(
    folder, monkeypatch
):
    folder("photo.jpg")
    one = os.stat("photo.jpg")
    monkeypatch.setattr(Path, "stat", lambda self, **_: one)  # a disk that folds case
    with pytest.raises(OutputError, match="is an input"):
        plan(["photo.jpg"], "PHOTO.JPG", False, "compress")


def test_dash_is_stdin_or_stdout_and_stands_alone(folder):
    folder("a.png", "b.png")
    assert plan(["-"], None, False, "compress") == [Job(None, None)]
    assert plan(["-"], "x.jpg", False, "compress") == [Job(None, Path("x.jpg"))]
    assert plan(["a.png"], "-", False, "compress") == [Job(Path("a.png"), None)]
    with pytest.raises(UsageError, match=r"stdout takes one picture\. Received: 2"):
        plan(["a.png", "b.png"], "-", False, "compress")
    with pytest.raises(UsageError, match="only input"):
        plan(["-", "a.png"], None, False, "compress")


def test_links_to_folders_are_not_followed(folder):
    root = folder("in/a.png")
    os.symlink(root / "in", root / "in" / "round")
    assert set(names(plan(["in"], "out", True, "compress"))) == {"in/a.png"}


def test_verify_has_no_outputs_to_collide(folder):
    folder("photo.jpg", "photo.comrec.jpg")
    jobs = plan(["photo.jpg", "photo.comrec.jpg"], None, False, "verify")
    assert [job.target for job in jobs] == [None, None]


@pytest.mark.parametrize("given", [["p.jpg", "p.png"], ["p.png"], ["p.*"], ["."]])
def test_names_follow_from_the_folder_and_not_from_the_arguments(folder, given):
    folder("p.jpg", "p.png", "q.png")
    found = names(plan(given, "out/", True, "compress"))
    found.pop("q.png", None)
    want = {name: f"out/{name}.comrec.jpg" for name in ("p.jpg", "p.png")}
    assert found == {name: want[name] for name in found}
    assert set(found) == ({"p.png"} if given == ["p.png"] else set(want))


def test_typed_outputs_are_left_out_beside_others_and_refused_alone(folder):
    folder("a.png", "a.restored.png")
    found = inputs.plan(["a.png", "a.restored.png"], None, False, "compress", is_output)
    assert [str(job.source) for job in found.jobs] == ["a.png"]
    assert found.left_out == {Path("a.restored.png"): "outputs of comrec"}
    with pytest.raises(ImageError, match=r"a\.restored\.png: made by comrec already"):
        plan(["a.restored.png"], None, False, "compress")


def test_a_folder_that_cannot_be_listed_is_an_error_of_its_own(folder, monkeypatch):
    root = folder("in/a.png", "in/shut/b.png")
    scan = listing.scan

    def refuse(path: Path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(listing, "scan", refuse)
    found = inputs.plan(["in"], None, True, "compress", is_output)
    assert len(found.jobs) == 1
    ((path, err),) = found.unlisted
    assert path == Path("in/shut")
    assert "in/shut: cannot be listed (Permission denied)" in str(err)
    assert root


def test_a_job_knows_the_other_name_of_its_output(folder):
    folder("p.jpg", "p.png", "q.png")
    jobs = {str(j.source): j for j in plan(["."], None, True, "compress")}
    assert jobs["p.png"].other == Path("p.comrec.jpg")
    assert jobs["p.png"].rivals == (Path("p.jpg"),)
    assert jobs["q.png"].other == Path("q.png.comrec.jpg")
    assert jobs["q.png"].rivals == ()
    (job,) = plan(["q.png"], "named.jpg", False, "compress")
    assert job.other is None


def test_a_pipe_is_left_out_of_what_a_shell_expanded_and_read_alone(folder):
    os.mkfifo(folder("a.png") / "pipe.png")
    found = inputs.plan(["a.png", "pipe.png"], None, False, "compress", is_output)
    assert [str(job.source) for job in found.jobs] == ["a.png"]
    assert found.left_out == {Path("pipe.png"): "pipes and devices"}
    assert len(plan(["pipe.png"], None, False, "compress")) == 1


def test_a_file_that_is_named_counts_once_though_its_folder_leaves_it_out(folder):
    folder("a.png", "b.heic")
    found = inputs.plan([".", "b.heic"], None, True, "compress", is_output)
    assert sorted(str(job.source) for job in found.jobs) == ["a.png", "b.heic"]
    assert found.left_out == {}
