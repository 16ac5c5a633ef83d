"""Writes what is said about time and memory."""

from __future__ import annotations

from shown_rows import LITE, Row, table, tsv

from comrec.networks import presets

NAMES = presets.DEFAULT, LITE
FLOAT32, BFLOAT16 = "onnxruntime", "openvino"
MEASURES = {  # measure, engine, digits
    "networks alone, MP/s": ("networks_mp_per_s", FLOAT32, 2),
    "the same in bfloat16, OpenVINO on another CPU": ("networks_mp_per_s", BFLOAT16, 1),
    "times the paper's pair in Keras": ("times_the_paper", FLOAT32, 1),
    "the same in bfloat16 there": ("times_the_paper", BFLOAT16, 1),
    "share of a bare convolution's rate": ("share_of_bare", FLOAT32, 2),
    "`decompress` to PNG, MP/s": ("command_mp_per_s", FLOAT32, 2),
    "`decompress` to PNG with bfloat16 there, MP/s": (
        "command_mp_per_s", BFLOAT16, 2,
    ),
    "`compress -q 75`, in times of restoring": ("compress_to_decompress", FLOAT32, 1),
    "the same as whole commands": (
        "compress_command_to_decompress_command", FLOAT32, 1,
    ),
}  # fmt: skip
LARGE = [
    (command, size) for size in (12, 100) for command in ("compress", "decompress")
]
ALONE = {"1": "one core", "2": "both cores"}  # threads of one process


def measured(name: str, measure: str, engine: str) -> float:
    rows = tsv("speed" if engine == FLOAT32 else "speed-bfloat16")
    precision = "float32" if engine == FLOAT32 else "bfloat16"
    (value,) = [
        float(row["median"])
        for row in rows
        if (row["name"], row["measure"]) == (name, measure)
        and row["engine"].split()[0] == engine
        and row["precision"] == precision
    ]
    return value


def large(name: str, command: str, megapixels: int) -> Row:
    (row,) = [
        row
        for row in tsv("large")
        if (row["preset"], row["command"]) == (name, command)
        and (float(row["megapixels"]), row["pictures"]) == (megapixels, "1")
    ]
    return row


def folder_seconds(name: str, **columns: str) -> float:
    (row,) = [
        row
        for row in tsv("large")
        if row["pictures"] != "1"
        and all(row[c] == v for c, v in {"preset": name, **columns}.items())
    ]
    return float(row["seconds"])


def speed() -> str:
    lines = [
        (label, *(f"{measured(name, m, engine):.{digits}f}" for name in NAMES))
        for label, (m, engine, digits) in MEASURES.items()
    ]
    lines += [
        (f"peak memory of `{command}`, {size} MP",
         *(f"{float(large(n, command, size)['peak_mb']):.0f} MB" for n in NAMES))
        for command, size in LARGE
    ]  # fmt: skip
    for threads, cores in ALONE.items():
        times = [
            folder_seconds(name, jobs="1", threads=threads)
            / folder_seconds(name, jobs="2")
            for name in NAMES
        ]
        label = f"a folder with `-j 2`, times one process on {cores}"
        lines.append((label, *(f"{each:.2f}" for each in times)))
    return table(["two cores", *(f"`{name}`" for name in NAMES)], *lines)


def seconds() -> str:
    start = measured(presets.DEFAULT, "start_s", FLOAT32)
    compress, decompress = (
        [float(large(name, command, 12)["seconds"]) for name in NAMES]
        for command in ("compress", "decompress")
    )
    base, lite = (a / b for a, b in zip(compress, decompress, strict=True))
    return (
        f"A command takes {start:.1f} seconds to start. 12 megapixels are restored in "
        f"{decompress[0]:.0f} seconds, or in\n{decompress[1]:.0f} seconds by `{LITE}`. "
        f"To compress them takes {base:.1f} times as long as to restore them, with\n"
        f"`{LITE}`, which restores faster, {lite:.1f} times."
    )


BLOCKS = {"speed": speed, "seconds": seconds}
