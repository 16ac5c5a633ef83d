"""Figures in docs/reliability.md are rows, and its scripts run."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "experiments" / "results"
DOCUMENT = (ROOT / "docs" / "reliability.md").read_text()


def rows(name: str) -> list[dict[str, str]]:
    with open(RESULTS / f"{name}.tsv") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def total(found: list[dict[str, str]], *columns: str) -> int:
    return sum(int(row[column]) for row in found for column in columns)


def cells(first: str) -> list[str]:
    """Returns the other cells of the line of a table that has this first cell."""
    (line,) = [x for x in DOCUMENT.splitlines() if x.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_fuzzers_figures_are_the_rows():
    for row in rows("fuzz"):
        assert cells(f"`{row['target']}`")[1:] == [
            f"{int(row['inputs']):,}", row["failures"],
        ]  # fmt: skip


def test_the_figures_of_other_peoples_pictures_are_the_rows():
    found = rows("corpus")
    for source in {row["source"] for row in found}:
        mine = [row["outcome"] for row in found if row["source"] == source]
        counts = [len(mine), mine.count("done"), mine.count("refused"), 0]
        assert cells(source) == [f"{count:,}" for count in counts]
    read = [row for row in found if row["outcome"] == "done"]
    assert f"{len(read):,} were read and {len(found) - len(read):,} refused" in DOCUMENT
    libraries = ("pillow", "tifffile", "vips", "opencv", "imagecodecs")
    same = [row for row in read if row["second"] in libraries]
    assert f"library had the same pixels for {len(same):,} of them." in DOCUMENT
    assert f"programs: {len(found):,} files" in DOCUMENT


@pytest.mark.parametrize("pairs", ["small", "comrec-lite-2"])
def test_the_mutations_figures_are_the_rows(pairs):
    found = [row for row in rows("mutations") if row["pairs"] == pairs]
    counts = ("tried", "same", "refused", "bare", "failed")
    assert cells(pairs) == [f"{total(found, c):,}" for c in counts]
    assert total(found, "forged") == 0


def test_the_figures_of_round_trips_are_the_rows():
    found = rows("round_trips")
    kinds = {
        "damaged packed files": [r for r in found if r["kind"].startswith("packed")],
        "damaged JPEGs": [r for r in found if r["kind"].startswith("damaged")],
    }
    known = [row for some in kinds.values() for row in some]
    kinds["JPEGs"] = [row for row in found if row not in known]
    for kind, some in kinds.items():
        counts = ("tried", "exact", "refused", "failed")
        assert cells(kind) == [f"{total(some, c):,}" for c in counts]
    assert total(kinds["JPEGs"] + kinds["damaged JPEGs"], "tried") == 10_000
    slowest_ms = max(int(row["slowest_ms"]) for row in found)
    assert f"The slowest took {slowest_ms} ms" in DOCUMENT


def test_the_faults_figures_are_the_rows():
    found = rows("faults")
    for row in found:
        lost = total(
            [row], "originals_touched", "half_files", "other_pictures", "tracebacks"
        )
        counts = [row["times"], row["runs_failed"], str(lost), row["unfinished"]]
        assert cells(row["fault"]) == counts
    killed = [row for row in found if row["fault"].startswith("killed")]
    assert total(killed, "times") >= 200
    left = total(found, "left_over")
    assert f"removes\nit and says so, and did {left} times of {left}" in DOCUMENT
    assert total(found, "not_cleared") == 0


def test_the_soak_figures_are_the_rows():
    found = rows("soak")
    for row in (found[0], found[-1]):
        assert cells(f"{int(row['pictures']):,}") == [
            f"{int(row['restored']):,}", row["per_cpu_second"], row["in_use_mb"],
            row["resident_mb"], row["open_files"],
        ]  # fmt: skip
    assert found[-1]["pictures"] == found[-1]["restored"] == "2000"
    late = [row for row in found if int(row["pictures"]) >= 1000]
    for column in ("in_use_mb", "resident_mb"):
        held = [float(row[column]) for row in late]
        assert f"between {min(held)} and {max(held)} MB" in DOCUMENT
        assert max(held) < 1.03 * min(held)


def test_the_commands_name_scripts_that_are_there():
    named = re.findall(r"python (\S+\.py)", DOCUMENT)
    assert len(set(named)) == 6
    assert all((ROOT / name).is_file() for name in named)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and SIGKILL")
@pytest.mark.parametrize("script", ["faults", "soak"])
def test_a_quick_run_finds_no_loss(script, tmp_path):
    command = [
        sys.executable,
        ROOT / "experiments" / "reliability" / f"{script}.py",
        "--quick",
    ]
    done = subprocess.run(
        [*command, "--out", tmp_path / "rows.tsv"],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "rows.tsv").read_text().splitlines()) > 1
