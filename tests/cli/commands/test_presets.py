"""`comrec presets`: the list, and the check of the weights."""

from __future__ import annotations

import comrec
from comrec.cli.commands import presets


def test_presets_lists_and_verifies_them(run):
    listed = run("presets", "--all", "--json").rows
    assert [next(iter(row)) for row in listed] == list(comrec.presets.PRESETS)
    assert run("presets", "--all", "--verify").status == 0
    one = run("presets", comrec.presets.DEFAULT).out.decode()
    assert "licence" in one


def test_current_presets_are_listed_with_the_default_marked(run):
    names = [next(iter(row)) for row in run("presets", "--json").rows]
    assert comrec.presets.DEFAULT in names
    assert {"comrec-base", "comrec-base-2", "comrec-lite"}.isdisjoint(names)
    lines = run("presets").out.decode().splitlines()
    marked = [line for line in lines if line.endswith("(the default)")]
    assert [line.split()[0] for line in marked] == [comrec.presets.DEFAULT]
    assert "add --all" in lines[-1]
    assert max(map(len, lines)) <= 80
    rows = {next(iter(r)): r for r in run("presets", "--all", "--json").rows}
    assert rows["comrec-base"]["superseded by"] == "comrec-base-3"
    assert rows[comrec.presets.DEFAULT]["default"] is True


def test_the_newest_number_supersedes_the_others_of_a_name():
    names = ["a", "a-10", "a-2", "a-b", "b-q50", "b-q50-2", "c"]
    assert presets.superseded(names) == {
        "a": "a-10", "a-2": "a-10", "b-q50": "b-q50-2",
    }  # fmt: skip


def test_a_name_with_all_is_refused(run):
    assert run("presets", comrec.presets.DEFAULT, "--all").status == 2
