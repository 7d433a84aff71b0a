"""SipHash: the twin against the published vectors, the kernels against the twin and against CPython's own."""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.machine.jit import Kernel, parse
from gauger.kernels.text import siphash
from tests.kernels import naive
from tests.kernels.strategies import NASTY, QUICK, WORD64, pack

# Aumasson and Bernstein's reference implementation, vectors.h: key 00 01 .. 0f, message 00 01 .. (n - 1).
SIPHASH_2_4 = (
    0x726FDB47DD0E0E31, 0x74F839C593DC67FD, 0x0D6C8009D9A94F5A, 0x85676696D7FB7E2D, 0xCF2794E0277187B7,
    0x18765564CD99A68D, 0xCBC9466E58FEE3CE, 0xAB0200F58B01D137, 0x93F5F5799A932462, 0x9E0082DF0BA9E4B0,
    0x7A5DBBC594DDB9F3, 0xF4B32F46226BADA7, 0x751E8FBC860EE5FB, 0x14EA5627C0843D90, 0xF723CA908E7AF2EE,
    0xA129CA6149BE45E5,
)  # fmt: skip
SIPHASH_2_4_128 = ("a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45")
KEY0, KEY1 = 0x0706050403020100, 0x0F0E0D0C0B0A0908
EDGES = [bytes(range(size)) for size in range(140)]


def hashed(data: bytes, key0: int = KEY0, key1: int = KEY1) -> int:
    """SipHash-1-3 of one string by the kernel."""
    out = np.zeros(1, np.uint64)
    siphash.hash_strings(key0, key1, *pack([data]), out)
    return int(out[0])


@lru_cache
def wide_kernel() -> Kernel:
    """The 128-bit hash of bytes by itself: the pass takes it of token ids only, so of multiples of four bytes."""
    hash_bytes_128, tail_word = siphash.hash_bytes_128, siphash.tail_word

    def hash_wide(key0, key1, data, out):
        address = data.ctypes.data
        out[0], out[1] = hash_bytes_128(key0, key1, address, data.size, tail_word(address, data.size))

    return Kernel(hash_wide, parse("void(u64, u64, u8_in, u64_out)", {}))


def hashed_wide(data: bytes, key0: int = KEY0, key1: int = KEY1) -> list[int]:
    """SipHash-1-3-128 of one string."""
    out = np.zeros(2, np.uint64)
    wide_kernel()(key0, key1, np.frombuffer(data, np.uint8), out)
    return out.tolist()


@pytest.mark.parametrize(("size", "expected"), [*enumerate(SIPHASH_2_4)])
def test_twin_has_the_published_vectors(size: int, expected: int) -> None:
    assert naive.siphash(KEY0, KEY1, bytes(range(size)), 2, 4) == [expected]


@pytest.mark.parametrize(("size", "expected"), [*enumerate(SIPHASH_2_4_128)])
def test_twin_has_the_published_wide_vectors(size: int, expected: str) -> None:
    words = naive.siphash(KEY0, KEY1, bytes(range(size)), 2, 4, wide=True)
    assert b"".join(word.to_bytes(8, "little") for word in words).hex() == expected


def test_kernel_is_cpythons_hash_of_bytes() -> None:
    assert sys.hash_info.algorithm == "siphash13"
    key0, key1 = (ctypes.c_uint64 * 2).in_dll(ctypes.pythonapi, "_Py_HashSecret")
    for data in EDGES[1:]:  # CPython gives the empty string 0
        assert hashed(data, key0, key1) == hash(data) % 2**64


@pytest.mark.parametrize("data", [*EDGES, NASTY["long word"]], ids=len)
def test_kernel_is_the_twin_at_every_length(data: bytes) -> None:
    assert [hashed(data)] == naive.siphash(KEY0, KEY1, data)
    assert hashed_wide(data) == naive.siphash(KEY0, KEY1, data, wide=True)


@QUICK
@given(st.binary(max_size=300), WORD64, WORD64)
def test_kernel_is_the_twin(data: bytes, key0: int, key1: int) -> None:
    assert [hashed(data, key0, key1)] == naive.siphash(key0, key1, data)
    assert hashed_wide(data, key0, key1) == naive.siphash(key0, key1, data, wide=True)


@QUICK
@given(st.lists(WORD64, max_size=20), WORD64, WORD64)
def test_words_are_hashed_as_their_eight_bytes(words: list[int], key0: int, key1: int) -> None:
    out = np.zeros(len(words), np.uint64)
    siphash.hash_words(key0, key1, np.array(words, np.uint64), out)
    assert out.tolist() == [naive.siphash(key0, key1, word.to_bytes(8, "little"))[0] for word in words]


@QUICK
@given(st.lists(st.binary(max_size=40), max_size=10), st.binary(max_size=9))
def test_strings_are_hashed_by_their_offsets(strings: list[bytes], before: bytes) -> None:
    values, offsets = pack(strings, before, b"tail")
    out = np.zeros(len(strings), np.uint64)
    siphash.hash_strings(KEY0, KEY1, values, offsets, out)
    assert out.tolist() == [naive.siphash(KEY0, KEY1, string)[0] for string in strings]
