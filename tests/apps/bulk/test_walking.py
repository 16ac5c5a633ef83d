"""Globs match as in `glob`, and lead into no folder in vain."""

import glob
from pathlib import Path

import pytest

from comrec.apps.bulk import places, walking
from comrec.apps.bulk.manifest import Index
from comrec.apps.bulk.places import Local
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.summary import Tally
from comrec.format import names

pytestmark = pytest.mark.usefixtures("here")


PATTERNS = ["*", "*.png", "**", "**/*.png", "b/*", "b/**/e.*", "*/d/*", "b/**", "?.png",
            "b/[c-d]*", "**/d/**", "*/nothing/*"]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_globs_find_what_glob_finds(source, pattern):
    root, rest = walking.split_glob(f"{source}/{pattern}")
    assert rest
    plan = Plan(places.open_place(root), Local(source.parent / "dst"), rest)
    ours = {
        f"{root}/{task.key}"
        for task in plan.tasks(Index(iter([])), Tally())
        if not task.left_out
    }
    theirs = glob.glob(f"{source}/{pattern}", recursive=True)
    assert ours == {
        path for path in theirs
        if Path(path).is_file() and Path(path).suffix in names.PICTURES
    }  # fmt: skip
    assert plan.count() == len(ours)


def test_a_glob_looks_into_no_folder_that_it_cannot_mean(source):
    place, looked = Local(source), []
    ask = place.list
    place.list = lambda folder: looked.append(folder) or ask(folder)
    assert Plan(place, Local(source.parent / "dst"), ("*", "c.*")).count() == 1
    assert sorted(looked) == ["", "b"]


def test_wildcards_in_the_name_of_a_folder_that_is_there_are_none(tmp_path):
    (tmp_path / "a[1]").mkdir()
    assert walking.split_glob(f"{tmp_path}/a[1]") == (f"{tmp_path}/a[1]", ())
    assert walking.split_glob("s3://bucket/a*/b") == ("s3://bucket", ("a*", "b"))
