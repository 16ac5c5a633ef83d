"""One frozen row per trained pair. A released name or number never changes meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from comrec.errors import UsageError
from comrec.jpeg import JpegSettings


@dataclass(frozen=True)
class WeightFile:
    """A file of `pretrained/` and the SHA-256 it must have."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Preset:
    """A trained pair and everything that coding with it needs to agree on.

    Attributes:
      name: what sidecars and the command line call it.
      number: what binary sidecars call it, 1 to 255.
      summary: one line for people.
      channels: of both networks. 1: luma goes through them and chroma through
        fixed resampling.
      scales: linear size ratios image : compact that the pair can do.
      compact_quality: JPEG quality the pair was trained at.
      jpeg: how the compact image is written.
      reach_px: how far a network looks to each side, in pixels of its input.
      weights: master `.weights.h5` of each network.
      onnx: its export, opset 15, float32, named after the master's hash.
      licence: terms of the weights.
      training: the config they were trained with, in `experiments/configs`.
    """

    name: str
    number: int
    summary: str
    channels: int
    scales: tuple[int, ...]
    compact_quality: int
    jpeg: JpegSettings
    weights: Mapping[str, WeightFile]
    onnx: Mapping[str, WeightFile]
    licence: str
    training: str
    reach_px: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"comcnn": 4, "reccnn": 20})
    )

    @property
    def hash(self) -> str:
        """First 8 hex digits of the SHA-256 of both masters, ComCNN then RecCNN."""
        return "-".join(file.sha256[:8] for file in self.weights.values())

    def row(self) -> dict[str, object]:
        """The same as JSON values, for people and programs."""
        return {
            "preset": self.name,
            "summary": self.summary,
            "channels": self.channels,
            "scales": list(self.scales),
            "jpeg": vars(self.jpeg),
            "weights": {n: f"{f.name} {f.sha256}" for n, f in self.weights.items()},
            "onnx": {n: f"{f.name} {f.sha256}" for n, f in self.onnx.items()},
            "licence": self.licence,
            "training": self.training,
        }


PLAIN = "plain"
DEFAULT = "jiang2017-gray-q50"

_ROWS = (
    Preset(
        name=PLAIN,
        number=1,
        summary="no networks: plain JPEG, beside it the alpha it cannot hold",
        channels=3,
        scales=(1,),
        compact_quality=75,
        jpeg=JpegSettings(),
        weights={},
        onnx={},
        licence="",
        training="",
    ),
    Preset(
        name="jiang2017-gray-q50",
        number=2,
        summary="the paper's networks on luma, half size; for 0.1 to 0.4 bpp",
        channels=1,
        scales=(2,),
        compact_quality=50,
        jpeg=JpegSettings(encoder="libjpeg-turbo", tables="standard"),
        weights={
            "comcnn": WeightFile(
                "jiang2017-gray-q50.comcnn.9523a753.weights.h5",
                "9523a75329fca3657431aa991c2a0092b18951485edfe0f926f9a236bdced4d3",
            ),
            "reccnn": WeightFile(
                "jiang2017-gray-q50.reccnn.ff880b25.weights.h5",
                "ff880b253997850a53e20f61d0be9de78a023f45585e314c85fec6db4831294c",
            ),
        },
        onnx={
            "comcnn": WeightFile(
                "jiang2017-gray-q50.comcnn.9523a753.onnx",
                "59a88da19661be4f1c1f6d3f519602a129ca68e2f96b92f1b1b3c819d0f0ff6f",
            ),
            "reccnn": WeightFile(
                "jiang2017-gray-q50.reccnn.ff880b25.onnx",
                "722a9350ceb07d0fa30f6a071d5bc26b8db66ee881ebc12a6a7c144c24c130f5",
            ),
        },
        licence="research only: trained on crops of BSDS500 photographs",
        training="experiments/configs/gray-q50-cpu.json",
    ),
)
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})


def find(name: str) -> Preset:
    """The preset of that name.

    Raises:
      UsageError: there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise UsageError(f"no preset is called {name!r}. Presets: {', '.join(PRESETS)}")
    return PRESETS[name]
