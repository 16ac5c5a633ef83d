"""Tiny training runs of autoencoders, for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import autoencoders

from comrec.apps.autoencoder.config import AutoencoderConfig
from comrec.apps.autoencoder.run import AutoencoderRun


def config(kind: str, **changes) -> AutoencoderConfig:
    whole = AutoencoderConfig(
        f"tiny-{kind}", autoencoders.TINY[kind], epochs=2, quantised_epochs=2,
        quantised_bits=3, batch=8, rate=0.01, flips=True,
    )  # fmt: skip
    return replace(whole, **changes)


def start(kind: str, folder: Path, resume=False, listener=None, **changes):
    images = autoencoders.pictures(autoencoders.TINY[kind], 48)
    return AutoencoderRun(
        config(kind, **changes), folder, images[:40], images[40:], resume=resume,
        listener=listener,
    )  # fmt: skip
