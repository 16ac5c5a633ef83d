"""Rows and pictures are plotted, each codec once."""

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the autoencoder extra")

from comrec.apps.autoencoder import figures
from comrec.apps.autoencoder.measure import Row


def row(codec: str, file_bytes: float | None, psnr_db: float, values: int = 8) -> Row:
    return Row(codec, "8", 3, values, 0.1, file_bytes, 1.0, 10.0, psnr_db)


def test_each_codec_is_one_line_and_rows_without_a_file_are_left_out():
    rows = [
        row("mnist-cnn", 90, 25), row("mnist-cnn", 60, 22), row("mnist-cnn", None, 26),
        row("jpeg", 300, 28), row("png", 250, 100.0), row("pca", None, 20),
    ]  # fmt: skip
    (axes,) = figures.draw_curves(rows).axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    assert set(lines) == {"mnist-cnn", "JPEG, 4:2:0", "PNG"}
    np.testing.assert_array_equal(lines["mnist-cnn"], [(90, 25), (60, 22)])
    assert lines["PNG"][0][0] == 250


def test_the_sweep_is_in_the_order_of_latent_values():
    rows = [row(f"dense-{n}", None, 10 + n, n) for n in (64, 16, 32)]
    (axes,) = figures.draw_sweep(rows).axes
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), [16, 32, 64])


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_are_a_line_of_pictures_for_each_label(channels):
    pictures = np.zeros((4, 9, 7, channels), np.uint8)
    figure = figures.draw_samples({"original": pictures, "restored": pictures})
    assert len(figure.axes) == 8
    assert [axes.get_ylabel() for axes in figure.axes[::4]] == ["original", "restored"]
