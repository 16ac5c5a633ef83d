"""Builds the methods of the tables; each leaves out one or both networks."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from comrec.errors import ComrecError, UsageError, WeightsError
from comrec.image import resample, source
from comrec.jpeg.settings import JpegSettings
from comrec.networks import engine, presets
from comrec.networks.codec import Codec
from comrec.networks.engine import Network
from comrec.networks.presets import Preset, WeightFile

SCALE = 2
NONE = "none"  # in columns that do not apply to a method
ENGINES = {".onnx": "onnxruntime", ".weights.h5": "keras"}


@dataclass(frozen=True)
class Method:
    """Describes one line of a table.

    Attributes:
      name: its name in rows.
      preset: sets up its codec, and is named in its sidecars.
      networks: see `Codec`; None for the direct JPEG.
      source: preset or file that its networks are from, or NONE.
      weights: first 8 hex digits of the SHA-256 of each, or NONE.
    """

    name: str
    preset: Preset
    networks: Mapping[str, Network] | None
    source: str = NONE
    weights: str = NONE

    def codec(self, settings: JpegSettings) -> Codec:
        """Returns the method's codec, which writes the .jpg with these settings."""
        preset = replace(self.preset, jpeg=settings)
        scale = SCALE if self.networks else 1
        return Codec(preset, scale, networks=self.networks)

    @property
    def is_direct(self) -> bool:
        return self.networks is None


def load(preset: Preset, reccnn_only: Path | None) -> list[Method]:
    """Returns the methods of one pair; "reccnn" only where `reccnn_only` is given.

    Args:
      preset: the pair.
      reccnn_only: a RecCNN trained for bicubic reduction; see `load_reccnn`.

    Raises:
      UsageError: the preset is not for grey pictures at half size.
      WeightsError: weights are missing, changed, or not those of a RecCNN.
    """
    if preset.channels != 1 or SCALE not in preset.scales or not preset.weights:
        raise UsageError(
            f"{preset.name}: not a pair for grey pictures at half size. "
            f"Presets: {', '.join(presets.PRESETS)}"
        )
    comcnn, reccnn = (engine.load(preset, name) for name in ("comcnn", "reccnn"))
    # np.zeros_like stands for a RecCNN whose residual is 0.
    found = [
        Method("jpeg", presets.find(presets.PLAIN), None),
        Method("half", preset, {"comcnn": reduction, "reccnn": np.zeros_like}),
        Method(
            "comcnn", preset, {"comcnn": comcnn, "reccnn": np.zeros_like},
            preset.name, preset.weights["comcnn"].sha256[:8],
        ),
    ]  # fmt: skip
    if reccnn_only:
        network, digest = load_reccnn(reccnn_only, preset)
        networks = {"comcnn": reduction, "reccnn": network}
        found.append(Method("reccnn", preset, networks, reccnn_only.name, digest[:8]))
    networks = {"comcnn": comcnn, "reccnn": reccnn}
    return [*found, Method("comrec", preset, networks, preset.name, preset.hash)]


def reduction(image: np.ndarray) -> np.ndarray:
    """Reduces by the bicubic filter, as a ComCNN: (1, H, W, C) to (1, h, w, C)."""
    return resample.reduce(image[0], SCALE)[None]


def load_reccnn(path: Path, preset: Preset) -> tuple[Network, str]:
    """Returns a RecCNN that belongs to no preset, and the SHA-256 of its file.

    Args:
      path: .onnx, or .weights.h5.
      preset: the pair whose RecCNN has the same size.

    Raises:
      UsageError, WeightsError: the file cannot be read, or is not a RecCNN.
    """
    kinds = [kind for kind in ENGINES if path.name.endswith(kind)]
    if not kinds:
        raise UsageError(
            f"{path}: a RecCNN is an .onnx or a .weights.h5. Name a file of that kind"
        )
    if not path.is_file():
        raise UsageError(
            f"{path}: no such file. Check --reccnn-only-qf5 and --reccnn-only-qf10"
        )
    digest = hashlib.sha256(source.load(path)[0]).hexdigest()
    # `weights.read` joins the name to its folder; an absolute path stays as it is.
    files = {"reccnn": WeightFile(str(path.resolve()), digest)}
    preset = replace(preset, weights=files, onnx=files)
    enlarged = np.zeros((1, 8, 8, 1), np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of each missing layer
            network = engine.load(preset, "reccnn", ENGINES[kinds[0]])
        shape = network(enlarged).shape
    except ComrecError:
        raise
    except Exception as err:  # each engine has errors of its own
        reason = str(err).split("\n", 1)[0]
        raise WeightsError(
            f"{path}: cannot be run as a RecCNN of one channel ({reason}). Use another"
        ) from err
    if shape != enlarged.shape:
        raise WeightsError(
            f"{path}: not a RecCNN, which keeps the size: 8x8 came out "
            f"as {shape[2]}x{shape[1]}. Use another"
        )
    return network, digest
