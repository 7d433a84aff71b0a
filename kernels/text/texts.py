"""Sketches of texts by themselves: signatures, HyperLogLog and count-min of words, without the rest of the pass.

What each writes is what the pass (``measuring``) would have written with the same key; ``_hash_text`` is the one place
where a text becomes word hashes. Text i is values[offsets[i]:offsets[i + 1]]; ``key`` is uint64[KEY_WORDS].
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.sketches import countmin, hyperloglog, minhash
from gauger.kernels.text import shingles, tokens
from gauger.kernels.text.siphash import hash_word

U64 = np.uint64


@inline
def _hash_text(source, length, key, text, spans, work):
    """Word hashes of ``length`` bytes at ``source`` into the first row of the scratch returned, and how many."""
    scratch, edge = tokens.addresses(text)
    masks, marks, heads, counts = text[2], text[3], text[4], text[5]
    most = tokens.scan(source, length, scratch, edge, masks, marks, counts)
    if most >= tokens.room(spans):
        spans, work = tokens.word_scratch(most, 3)
    words = tokens.spans(scratch, length, masks, marks, heads, counts[tokens.HIGH] > 0, spans)
    starts, ends = spans[tokens.STARTS], spans[tokens.ENDS]
    tokens.hash_spans(scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], work[1], work[0])
    return spans, work, words


@kernel("void(u8_in, i64_in, u64_in, u32_out2)")
def sign_texts(values, offsets, key, out):
    """Signature of the word 3-shingles of each text (values, offsets, key). out : uint32[n, SLOTS]."""
    text = tokens.text_scratch(tokens.longest_of(offsets))
    spans, work = tokens.word_scratch(0, 3)
    own_keys = minhash.slot_keys(key)
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        spans, work, words = _hash_text(source, length, key, text, spans, work)
        minhash.sign(work[2], shingles.shingle(work[0], words, key, work[2]), key, own_keys, out[i])
    tokens.keep(text)


@kernel("void(i32_in, i64_in, u64_in, u32_out2)")
def sign_token_ids(values, offsets, key, out):
    """Signature of the 3-shingles of each list of token ids (values, offsets, key). out : uint32[n, SLOTS]."""
    longest = tokens.longest_of(offsets)
    hashes = np.empty(longest + 1, np.uint64)
    elements = np.empty(longest + 1, np.uint64)
    own_keys = minhash.slot_keys(key)
    for i in range(offsets.size - 1):
        count = offsets[i + 1] - offsets[i]
        for j in range(count):
            hashes[j] = hash_word(key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1], U64(values[offsets[i] + j]))
        minhash.sign(elements, shingles.shingle(hashes, count, key, elements), key, own_keys, out[i])


@kernel("void(u8_in, i64_in, u64_in, u8_out, i64)")
def register_words(values, offsets, key, registers, bits):
    """Add the words of each text (values, offsets, key) to a HyperLogLog. registers : uint8[2^bits]."""
    text = tokens.text_scratch(tokens.longest_of(offsets))
    spans, work = tokens.word_scratch(0, 3)
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        spans, work, words = _hash_text(source, length, key, text, spans, work)
        hyperloglog.update_words(registers, bits, work[0], words, key)
    tokens.keep(text)


@kernel("i64(u8_in, i64_in, u64_in, u32_out2)")
def count_words(values, offsets, key, counts):
    """Add the words of each text (values, offsets, key) to a count-min; returns their number. counts : uint32[d, w]."""
    text = tokens.text_scratch(tokens.longest_of(offsets))
    spans, work = tokens.word_scratch(0, 3)
    total = 0
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        spans, work, words = _hash_text(source, length, key, text, spans, work)
        countmin.add_all(counts, work[0], words, key)
        total += words
    tokens.keep(text)
    return total


@kernel("i64(u8_in, i64_in, u64_in, u32_in2, u32_out)")
def query_words(values, offsets, key, counts, out):
    """Count of each text, which is one word, in a count-min of words; returns the first row that is not, or -1.

    values, offsets, key : of the texts; counts : as in ``count_words``; out : uint32[n]
    """
    text = tokens.text_scratch(tokens.longest_of(offsets))
    spans, work = tokens.word_scratch(0, 3)
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        spans, work, words = _hash_text(source, length, key, text, spans, work)
        if words != 1:
            return i
        out[i] = countmin.query(counts, work[0, 0], key)
    tokens.keep(text)
    return -1


@kernel("void(u8_in, i64_in, u64_in, i64_out, u64_out)")
def hash_words_of(values, offsets, key, word_offsets, out):
    """Word hashes of each text (values, offsets, key): word_offsets int64[n + 1], out uint64, bytes // 2 + 1 a text."""
    text = tokens.text_scratch(tokens.longest_of(offsets))
    spans, work = tokens.word_scratch(0, 3)
    word_offsets[0] = 0
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        spans, work, words = _hash_text(source, length, key, text, spans, work)
        at = word_offsets[i]
        out[at : at + words] = work[0, :words]
        word_offsets[i + 1] = at + words
    tokens.keep(text)
