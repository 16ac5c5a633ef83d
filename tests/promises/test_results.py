"""The rows of the experiments are whole, of the released weights, and as claimed."""

import re

import pytest
from results import tsv

from comrec.networks import presets

ROWS = tsv("tables")
METHODS = list(dict.fromkeys(row["method"] for row in ROWS))
BUDGETS, PROTOCOLS = ("qf5", "qf10"), ("byte-fair", "paper", "mozjpeg")
# Means as printed in Tables I and II.
PAPER = {
    "jpeg": {"qf5": (25.43, 0.7456), "qf10": (28.17, 0.8206)},
    "comrec": {"qf5": (28.83, 0.8535), "qf10": (30.59, 0.8895)},
}


def rows(budget: str, protocol: str, method: str) -> list[dict[str, str]]:
    wanted = (budget, protocol, method)
    return [r for r in ROWS if (r["budget"], r["protocol"], r["method"]) == wanted]


def mean(rows: list[dict[str, str]], column: str) -> float:
    return sum(float(row[column]) for row in rows) / len(rows)


@pytest.mark.parametrize("budget", BUDGETS)
def test_direct_jpeg_comes_out_as_the_paper_prints_it(budget):
    for row in rows(budget, "paper", "jpeg"):
        published = float(row["published_psnr_db"])
        assert float(row["psnr_db"]) == pytest.approx(published, abs=0.0051)
    psnr_db, ssim = PAPER["jpeg"][budget]
    assert mean(rows(budget, "paper", "jpeg"), "psnr_db") == pytest.approx(
        psnr_db, abs=0.0053
    )
    # .7456 to the digit, but .8193 for .8206, from the same pixels by their PSNR.
    apart = {"qf5": 0.0001, "qf10": 0.0015}[budget]
    ours = mean(rows(budget, "paper", "jpeg"), "ssim")
    assert ours == pytest.approx(ssim, abs=apart)


def test_rows_were_made_with_the_weights_that_are_shipped():
    ours = [row for row in ROWS if row["method"] == "comrec"]
    assert {(r["preset"], r["weights"]) for r in ours} == {
        (name, presets.find(name).hash) for name in {r["preset"] for r in ours}
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("method", METHODS)
def test_no_method_was_given_more_bytes_than_plain_jpeg(method, budget, protocol):
    some = rows(budget, protocol, method)
    given = [int(r["jpeg_bytes"]) + int(r["sidecar_bytes"]) for r in some]
    budgets = [int(r["plain_bytes"]) for r in some]
    assert len(some) == 7
    assert sum(given) <= sum(budgets)
    if protocol != "paper":
        assert all(g <= b for g, b in zip(given, budgets, strict=True))


def test_the_pair_is_a_decibel_above_plain_jpeg_at_its_bytes():
    assert mean(rows("qf10", "byte-fair", "comrec"), "gain_db") >= 1.0


# dB at 0.25, 0.5 and 1 bpp on Kodak, RGB, as measured apart from this project.
ELSEWHERE = {
    "jpeg": (26.57, 29.61, 32.88), "webp": (28.59, 31.47, 35.28),
    "jpeg2000": (29.24, 32.18, 35.99), "avif": (29.63, 32.49, 36.12),
    "jxl": (28.08, 31.11, 34.68),
}  # fmt: skip


def summary(name: str) -> list[dict[str, str]]:
    return tsv(f"{name}-summary")


def found(name: str, metric: str, codec: str) -> dict[str, str] | None:
    rows = [r for r in summary(name) if (r["metric"], r["codec"]) == (metric, codec)]
    return rows[0] if rows else None


@pytest.mark.parametrize("codec", ELSEWHERE)
def test_the_rivals_are_where_another_measurement_has_them(codec):
    row = found("kodak", "rgb_psnr_db", codec)
    assert row
    rates = [float(row[f"at_{bpp}_bpp"]) for bpp in ("0.25", "0.50", "1.00")]
    assert rates == pytest.approx(ELSEWHERE[codec], abs=0.1)


@pytest.mark.parametrize("name", ["kodak", "kodak-grey", "kodak-visual"])
def test_kodak_was_measured_with_the_weights_that_are_shipped(name):
    ours = [row for row in summary(name) if row["codec"].startswith("comrec:")]
    assert ours
    for row in ours:
        preset = re.split("[:+@]", row["codec"].removeprefix("comrec:"))[0]
        assert presets.find(preset).hash in row["version"]


def test_no_file_of_kodak_or_set7_is_worse_than_plain_jpeg():
    for name, pictures in (("never_worse", 24), ("never_worse-set7", 7)):
        rows = tsv(name)
        assert len({row["picture"] for row in rows}) == pictures
        assert {(row["kept"], row["worse"]) for row in rows} == {("True", "False")}
