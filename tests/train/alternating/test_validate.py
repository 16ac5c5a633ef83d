"""A round is scored at equal bytes, with samples and curves."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY

from comrec.errors import UsageError
from comrec.image import resample
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.train.alternating import data
from comrec.train.alternating.config import Round
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.alternating.validate import Validation, build_codec, score
from comrec.train.run import curves
from comrec.train.run.config import LearningRate


def test_score_is_what_the_codec_alone_gives_when_networks_do_nothing(crops):
    image = crops[0]
    small = np.ascontiguousarray(image[::2, ::2])

    def halve(x):
        return x[:, ::2, ::2]

    codec = build_codec(halve, np.zeros_like, 1, 50)
    result = score(codec, [image], plain_quality=10, compact_quality=50)
    coded = coding.decode(coding.encode(small, 50)).astype(np.float32) / 255
    enlarged = np.clip(resample.enlarge(coded, 2, (48, 48)), 0, 1) * 255
    assert result.fixed_psnr_db == pytest.approx(
        psnr_db(image, np.rint(enlarged).astype(np.uint8))
    )
    ratio = (len(coding.encode(small, 50)) + 80) / len(coding.encode(image, 10))
    assert result.fixed_bytes_ratio == pytest.approx(ratio)
    assert result.psnr_db <= result.fixed_psnr_db
    # One that JPEG keeps as it is says nothing, and is left out.
    flat = np.full_like(image, 255)
    assert score(codec, [image, flat], plain_quality=10, compact_quality=50) == result
    with pytest.raises(UsageError, match="none of the 1 validation pictures is rich"):
        score(codec, [flat], plain_quality=10, compact_quality=50)


def test_validation_leaves_samples_and_curves_and_rows(crops, tmp_path):
    images = {str(i): crop for i, crop in enumerate(crops[:2])}
    one = Round((), (LearningRate(1, 1e-3, 1e-4),))
    config = replace(TINY, rounds=(one, one), warmup_epochs=0)
    validate = Validation(images, config, tmp_path / "samples", sample_count=1)
    run = AlternatingRun(config, tmp_path / "run", crops, validate)
    run.train()
    curves.draw(run.folder)
    samples = sorted((tmp_path / "samples").rglob("*.png"))
    assert [str(p.relative_to(tmp_path)) for p in samples] == [
        "samples/round-0/0.png", "samples/round-1/0.png",
    ]  # fmt: skip
    assert data.load_picture(samples[0], 1).shape == (48, 4 * 48, 1)
    head, *rows = (run.folder / "rounds.tsv").read_text().splitlines()
    assert head.split("\t") == list(curves.ROUND)
    assert len(rows) == 2
    assert len((run.folder / "epochs.tsv").read_text().splitlines()) == 1 + 2
    assert data.load_picture(run.folder / "curves.png", 3).shape[1] > 800
