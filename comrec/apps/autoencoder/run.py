"""Trains an autoencoder in a folder; a stopped run resumes bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from comrec.apps.autoencoder import model as files
from comrec.apps.autoencoder import networks, quantiser
from comrec.apps.autoencoder.config import ERROR_MIN, AutoencoderConfig, Phase
from comrec.errors import UsageError
from comrec.train.run import checkpoint
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import CHECKPOINT, Batches, Run, fingerprint

PREDICTED = 512  # pictures in a batch without training
MEASURED = 20_000  # training pictures, at most, for ranges and counts


class AutoencoderRun(Run):
    """Trains one autoencoder.

    Args:
      config: of the networks and the training.
      folder: gets the files of every `Run`.
      images: uint8 (N, H, W, C), for training.
      validation: uint8 (M, H, W, C), for the PSNR after every epoch.
      resume, listener: as for every `Run`.

    Raises:
      UsageError: as for every `Run`, or the pictures do not fit the config.
      OutputError: the folder cannot be written.
    """

    config: AutoencoderConfig

    def __init__(
        self,
        config: AutoencoderConfig,
        folder: Path,
        images: np.ndarray,
        validation: np.ndarray,
        *,
        resume: bool = False,
        listener: ProgressListener | None = None,
    ) -> None:
        self._images, self._validation = images, validation
        for pictures in (images, validation):
            _check_shape(config, pictures)
        super().__init__(
            config, folder, resume=resume, listener=listener,
            pictures=fingerprint("images", images)
            | fingerprint("validation", validation),
        )  # fmt: skip

    @property
    def encoder(self) -> keras.Model:
        """Returns the encoder in training."""
        return self.models[0]

    @property
    def decoder(self) -> keras.Model:
        """Returns the decoder in training."""
        return self.models[1]

    @property
    def _quantiser(self) -> networks.Quantiser:
        return self.models[2].get_layer("quantiser")

    def finish(self, path: Path) -> files.Model:
        """Counts levels on the training pictures, and writes the model.

        The run must be at its end.

        Raises:
          OutputError: the file cannot be written.
        """
        ranges = self._quantiser.get_ranges()
        model = files.Model(
            self.config.preset, self.config.architecture,
            tuple(w for half in self.models[:2] for w in networks.copy_weights(half)),
            ranges, quantiser.count(self._compute_latents(), ranges),
        )  # fmt: skip
        files.save(path, model)
        return model

    # Methods of `Run`

    def _claim_folder(self, resume: bool) -> checkpoint.State:
        path, saved = self.folder / "config.json", self.folder / CHECKPOINT
        if resume and path.exists() and saved.exists():
            self._check_epochs(AutoencoderConfig.load(path), checkpoint.load(saved))
        return super()._claim_folder(resume)

    def _check_epochs(self, old: AutoencoderConfig, state: checkpoint.State) -> None:
        """Checks that the number of epochs still fits the epochs that are trained.

        Raises:
          UsageError: the first phase is finished or beyond the new number of epochs.
        """
        phase, done = (int(n) for n in state.get("progress", (0, 0)))
        done = old.epochs if phase else done
        if self.config.epochs < done or (phase and self.config.epochs > done):
            raise UsageError(
                f"{self.folder}: {done} epochs are trained, of {old.epochs}, with "
                f"learning rates for that number. For {self.config.epochs}, begin "
                f"another run in another folder"
            )

    def _build(self) -> tuple[keras.Model, ...]:
        a = self.config.architecture
        encoder, decoder = networks.build(a)
        shape = decoder.input_shape[1:]
        latent, noise = keras.Input(shape), keras.Input(shape)
        layer = networks.Quantiser(
            a.latent, self.config.quantised_bits, self.config.estimator
        )
        between = keras.Model(
            [latent, noise], layer([latent, noise]), name="quantiser_model"
        )
        return encoder, decoder, between

    def _load_start(self, start: str) -> None:
        raise NotImplementedError("the config of an autoencoder has no start")

    def _build_step(
        self, phase: Phase
    ) -> tuple[keras.Model, Callable[[np.random.Generator], Batches]]:
        encoder, decoder, between = self.models
        image = keras.Input(encoder.input_shape[1:])
        if not phase.quantised:
            whole = keras.Model(image, decoder(encoder(image)))
            return whole, lambda rng: self._draw_batches(rng, None)
        latent = encoder(image)
        noise = keras.Input(latent.shape[1:])
        whole = keras.Model([image, noise], decoder(between([latent, noise])))
        shape = self.config.architecture.grid(*self._images.shape[1:3])
        places = () if self.config.architecture.size_px else shape
        return whole, lambda rng: self._draw_batches(rng, places)

    def _draw_batches(
        self, rng: np.random.Generator, places: tuple[int, ...] | None
    ) -> Iterator[tuple[Any, ...]]:
        """Yields an epoch of batches; with `places`, each with noise for the latent."""
        order = rng.permutation(len(self._images))
        size = min(self.config.batch, len(order))
        for i in range(0, len(order) - size + 1, size):
            image = self._images[order[i : i + size]]
            if self.config.flips:
                flipped = rng.random(size) < 0.5
                image[flipped] = image[flipped, :, ::-1]
            image = image.astype(np.float32) / 255
            if places is None:
                yield image, image
            else:
                shape = (size, *places, self.config.architecture.latent)
                noise = rng.random(shape, np.float32) - 0.5
                yield [image, noise], image

    def _build_optimizer(self, phase: Phase) -> keras.Optimizer:
        return keras.optimizers.Adam(phase.peak, epsilon=1e-8)

    def _loss(self, image: Any, restored: Any) -> Any:
        image, restored = ops.cast(image, "float32"), ops.cast(restored, "float32")
        error = ops.mean(ops.square(ops.subtract(image, restored)), axis=(1, 2, 3))
        return ops.log(error + ERROR_MIN) if self.config.loss == "psnr" else error

    def _seed(self, phase: Phase) -> list[int]:
        return [self.config.seed, self.phase, self.epoch]

    def _progress(self, phase: Phase, batch: int) -> float:
        return (self.epoch + batch / self._epoch_batches()) / phase.epochs

    def _epoch_batches(self) -> int:
        return max(len(self._images) // self.config.batch, 1)

    def _describe(self, phase: Phase) -> str:
        return f"{phase}, epoch {self.epoch}"

    def _log_columns(self, phase: Phase) -> dict[str, object]:
        return {"learns": str(phase)}

    def _end_epoch(self, phase: Phase) -> None:
        restored = self._restore_pictures(self._validation)
        errors = np.square(
            self._validation.astype(np.float32) - np.rint(restored * 255)
        ).mean(axis=(1, 2, 3))
        psnr_db = 10 * np.log10(255**2 / np.maximum(errors, 1e-2))
        self._record(event="validation", psnr_db=round(float(psnr_db.mean()), 4))

    def _end_phase(self, phase: Phase) -> None:
        if not phase.quantised:
            latents = self._compute_latents()
            self._quantiser.set_ranges(quantiser.measure(latents))

    def _restore_pictures(self, images: np.ndarray) -> np.ndarray:
        latent = _predict(self.encoder, images, 255)
        return np.clip(_predict(self.decoder, latent), 0, 1)

    def _compute_latents(self) -> np.ndarray:
        """Returns the latents of training pictures, float32 (places, values)."""
        latent = _predict(self.encoder, self._images[:MEASURED], 255)
        return latent.reshape(-1, latent.shape[-1])


def download(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Downloads a data set by Keras, or reads the copy that Keras keeps.

    Args:
      name: "mnist" or "cifar100".

    Returns:
      Training and test pictures, uint8 (N, H, W) or (N, H, W, 3).

    Raises:
      Exception: whatever Keras raises where the download fails.
    """
    (train, _), (test, _) = getattr(keras.datasets, name).load_data()
    return train, test


def _predict(model: keras.Model, inputs: np.ndarray, peak: float = 1) -> np.ndarray:
    parts = [
        model.predict_on_batch(inputs[i : i + PREDICTED].astype(np.float32) / peak)
        for i in range(0, len(inputs), PREDICTED)
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _check_shape(config: AutoencoderConfig, images: np.ndarray) -> None:
    a = config.architecture
    channels, sides = images.shape[3], images.shape[1:3]
    size_px = a.size_px or tuple(side - side % 4 for side in sides)
    if not len(images) or channels != a.channels or tuple(sides) != size_px:
        legal = "x".join(map(str, a.size_px)) if a.size_px else "multiples of 4"
        raise UsageError(
            f"{config.preset} learns from {legal} pixels of {a.channels} channels. "
            f"Received: {len(images)} pictures of {sides[0]}x{sides[1]}, {channels} "
            f"channels. Name other data, or another config"
        )
