"""Feature blocks of the kernel mean: what a call looks like, in 656 signed bytes.

Five blocks, each of unit norm times 127 and rounded, so that an account's sum is an exact integer and any order of
calls gives the same bytes (DESIGN 6.2):

    LAYOUT      0: 96   punctuation, casing and layout, one-hot
    SPEECH     96:224   function-word and suffix tags, uni- and bigrams: a part-of-speech of sorts
    LENGTH    224:272   log2 length of the prompt, one-hot
    CHARACTERS 272:400  4-grams of the lower-cased bytes (the first 1,500)
    WORDS     400:656   content words

The last two and SPEECH are feature hashing with random signs (Weinberger et al., ICML 2009): inner products are
unbiased estimates of those of the full count vectors.
"""

from __future__ import annotations

import math

import numpy as np

from gauger.kernels import keys, tokens
from gauger.kernels.jit import inline
from gauger.kernels.machine import fold_multiply, load8, load32

U64 = np.uint64
LAYOUT, SPEECH, LENGTH, CHARACTERS, WORDS, FEATURES = 0, 96, 224, 272, 400, 656
BLOCKS = (LAYOUT, SPEECH, LENGTH, CHARACTERS, WORDS, FEATURES)
SCALE = 127
CHARACTER_BYTES_MAX = 1500

# Function words carry the grammar of a prompt, whatever its topic. Only the order of this list gives them a tag.
FUNCTION_WORDS = (
    "a an the and or but if then else of in on at to from by for with about as is are was were be been being am do "
    "does did have has had i you he she it we they me him her us them my your his its our their this that these "
    "those what which who whom whose when where why how not no yes can could will would shall should may might must "
    "there here all any some each every more most other such only own same so than too very just also please let "
    "given following use using between into over under after before during out up down off again once because while "
    "both few nor don t s ll re ve m d"
).split()
TAG_NUMBER = len(FUNCTION_WORDS)  # one digit, two or three, more
TAG_MIXED = TAG_NUMBER + 3
TAG_HIGH = TAG_NUMBER + 4
TAG_SUFFIX = TAG_NUMBER + 5  # 12 endings x (lower, capitalised inside a sentence)


def _letter(character: str) -> np.uint64:
    return U64(ord(character))


_A, _D, _E, _G, _I, _L, _N, _O, _R, _S, _Y = (_letter(character) for character in "adegilnorsy")


@inline
def suffix_class(scratch, end, length):
    """Ending of a lower-cased ASCII word, 0 to 11."""
    if length <= 4:
        return 10 if length < 3 else 11
    last, second, third = load8(scratch + end - 1), load8(scratch + end - 2), load8(scratch + end - 3)
    if third == _I and second == _N and last == _G:
        return 1
    if second == _E and last == _D:
        return 2
    if second == _L and last == _Y:
        return 3
    if third == _I and second == _O and last == _N:
        return 4
    if last == _S:
        return 5
    if second == _E and last == _R:
        return 6
    if second == _A and last == _L:
        return 7
    if last == _E:
        return 8
    if last == _Y:
        return 9
    return 0


@inline
def table_find(table, mask, value):
    """Slot of ``value`` in an open-addressing table of uint64 (0 = empty), or -1."""
    slot = value & mask
    while table[slot] != U64(0):
        if table[slot] == value:
            return np.int64(slot)
        slot = (slot + U64(1)) & mask
    return np.int64(-1)


@inline
def word_tag(source, scratch, start, end, first, hashed, words, word_tags):
    """Grammar tag of a word: function word, number, script, or ending and case."""
    slot = table_find(words, U64(words.size - 1), hashed)
    if slot >= 0:
        return np.int64(word_tags[slot])
    length = end - start
    digits = 0
    for i in range(start, end):
        byte = load8(scratch + i)
        if U64(48) <= byte <= U64(57):
            digits += 1
    if digits == length:
        return TAG_NUMBER + (0 if length == 1 else 1 if length < 4 else 2)
    if digits > 0:
        return TAG_MIXED
    if load8(scratch + start) >= U64(128):
        return TAG_HIGH
    capital = 0
    if not first and load8(source + start) != load8(scratch + start):
        capital = 1
    return TAG_SUFFIX + 2 * suffix_class(scratch, end, length) + capital


@inline
def signed_add(lanes, base, size_mask, hashed, weight):
    """Add ``weight`` with a hashed sign to a hashed lane of a block whose size is ``size_mask + 1``."""
    lane = base + np.int64((hashed >> U64(32)) & size_mask)
    # Branch-free sign: the bit is as good as random.
    lanes[lane] += weight * (np.int32(1) - np.int32(2) * np.int32(hashed >> U64(63)))


@inline
def add_characters(scratch, length, key, lanes):
    """Character 4-grams, by multiply-shift hashing with a secret multiplier (Dietzfelbinger et al., 1997)."""
    for i in range(min(length, CHARACTER_BYTES_MAX) - 3):
        signed_add(lanes, CHARACTERS, U64(127), load32(scratch + i) * key, np.int32(1))


@inline
def bucket(value, buckets):
    """Bit length of a count, capped."""
    bits = 0
    while value > 0 and bits < buckets - 1:
        value >>= 1
        bits += 1
    return bits


@inline
def first_byte_class(byte):
    """Upper, lower, digit, high, other."""
    if U64(65) <= byte <= U64(90):
        return 0
    if U64(97) <= byte <= U64(122):
        return 1
    if U64(48) <= byte <= U64(57):
        return 2
    return 3 if byte >= U64(128) else 4


@inline
def last_byte_class(byte):
    """. ? ! : lower, digit, white space, other."""
    if byte == U64(46):
        return 0
    if byte == U64(63):
        return 1
    if byte == U64(33):
        return 2
    if byte == U64(58):
        return 3
    if U64(97) <= byte <= U64(122):
        return 4
    if U64(48) <= byte <= U64(57):
        return 5
    return 6 if byte == U64(32) or byte == U64(10) else 7


@inline
def one_hot(lanes, base, buckets, value):
    """Set one of ``buckets`` lanes from ``base``; returns the base of the next group."""
    lanes[base + bucket(value, buckets)] = 1
    return base + buckets


@inline
def add_layout(source, length, counts, word_bytes, words, lanes):
    """The LAYOUT block: 94 of its 96 lanes in 17 one-hot groups."""
    if length == 0:
        return
    lanes[first_byte_class(load8(source))] = 1
    lanes[5 + last_byte_class(load8(source + length - 1))] = 1
    base = one_hot(lanes, 13, 8, counts[tokens.NEWLINE])
    base = one_hot(lanes, base, 6, counts[tokens.COMMA])
    base = one_hot(lanes, base, 4, counts[tokens.QUESTION])
    base = one_hot(lanes, base, 5, counts[tokens.DOUBLE_QUOTE])
    base = one_hot(lanes, base, 7, counts[tokens.DIGIT])
    base = one_hot(lanes, base, 7, counts[tokens.UPPER] * 64 // length)
    base = one_hot(lanes, base, 5, counts[tokens.HIGH] * 16 // length)
    base = one_hot(lanes, base, 3, counts[tokens.LONE_I])
    base = one_hot(lanes, base, 4, counts[tokens.APOSTROPHE])
    base = one_hot(lanes, base, 4, counts[tokens.DOUBLE_SPACE])
    base = one_hot(lanes, base, 4, counts[tokens.PARENTHESIS])
    base = one_hot(lanes, base, 6, counts[tokens.CODE])
    base = one_hot(lanes, base, 6, counts[tokens.PERIOD])
    base = one_hot(lanes, base, 4, counts[tokens.COLON])
    lanes[base + min(7, word_bytes // max(1, words))] = 1


@inline
def add_words(source, scratch, starts, ends, hashes, count, key, words, word_tags, lanes):
    """The SPEECH and WORDS blocks; returns the bytes inside words."""
    previous = np.int64(-1)
    word_bytes = 0
    for i in range(count):
        tag = word_tag(source, scratch, starts[i], ends[i], i == 0, hashes[i], words, word_tags)
        if tag >= TAG_NUMBER:
            # Mixed again, so that the lane says nothing about the bits other sketches use.
            mixed = fold_multiply(hashes[i] ^ key[keys.CHARACTERS], key[keys.SPEECH])
            signed_add(lanes, WORDS, U64(255), mixed, np.int32(1))
        single = fold_multiply(U64(tag + 1) ^ key[keys.SPEECH], key[keys.CHARACTERS])
        signed_add(lanes, SPEECH, U64(127), single, np.int32(1))
        if previous >= 0:
            pair = U64((previous + 1) * 1009 + tag + 1)
            signed_add(
                lanes, SPEECH, U64(127), fold_multiply(pair ^ key[keys.CHARACTERS], key[keys.SPEECH]), np.int32(2)
            )
        previous = tag
        word_bytes += ends[i] - starts[i]
    return word_bytes


@inline
def normalise(lanes, low, high, out):
    """Write lanes[low:high] as unit norm times SCALE, rounded half away from zero; a zero block stays zero."""
    total = np.int64(0)
    for i in range(low, high):
        total += np.int64(lanes[i]) * np.int64(lanes[i])
    factor = np.float32(0.0)
    if total > 0:
        factor = np.float32(SCALE / math.sqrt(np.float64(total)))
    for i in range(low, high):
        value = np.float32(lanes[i]) * factor
        out[i] = np.int8(value + np.float32(0.5)) if value >= 0 else np.int8(value - np.float32(0.5))


@inline
def length_lane(length):
    """Lane of the LENGTH block: four to the octave of the length in bytes (or token ids)."""
    return LENGTH + min(47, int(4.0 * math.log2(1.0 + length / 4.0)))


@inline
def write_features(lanes, out):
    """Normalise the five blocks of int32 lanes into int8[FEATURES]."""
    normalise(lanes, LAYOUT, SPEECH, out)
    normalise(lanes, SPEECH, LENGTH, out)
    normalise(lanes, LENGTH, CHARACTERS, out)
    normalise(lanes, CHARACTERS, WORDS, out)
    normalise(lanes, WORDS, FEATURES, out)
