"""The files of one picture, put together around a coded JPEG, and their report."""

from __future__ import annotations

from dataclasses import dataclass, replace

from comrec.encoder.excerpt import take_excerpt
from comrec.encoder.mode import Candidate
from comrec.encoder.options import Options
from comrec.encoder.plain import guess_within, plain_within
from comrec.encoder.report import Compressed, Report
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image import metadata, reader
from comrec.image.metadata import KINDS
from comrec.image.picture import Picture
from comrec.jpeg import coding
from comrec.jpeg import segments as seg
from comrec.networks.codec import Codec
from comrec.networks.presets import PLAIN


@dataclass(frozen=True)
class Packer:
    """Puts the files of one picture together, around one coded JPEG or another.

    Attributes:
      picture: with the metadata that goes into the .jpg.
      alpha: the alpha channel as a grey PNG; None for an opaque image.
      options: what was asked.
    """

    picture: Picture
    alpha: bytes | None
    options: Options

    def extra_bytes(self, codec: Codec | None) -> int:
        """What the files take besides the JPEG, whichever JPEG it is."""
        any_jpeg = coding.encode(self.picture.pixels[:1, :1].copy(), 50)
        made, sidecar = self._files(any_jpeg, codec)
        return len(made) + len(sidecar or b"") - len(any_jpeg)

    def pack(self, chosen: Candidate) -> Compressed:
        """Both files and a report."""
        made, sidecar = self._files(chosen.jpeg, chosen.codec)
        codec, (target, value) = chosen.codec, self.options.target
        report = Report(
            outcome="comrec" if codec else "plain",
            preset=codec.preset.name if codec else PLAIN,
            scale=codec.scale if codec else 1,
            target=target,
            target_value=value,
            width_px=self.picture.size[1],
            height_px=self.picture.size[0],
            jpeg_quality=chosen.quality,
            jpeg_bytes=len(made),
            sidecar_bytes=len(sidecar or b""),
            psnr_db=chosen.psnr_db,
            notes=self.picture.notes,
        )
        return Compressed(made, sidecar, report)

    def compared(self, result: Compressed, near: Candidate | None) -> Compressed:
        """Adds plain JPEG of the same bytes to the report; both carry the metadata.

        `near` is another plain JPEG, from which its quality can be guessed.
        """
        left_bytes = result.report.total_bytes - self.extra_bytes(None)
        pixels = self.picture.pixels
        threads = self.options.threads_for(pixels)
        start = guess_within(left_bytes, near) if near else None
        part = take_excerpt(pixels, near)
        if part.pixels is not pixels:
            part_bytes = round(left_bytes * part.share)
            of_part = plain_within(part.pixels, part_bytes, start, threads)
            start = of_part.quality if of_part else start
        same_bytes = plain_within(pixels, left_bytes, start, threads)
        return replace(result, report=replace(result.report, same_bytes=same_bytes))

    def unchanged(self, data: bytes) -> Compressed:
        """The .jpg that came, as it is but for metadata that is not wanted."""
        kinds = self.options.metadata
        if set(kinds) != set(KINDS):
            kept = metadata.from_segments(seg.parse(data)).only(kinds)
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
            notes=(),
        )
        return Compressed(data, None, report)

    def _files(
        self, coded_jpeg: bytes, codec: Codec | None
    ) -> tuple[bytes, bytes | None]:
        height, width = self.picture.size
        preset, scale = (codec.preset.name, codec.scale) if codec else (PLAIN, 1)
        record = Sidecar(preset, width, height, scale, self.alpha)
        # A plain JPEG is whole without a sidecar, unless there is alpha to keep.
        needed = record if codec or self.alpha is not None else None
        return container.pack(
            coded_jpeg, self.picture.metadata, needed, self.options.embed
        )
