"""Machine primitives against Python's own integers and bytes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit, types

from gauger.kernels.machine import vectors as machine
from tests.kernels import naive
from tests.kernels.strategies import QUICK, WORD64

I64, U64, U8 = types.int64, types.uint64, types.uint8
EDGE_WORDS = [0, 1, 2**63, 2**64 - 1, 2**32, *(1 << bit for bit in range(0, 64, 7))]
BLOCK = st.binary(min_size=64, max_size=64)

# Intrinsics exist inside compiled code only. Not cached: Numba would not see an edit of machine.py.


@njit((I64,))
def loads(address):  # type: ignore[no-untyped-def]
    return machine.load64(address), machine.load32(address), machine.load8(address)


@njit((I64, U64))
def store8(address, value):  # type: ignore[no-untyped-def]
    machine.store8(address, value)


@njit((U64, U64))
def words(left, right):  # type: ignore[no-untyped-def]
    counts = machine.trailing_zeros(left), machine.leading_zeros(left), machine.bit_count(left)
    return machine.fold_multiply(left, right), counts


@njit((I64, I64))
def fold_case64(source, destination):  # type: ignore[no-untyped-def]
    return machine.fold_case64(source, destination)


@njit((I64, U8, U8))
def in_range64(source, low, width):  # type: ignore[no-untyped-def]
    return machine.in_range64(source, low, width)


def mask_of(bits: list[bool]) -> int:
    """Bit i set where bits[i]."""
    return sum(1 << place for place, bit in enumerate(bits) if bit)


@QUICK
@given(st.binary(min_size=8, max_size=24), st.integers(0, 16))
def test_loads_are_little_endian_at_any_alignment(data: bytes, at: int) -> None:
    at = min(at, len(data) - 8)
    array = np.frombuffer(data, np.uint8)
    assert loads(array.ctypes.data + at) == tuple(int.from_bytes(data[at : at + size], "little") for size in (8, 4, 1))


@pytest.mark.parametrize("value", [0, 255, 256, 0x1234])
def test_a_store_writes_one_byte(value: int) -> None:
    array = np.full(3, 7, np.uint8)
    store8(array.ctypes.data + 1, value)
    assert array.tolist() == [7, value % 256, 7]


def check_word(left: int, right: int) -> None:
    text = format(left, "064b")
    zeros = (64, 64) if left == 0 else (len(text) - len(text.rstrip("0")), text.index("1"))
    assert words(left, right) == (naive.fold_multiply(left, right), (*zeros, left.bit_count()))


@pytest.mark.parametrize("left", EDGE_WORDS)
def test_edge_words(left: int) -> None:
    for right in EDGE_WORDS:
        check_word(left, right)


@QUICK
@given(WORD64, WORD64)
def test_any_words(left: int, right: int) -> None:
    check_word(left, right)


def check_block(block: bytes) -> None:
    source, lowered = np.frombuffer(block, np.uint8), np.zeros(66, np.uint8)
    mask = fold_case64(source.ctypes.data, lowered.ctypes.data + 1)
    assert lowered.tobytes() == b"\0" + block.lower() + b"\0"
    assert mask == mask_of([bool(re.match(rb"[0-9A-Za-z\x80-\xff]", bytes([byte]))) for byte in block])


@pytest.mark.parametrize("first", [0, 64, 128, 192])
def test_every_byte_is_folded_and_classed(first: int) -> None:
    check_block(bytes(range(first, first + 64)))


@QUICK
@given(BLOCK)
def test_any_block_is_folded_and_classed(block: bytes) -> None:
    check_block(block)


@QUICK
@given(BLOCK, st.integers(0, 255), st.integers(0, 255))
def test_ranges_of_bytes(block: bytes, low: int, width: int) -> None:
    """The range wraps past 255 as unsigned bytes do."""
    source = np.frombuffer(block, np.uint8)
    assert in_range64(source.ctypes.data, low, width) == mask_of([(byte - low) % 256 < width for byte in block])
