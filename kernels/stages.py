"""The pass, stopped after each of its steps: how a bench learns what a step costs.

``run`` is the body of ``calls.measure_text`` with a place to stop; run to the end it yields the same (tested). A step's
time is that of the prefix that ends with it less that of the prefix before. Nothing else calls it.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels import calls, features, grams, keys, minhash, shingles, tokens
from gauger.kernels.jit import (
    f32_out,
    i8_out2,
    i32_out,
    i64,
    i64_in,
    i64_out,
    kernel,
    u8_in,
    u8_out,
    u8_out2,
    u32_in2,
    u32_out,
    u32_out2,
    u64_in,
    u64_out2,
    void,
)

U64 = np.uint64
STAGES = (
    "scan and fold case",
    "word spans",
    "word hashes",
    "prompt hash",
    "shingles and phrases",
    "MinHash",
    "word sketches",
    "word features",
    "layout and character features",
    "frame grams",
)


@kernel(
    void(
        i64, u8_in, i64_in, u64_in, u64_in, u8_in, u64_in, u8_in, u32_out2, u8_out, u32_in2, i64,
        u64_out2, i32_out, u8_out2, i8_out2, f32_out, u8_out, i64_out, u32_out,
    )
)  # fmt: skip
def run(
    depth, values, offsets, key, function_words, function_tags, phrases, phrase_flags,
    word_counts, word_registers, reference, reference_words,
    prompt_hashes, word_totals, signatures, feature_rows, novelty, flags, gram_offsets, gram_values,
):  # fmt: skip
    """The first ``depth`` of STAGES on each prompt; the other arguments are those of ``calls.measure_text``."""
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
        if depth < 2:
            continue
        words = tokens.spans(scratch, length, masks, counts[tokens.HIGH] > 0, starts, ends)
        if depth < 3:
            continue
        tokens.hash_spans(scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], hashes)
        word_totals[i] = words
        if depth < 4:
            continue
        first, last = calls.trim(scratch, length)
        calls.hash_prompt(scratch, first, last, key, prompt_hashes[i])
        if depth < 5:
            continue
        shingle_count = shingles.shingle(hashes, words, key, elements)
        flags[i] = calls.find_phrases(elements, shingle_count, phrases, phrase_flags)
        if depth < 6:
            continue
        minhash.sign(elements, shingle_count, key, slots)
        calls.short_signature(slots, signatures[i])
        if depth < 7:
            continue
        novelty[i] = calls.count_words(hashes, words, key, word_counts, word_registers, reference, reference_words)
        if depth < 8:
            continue
        lanes[:] = 0
        inside = features.add_words(
            source, scratch, starts, ends, hashes, words, key, function_words, function_tags, lanes
        )
        if depth < 9:
            continue
        features.add_layout(source, length, counts, inside, words, lanes)
        lanes[features.length_lane(length)] = 1
        features.add_characters(scratch, length, key[keys.CHARACTERS] | U64(1), lanes)
        features.write_features(lanes, feature_rows[i])
        if depth < 10:
            continue
        frame_count = grams.frame_tokens(scratch, first, last, starts, ends, hashes, words, key, frame)
        gram_offsets[i + 1] = grams.write_grams(frame, frame_count, key, gram_values, gram_offsets[i])
