"""What the README says is so: its figures are rows, its commands exist."""

import csv
import re
import shlex
from pathlib import Path

import pytest

from comrec import arguments

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SET7 = ROOT / "experiments" / "results" / "set7.tsv"


def set7_rows(protocol: str) -> list[dict[str, str]]:
    with SET7.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [r for r in rows if r["protocol"] == protocol]


def mean(rows: list[dict[str, str]], column: str) -> float:
    return sum(float(row[column]) for row in rows) / len(rows)


@pytest.mark.parametrize("protocol", ["byte-fair", "paper"])
def test_results_in_the_readme_are_the_rows(protocol):
    rows = set7_rows(protocol)
    assert len(rows) == 7
    figures = [
        f"{mean(rows, 'rate_bpp'):.3f}",
        f"{mean(rows, 'plain_psnr_db'):.2f}",
        f"**{mean(rows, 'psnr_db'):.2f}**",
        f"{mean(rows, 'gain_db'):+.2f}",
    ]
    assert f"| {protocol} | {' | '.join(figures)} |" in README


def test_rows_were_made_with_the_weights_that_are_shipped():
    from comrec import presets

    rows = set7_rows("byte-fair")
    assert {(r["preset"], r["weights"]) for r in rows} == {
        (name, presets.find(name).hash) for name in {r["preset"] for r in rows}
    }


def test_the_pair_is_a_decibel_above_plain_jpeg_at_its_bytes():
    rows = set7_rows("byte-fair")
    for row in rows:
        total = int(row["jpeg_bytes"]) + int(row["sidecar_bytes"])
        assert total <= int(row["plain_bytes"])
    assert mean(rows, "gain_db") >= 1.0


def shell_lines() -> list[str]:
    blocks = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_in_the_readme_parses():
    commands = [line for line in shell_lines() if line.startswith("comrec ")]
    assert len(commands) >= 2
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        assert arguments.parser().parse_args(words).command == words[0]


def test_every_make_target_in_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make ([a-z-]+)", "\n".join(shell_lines()), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_in_the_readme_lead_somewhere():
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
