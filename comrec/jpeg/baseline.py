"""Writes quantised blocks as a baseline JPEG with Huffman tables of its own.

ITU-T T.81, Annex B, and JFIF 1.02 (ITU-T T.871).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comrec.errors import JpegError
from comrec.jpeg.coefficients import ZIGZAG
from comrec.jpeg.huffman import HuffmanTable, optimal_table, pack
from comrec.jpeg.layout import Layout
from comrec.jpeg.segments import APP0, EOI, SOI, SOS
from comrec.jpeg.symbols import DC, SYMBOLS, Symbols, scan_symbols

SOF0, DHT, DQT = 0xC0, 0xC4, 0xDB
# Version 1.01, no unit, 1:1, no thumbnail: what libjpeg writes.
_JFIF = b"JFIF\0" + bytes((1, 1, 0, 0, 1, 0, 1, 0, 0))
_PACKED_AT_ONCE = 2**21  # symbols; bounds the memory of packing


def write(
    blocks: Sequence[np.ndarray], tables: Sequence[np.ndarray | float], layout: Layout
) -> bytes:
    """Writes a baseline JPEG without metadata.

    Luma and chroma share a quantisation table that is the same for both, and Huffman
    tables where that takes fewer bytes.

    Args:
      blocks: int16 (rows, columns, 64) a component, in steps and zigzag order.
      tables: steps of luma and chroma, 1 to 255, (8, 8) by rows or a number each; of a
        grey picture the first is used.
      layout: of the picture.

    Returns:
      The whole file.

    Raises:
      JpegError: steps are out of range, or blocks are not as the layout has them.
    """
    _check_blocks(blocks, layout)
    luma, chroma = (quantisation_table(table) for table in (tables[0], tables[-1]))
    shares = layout.channels == 1 or luma == chroma
    symbols = scan_symbols(blocks, layout)
    dc, ac = huffman_tables(symbols.counts(), layout.channels)
    dqt = b"\0" + luma + (b"" if shares else b"\1" + chroma)
    dht = b"".join(
        bytes((kind << 4 | number,)) + table.payload
        for kind, several in ((0, dc), (1, ac))
        for number, table in enumerate(several)
    )
    selectors = [0, *[1] * (layout.channels - 1)]
    scan = bytes((layout.channels,)) + b"".join(
        bytes((i + 1, min(n, len(dc) - 1) << 4 | min(n, len(ac) - 1)))
        for i, n in enumerate(selectors)
    )
    return b"".join(
        [
            bytes((0xFF, SOI)),
            _segment(APP0, _JFIF),
            _segment(DQT, dqt),
            _segment(SOF0, _frame(layout, [0 if shares else n for n in selectors])),
            _segment(DHT, dht),
            _segment(SOS, scan + bytes((0, 63, 0))),
            _coded(symbols, dc, ac),
            bytes((0xFF, EOI)),
        ]
    )


def quantisation_table(steps: np.ndarray | float) -> bytes:
    """Returns steps, (8, 8) by rows or one number for all, in zigzag order.

    Raises:
      JpegError: one is not a whole number from 1 to 255.
    """
    table = np.asarray(steps)
    is_table = table.dtype.kind in "iuf" and table.shape in ((), (8, 8))
    if not is_table or not np.all((table >= 1) & (table <= 255) & (table % 1 == 0)):
        raise JpegError(
            f"JPEG steps must be whole numbers, 1 to 255. Received: {steps!r}"
        )
    return np.broadcast_to(table, (8, 8)).ravel()[ZIGZAG].astype(np.uint8).tobytes()


def huffman_tables(
    counts: np.ndarray, channels: int
) -> tuple[list[HuffmanTable], list[HuffmanTable]]:
    """Returns the DC and the AC tables of fewest bytes: one each, or luma and chroma.

    Args:
      counts: from `Symbols.counts`.
      channels: of the picture.
    """
    return _cheapest(counts, DC, channels), _cheapest(counts, 0, channels)


def _cheapest(counts: np.ndarray, begin: int, channels: int) -> list[HuffmanTable]:
    luma, chroma = (counts[begin + n : begin + n + 256] for n in (0, SYMBOLS))
    apart = [optimal_table(luma)]
    if channels == 1:
        return apart
    apart.append(optimal_table(chroma))
    common = [optimal_table(luma + chroma)]
    alone = _bytes_taken(apart[0], luma) + _bytes_taken(apart[1], chroma)
    return common if _bytes_taken(common[0], luma + chroma) <= alone else apart


def _bytes_taken(table: HuffmanTable, counts: np.ndarray) -> float:
    """Returns the bytes of a table and of the codes that it gives to such counts."""
    return len(table.payload) + 1 + float(counts @ table.codes()[1]) / 8


def _check_blocks(blocks: Sequence[np.ndarray], layout: Layout) -> None:
    shapes = [(c.rows, c.columns, 64) for c in layout.components]
    if [values.shape for values in blocks] != shapes:
        raise JpegError(
            f"the picture has blocks {shapes}. "
            f"Received: {[values.shape for values in blocks]}"
        )
    if any(values.dtype != np.int16 for values in blocks):
        raise JpegError("quantised blocks must be int16")
    for values in blocks:
        most = np.abs(values[..., 1:].astype(np.int32)).max(initial=0)
        if most > 1023 or np.abs(values[..., 0].astype(np.int32)).max() > 1024:
            raise JpegError("a coefficient is beyond what a baseline JPEG holds")


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _frame(layout: Layout, tables: Sequence[int]) -> bytes:
    size = b"".join(side.to_bytes(2, "big") for side in layout.shape)
    return (
        bytes((8,))
        + size
        + bytes((layout.channels,))
        + b"".join(
            bytes((i + 1, component.factor * 17, table))
            for i, (component, table) in enumerate(
                zip(layout.components, tables, strict=True)
            )
        )
    )


def _coded(
    symbols: Symbols, dc: Sequence[HuffmanTable], ac: Sequence[HuffmanTable]
) -> bytes:
    """Returns the entropy-coded data of a scan."""
    codes = np.zeros((2 * SYMBOLS, 2), np.int64)
    for number in (0, 1):
        for tables, begin in ((dc, DC), (ac, 0)):
            at = number * SYMBOLS + begin
            table = tables[min(number, len(tables) - 1)]
            codes[at : at + 256] = np.stack(table.codes(), 1)
    data, rest, rest_bits = [], 0, 0
    count = len(symbols.symbol)
    for start in range(0, count, _PACKED_AT_ONCE):
        symbol = symbols.symbol[start : start + _PACKED_AT_ONCE]
        size = (symbol & 15).astype(np.int64)
        code, bits = codes[symbol].T
        values = code << size | symbols.extra[start : start + _PACKED_AT_ONCE]
        bits = bits + size
        packed = pack(
            np.concatenate([[rest], values]), np.concatenate([[rest_bits], bits])
        )
        total = rest_bits + int(bits.sum())
        if start + _PACKED_AT_ONCE < count and total % 8:
            rest, rest_bits = packed[-1] >> 8 - total % 8, total % 8
            packed = packed[:-1]
        else:
            rest = rest_bits = 0
        data.append(packed.replace(b"\xff", b"\xff\0"))
    return b"".join(data)
