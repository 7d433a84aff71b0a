"""One sketch alone from raw text: MinHash signatures, distinct words, word counts.

The pass (``calls``) yields all of these and more in one walk; these walk for one of them.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels import countmin, hyperloglog, keys, minhash, shingles, tokens
from gauger.kernels.jit import i32_in, i64, i64_in, inline, kernel, u8_in, u8_out, u32_out2, u64_in, void
from gauger.kernels.machine import fold_multiply
from gauger.kernels.siphash import hash_word

U64 = np.uint64


@inline
def longest_of(offsets):
    """Length of the longest text."""
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest


@inline
def words_of(source, length, key, scratch, edge, masks, counts, starts, ends, hashes):
    """Word hashes of one text; returns how many."""
    tokens.scan(source, length, scratch, edge, masks, counts)
    words = tokens.spans(scratch, length, masks, counts[tokens.HIGH] > 0, starts, ends)
    tokens.hash_spans(scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], hashes)
    return words


@kernel(void(u8_in, i64_in, u64_in, u32_out2))
def sign_texts(values, offsets, key, out):
    """MinHash signature of each text's word shingles. out : uint32[n, SLOTS]."""
    longest = longest_of(offsets)
    scratch_array = np.empty(longest + tokens.SLACK, np.uint8)
    edge_array = np.empty(64, np.uint8)
    masks = np.empty(longest // 64 + 1, np.uint64)
    starts = np.empty(longest // 2 + 2, np.int64)
    ends = np.empty(longest // 2 + 2, np.int64)
    hashes = np.empty(longest // 2 + 2, np.uint64)
    elements = np.empty(longest // 2 + 2, np.uint64)
    counts = np.empty(tokens.BYTE_CLASSES, np.int64)
    base, scratch, edge = values.ctypes.data, scratch_array.ctypes.data, edge_array.ctypes.data
    for i in range(offsets.size - 1):
        source, length = base + offsets[i], offsets[i + 1] - offsets[i]
        words = words_of(source, length, key, scratch, edge, masks, counts, starts, ends, hashes)
        minhash.sign(elements, shingles.shingle(hashes, words, key, elements), key, out[i])


@kernel(void(i32_in, i64_in, u64_in, u32_out2))
def sign_token_ids(values, offsets, key, out):
    """MinHash signature of each prompt's token-id shingles. out : uint32[n, SLOTS]."""
    longest = longest_of(offsets)
    hashes = np.empty(longest + 1, np.uint64)
    elements = np.empty(longest + 1, np.uint64)
    for i in range(offsets.size - 1):
        count = offsets[i + 1] - offsets[i]
        for j in range(count):
            hashes[j] = hash_word(key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1], U64(values[offsets[i] + j]))
        minhash.sign(elements, shingles.shingle(hashes, count, key, elements), key, out[i])


@kernel(void(u8_in, i64_in, u64_in, u8_out, i64))
def register_words(values, offsets, key, registers, bits):
    """Add every word to a HyperLogLog of 2^bits registers."""
    longest = longest_of(offsets)
    scratch_array = np.empty(longest + tokens.SLACK, np.uint8)
    edge_array = np.empty(64, np.uint8)
    masks = np.empty(longest // 64 + 1, np.uint64)
    starts = np.empty(longest // 2 + 2, np.int64)
    ends = np.empty(longest // 2 + 2, np.int64)
    hashes = np.empty(longest // 2 + 2, np.uint64)
    counts = np.empty(tokens.BYTE_CLASSES, np.int64)
    base, scratch, edge = values.ctypes.data, scratch_array.ctypes.data, edge_array.ctypes.data
    for i in range(offsets.size - 1):
        source, length = base + offsets[i], offsets[i + 1] - offsets[i]
        words = words_of(source, length, key, scratch, edge, masks, counts, starts, ends, hashes)
        for j in range(words):
            mixed = fold_multiply(hashes[j] ^ key[keys.REGISTER], key[keys.COLUMN])
            hyperloglog.update(registers, bits, mixed)


@kernel(void(u8_in, i64_in, u64_in, u32_out2))
def count_words(values, offsets, key, counts):
    """Count every word in a count-min sketch. counts : uint32[depth, width]."""
    longest = longest_of(offsets)
    scratch_array = np.empty(longest + tokens.SLACK, np.uint8)
    edge_array = np.empty(64, np.uint8)
    masks = np.empty(longest // 64 + 1, np.uint64)
    starts = np.empty(longest // 2 + 2, np.int64)
    ends = np.empty(longest // 2 + 2, np.int64)
    hashes = np.empty(longest // 2 + 2, np.uint64)
    classes = np.empty(tokens.BYTE_CLASSES, np.int64)
    base, scratch, edge = values.ctypes.data, scratch_array.ctypes.data, edge_array.ctypes.data
    for i in range(offsets.size - 1):
        source, length = base + offsets[i], offsets[i + 1] - offsets[i]
        words = words_of(source, length, key, scratch, edge, masks, classes, starts, ends, hashes)
        for j in range(words):
            countmin.add(counts, hashes[j], key)
