"""Figures of pages and bulk in docs are rows, and memory is within its limits."""

import pytest
from results import LITE, ROOT, tsv

from comrec.networks import presets

LIMITS_MB = {12: 1000, 100: 2000}


@pytest.mark.parametrize("megapixels", LIMITS_MB)
def test_memory_is_within_its_limits(megapixels):
    rows = [row for row in tsv("large") if float(row["megapixels"]) == megapixels]
    assert rows
    assert all(float(row["peak_mb"]) <= LIMITS_MB[megapixels] for row in rows)


def seconds_in_the_browser(runtime: str, measure: str, workers: str = "") -> float:
    (found,) = [
        float(row["seconds_per_mp"])
        for row in tsv("web_speed")
        if (row["runtime"], row["measure"], row["workers"])
        == (runtime, measure, workers)
        and row["tile_px"] in ("", "512")
        and row["threads"] in ("", "1")
    ]
    return found


def test_the_seconds_in_the_browser_are_the_rows():
    page = (ROOT / "docs" / "web.md").read_text()
    ways = ("tfjs", "2"), ("tfjs", "1"), ("onnxruntime-web", "2")
    alone = [f"{seconds_in_the_browser(w, 'network', n):.1f} s" for w, n in ways]
    assert f"| network alone, tiles of 512 pixels | {' | '.join(alone)} |" in page
    whole = [f"{seconds_in_the_browser('tfjs', 'whole', n):.1f} s" for n in "21"]
    assert f"picture restored | {' | '.join(whole)} | |" in page
    for against, called in (("empty script",) * 2, ("plain <img>", "plain `<img>`")):
        later = [
            seconds_in_the_browser("tfjs", f"first picture, {link}")
            - seconds_in_the_browser(against, f"first picture, {link}")
            for link in ("loopback", "4G", "3G")
        ]
        said = f"| {called} | {' | '.join(f'{1000 * s:.0f} ms' for s in later)} |"
        assert said in page
    assert float(whole[0].removesuffix(" s")) <= 3
    assert all(int(row["longest_task_ms"] or 0) < 50 for row in tsv("web_speed"))


RUNNERS = {
    "pool": "processes (`-j 2`)",
    "shards": "two shards at once",
    "dask": "Dask, started for it",
}


def test_the_table_of_the_runners_of_bulk_is_the_rows():
    page = (ROOT / "docs" / "scale.md").read_text()
    rows = [row for row in tsv("bulk") if row["round"] == "0"]
    for name, label in RUNNERS.items():
        (row,) = [row for row in rows if row["runner"] == name]
        assert (row["workers"], row["pictures"]) == ("2", "1000")
        figures = [
            f"{float(row['total_s']):.1f}",
            f"{float(row['ratio_to_pool']):.2f}",
            row["overhead_ms"],
            f"{row['early_mb']}, {row['late_mb']}",
        ]
        assert f"| {label} | {' | '.join(figures)} |" in page.splitlines()
    speeds = [
        f"{float(row['mp_per_s']):.3f}"
        for name in (presets.DEFAULT, LITE)
        for row in rows
        if row["runner"] == f"-p {name} -q 75"
    ]
    words = " ".join(page.split())
    said = f"makes {speeds[0]} megapixels a second with {presets.DEFAULT}, {speeds[1]}"
    assert said in words


def test_the_table_of_pages_is_the_rows():
    page = (ROOT / "docs" / "web.md").read_text().splitlines()
    rows = tsv("web_page")
    assert len(rows) == 4
    for row in rows:
        names = "pictures", "plain_pictures", "total", "plain_total"
        assert row["photos"] == "12"
        figures = [
            row["quality"],
            *[f"{int(row[f'{name}_bytes']) / 1000:,.0f} KB" for name in names],
            f"{float(row['saved_later_percent']):.0f} %",
            row["pays_from_photos"],
        ]
        assert f"| {' | '.join(figures)} |" in page
