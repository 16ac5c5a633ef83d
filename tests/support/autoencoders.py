"""Tiny autoencoders, untrained but whole, for the tests."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from comrec.apps.autoencoder import data, model, networks, quantiser
from comrec.apps.autoencoder.architecture import Architecture

TINY = {
    "dense": Architecture("dense", 1, (8, 12), 6, (10,)),
    "cnn": Architecture("cnn", 1, (8, 12), 5, (3, 4)),
    "convolutional": Architecture("convolutional", 3, None, 4, (3, 4)),
}


def pictures(a: Architecture, count: int = 40) -> np.ndarray:
    drawn = data.draw_strokes(2 * count, a.channels, a.size_px or (16, 16))
    return np.concatenate(drawn)[:count]


def write(path: Path, a: Architecture) -> model.Model:
    """A model.npz with random weights, and ranges that fit drawn pictures."""
    encoder, decoder = networks.build_exact(a)
    latents = np.asarray(encoder(pictures(a).astype(np.float32) / 255))
    latents = latents.reshape(-1, a.latent)
    ranges = quantiser.measure(latents)
    arrays = networks.copy_weights(encoder) + networks.copy_weights(decoder)
    counts = quantiser.count(latents, ranges)
    model.save(path, model.Model(path.stem, a, tuple(arrays), ranges, counts))
    return model.load(str(path))


KINDS = sorted(TINY)


def picture(kind: str) -> np.ndarray:
    return pictures(TINY[kind], 1)[0]


def reseal(data: bytes) -> bytes:
    """Adds the checksum of a .crae."""
    return data + zlib.crc32(data).to_bytes(4, "little")
