"""`comrec presets`: the list, and the check of the weights."""

from __future__ import annotations

import comrec


def test_presets_lists_and_verifies_them(run):
    listed = run("presets", "--json").rows
    assert [next(iter(row)) for row in listed] == list(comrec.presets.PRESETS)
    assert run("presets", "--verify").status == 0
    one = run("presets", comrec.presets.DEFAULT).out.decode()
    assert "licence" in one
