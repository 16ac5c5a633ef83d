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
                "jiang2017-gray-q50.comcnn.8e3a361b.weights.h5",
                "8e3a361b8c7350f742749009b9101d6b31195db38d84efe573c1553cd71bf15d",
            ),
            "reccnn": WeightFile(
                "jiang2017-gray-q50.reccnn.0caeb26e.weights.h5",
                "0caeb26e56761888ca232840c474c1062d227133539ded0bdd4c6156bc27c2a8",
            ),
        },
        onnx={
            "comcnn": WeightFile(
                "jiang2017-gray-q50.comcnn.8e3a361b.onnx",
                "193e3ed3c32196afb4819c18a76b7b8217677837c8aadae9cfcfb4bee6175b4e",
            ),
            "reccnn": WeightFile(
                "jiang2017-gray-q50.reccnn.0caeb26e.onnx",
                "a8d45f81cba4f3a67fc0095313fc02e74fe489de326115581c4b0e2f859f505a",
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
