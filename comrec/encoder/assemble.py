"""Assembles the files of one picture around a coded JPEG, and reports on the files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from comrec.encoder.mode import Candidate
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed, Report
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image import metadata, reader
from comrec.image.kept import choose
from comrec.image.metadata import KINDS
from comrec.image.notes import Notes
from comrec.image.picture import Picture
from comrec.jpeg import coding
from comrec.jpeg import segments as seg
from comrec.networks.codec import Codec
from comrec.networks.presets import PLAIN


@dataclass(frozen=True)
class Packer:
    """Assembles the files of one picture around any coded JPEG.

    Attributes:
      picture: the picture, with the metadata for the .jpg.
      alpha: the alpha channel as a grey PNG; None for an opaque image.
      options: of `compress`.
    """

    picture: Picture
    alpha: bytes | None
    options: Options

    def count_extra_bytes(self, codec: Codec | None) -> int:
        """Counts the bytes of all files except the JPEG, equal for every JPEG."""
        any_jpeg = coding.encode(self.picture.pixels[:1, :1].copy(), 50)
        made, sidecar = self._assemble(any_jpeg, codec)
        return len(made) + len(sidecar or b"") - len(any_jpeg)

    def pack(self, chosen: Candidate) -> Compressed:
        """Assembles the files of a candidate and their report."""
        made, sidecar = self._assemble(chosen.jpeg, chosen.codec)
        codec, (target, value) = chosen.codec, self.options.target
        report = Report(
            outcome="comrec" if codec else "plain",
            preset=codec.preset.name if codec else PLAIN,
            scale=codec.scale if codec else 1,
            target=target,
            target_value=value,
            width_px=self.picture.size[1],
            height_px=self.picture.size[0],
            jpeg_quality=None if chosen.steps else int(chosen.quality),
            steps=chosen.steps,
            jpeg_bytes=len(made),
            sidecar_bytes=len(sidecar or b""),
            psnr_db=chosen.psnr_db,
            notes=self.picture.notes,
        )
        return Compressed(made, sidecar, report)

    def pack_unchanged(self, data: bytes) -> Compressed:
        """Returns the source .jpg without the metadata that the options drop."""
        kinds, notes = self.options.metadata, Notes()
        if set(kinds) != set(KINDS):
            kept = choose(metadata.from_segments(seg.parse(data)), kinds, notes)
            turn, bare = reader.orientation(data), seg.without_metadata(data)
            data = seg.insert(bare, metadata.to_segments(kept))
            if reader.orientation(data) != turn:  # its pixels are not upright
                kept = replace(kept, exif=metadata.with_orientation(kept.exif, turn))
                data = seg.insert(bare, metadata.to_segments(kept))
        target, value = self.options.target
        report = Report(
            outcome="unchanged",
            preset=PLAIN,
            scale=1,
            target=target,
            target_value=value,
            width_px=self.picture.size[1],
            height_px=self.picture.size[0],
            jpeg_quality=None,
            jpeg_bytes=len(data),
            sidecar_bytes=0,
            psnr_db=float("inf"),
            notes=tuple(notes.lines),
        )
        return Compressed(data, None, report)

    def _assemble(
        self, coded_jpeg: bytes, codec: Codec | None
    ) -> tuple[bytes, bytes | None]:
        """Returns the .jpg and the sidecar file; None where none is needed."""
        height, width = self.picture.size
        preset, scale = (codec.preset.name, codec.scale) if codec else (PLAIN, 1)
        record = Sidecar(preset, width, height, scale, self.alpha)
        # A plain JPEG without alpha needs no sidecar.
        needed = record if codec or self.alpha is not None else None
        return container.pack(
            coded_jpeg, self.picture.metadata, needed, self.options.embed
        )
