"""Frame grams: hashes of five frame tokens in a row, from which template families are learnt.

Frame tokens are finer than words: every punctuation byte and newline between words is a token too (a run of the same
one counts once), and every run of digits is the same token, because a numbered slot must not break its frame. Four
sentinels stand at either end, so that a frame's edge at the head or tail is a gram of its own (DESIGN 5.4).
"""

from __future__ import annotations

import numpy as np

from gauger.kernels import keys
from gauger.kernels.jit import inline
from gauger.kernels.machine import fold_multiply, load8

U64, U32 = np.uint64, np.uint32
WIDTH = 5
PAD = WIDTH - 1
# A long prompt is represented by its first and last tokens: frames stand at the ends of what was pasted between them.
END_TOKENS_MAX = 256


@inline
def add_gap(scratch, start, end, key, frame, count):
    """Append the punctuation tokens of scratch[start:end]."""
    for i in range(start, end):
        byte = load8(scratch + i)
        if byte == U64(32) or byte == U64(9) or byte == U64(13) or byte == U64(0):
            continue
        token = fold_multiply((byte + U64(1)) ^ key[keys.PUNCTUATION], key[keys.NUMBER])
        if count == 0 or frame[count - 1] != token:
            frame[count] = token
            count += 1
    return count


@inline
def is_number(scratch, start, end):
    """Whether a word is digits only."""
    for i in range(start, end):
        byte = load8(scratch + i)
        if byte < U64(48) or byte > U64(57):
            return False
    return True


@inline
def frame_tokens(scratch, start, end, starts, ends, hashes, words, key, frame):
    """Write the frame tokens of scratch[start:end]; frame : uint64[end - start + 1]. Returns how many."""
    count = 0
    previous = start
    for i in range(words):
        count = add_gap(scratch, previous, starts[i], key, frame, count)
        frame[count] = key[keys.NUMBER] if is_number(scratch, starts[i], ends[i]) else hashes[i]
        count += 1
        previous = ends[i]
    return add_gap(scratch, previous, end, key, frame, count)


@inline
def gram_at(frame, count, place, key):
    """The 32-bit gram of tokens place .. place + 4 (places from -4: sentinels stand outside)."""
    total = U64(0)
    for j in range(WIDTH):
        at = place + j
        if at < 0:
            token = key[keys.SENTINEL]
        elif at >= count:
            token = key[keys.SENTINEL + 1]
        else:
            token = frame[at]
        total += token * key[keys.GRAM + j]
    return U32(fold_multiply(total, key[keys.GRAM + WIDTH]) >> U64(32))


@inline
def write_grams(frame, count, key, out, at):
    """Append a prompt's grams to out[at:]: at most 2 END_TOKENS_MAX + PAD of them. Returns the new end."""
    if count == 0:
        return at
    if count <= 2 * END_TOKENS_MAX:
        for place in range(-PAD, count):
            out[at] = gram_at(frame, count, place, key)
            at += 1
        return at
    for place in range(-PAD, END_TOKENS_MAX - PAD):
        out[at] = gram_at(frame, count, place, key)
        at += 1
    for place in range(count - END_TOKENS_MAX, count):
        out[at] = gram_at(frame, count, place, key)
        at += 1
    return at
