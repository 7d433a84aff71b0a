"""Frame grams: hashes of five frame tokens in a row, from which template families are learnt.

Frame tokens are finer than words: every punctuation byte and newline between words is a token too (a run of the same
one counts once), and every run of digits is the same token, because a numbered slot must not break its frame. Four
sentinels stand at either end, so that a frame's edge at the head or tail is a gram of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.machine.jit import inline, shared
from gauger.kernels.machine.vectors import bit_count, fold_multiply, load8, mix, scalar, trailing_zeros
from gauger.kernels.text import features

U64, U32 = np.uint64, np.uint32
WIDTH = 5
PAD = WIDTH - 1
# A long prompt is represented by its first and last tokens: frames stand at the ends of what was pasted between them.
END_TOKENS_MAX = 256
GRAMS_MAX = 2 * END_TOKENS_MAX + PAD
# A frame: sentinels, the first tokens, a ring of the last ones; then these in order and sentinels again.
TAIL = PAD + 2 * END_TOKENS_MAX
FRAME = TAIL + END_TOKENS_MAX + PAD


class Marks(NamedTuple):
    """Bit masks from ``tokens.spans``, bit i of word b for byte 64 b + i."""

    punctuation: np.ndarray
    heads: np.ndarray  # where a word begins


class Words(NamedTuple):
    """Words of a prompt, with room for one more."""

    hashes: np.ndarray  # uint64
    tags: np.ndarray  # int64, of ``features``
    before: np.ndarray  # uint64, scratch


@inline
def place_of(number):
    """Where token ``number`` (uint64) of a prompt is kept: the first in order, later ones in turn over the last."""
    late = U64(END_TOKENS_MAX) + (number & U64(END_TOKENS_MAX - 1))
    return U64(PAD) + (number if number < U64(END_TOKENS_MAX) else late)


@inline
def within(bits, start, end):
    """The bits from ``start`` on and before ``end``; either may lie outside 0 .. 64."""
    bits = (bits >> U64(start)) << U64(start) if start > 0 else bits
    return bits & ((U64(1) << U64(end)) - U64(1)) if end < 64 else bits


@inline
def add_punctuation(scratch, start, end, marks, heads, key, before, frame):
    """Write the punctuation tokens of scratch[start:end] where they belong among the words; returns how many.

    before : uint64[words + 1], receives how many stand right before each word, and after the last
    """
    total, word, latest, latest_byte = U64(0), U64(0), U64(0), U64(256)
    for block in range(start >> 6, (end + 63) >> 6):
        bits = within(marks[block], start - (block << 6), end - (block << 6))
        while bits != U64(0):
            lowest = bits & (U64(0) - bits)
            bits ^= lowest
            byte = load8(scratch + (block << 6) + trailing_zeros(lowest))
            words = word + U64(bit_count(heads[block] & (lowest - U64(1))))
            # A run of the same byte between two words counts once: its later tokens overwrite the first.
            is_new = (byte != latest_byte) | (words != latest)
            total += U64(is_new)
            before[words] += U64(is_new)
            frame[place_of(words + total - U64(1))] = fold_multiply(
                (byte + U64(1)) ^ key[keys.PUNCTUATION], key[keys.NUMBER]
            )
            latest, latest_byte = words, byte
        word += U64(bit_count(heads[block]))
    return total


@shared
def frame_tokens(scratch, start, end, marks, words, count, key, frame):
    """Write the frame tokens of scratch[start:end]; returns how many there are.

    marks : ``Marks``; words : ``Words``, ``count`` of them
    frame : uint64[FRAME + 1]; it keeps the first and the last END_TOKENS_MAX tokens, where ``place_of`` says
    """
    hashes, tags, before = words
    before[: count + 1] = 0
    shift = U64(0)
    total = U64(count) + add_punctuation(scratch, start, end, marks.punctuation, marks.heads, key, before, frame)
    for i in range(count):
        scalar()
        shift += before[i]
        number = U64(i) + shift
        # Punctuation was written first: a word that a later token replaces must not come back.
        kept = (number < U64(END_TOKENS_MAX)) | (number + U64(END_TOKENS_MAX) >= total)
        place = place_of(number) if kept else U64(FRAME)
        frame[place] = key[keys.NUMBER] if features.is_number(tags[i]) else hashes[i]
    return np.int64(total)


@inline
def write_run(frame, first, count, key, out, at):
    """Append the grams that begin at frame[first : first + count]; returns the new end of ``out``."""
    a, b, c, d, e = key[keys.GRAM], key[keys.GRAM + 1], key[keys.GRAM + 2], key[keys.GRAM + 3], key[keys.GRAM + 4]
    mixer = key[keys.GRAM + WIDTH]
    # A view an offset: to the compiler any index but the loop's own variable may be negative, and would be gathered.
    one, two, three = frame[first:], frame[first + 1 :], frame[first + 2 :]
    four, five, found = frame[first + 3 :], frame[first + 4 :], out[at : at + count]
    for i in range(count):
        total = one[i] * a + two[i] * b + three[i] * c + four[i] * d + five[i] * e
        found[i] = U32(mix(total, mixer) >> U64(32))
    return at + count


@shared
def write_grams(frame, count, key, out, at):
    """Append the grams of a prompt of ``count`` frame tokens to out[at:]: at most GRAMS_MAX. Returns the new end."""
    if count == 0:
        return at
    for i in range(PAD):
        frame[i] = key[keys.SENTINEL]
    if count <= 2 * END_TOKENS_MAX:
        for i in range(PAD):
            frame[PAD + count + i] = key[keys.SENTINEL + 1]
        return write_run(frame, 0, count + PAD, key, out, at)
    at = write_run(frame, 0, END_TOKENS_MAX, key, out, at)
    # Put the last tokens in order, behind the ring they are kept in.
    for i in range(END_TOKENS_MAX):
        frame[TAIL + i] = frame[place_of(U64(count - END_TOKENS_MAX + i))]
    for i in range(PAD):
        frame[TAIL + END_TOKENS_MAX + i] = key[keys.SENTINEL + 1]
    return write_run(frame, TAIL, END_TOKENS_MAX, key, out, at)
