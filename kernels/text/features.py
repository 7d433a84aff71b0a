"""Feature blocks of the kernel mean: what a call looks like, in 656 signed bytes.

Five blocks, each of unit norm times 127 and rounded, so that an account's sum is an exact integer and any order of
calls gives the same bytes:

    LAYOUT      0: 96   punctuation, casing and layout, one-hot
    SPEECH     96:224   function-word and suffix tags, uni- and bigrams: a part-of-speech of sorts
    LENGTH    224:272   log2 length of the prompt, one-hot
    CHARACTERS 272:400  4-grams of the lower-cased bytes (the first kibibyte)
    WORDS     400:656   content words

The last two and SPEECH are feature hashing with random signs (Weinberger et al., ICML 2009): inner products are
unbiased estimates of those of the full count vectors.
"""

from __future__ import annotations

import math

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, shared
from gauger.kernels.machine.vectors import bit_count, leading_zeros, load8, load32, load64, mix, scalar
from gauger.kernels.text import lookup, tokens

U64 = np.uint64
LAYOUT, SPEECH, LENGTH, CHARACTERS, WORDS, FEATURES = 0, 96, 224, 272, 400, 656
BLOCKS = (LAYOUT, SPEECH, LENGTH, CHARACTERS, WORDS, FEATURES)
SCALE = 127
CHARACTER_BYTES_MAX = 1024

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


# Bins of the three hashed blocks: a lane has two, one for either sign, so adding is counting; the last takes nothing.
SPEECH_BINS, CHARACTER_BINS, WORD_BINS, NO_BIN, BINS = 0, 256, 512, 1024, 1025
_HIGH_BITS = U64(0x8080808080808080)
# Columns of the scratch matrix: one value a word.
FIRST, LAST, LABEL, CAPITAL, SINGLE, PAIR, CONTENT, HASHES, COLUMNS = range(9)


def _ending(text: str) -> np.uint64:
    """An ending as the last bytes of a word, in one number."""
    return U64(int.from_bytes(text.encode(), "little"))


_ING, _ED, _LY, _ION, _S = _ending("ing"), _ending("ed"), _ending("ly"), _ending("ion"), _ending("s")
_ER, _AL, _E, _Y = _ending("er"), _ending("al"), _ending("e"), _ending("y")


@inline
def suffix_class(three, length):
    """Ending of a lower-cased word, 0 to 11, from its last three bytes; the last byte is the highest."""
    two, one = three >> U64(8), three >> U64(16)
    # In reverse: the first that fits counts.
    found = 9 if one == _Y else 0
    found = 8 if one == _E else found
    found = 7 if two == _AL else found
    found = 6 if two == _ER else found
    found = 5 if one == _S else found
    found = 4 if three == _ION else found
    found = 3 if two == _LY else found
    found = 2 if two == _ED else found
    found = 1 if three == _ING else found
    short = 10 if length < 3 else 11
    return short if length <= 4 else found


@inline
def others_of(eight):
    """How many of eight bytes, of letters, digits and bytes >= 0x80, are no digits; zeros pass for digits."""
    # A digit is 0011xxxx; letters have bit 6, bytes beyond ASCII bit 7.
    return bit_count((eight | (eight << U64(1))) & _HIGH_BITS)


@inline
def word_tag(first, last, length, capital, label):
    """Grammar tag of a word: function word, number, script, or ending and case. Without a branch.

    first, last : its first and last eight bytes; label : what ``lookup`` found of it among the function words
    A word is a number if its first and last eight bytes are digits, mixed if some of its first eight are.
    """
    unused = U64(64 - 8 * min(length, 8))
    head, tail = (first << unused) >> unused, (last >> unused) << unused
    others = others_of(head)
    tag = TAG_SUFFIX + 2 * suffix_class(last >> U64(40), length) + (0 if capital == U64(0) else 1)
    tag = TAG_HIGH if head & U64(128) else tag
    tag = TAG_MIXED if others < min(length, 8) else tag
    number = TAG_NUMBER + np.int64(length > 1) + np.int64(length > 3)
    tag = number if others + others_of(tail) == 0 else tag
    return np.int64(label) if label < lookup.NONE else tag


@inline
def add_characters(scratch, length, key, bins):
    """Character 4-grams, by multiply-shift hashing with a secret multiplier (Dietzfelbinger et al., 1997)."""
    for at in range(min(length, CHARACTER_BYTES_MAX) - 3):
        scalar()
        bins[U64(CHARACTER_BINS) + (((load32(scratch + at) * key) >> U64(24)) & U64(255))] += 1


@inline
def bucket(value, buckets):
    """Bit length of a count, capped."""
    return min(64 - leading_zeros(U64(value)), buckets - 1)


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


@shared
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
def look_up_words(source, scratch, starts, ends, hashes, count, function_words, work):
    """Fetch what tags are made of: a word's first and last bytes, its label, whether it began with a capital."""
    for i in range(count):
        scalar()
        start, end = starts[i], ends[i]
        work[FIRST, i] = load64(scratch + start)
        work[LAST, i] = load64(scratch + end - 8)
        work[CAPITAL, i] = load8(source + start) ^ load8(scratch + start)
        work[LABEL, i] = lookup.find(function_words, hashes[i])
    if count > 0:
        work[CAPITAL, 0] = U64(0)  # the first word of a prompt has one anyway


@inline
def tag_words(starts, ends, count, work, tags):
    """Grammar tag of each word; vector code."""
    first, last, capital, label = work[FIRST], work[LAST], work[CAPITAL], work[LABEL]
    for i in range(count):
        tags[i] = word_tag(first[i], last[i], ends[i] - starts[i], capital[i], label[i])


@inline
def find_bins(hashes, tags, count, key, work):
    """Bins of each word: of its tag, of the pair of tags it ends, of its hash; vector code."""
    singles, pairs, contents = work[SINGLE], work[PAIR], work[CONTENT]
    speech, mixer, content = key[keys.SPEECH], key[keys.SPEECH_MIX], key[keys.CONTENT]
    for i in range(count):
        singles[i] = U64(SPEECH_BINS) + (mix(U64(tags[i] + 1) * speech, mixer) >> U64(56))
    pairs[0] = U64(NO_BIN)
    previous, current, found = tags[: count - 1], tags[1:count], pairs[1:count]  # see ``grams.write_run``
    for i in range(found.size):
        pair = U64((previous[i] + 1) * 1024 + current[i] + 1)
        found[i] = U64(SPEECH_BINS) + (mix(pair * speech, mixer) >> U64(56))
    for i in range(count):
        # Multiplied once more, so that the bin says nothing about the bits other sketches use.
        bin_of = U64(WORD_BINS) + ((hashes[i] * content) >> U64(55))
        contents[i] = bin_of if tags[i] >= TAG_NUMBER else U64(NO_BIN)


@shared
def add_words(source, scratch, spans, work, count, key, function_words, bins):
    """The SPEECH and WORDS blocks; leaves each word's grammar tag among the spans and returns the bytes inside words.

    source, scratch : addresses of the prompt as written and lower-cased; the eight bytes before scratch are readable
    spans : int64, of ``tokens.word_scratch``; work : uint64[COLUMNS, >= count], scratch but for the row HASHES
    function_words : a ``lookup`` table
    """
    starts, ends, tags, hashes = spans[tokens.STARTS], spans[tokens.ENDS], spans[tokens.TAGS], work[HASHES]
    look_up_words(source, scratch, starts, ends, hashes, count, function_words, work)
    tag_words(starts, ends, count, work, tags)
    find_bins(hashes, tags, count, key, work)
    word_bytes = 0
    for i in range(count):
        scalar()
        bins[work[SINGLE, i]] += 1
        bins[work[PAIR, i]] += 2
        bins[work[CONTENT, i]] += 1
        word_bytes += ends[i] - starts[i]
    return word_bytes


@inline
def is_number(tag):
    """Whether a grammar tag is that of a number."""
    return (tag >= TAG_NUMBER) & (tag < TAG_MIXED)


@inline
def add_ids(hashes, count, key, bins):
    """The SPEECH and WORDS blocks of token ids: pairs of neighbours, and single ids."""
    speech, mixer = key[keys.SPEECH], key[keys.SPEECH_MIX]
    for i in range(count):
        scalar()
        bins[WORD_BINS + np.int64((hashes[i] * key[keys.CONTENT]) >> U64(55))] += 1
    second = hashes[1:]
    for i in range(count - 1):
        pair = hashes[i] * speech + second[i]
        bins[SPEECH_BINS + np.int64(mix(pair, mixer) >> U64(56))] += 1


@inline
def fold_bins(bins, base, lanes, low, high):
    """lanes[low:high] = bins of the positive sign minus bins of the negative sign."""
    for i in range(high - low):
        lanes[low + i] = bins[base + i] - bins[base + (high - low) + i]


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
def clear(bins, lanes):
    """Begin a prompt."""
    bins[:] = 0
    lanes[:] = 0


@shared
def write_features(length, bins, lanes, out):
    """Fold the hashed blocks' bins into int32 lanes, add LENGTH, normalise the five blocks into int8[FEATURES]."""
    fold_bins(bins, SPEECH_BINS, lanes, SPEECH, LENGTH)
    fold_bins(bins, CHARACTER_BINS, lanes, CHARACTERS, WORDS)
    fold_bins(bins, WORD_BINS, lanes, WORDS, FEATURES)
    lanes[length_lane(length)] = 1
    normalise(lanes, LAYOUT, SPEECH, out)
    normalise(lanes, SPEECH, LENGTH, out)
    normalise(lanes, LENGTH, CHARACTERS, out)
    normalise(lanes, CHARACTERS, WORDS, out)
    normalise(lanes, WORDS, FEATURES, out)
