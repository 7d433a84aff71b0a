"""Sketches of texts by themselves: signatures, HyperLogLog and count-min of words, without the rest of the pass.

What each writes is what the pass (``calls``) would have written with the same key; ``_hash_text`` is the one place
where a text becomes word hashes.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels import countmin, hyperloglog, keys, minhash, shingles, tokens
from gauger.kernels.jit import (
    i32_in,
    i64,
    i64_in,
    inline,
    kernel,
    u8_in,
    u8_out,
    u32_in2,
    u32_out,
    u32_out2,
    u64_in,
    void,
)
from gauger.kernels.machine import fold_multiply
from gauger.kernels.siphash import hash_word

U64 = np.uint64


@inline
def _longest(offsets):
    """Length of the longest row."""
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest


@inline
def _scratch(longest):
    """What ``_hash_text`` works in: lower-cased bytes, last block, word masks, starts, ends, byte classes, hashes.

    Passed on as arrays, not as addresses: Numba frees an array after its last use by name, and an address is none.
    """
    return (
        np.empty(longest + tokens.SLACK, np.uint8),
        np.empty(64, np.uint8),
        np.empty(longest // 64 + 1, np.uint64),
        np.empty(longest // 2 + 2, np.int64),
        np.empty(longest // 2 + 2, np.int64),
        np.empty(tokens.BYTE_CLASSES, np.int64),
        np.empty(longest // 2 + 2, np.uint64),
    )


@inline
def _hash_text(source, length, key, scratch):
    """Word hashes of ``length`` bytes at ``source`` into the last array of ``scratch``; returns how many."""
    lowered, edge, masks, starts, ends, classes, hashes = scratch
    address = lowered.ctypes.data
    tokens.scan(source, length, address, edge.ctypes.data, masks, classes)
    words = tokens.spans(address, length, masks, classes[tokens.HIGH] > 0, starts, ends)
    tokens.hash_spans(address, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], hashes)
    return words


@kernel(void(u8_in, i64_in, u64_in, u32_out2))
def sign_texts(values, offsets, key, out):
    """Signature of the word 3-shingles of each text ``values[offsets[i]:offsets[i + 1]]``. out : uint32[n, SLOTS]."""
    longest = _longest(offsets)
    scratch = _scratch(longest)
    elements = np.empty(longest // 2 + 2, np.uint64)
    for i in range(offsets.size - 1):
        words = _hash_text(values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i], key, scratch)
        count = shingles.shingle(scratch[6], words, key, elements)
        minhash.sign(elements, count, key, out[i])


@kernel(void(i32_in, i64_in, u64_in, u32_out2))
def sign_token_ids(values, offsets, key, out):
    """Signature of the 3-shingles of each list of token ids. out : uint32[n, SLOTS]."""
    longest = _longest(offsets)
    hashes = np.empty(longest + 1, np.uint64)
    elements = np.empty(longest + 1, np.uint64)
    for i in range(offsets.size - 1):
        count = offsets[i + 1] - offsets[i]
        for j in range(count):
            hashes[j] = hash_word(key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1], U64(values[offsets[i] + j]))
        minhash.sign(elements, shingles.shingle(hashes, count, key, elements), key, out[i])


@kernel(void(u8_in, i64_in, u64_in, u8_out, i64))
def register_words(values, offsets, key, registers, bits):
    """Add the words of each text to a HyperLogLog, uint8[2^bits], as the pass does."""
    scratch = _scratch(_longest(offsets))
    for i in range(offsets.size - 1):
        words = _hash_text(values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i], key, scratch)
        for j in range(words):
            mixed = fold_multiply(scratch[6][j] ^ key[keys.REGISTER], key[keys.COLUMN])
            hyperloglog.update(registers, bits, mixed)


@kernel(i64(u8_in, i64_in, u64_in, u32_out2))
def count_words(values, offsets, key, counts):
    """Add the words of each text to a count-min, uint32[depth, width]; returns their number."""
    scratch = _scratch(_longest(offsets))
    total = 0
    for i in range(offsets.size - 1):
        words = _hash_text(values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i], key, scratch)
        for j in range(words):
            countmin.add(counts, scratch[6][j], key)
        total += words
    return total


@kernel(i64(u8_in, i64_in, u64_in, u32_in2, u32_out))
def query_words(values, offsets, key, counts, out):
    """Count of each text, which is one word, in a count-min of words; returns the first row that is not, or -1."""
    scratch = _scratch(_longest(offsets))
    for i in range(offsets.size - 1):
        words = _hash_text(values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i], key, scratch)
        if words != 1:
            return i
        out[i] = countmin.query(counts, scratch[6][0], key)
    return -1
