"""`speed.py`: what it times, and that its ratios are what they say."""

import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from comrec.networks import presets

ROOT = Path(__file__).parents[2]
OF_A_PRESET = {
    "networks_mp_per_s", "decompress_mp_per_s", "command_mp_per_s", "command_peak_mb",
    "compress_fixed_mp_per_s", "compress_q75_mp_per_s", "compress_to_decompress",
    "start_s",
}  # fmt: skip
Values = dict[tuple[str, str, str], dict[str, float]]


def start(*args: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "experiments/speed/speed.py", *map(str, args)],
        capture_output=True, text=True, timeout=600, cwd=ROOT,
    )  # fmt: skip


def measured(out: Path, *args: object) -> tuple[str, Values, list[dict[str, str]]]:
    """What a quick run printed, its medians by name, engine and precision, its rows."""
    ran = start("--quick", "--out", out, *args)
    assert ran.returncode == 0, ran.stderr
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    found: Values = {}
    for row in rows:
        key = row["name"], row["engine"].split(" ")[0], row["precision"]
        found.setdefault(key, {})[row["measure"]] = float(row["median"])
    return ran.stdout, found, rows


@pytest.fixture(scope="module")
def quick(tmp_path_factory) -> tuple[str, Values, list[dict[str, str]]]:
    out = tmp_path_factory.mktemp("speed") / "rows.tsv"
    return measured(out, "--engines", "onnxruntime")


LITE = "comrec-lite-2", "onnxruntime", "float32"


def test_a_preset_is_timed_from_its_networks_to_the_whole_command(quick):
    _, found, rows = quick
    assert found[LITE].keys() >= OF_A_PRESET
    assert all(value > 0 for some in found.values() for value in some.values())
    assert found[LITE]["networks_mp_per_s"] > found[LITE]["command_mp_per_s"]
    hashes = {row["version"] for row in rows if row["name"] == "comrec-lite-2"}
    assert hashes == {presets.find("comrec-lite-2").hash}


def test_other_codecs_are_timed_in_the_same_run_or_named_as_missing(quick):
    printed, found, _ = quick
    for name in ("jpeg", "webp", "jpeg2000", "avif", "jxl"):
        both = found.get((name, "", ""), {}).keys()
        assert both >= {"encode_mp_per_s", "decode_mp_per_s"} or (
            f"Left out: {name} " in printed
        )


def test_engines_that_are_not_timed_are_named(quick):
    printed, _, _ = quick
    assert "Left out: openvino (not asked for)." in printed
    assert "Left out: keras (not asked for)." in printed
    assert "Left out: times of jiang2017-gray-q50-2 in Keras" in printed


def test_ratios_follow_from_the_rows(quick):
    pytest.importorskip("onnx", reason="needs the train extra")
    of = quick[1][LITE]
    flop = 2 * of["multiply_adds_per_px"] * of["networks_mp_per_s"] * 1e6
    assert of["gflop_per_s"] == pytest.approx(flop / 1e9, rel=1e-3)
    share = of["gflop_per_s"] / of["bare_gflop_per_s"]
    assert of["share_of_bare"] == pytest.approx(share, rel=1e-3)
    times = of["decompress_mp_per_s"] / of["compress_q75_mp_per_s"]
    assert of["compress_to_decompress"] == pytest.approx(times, rel=1e-3)


@pytest.fixture
def parts(monkeypatch):
    """The modules behind the script."""
    monkeypatch.syspath_prepend(ROOT / "experiments" / "speed")
    from speed_parts import convolution, report, work

    return convolution, report, work


def test_multiply_adds_are_those_of_the_docs(parts):
    pytest.importorskip("onnx", reason="needs the train extra")
    said = re.findall(
        r"(?m)^\| `(comrec-[\w-]+)`.*?\| ([\d,]+) \|",
        (ROOT / "docs/presets.md").read_text(),
    )
    assert {presets.DEFAULT, "comrec-lite-2"} <= {name for name, _ in said}
    for name, count in said:
        counted = parts[0].multiply_adds(name)
        assert counted == pytest.approx(int(count.replace(",", "")), rel=0.005)
    # Worked by hand: 20 layers of 3x3, 64 maps between them.
    paper = 9 * 64 * (1 + 18 * 64 + 1)
    assert parts[0].multiply_adds("jiang2017-gray-q50-2") == paper


def test_ratios_are_taken_within_a_round(parts):
    _, report, work = parts
    runner = work.Runner("comrec-lite-2", "onnxruntime", "float32")
    # A machine that slows down threefold: medians alone would give 3 or 12.
    found = {runner: {
        "networks_mp_per_s": [3.0, 1.0, 1.0],
        "decompress_mp_per_s": [12.0, 4.0, 4.0],
        "compress_q75_mp_per_s": [2.0, 0.5, 2.0],
    }}  # fmt: skip
    report.derive(found, {}, work.Runner("nobody"))
    assert found[runner]["compress_to_decompress"] == [6.0, 8.0, 2.0]
    assert statistics.median(found[runner]["compress_to_decompress"]) == 6.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--presets", "nobody"], "no preset is called 'nobody'"),
        (["--presets", "plain"], "preset plain has no networks"),
        (["--threads", 10**6], "--threads must be 1 to"),
    ],
)
def test_what_cannot_be_timed_is_refused_in_one_line(
    typed, monkeypatch, options, message
):
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):  # which the script would set
        monkeypatch.setenv(name, os.environ.get(name, ""))
    line, said = typed("speed/speed", "--quick", *options)
    assert said == ""
    assert line.startswith("speed: ")
    assert "\n" not in line
    assert message in line


def test_fbcnn_has_as_many_parameters_as_published(parts):
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    from speed_parts.fbcnn import Fbcnn

    with torch.device("meta"):
        network = Fbcnn()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(
        71.9e6, rel=1e-3
    )


@pytest.mark.slow
def test_networks_are_timed_against_the_papers_pair_in_keras(tmp_path):
    pytest.importorskip("tensorflow", reason="needs the train extra")
    names = "comrec-lite-2", "jiang2017-gray-q50-2"
    _, found, _ = measured(
        tmp_path / "rows.tsv", "--presets", *names, "--engines", "keras"
    )
    lite, paper = (found[name, "keras", "float32"] for name in names)
    assert paper["times_the_paper"] == 1
    times = lite["networks_mp_per_s"] / paper["networks_mp_per_s"]
    assert lite["times_the_paper"] == pytest.approx(times, rel=1e-3)
    assert times > 2
