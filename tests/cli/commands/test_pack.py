"""What `comrec pack` and `unpack` print, and the examples of their help."""

from __future__ import annotations

import shlex

import packing
import pytest

from comrec.cli.commands import pack, unpack
from comrec.cli.main import parser

LINES = [
    line
    for text in (pack.EXAMPLES, unpack.EXAMPLES)
    for line in text.splitlines()
    if line.startswith("  comrec ")
]


@pytest.mark.parametrize("line", LINES)
def test_every_example_of_the_help_parses(line):
    words = shlex.split(line.split("   ")[0])[1:]
    assert parser().parse_args(words).command == words[0]


def test_a_line_names_both_files_and_both_sizes(run, folder):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    data = packing.jpeg("quality 100")
    (folder / "x.jpg").write_bytes(data)
    said = run("pack", "x.jpg").out.decode()
    size = (folder / "x.lep").stat().st_size
    assert said.startswith(f"x.jpg → x.lep: {len(data):,} → {size:,} bytes, ")
    assert said.endswith(" % saved\n")
    said = run("unpack", "x.lep", "--replace", "--skip-existing").out.decode()
    assert said == "x.lep → x.jpg: exists, skipped; the input is removed\n"
