"""The pass: one walk over a batch of prompts yields everything any sketch needs of them.

Text goes scan -> words -> hashes; token ids are hashed as they are. From the hashes on, both share the code. The
outputs are plain arrays, one row a prompt; no state is touched but the caller's own count-min and HyperLogLog, so
any number of threads may run the pass, each on its own batch with its own pair.
"""

from __future__ import annotations

import math

import numpy as np

from gauger.kernels import countmin, features, grams, hyperloglog, keys, minhash, shingles, tokens
from gauger.kernels.jit import (
    f32_out,
    i8_out2,
    i32_in,
    i32_out,
    i64,
    i64_in,
    i64_out,
    inline,
    kernel,
    u8_in,
    u8_out,
    u8_out2,
    u32_in2,
    u32_out,
    u32_out2,
    u64_in,
    u64_out,
    u64_out2,
    void,
)
from gauger.kernels.machine import fold_multiply, load8
from gauger.kernels.siphash import hash_bytes_128, hash_word, padded_tail_word, tail_word

U64, U32, U8 = np.uint64, np.uint32, np.uint8
WORD_REGISTER_BITS = 14
GRAMS_MAX = 2 * grams.END_TOKENS_MAX + grams.PAD


@inline
def is_space(byte):
    """ASCII white space."""
    return byte == U64(32) or (byte >= U64(9) and byte <= U64(13))


@inline
def trim(scratch, length):
    """Start and end of a scanned prompt without the white space around it: what the normalised prompt is."""
    start, end = 0, length
    while start < end and is_space(load8(scratch + start)):
        start += 1
    while end > start and is_space(load8(scratch + end - 1)):
        end -= 1
    return start, end


@inline
def hash_prompt(scratch, start, end, key, out):
    """128-bit hash of the normalised prompt scratch[start:end], which is in ASCII lower case already."""
    tail = padded_tail_word(scratch + start, end - start)
    out[0], out[1] = hash_bytes_128(key[keys.PROMPT], key[keys.PROMPT + 1], scratch + start, end - start, tail)


@inline
def hash_ids(address, length, key, out):
    """128-bit hash of the raw token ids."""
    tail = tail_word(address, length)
    out[0], out[1] = hash_bytes_128(key[keys.PROMPT], key[keys.PROMPT + 1], address, length, tail)


@inline
def find_phrases(elements, count, phrases, phrase_flags):
    """Union of the flags of the phrases whose shingle occurs."""
    flags = U8(0)
    mask = U64(phrases.size - 1)
    for i in range(count):
        slot = features.table_find(phrases, mask, elements[i])
        if slot >= 0:
            flags |= phrase_flags[slot]
    return flags


@inline
def count_words(hashes, count, key, word_counts, word_registers, reference, reference_words):
    """Update the stream's word sketches; returns the mean self-information of the words under the reference, nats."""
    information = 0.0
    for i in range(count):
        countmin.add(word_counts, hashes[i], key)
        mixed = fold_multiply(hashes[i] ^ key[keys.REGISTER], key[keys.COLUMN])
        hyperloglog.update(word_registers, WORD_REGISTER_BITS, mixed)
        if reference_words > 0:
            seen = np.int64(countmin.query(reference, hashes[i], key))
            information += math.log((reference_words + 1.0) / (seen + 1.0))
    if reference_words == 0 or count == 0:
        return np.float32(np.nan)
    return np.float32(information / count)


@inline
def short_signature(slots, out):
    """Keep the low 8 bits of each slot."""
    for j in range(minhash.SLOTS):
        out[j] = U8(slots[j] & U32(255))


@kernel(
    void(
        u8_in, i64_in, u64_in, u64_in, u8_in, u64_in, u8_in, u32_out2, u8_out, u32_in2, i64,
        u64_out2, i32_out, u8_out2, i8_out2, f32_out, u8_out, i64_out, u32_out,
    )
)  # fmt: skip
def measure_text(
    values, offsets, key, function_words, function_tags, phrases, phrase_flags,
    word_counts, word_registers, reference, reference_words,
    prompt_hashes, word_totals, signatures, feature_rows, novelty, flags, gram_offsets, gram_values,
):  # fmt: skip
    """Measure a batch of UTF-8 prompts.

    values, offsets : uint8 buffer and int64[n + 1] byte offsets into it
    key : uint64[KEY_WORDS]; function_words/_tags, phrases/_flags : open-addressing tables (``features.table_find``)
    word_counts, word_registers : this thread's count-min and HyperLogLog of words, updated
    reference, reference_words : count-min of the reference's words and their number (0 = no reference)
    prompt_hashes : uint64[n, 2]; word_totals : int32[n]; signatures : uint8[n, SLOTS]
    feature_rows : int8[n, FEATURES]; novelty : float32[n], nats, NaN without a reference; flags : uint8[n]
    gram_offsets : int64[n + 1]; gram_values : uint32, at least the sum of min(bytes, GRAMS_MAX) + PAD
    """
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    scratch_array = np.empty(longest + tokens.SLACK, np.uint8)
    edge_array = np.empty(64, np.uint8)
    masks = np.empty(longest // 64 + 1, np.uint64)
    starts = np.empty(longest // 2 + 2, np.int64)
    ends = np.empty(longest // 2 + 2, np.int64)
    hashes = np.empty(longest // 2 + 2, np.uint64)
    elements = np.empty(longest // 2 + 2, np.uint64)
    frame = np.empty(longest + 1, np.uint64)
    slots = np.empty(minhash.SLOTS, np.uint32)
    lanes = np.empty(features.FEATURES, np.int32)
    counts = np.empty(tokens.BYTE_CLASSES, np.int64)
    base, scratch, edge = values.ctypes.data, scratch_array.ctypes.data, edge_array.ctypes.data
    gram_offsets[0] = 0
    for i in range(offsets.size - 1):
        source, length = base + offsets[i], offsets[i + 1] - offsets[i]
        tokens.scan(source, length, scratch, edge, masks, counts)
        words = tokens.spans(scratch, length, masks, counts[tokens.HIGH] > 0, starts, ends)
        tokens.hash_spans(scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], hashes)
        first, last = trim(scratch, length)
        hash_prompt(scratch, first, last, key, prompt_hashes[i])
        word_totals[i] = words
        shingle_count = shingles.shingle(hashes, words, key, elements)
        flags[i] = find_phrases(elements, shingle_count, phrases, phrase_flags)
        minhash.sign(elements, shingle_count, key, slots)
        short_signature(slots, signatures[i])
        novelty[i] = count_words(hashes, words, key, word_counts, word_registers, reference, reference_words)
        lanes[:] = 0
        inside = features.add_words(
            source, scratch, starts, ends, hashes, words, key, function_words, function_tags, lanes
        )
        features.add_layout(source, length, counts, inside, words, lanes)
        lanes[features.length_lane(length)] = 1
        features.add_characters(scratch, length, key[keys.CHARACTERS] | U64(1), lanes)
        features.write_features(lanes, feature_rows[i])
        frame_count = grams.frame_tokens(scratch, first, last, starts, ends, hashes, words, key, frame)
        gram_offsets[i + 1] = grams.write_grams(frame, frame_count, key, gram_values, gram_offsets[i])
    # Numba frees an array after its last mention, and does not know that an address into it is still in use.
    scratch_array[0], edge_array[0] = U8(0), U8(0)


@kernel(
    void(
        i32_in, i64_in, u64_in, u32_out2, u8_out, u32_in2, i64,
        u64_out2, i32_out, u8_out2, i8_out2, f32_out, i64_out, u32_out,
    )
)  # fmt: skip
def measure_token_ids(
    values, offsets, key, word_counts, word_registers, reference, reference_words,
    prompt_hashes, word_totals, signatures, feature_rows, novelty, gram_offsets, gram_values,
):  # fmt: skip
    """Measure a batch of prompts given as token ids; arguments as in ``measure_text``.

    There is no text, so the LAYOUT and CHARACTERS blocks stay zero and SPEECH holds pairs of neighbouring ids.
    """
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    hashes = np.empty(longest + 1, np.uint64)
    elements = np.empty(longest + 1, np.uint64)
    slots = np.empty(minhash.SLOTS, np.uint32)
    lanes = np.empty(features.FEATURES, np.int32)
    base = values.ctypes.data
    gram_offsets[0] = 0
    for i in range(offsets.size - 1):
        count = offsets[i + 1] - offsets[i]
        for j in range(count):
            hashes[j] = hash_word(key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1], U64(values[offsets[i] + j]))
        # Hashed as bytes without the padded load: an Arrow buffer may end here.
        hash_ids(base + 4 * offsets[i], 4 * count, key, prompt_hashes[i])
        word_totals[i] = count
        shingle_count = shingles.shingle(hashes, count, key, elements)
        minhash.sign(elements, shingle_count, key, slots)
        short_signature(slots, signatures[i])
        novelty[i] = count_words(hashes, count, key, word_counts, word_registers, reference, reference_words)
        lanes[:] = 0
        for j in range(count):
            mixed = fold_multiply(hashes[j] ^ key[keys.CHARACTERS], key[keys.SPEECH])
            features.signed_add(lanes, features.WORDS, U64(255), mixed, np.int32(1))
            if j > 0:
                pair = fold_multiply(hashes[j - 1] ^ key[keys.SPEECH], hashes[j] ^ key[keys.CHARACTERS])
                features.signed_add(lanes, features.SPEECH, U64(127), pair, np.int32(1))
        lanes[features.length_lane(count)] = 1
        features.write_features(lanes, feature_rows[i])
        gram_offsets[i + 1] = grams.write_grams(hashes, count, key, gram_values, gram_offsets[i])


@kernel(void(u8_in, i64_in, u64_in, i64_out, u64_out))
def hash_words_of(values, offsets, key, word_offsets, out):
    """Word hashes of each text: word_offsets int64[n + 1], out uint64 (at least bytes // 2 + 1 a text)."""
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    scratch_array = np.empty(longest + tokens.SLACK, np.uint8)
    edge_array = np.empty(64, np.uint8)
    masks = np.empty(longest // 64 + 1, np.uint64)
    starts = np.empty(longest // 2 + 2, np.int64)
    ends = np.empty(longest // 2 + 2, np.int64)
    counts = np.empty(tokens.BYTE_CLASSES, np.int64)
    scratch, edge = scratch_array.ctypes.data, edge_array.ctypes.data
    word_offsets[0] = 0
    for i in range(offsets.size - 1):
        length = offsets[i + 1] - offsets[i]
        tokens.scan(values.ctypes.data + offsets[i], length, scratch, edge, masks, counts)
        words = tokens.spans(scratch, length, masks, counts[tokens.HIGH] > 0, starts, ends)
        at = word_offsets[i]
        tokens.hash_spans(scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], out[at:])
        word_offsets[i + 1] = at + words
    # Numba frees an array after its last mention, and does not know that an address into it is still in use.
    scratch_array[0], edge_array[0] = U8(0), U8(0)
