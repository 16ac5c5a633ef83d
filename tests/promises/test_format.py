"""A decoder written from docs/format.md alone restores the pairs."""

from __future__ import annotations

import json
from pathlib import Path

import format_decoder
import numpy as np
import pytest
from PIL import Image

import comrec
from comrec.jpeg import quantisation
from comrec.networks import conditioning

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("*/*.comrec.jpg"))
FAST = "comrec-lite-2"
DOCUMENT = (ROOT / "docs" / "format.md").read_text()


def files(path: Path) -> tuple[bytes, bytes | None]:
    beside = path.with_name(path.name.replace(".comrec.jpg", ".comrec.json"))
    return path.read_bytes(), beside.read_bytes() if beside.exists() else None


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=f"{path.parent.name}/{path.name}",
            marks=[] if path.parent.name == FAST else [pytest.mark.slow],
        )
        for path in GOLDEN
    ],
)  # fmt: skip
def test_a_decoder_after_the_document_restores_the_golden_pairs(path):
    restored = format_decoder.decode(*files(path))
    stem = path.name.removesuffix(".comrec.jpg")
    with Image.open(path.with_name(f"{stem}.restored.png")) as stored:
        expected = np.asarray(stored)
    assert restored.shape == expected.shape
    assert np.abs(restored.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("tune", ["psnr", "visual"])
def test_that_decoder_reads_tables_that_are_not_flat(tune):
    """Uses new pairs: the golden pairs of the comrec family have flat tables."""
    photo = np.asarray(Image.open(ROOT / "examples" / "astronaut.png"))[30:75, 180:241]
    made = comrec.compress(
        photo, preset=FAST, jpeg_quality=30, scale=1.5, tune=tune, embed=True
    )
    restored = format_decoder.decode(made.jpeg, None).astype(int)
    assert np.abs(restored - comrec.decompress(made.jpeg)).max() <= 1
    steps = format_decoder.decode_jpeg(bare(made.jpeg), "RGB")[1]
    assert (len(set(steps[0].flat)) > 1) == (tune == "visual")
    ours = conditioning.condition(quantisation.read_tables(made.jpeg), 1.5)
    np.testing.assert_allclose(format_decoder.condition(steps, 1.5)[0], ours, atol=1e-5)


def bare(jpeg: bytes) -> bytes:
    parts = [w for m, _, w in format_decoder.segments(jpeg)
             if not format_decoder.is_metadata(m)]  # fmt: skip
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def test_that_decoder_has_nothing_of_comrec():
    text = Path(format_decoder.__file__).read_text()
    imported = [line for line in text.splitlines() if "import" in line.split()]
    assert len(imported) > 10
    assert not [line for line in imported if "comrec" in line]


@pytest.mark.parametrize("field", ["size", "crc", "scale", "preset"])
def test_that_decoder_refuses_a_changed_field(field):
    jpeg, sidecar = files(GOLDEN[0].parents[1] / FAST / "colour-2.comrec.jpg")
    record = json.loads(sidecar)
    record[field] = {
        "size": [132, 97], "crc": "00000000", "scale": 1.5, "preset": "comrec-base",
    }[field]  # fmt: skip
    with pytest.raises(format_decoder.Refused, match="no record fits"):
        format_decoder.decode(jpeg, json.dumps(record).encode())


def test_the_example_in_the_document_is_a_golden_sidecar():
    (line,) = [x for x in DOCUMENT.splitlines() if x.startswith('    {"comrec"')]
    texts = [files(path)[1] for path in GOLDEN]
    assert line.strip().encode() + b"\n" in texts
