"""The pass: one walk over a batch of prompts yields everything any sketch needs of them.

Text goes scan -> words -> hashes; token ids are hashed as they are. From the hashes on, both share the code. The
outputs are plain arrays, one row a prompt; no state is touched but the caller's own count-min and HyperLogLog, so
any number of threads may run the pass, each on its own batch with its own pair.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.machine.vectors import load8, scalar
from gauger.kernels.sketches import countmin, hyperloglog, minhash
from gauger.kernels.text import features, grams, lookup, shingles, tokens
from gauger.kernels.text.siphash import hash_bytes_128, hash_lanes_128, hash_word, tail_word

U64, U32, U8 = np.uint64, np.uint32, np.uint8
WORD_REGISTER_BITS = 14
ELEMENTS, WORK = features.COLUMNS, features.COLUMNS + 1  # the last row of scratch, behind those of the features
# What ``measure_text`` does with a prompt, in order; a later step needs the earlier ones.
STEPS = (
    "scan and lower-case",
    "word spans",
    "word and prompt hashes",
    "shingles and phrases",
    "MinHash",
    "word sketches",
    "features",
    "frame grams",
)


class Prompts(NamedTuple):
    """Prompts as an Arrow column has them: prompt i is values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # uint8, UTF-8; or int32, token ids
    offsets: np.ndarray  # int64[n + 1]


class Tables(NamedTuple):
    """``lookup`` tables, uint64."""

    function_words: np.ndarray  # of word hashes
    phrases: np.ndarray  # of shingle hashes


class Words(NamedTuple):
    """One thread's sketches of the words it has seen."""

    counts: np.ndarray  # uint32[depth, width], a count-min
    registers: np.ndarray  # uint8[2^WORD_REGISTER_BITS], a HyperLogLog


class Reference(NamedTuple):
    """Words of the reference."""

    counts: np.ndarray  # uint32[depth, width], a count-min
    total: int  # 0 = no reference


class Measures(NamedTuple):
    """What the pass yields for n prompts."""

    prompt_hashes: np.ndarray  # uint64[n, 2], keyed hash of the normalised prompt
    words: np.ndarray  # int32[n], words (or token ids)
    signatures: np.ndarray  # uint8[n, SLOTS], b-bit MinHash of word 3-shingles
    features: np.ndarray  # int8[n, FEATURES], kernel-mean blocks
    novelty: np.ndarray  # float32[n], nats; NaN without a reference
    flags: np.ndarray  # uint8[n], elicitation
    gram_offsets: np.ndarray  # int64[n + 1]
    grams: np.ndarray  # uint32, frame grams; room for the sum of min(bytes, GRAMS_MAX) + PAD


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
def hash_prompt(scratch, start, end, key, edge, out):
    """128-bit hash of the normalised prompt scratch[start:end], which is in ASCII lower case already."""
    key0, key1 = key[keys.PROMPT], key[keys.PROMPT + 1]
    out[0], out[1] = hash_lanes_128(key0, key1, scratch + start, end - start, edge)


@inline
def hash_ids(address, length, key, out):
    """128-bit hash of the raw token ids."""
    tail = tail_word(address, length)
    out[0], out[1] = hash_bytes_128(key[keys.PROMPT], key[keys.PROMPT + 1], address, length, tail)


@inline
def find_phrases(elements, count, phrases):
    """Union of the flags of the phrases whose shingle occurs. phrases : a ``lookup`` table."""
    flags = U64(0)
    for i in range(count):
        scalar()
        label = lookup.find(phrases, elements[i])
        flags |= label if label < lookup.NONE else U64(0)
    return U8(flags)


@inline
def count_words(hashes, count, key, sketches):
    """Update the stream's word sketches."""
    countmin.add_all(sketches.counts, hashes, count, key)
    hyperloglog.update_words(sketches.registers, WORD_REGISTER_BITS, hashes, count, key)


@inline
def mean_information(hashes, count, key, reference):
    """Mean self-information of the words under the reference's count-min, nats; NaN without words or a reference."""
    if reference.total == 0 or count == 0:
        return np.float32(np.nan)
    logarithms = 0.0
    product = 1.0
    for i in range(count):
        scalar()
        product *= np.float64(countmin.query(reference.counts, hashes[i], key)) + 1.0
        if i & 15 == 15:  # sixteen counts below 2^32: far from the end of float64, and one logarithm
            logarithms += math.log(product)
            product = 1.0
    return np.float32(math.log(reference.total + 1.0) - (logarithms + math.log(product)) / count)


@inline
def sign_shortly(elements, count, key, own_keys, slots, out):
    """Sign a set, and keep the low 8 bits of each slot. slots : uint32[SLOTS], scratch."""
    minhash.sign(elements, count, key, own_keys, slots)
    for j in range(minhash.SLOTS):
        out[j] = U8(slots[j] & U32(255))


@kernel(
    "void(i64, Prompts(u8_in, i64_in), u64_in, Tables(u64_in, u64_in), "
    "Words(u32_out2, u8_out), Reference(u32_in2, i64), "
    "Measures(u64_out2, i32_out, u8_out2, i8_out2, f32_out, u8_out, i64_out, u32_out))"
)
def measure_text(steps, prompts, key, tables, sketches, reference, measures):
    """Measure a batch of UTF-8 prompts.

    steps : how many of STEPS to take of each prompt: all, but for a bench that asks what one costs
    prompts : ``Prompts``; key : uint64[KEY_WORDS]; tables : ``Tables``
    sketches : this thread's ``Words``, updated; reference : ``Reference``; measures : ``Measures``, output
    """
    values, offsets = prompts
    prompt_hashes, word_totals, signatures, feature_rows, novelty, flags, gram_offsets, gram_values = measures
    text = tokens.text_scratch(tokens.longest_of(offsets))
    scratch, edge = tokens.addresses(text)
    masks, marks, heads, counts = text[2], text[3], text[4], text[5]
    spans, work = tokens.word_scratch(0, WORK)
    frame, slots = np.empty(grams.FRAME + 1, np.uint64), np.empty(minhash.SLOTS, np.uint32)
    own_keys = minhash.slot_keys(key)
    bins, lanes = np.empty(features.BINS, np.int32), np.empty(features.FEATURES, np.int32)
    gram_offsets[0] = 0
    for i in range(offsets.size - 1):
        source, length = values.ctypes.data + offsets[i], offsets[i + 1] - offsets[i]
        most = tokens.scan(source, length, scratch, edge, masks, marks, counts)
        if steps < 2:
            continue
        if most >= tokens.room(spans):
            spans, work = tokens.word_scratch(most, WORK)
        hashes, elements = work[features.HASHES], work[ELEMENTS]
        words = tokens.spans(scratch, length, masks, marks, heads, counts[tokens.HIGH] > 0, spans)
        word_totals[i] = words
        if steps < 3:
            continue
        starts, ends = spans[tokens.STARTS], spans[tokens.ENDS]
        tokens.hash_spans(
            scratch, starts, ends, words, key[keys.WORD], key[keys.WORD + 1], work[features.FIRST], hashes
        )
        first, last = trim(scratch, length)
        hash_prompt(scratch, first, last, key, edge, prompt_hashes[i])
        if steps < 4:
            continue
        shingle_count = shingles.shingle(hashes, words, key, elements)
        flags[i] = find_phrases(elements, shingle_count, tables.phrases)
        if steps < 5:
            continue
        sign_shortly(elements, shingle_count, key, own_keys, slots, signatures[i])
        if steps < 6:
            continue
        count_words(hashes, words, key, sketches)
        novelty[i] = mean_information(hashes, words, key, reference)
        if steps < 7:
            continue
        features.clear(bins, lanes)
        inside = features.add_words(source, scratch, spans, work, words, key, tables.function_words, bins)
        features.add_layout(source, length, counts, inside, words, lanes)
        features.add_characters(scratch, length, key[keys.CHARACTERS], bins)
        features.write_features(length, bins, lanes, feature_rows[i])
        if steps < 8:
            continue
        found = grams.Words(hashes, spans[tokens.TAGS], elements)
        total = grams.frame_tokens(scratch, first, last, grams.Marks(marks, heads), found, words, key, frame)
        gram_offsets[i + 1] = grams.write_grams(frame, total, key, gram_values, gram_offsets[i])
    tokens.keep(text)


@kernel(
    "void(Prompts(i32_in, i64_in), u64_in, Words(u32_out2, u8_out), Reference(u32_in2, i64), "
    "Measures(u64_out2, i32_out, u8_out2, i8_out2, f32_out, u8_out, i64_out, u32_out))"
)
def measure_token_ids(prompts, key, sketches, reference, measures):
    """Measure a batch of prompts given as token ids; flags are left as they are.

    prompts, key, sketches, reference, measures : as in ``measure_text``
    There is no text, so the LAYOUT and CHARACTERS blocks stay zero and SPEECH holds pairs of neighbouring ids.
    """
    values, offsets = prompts
    prompt_hashes, word_totals, signatures, feature_rows, novelty, _, gram_offsets, gram_values = measures
    longest = tokens.longest_of(offsets)
    hashes = np.empty(longest + 1, np.uint64)
    elements = np.empty(longest + 1, np.uint64)
    frame, slots = np.empty(grams.FRAME + 1, np.uint64), np.empty(minhash.SLOTS, np.uint32)
    own_keys = minhash.slot_keys(key)
    bins, lanes = np.empty(features.BINS, np.int32), np.empty(features.FEATURES, np.int32)
    base, key0, key1 = values.ctypes.data, key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1]
    gram_offsets[0] = 0
    for i in range(offsets.size - 1):
        own = values[offsets[i] : offsets[i + 1]]
        count = own.size
        for j in range(count):
            hashes[j] = hash_word(key0, key1, U64(own[j]))
        # Hashed as bytes without the padded load: an Arrow buffer may end here.
        hash_ids(base + 4 * offsets[i], 4 * count, key, prompt_hashes[i])
        word_totals[i] = count
        shingle_count = shingles.shingle(hashes, count, key, elements)
        sign_shortly(elements, shingle_count, key, own_keys, slots, signatures[i])
        count_words(hashes, count, key, sketches)
        novelty[i] = mean_information(hashes, count, key, reference)
        features.clear(bins, lanes)
        features.add_ids(hashes, count, key, bins)
        features.write_features(count, bins, lanes, feature_rows[i])
        for j in range(count):
            frame[grams.place_of(U64(j))] = hashes[j]
        gram_offsets[i + 1] = grams.write_grams(frame, count, key, gram_values, gram_offsets[i])
