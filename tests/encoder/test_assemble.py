"""Tests the files of one picture and the report on the files."""

from __future__ import annotations

import functools
import io
import json
import math

import numpy as np
import pictures
import pytest
from PIL import Image
from searches import photo

from comrec.encoder.assemble import Packer
from comrec.encoder.mode import Candidate
from comrec.encoder.options import Options
from comrec.encoder.plain import encode_plain
from comrec.format import container
from comrec.image import metadata, reader
from comrec.image.picture import Picture
from comrec.jpeg import segments as seg
from comrec.jpeg.settings import PLAIN
from comrec.networks import presets
from comrec.networks.codec import Codec


@functools.cache
def codec() -> Codec:
    return Codec(presets.find("comrec-lite-2"), 2)


def packer_of(pixels: np.ndarray, alpha: bytes | None = None, **asked) -> Packer:
    kept = metadata.Metadata(exif=pictures.exif(artist="Someone"))
    return Packer(Picture(pixels, metadata=kept), alpha, Options(**asked))


def candidate(pixels: np.ndarray, quality: int, restoring: Codec | None) -> Candidate:
    coded = encode_plain(pixels, quality)
    return Candidate(coded.jpeg, quality, coded.psnr_db, 0, PLAIN, restoring)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 101)])
@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("has_codec", [False, True])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_extra_bytes_are_equal_for_every_jpeg(has_alpha, has_codec, embed, size):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1]])
    alpha = container.pack_alpha(pictures.alpha(*size)) if has_alpha else None
    packer = packer_of(pixels, alpha, embed=embed)
    restoring = codec() if has_codec else None
    extra_bytes = packer.count_extra_bytes(restoring)
    assert extra_bytes > 0
    for quality in (5, 95):
        chosen = candidate(pixels, quality, restoring)
        made = packer.pack(chosen)
        sidecar_bytes = len(made.sidecar or b"")
        assert len(made.jpeg) + sidecar_bytes == len(chosen.jpeg) + extra_bytes
        assert made.report.total_bytes == len(made.jpeg) + sidecar_bytes


def test_a_report_names_what_restores_the_picture():
    pixels = photo(29, 101)
    packer = packer_of(pixels, quality=20)
    made, plain = (packer.pack(candidate(pixels, 30, each)) for each in (codec(), None))
    report = made.report
    assert (report.outcome, report.preset, report.scale) == (
        "comrec", "comrec-lite-2", 2,
    )  # fmt: skip
    assert (report.width_px, report.height_px, report.jpeg_quality) == (101, 29, 30)
    assert (report.target, report.target_value) == ("quality", 20)
    record = json.loads(made.sidecar)
    assert (record["preset"], record["scale"]) == ("comrec-lite-2", 2)
    assert record["size"] == [101, 29]
    assert (plain.report.outcome, plain.report.preset) == ("plain", "plain")
    assert plain.sidecar is None, "a plain JPEG is the whole picture"


def test_the_alpha_of_a_plain_jpeg_needs_a_sidecar():
    pixels = photo(29, 31)
    packer = packer_of(pixels, container.pack_alpha(pictures.alpha(29, 31)))
    made = packer.pack(candidate(pixels, 30, None))
    assert made.sidecar is not None
    assert made.report.sidecar_bytes == len(made.sidecar)


def turned_jpeg() -> bytes:
    out = io.BytesIO()
    Image.fromarray(photo(29, 31)).save(
        out, "JPEG", exif=pictures.exif(6, "Someone"), quality=50
    )
    return out.getvalue()


def test_an_unchanged_jpeg_keeps_all_its_bytes():
    data = turned_jpeg()
    made = packer_of(photo(29, 31)).pack_unchanged(data)
    assert made.jpeg == data
    assert made.sidecar is None
    assert made.report.outcome == "unchanged"
    assert made.report.jpeg_quality is None
    assert made.report.psnr_db == math.inf
    assert made.report.total_bytes == len(data)


def test_an_unchanged_jpeg_loses_unwanted_metadata_but_not_its_orientation():
    data = turned_jpeg()
    made = packer_of(photo(29, 31), metadata="none").pack_unchanged(data)
    assert b"Someone" in data
    assert b"Someone" not in made.jpeg
    assert reader.orientation(made.jpeg) == reader.orientation(data) == 6
    assert made.report.jpeg_bytes == len(made.jpeg)
    assert seg.without_metadata(made.jpeg) == seg.without_metadata(data)
