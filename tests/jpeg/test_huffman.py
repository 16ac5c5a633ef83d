import heapq

import numpy as np
import pytest

from comrec.jpeg import huffman


def huffman_bits(counts):
    """Returns the fewest bits without a limit, one code more reserved."""
    heap, total = [0, *map(int, counts)], 0
    heapq.heapify(heap)
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        total += both
        heapq.heappush(heap, both)
    return total


@pytest.mark.parametrize("count", [1, 2, 3, 50, 256])
def test_codes_take_the_fewest_bits(count):
    counts = np.random.default_rng(count).integers(1, 500, count)
    assert (huffman.code_lengths(counts) * counts).sum() == huffman_bits(counts)


def test_codes_never_exceed_sixteen_bits():
    counts = np.array([int(1.7**n) for n in range(60)])
    lengths = huffman.code_lengths(counts)
    assert lengths.max() == 16
    assert sum(2.0**-length for length in lengths) < 1


@pytest.mark.parametrize("seed", range(5))
def test_no_code_begins_another_and_none_is_of_ones_alone(seed):
    counts = np.random.default_rng(seed).geometric(0.02, 256)
    counts[::3] = 0
    table = huffman.optimal_table(counts)
    codes, lengths = table.codes()
    words = {f"{c:0{n}b}" for c, n in zip(codes, lengths, strict=True) if n}
    assert len(words) == (counts > 0).sum() == len(table.symbols)
    assert all("0" in word for word in words)
    assert not any(a != b and b.startswith(a) for a in words for b in words)


@pytest.mark.parametrize("counts", [np.zeros(256, int), np.eye(256, dtype=int)[7]])
def test_a_table_is_never_empty(counts):
    table = huffman.optimal_table(counts)
    assert sum(table.bits) == len(table.symbols) == 1
    assert len(table.payload) == 17


def test_what_was_not_seen_costs_as_much_as_what_is_rare():
    lengths = huffman.likely_lengths(np.array([1000, 24, 0]))
    assert lengths[2] > lengths[1] >= lengths[0] == 1
    assert huffman.likely_lengths(np.zeros(4, int)).min() == 1


def test_numbers_are_packed_highest_bits_first_and_filled_up_with_ones():
    assert huffman.pack(np.array([1, 0b101, 0]), np.array([1, 3, 2])) == bytes(
        [0b11010011]
    )
    assert huffman.pack(np.array([], int), np.array([], int)) == b""


def test_packing_many_numbers_equals_one_string_of_bits():
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 28, 5000)
    values = rng.integers(0, 2**28, 5000) & (1 << lengths) - 1
    bits = "".join(f"{v:0{n}b}" for v, n in zip(values, lengths, strict=True) if n)
    bits += "1" * (-len(bits) % 8)
    expected = int(bits, 2).to_bytes(len(bits) // 8, "big")
    assert huffman.pack(values, lengths) == expected
