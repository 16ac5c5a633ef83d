"""The whole command line: legal requests, help, exit statuses."""

from __future__ import annotations

import pytest
from outputs import names_in


@pytest.mark.parametrize(
    "words",
    [
        (), ("compress",), ("squeeze", "a"), ("compress", "a", "-q", "0"),
        ("compress", "a", "-q", "101"), ("compress", "a", "-q", "x"),
        ("compress", "a", "-f", "--skip-existing"), ("compress", "a", "-p", "nobody"),
        ("compress", "a", "--scale", "3"), ("compress", "a", "--scale", "x"),
        ("compress", "a", "--target-size", "0"), ("compress", "a", "--effort", "10"),
        ("compress", "a", "--target-psnr", "nan"), ("compress", "a", "--tune", "ssim"),
        ("compress", "a", "-q", "75", "--target-bpp", "1"),
        ("compress", "a", "--jpeg-quality", "75", "-q", "75"),
        ("compress", "a", "--target-size", "999", "--target-psnr", "30"),
        ("compress", "a", "--metadata", "gps"),
        ("compress", "a", "--engine", "abacus"), ("compress", "a", "-o", "x.png"),
        ("compress", "."), ("compress", "-", "photo.png"), ("compress", "a", "-j", "0"),
        ("compress", "photo.png", "photo.png", "gone.png", "-o", "-"),
        ("decompress", "a", "--assume", "plain"), ("decompress", "a", "--size", "3x3"),
        ("decompress", "a", "--size", "0x3", "--assume", "plain"),
        ("decompress", "a", "--assume", "nobody", "--size", "3x3"),
        ("decompress", "a", "b", "--sidecar", "c"),
        ("decompress", "a", "--memory", "1"),
        ("compress", "a.png", "photo.png", "-o", "out.jpg"),
        ("decompress", "a.jpg", "b.jpg", "-o", "out.PNG"),
        ("decompress", "a.jpg", "-o", "a.comrec.jpg"),
        ("verify", "a", "b", "--original", "c"), ("presets", "nobody"), ("info",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_illegal_request_exits_with_2_and_writes_nothing(run, folder, words):
    ran = run(*words)
    assert ran.status == 2
    assert ran.err
    assert ran.out == b""
    assert names_in(folder) == {"photo.png"}
