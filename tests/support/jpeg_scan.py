"""Reads the coefficients of a baseline JPEG: slow and plain, to hold writers to."""

from __future__ import annotations

import numpy as np

from comrec.jpeg import segments as seg


def read_coefficients(jpeg: bytes) -> list[np.ndarray]:
    """Returns int (rows, columns, 64) a component, in steps and zigzag order.

    Blocks that only fill up an interleaved MCU are included.
    """
    tables: dict[int, dict[str, int]] = {}
    parts = seg.parse(jpeg)
    for part in parts:
        if part.marker == 0xC4:
            tables |= _huffman(bytes(part.payload))
    frame = next(bytes(p.payload) for p in parts if p.marker == 0xC0)
    scans = [p for p in parts if p.marker == seg.SOS]
    assert len(scans) == 1
    height, width = (int.from_bytes(frame[i : i + 2], "big") for i in (1, 3))
    factors = [frame[7 + 3 * i] >> 4 for i in range(frame[5])]
    assert all(frame[7 + 3 * i] == 17 * f for i, f in enumerate(factors))
    largest = max(factors)
    rows, columns = (-(-side // (8 * largest)) for side in (height, width))
    out = [np.zeros((rows * f, columns * f, 64), int) for f in factors]
    header = bytes(scans[0].payload)
    chosen = [header[2 + 2 * i] for i in range(header[0])]
    start = scans[0].start + 4 + len(header)
    data = jpeg[start : scans[0].end].replace(b"\xff\0", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in data)
    at, before = 0, [0] * len(factors)
    for unit in range(rows * columns):
        for i, f in enumerate(factors):
            for j in range(f * f):
                row, column = divmod(unit, columns)
                block = out[i][row * f + j // f, column * f + j % f]
                dc, ac = tables[chosen[i] >> 4], tables[16 + (chosen[i] & 15)]
                size, at = _symbol(bits, at, dc)
                before[i] += _number(bits[at : at + size])
                at += size
                block[0], k = before[i], 1
                while k < 64:
                    symbol, at = _symbol(bits, at, ac)
                    if symbol == 0:
                        break
                    k += symbol >> 4
                    size = symbol & 15
                    if size:
                        block[k] = _number(bits[at : at + size])
                    at, k = at + size, k + 1
    assert len(bits) - at < 8
    assert set(bits[at:]) <= {"1"}
    return out


def _huffman(payload: bytes) -> dict[int, dict[str, int]]:
    found = {}
    while payload:
        counts, at, code, table = payload[1:17], 17, 0, {}
        for length, count in enumerate(counts, 1):
            for symbol in payload[at : at + count]:
                table[f"{code:0{length}b}"] = symbol
                code += 1
            at += count
            code *= 2
        assert all("0" in code for code in table), "a code of ones alone"
        found[payload[0]] = table
        payload = payload[at:]
    return found


def _symbol(bits: str, at: int, table: dict[str, int]) -> tuple[int, int]:
    for length in range(1, 17):
        if bits[at : at + length] in table:
            return table[bits[at : at + length]], at + length
    raise AssertionError(f"no code at bit {at}")


def _number(bits: str) -> int:
    if not bits:
        return 0
    value = int(bits, 2)
    return value if bits[0] == "1" else value - 2 ** len(bits) + 1
