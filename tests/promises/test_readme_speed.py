"""Figures of speed, memory, pages and bulk in README and docs are rows."""

import re

from results import LINES, LITE, ROOT, WORDS, tsv

from comrec.networks import presets

BFLOAT16 = "openvino", "bfloat16"
FLOAT32 = "onnxruntime", "float32"
SPEED = {  # line of the README: measure, engine and precision, digits
    "networks alone, MP/s": ("networks_mp_per_s", FLOAT32, 2),
    "the same in bfloat16, OpenVINO on another CPU": ("networks_mp_per_s", BFLOAT16, 1),
    "times the paper's pair in Keras": ("times_the_paper", FLOAT32, 1),
    "the same in bfloat16 there": ("times_the_paper", BFLOAT16, 1),
    "share of a bare convolution's rate": ("share_of_bare", FLOAT32, 2),
    "`decompress` to PNG, MP/s": ("command_mp_per_s", FLOAT32, 2),
    "the same with bfloat16 there": ("command_mp_per_s", BFLOAT16, 2),
    "`compress -q 75`, in times of restoring": ("compress_to_decompress", FLOAT32, 1),
    "the same as whole commands": (
        "compress_command_to_decompress_command",
        FLOAT32,
        1,
    ),
}
LARGE = {  # line of the README: command, megapixels
    "peak memory of `compress`, 12 MP": ("compress", 12),
    "of `decompress`, 12 MP": ("decompress", 12),
    "of `compress`, 100 MP": ("compress", 100),
    "of `decompress`, 100 MP": ("decompress", 100),
}
LIMITS_MB = {12: 1000, 100: 2000}
FOLDER = {  # line of the README: threads of the one process beside `-j 2`
    "a folder with `-j 2`, times one process on one core": "1",
    "times one process on both": "2",
}


def test_the_table_of_speed_is_the_rows():
    for label, (measure, (engine, precision), digits) in SPEED.items():
        rows = tsv("speed-bfloat16" if precision == "bfloat16" else "speed")
        figures = []
        for name in (presets.DEFAULT, LITE):
            (value,) = [
                float(row["median"])
                for row in rows
                if (row["name"], row["measure"]) == (name, measure)
                and row["engine"].split()[0] == engine
                and row["precision"] == precision
            ]
            figures.append(f"{value:.{digits}f}")
        assert f"| {label} | {' | '.join(figures)} |" in LINES


def test_the_table_of_memory_is_the_rows():
    rows = tsv("large")
    for label, (command, megapixels) in LARGE.items():
        figures = []
        for name in (presets.DEFAULT, LITE):
            (peak_mb,) = [
                float(row["peak_mb"])
                for row in rows
                if (row["preset"], row["command"]) == (name, command)
                and (float(row["megapixels"]), int(row["pictures"])) == (megapixels, 1)
            ]
            assert peak_mb <= LIMITS_MB[megapixels]
            figures.append(f"{peak_mb:.0f} MB")
        assert f"| {label} | {' | '.join(figures)} |" in LINES


def test_the_seconds_of_twelve_megapixels_are_the_rows():
    seconds = {
        (row["preset"], row["command"]): float(row["seconds"])
        for row in tsv("large")
        if (row["megapixels"], row["pictures"]) == ("12.0", "1")
    }
    base, lite = (seconds[name, "decompress"] for name in (presets.DEFAULT, LITE))
    ratios = [
        f"{seconds[name, 'compress'] / seconds[name, 'decompress']:.1f}"
        for name in (LITE, presets.DEFAULT)
    ]
    said = f"12 megapixels are restored in {base:.0f} seconds, or in {lite:.0f} by"
    assert said in WORDS
    said = "12 megapixels took {} times as long as to restore, with `{}` {} times"
    assert said.format(ratios[0], presets.DEFAULT, ratios[1]) in WORDS


def test_the_seconds_of_the_start_are_the_rows():
    found = {
        f"{float(row['median']):.1f}"
        for row in tsv("speed")
        if row["measure"] == "start_s" and row["name"] in (presets.DEFAULT, LITE)
        and row["engine"].startswith("onnxruntime")
    }  # fmt: skip
    (seconds,) = found
    assert f"of which starting takes {seconds} seconds" in WORDS


def test_the_times_of_a_folder_are_the_rows():
    rows = [row for row in tsv("large") if row["pictures"] != "1"]
    for label, threads in FOLDER.items():
        figures = []
        for name in (presets.DEFAULT, LITE):
            (alone,) = [
                float(row["seconds"])
                for row in rows
                if (row["preset"], row["jobs"], row["threads"]) == (name, "1", threads)
            ]
            (both,) = [
                float(row["seconds"])
                for row in rows
                if (row["preset"], row["jobs"]) == (name, "2")
            ]
            figures.append(f"{alone / both:.2f}")
        assert f"| {label} | {' | '.join(figures)} |" in LINES


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


def test_the_figure_of_int8_is_the_rows():
    rows = tsv("int8")
    assert all(float(row["speed_up"]) < 1 for row in rows)
    said = re.search(r"int8 .* moves pixels by up to (\d+) levels", WORDS)
    assert said
    assert int(said[1]) == max(int(row["worst_levels"]) for row in rows)
