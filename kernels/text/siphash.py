"""SipHash-1-3: the keyed hash under everything that decides anything.

Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", Indocrypt 2012; the 1-3 variant (one compression
round, three finalisation rounds) is the one CPython and Rust use for hash tables against chosen input.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import load8, load64, sip_compress, store8, store64

U64 = np.uint64


@inline
def rotate_left(x, bits):
    """Rotate a uint64 left."""
    return (x << U64(bits)) | (x >> U64(64 - bits))


@inline
def sip_round(v0, v1, v2, v3):
    """One SipRound of the four state words."""
    v0 = v0 + v1
    v1 = rotate_left(v1, 13) ^ v0
    v0 = rotate_left(v0, 32)
    v2 = v2 + v3
    v3 = rotate_left(v3, 16) ^ v2
    v0 = v0 + v3
    v3 = rotate_left(v3, 21) ^ v0
    v2 = v2 + v1
    v1 = rotate_left(v1, 17) ^ v2
    v2 = rotate_left(v2, 32)
    return v0, v1, v2, v3


@inline
def tail_word(address, length):
    """The last ``length & 7`` bytes as a word, with the length in the top byte, as SipHash pads. Reads no byte more."""
    word = U64(length) << U64(56)
    start = address + (length & ~7)
    for i in range(length & 7):
        word |= load8(start + i) << U64(8 * i)
    return word


@inline
def padded_tail_word(address, length):
    """As ``tail_word``, in one load: eight bytes past the end must be readable (scratch, never an Arrow buffer)."""
    rest = length & 7
    word = load64(address + (length & ~7)) & ((U64(1) << U64(8 * rest)) - U64(1))
    return word | (U64(length) << U64(56))


@inline
def copy_rest(source, length, edge):
    """Copy fewer than 64 bytes to the 64 at ``edge``, zero-padded; reads no byte more."""
    for i in range(0, 64, 8):
        store64(edge + i, U64(0))
    words = length & ~7
    for i in range(0, words, 8):
        store64(edge + i, load64(source + i))
    for i in range(words, length):
        store8(edge + i, load8(source + i))


@inline
def hash_bytes(key0, key1, address, length, tail):
    """SipHash-1-3 of ``length`` bytes at ``address``; ``tail`` is its padded last word."""
    v0 = key0 ^ U64(0x736F6D6570736575)
    v1 = key1 ^ U64(0x646F72616E646F6D)
    v2 = key0 ^ U64(0x6C7967656E657261)
    v3 = key1 ^ U64(0x7465646279746573)
    at = address
    end = address + (length & ~7)
    while at < end:
        word = load64(at)
        v3 ^= word
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0 ^= word
        at += 8
    v3 ^= tail
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= tail
    v2 ^= U64(0xFF)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inline
def hash_word(key0, key1, word):
    """SipHash-1-3 of one eight-byte word."""
    v0 = key0 ^ U64(0x736F6D6570736575)
    v1 = key1 ^ U64(0x646F72616E646F6D)
    v2 = key0 ^ U64(0x6C7967656E657261)
    v3 = key1 ^ U64(0x7465646279746573)
    v3 ^= word
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= word
    length = U64(8) << U64(56)
    v3 ^= length
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= length
    v2 ^= U64(0xFF)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inline
def hash_two_words(key0, key1, firsts, tails, count):
    """SipHash-1-3 of ``count`` strings of fewer than 16 bytes, in place of their padded tail words.

    firsts : uint64, the first eight bytes of each (anything for a string of fewer than eight); tails : uint64, the
    padded last word of each, overwritten with the hash. Without a branch: vector code.
    """
    for i in range(count):
        v0 = key0 ^ U64(0x736F6D6570736575)
        v1 = key1 ^ U64(0x646F72616E646F6D)
        v2 = key0 ^ U64(0x6C7967656E657261)
        v3 = key1 ^ U64(0x7465646279746573)
        tail, first = tails[i], firsts[i]
        w0, w1, w2, w3 = sip_round(v0, v1, v2, v3 ^ first)
        two = tail >= U64(8 << 56)
        v0 = w0 ^ first if two else v0
        v1 = w1 if two else v1
        v2 = w2 if two else v2
        v3 = w3 if two else v3
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3 ^ tail)
        v0 ^= tail
        v2 ^= U64(0xFF)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        tails[i] = v0 ^ v1 ^ v2 ^ v3


@inline
def hash_bytes_128(key0, key1, address, length, tail):
    """SipHash-1-3-128 of ``length`` bytes at ``address``: two words."""
    v0 = key0 ^ U64(0x736F6D6570736575)
    v1 = key1 ^ U64(0x646F72616E646F6D) ^ U64(0xEE)
    v2 = key0 ^ U64(0x6C7967656E657261)
    v3 = key1 ^ U64(0x7465646279746573)
    at = address
    end = address + (length & ~7)
    while at < end:
        word = load64(at)
        v3 ^= word
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0 ^= word
        at += 8
    v3 ^= tail
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= tail
    v2 ^= U64(0xEE)
    for _ in range(3):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    first = v0 ^ v1 ^ v2 ^ v3
    v1 ^= U64(0xDD)
    for _ in range(3):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return first, v0 ^ v1 ^ v2 ^ v3


@inline
def hash_lanes_128(key0, key1, address, length, edge):
    """SipHash-1-3-128 over a long string's eight lane hashes: a hash of 128 bits at several times the speed.

    Lane j takes the j-th eight bytes of every 64, the last block zero-padded; each lane is a SipHash-1-3 of its own,
    and their eight digests, then the length, are hashed in turn. Two strings that differ in one lane only share a
    digest with probability 2^-64, as under SipHash itself.

    edge : address of 64 bytes for the last block, and 256 more for the lanes, all scratch
    """
    state = edge + 64
    for lane in range(0, 64, 8):
        store64(state + lane, key0 ^ U64(0x736F6D6570736575))
        store64(state + 64 + lane, key1 ^ U64(0x646F72616E646F6D))
        store64(state + 128 + lane, key0 ^ U64(0x6C7967656E657261))
        store64(state + 192 + lane, key1 ^ U64(0x7465646279746573))
    whole = length & ~63
    copy_rest(address + whole, length - whole, edge)
    sip_compress(state, address, whole >> 6)
    sip_compress(state, edge, 1)
    for lane in range(0, 64, 8):
        v0, v1 = load64(state + lane), load64(state + 64 + lane)
        v2, v3 = load64(state + 128 + lane) ^ U64(0xFF), load64(state + 192 + lane)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        store64(state + lane, v0 ^ v1 ^ v2 ^ v3)
    return hash_bytes_128(key0, key1, state, 64, U64(length))


@kernel("void(u64, u64, u64_in, u64_out)")
def hash_words(key0, key1, words, out):
    """SipHash-1-3 of each uint64 in ``words`` under the key (key0, key1). out : uint64, as many."""
    for i in range(words.size):
        out[i] = hash_word(key0, key1, words[i])


@kernel("void(u64, u64, u8_in, i64_in, u64_out)")
def hash_strings(key0, key1, values, offsets, out):
    """SipHash-1-3 of each string values[offsets[i]:offsets[i + 1]] under the key (key0, key1). out : uint64[n]."""
    base = values.ctypes.data
    for i in range(offsets.size - 1):
        address = base + offsets[i]
        length = offsets[i + 1] - offsets[i]
        out[i] = hash_bytes(key0, key1, address, length, tail_word(address, length))
