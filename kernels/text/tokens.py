"""Tokens: words, lower-cased, found 64 bytes at a time.

ASCII letters and digits and bytes >= 0x80 make words. A word that holds a script without spaces (Han, Kana, Thai ...)
is split per code point; Latin-1 and general Unicode punctuation separates. Only ASCII is lower-cased. Digits make
words. The scan writes lower-cased bytes to scratch memory that is longer than the prompt by ``SLACK`` bytes, so every
later load may run over the end of a word without leaving memory we own; the prompt itself is never read past its end.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import inline, shared
from gauger.kernels.machine.vectors import (
    bit_count,
    fold_case64,
    in_range64,
    load8,
    load64,
    scalar,
    store64,
    trailing_zeros,
)
from gauger.kernels.text.siphash import copy_rest, hash_bytes, hash_two_words, padded_tail_word

U64, U8 = np.uint64, np.uint8
SLACK = 192
EDGE = 320  # the zero-padded last block of a text, and room for the lanes of its hash
LEAD = 64  # bytes before the scratch: loads of a word's last eight bytes may begin there

# Byte classes counted while scanning; the kernel mean's layout block reads them.
(
    NEWLINE, COMMA, QUESTION, DOUBLE_QUOTE, DIGIT, UPPER, HIGH, APOSTROPHE, PARENTHESIS, COLON, CODE, PERIOD,
    DOUBLE_SPACE, LONE_I, BYTE_CLASSES,
) = range(15)  # fmt: skip

STARTS, ENDS, TAGS, SPLIT = range(4)  # rows of ``word_scratch``; TAGS is for ``features``, SPLIT and on for ``spans``


@inline
def longest_of(offsets):
    """Length of the longest row."""
    longest = 0
    for i in range(offsets.size - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest


@inline
def text_scratch(longest):
    """Scratch for texts of up to ``longest`` bytes: lower-cased bytes, edge, three bit masks, byte classes."""
    blocks = longest // 64 + 1
    lowered, edge = np.empty(LEAD + longest + SLACK, np.uint8), np.empty(EDGE, np.uint8)
    bits = np.empty(blocks, np.uint64), np.empty(blocks, np.uint64), np.empty(blocks, np.uint64)
    return lowered, edge, bits[0], bits[1], bits[2], np.empty(BYTE_CLASSES, np.int64)


@inline
def addresses(text):
    """Where the lower-cased bytes and the edge of a ``text_scratch`` are. Call ``keep`` when done with them."""
    return text[0].ctypes.data + LEAD, text[1].ctypes.data


@inline
def keep(text):
    """Mention a scratch: Numba frees an array after its last mention, and an address into it is none."""
    text[0][0] = text[1][0]


@inline
def word_scratch(words, columns):
    """Scratch for texts of up to ``words`` words: int64[5, n] spans and uint64[columns, n], with room for more.

    Sized by words, not bytes: a word of 100 MB needs no room for 50 million. Never a whole number of pages: rows that
    begin at the same place of a page evict each other from the L1 cache.
    """
    size = (2 * words // 512 + 1) * 512 + 200
    return np.empty((5, size), np.int64), np.empty((columns, size), np.uint64)


@inline
def room(spans):
    """How many words, as ``scan`` counts them, a ``word_scratch`` has room for."""
    return spans.shape[1] - 8


@inline
def count_classes(block, previous, counts):
    """Add one 64-byte block's byte classes to ``counts``; ``previous`` is 1 when the byte before it is a space."""
    one = U8(1)
    counts[NEWLINE] += bit_count(in_range64(block, U8(10), one))
    counts[COMMA] += bit_count(in_range64(block, U8(44), one))
    counts[QUESTION] += bit_count(in_range64(block, U8(63), one))
    counts[DOUBLE_QUOTE] += bit_count(in_range64(block, U8(34), one))
    counts[DIGIT] += bit_count(in_range64(block, U8(48), U8(10)))
    counts[UPPER] += bit_count(in_range64(block, U8(65), U8(26)))
    counts[HIGH] += bit_count(in_range64(block, U8(128), U8(128)))
    counts[APOSTROPHE] += bit_count(in_range64(block, U8(39), one))
    counts[PARENTHESIS] += bit_count(in_range64(block, U8(40), one))
    counts[COLON] += bit_count(in_range64(block, U8(58), one))
    # ; < =  { `
    code = in_range64(block, U8(59), U8(3)) | in_range64(block, U8(123), one) | in_range64(block, U8(96), one)
    counts[CODE] += bit_count(code)
    counts[PERIOD] += bit_count(in_range64(block, U8(46), one))
    space = in_range64(block, U8(32), one)
    before = (space << U64(1)) | previous
    counts[DOUBLE_SPACE] += bit_count(space & before)
    # "I" alone, the mark of a person talking; the last byte of a block is not looked at, which a count can bear.
    letter_i = in_range64(block, U8(73), one) | in_range64(block, U8(105), one)
    counts[LONE_I] += bit_count(letter_i & before & (space >> U64(1)))
    return space >> U64(63)


@inline
def blanks64(block):
    """Bit mask of the 64 bytes that are space, tab, carriage return or zero: what no frame token is made of."""
    one = U8(1)
    blanks = in_range64(block, U8(32), one) | in_range64(block, U8(9), one)
    return blanks | in_range64(block, U8(13), one) | in_range64(block, U8(0), one)


@shared
def scan(source, length, scratch, edge, masks, marks, counts):
    """Lower-case a prompt into scratch, keep its word masks, count its byte classes.

    source : address of the prompt, ``length`` bytes; not read past its end
    scratch : address of at least ``length + SLACK`` bytes, receives the lower-cased prompt, then zeros
    edge : address of 64 bytes, receives the zero-padded last block as it was
    masks, marks : uint64[length // 64 + 1], bit i of word b: byte 64 b + i is part of a word, is punctuation
    counts : int64[BYTE_CLASSES], overwritten
    Returns the number of words that ``spans`` may find, or a few more.
    """
    for i in range(BYTE_CLASSES):
        counts[i] = 0
    previous, carry = U64(0), U64(0)
    words = 1
    whole = length & ~63
    at = 0
    while at < whole:
        mask = fold_case64(source + at, scratch + at)
        masks[at >> 6] = mask
        marks[at >> 6] = ~(mask | blanks64(source + at))
        words += bit_count(mask & ~((mask << U64(1)) | carry))
        carry = mask >> U64(63)
        previous = count_classes(source + at, previous, counts)
        at += 64
    # The last block goes through `edge`, zero-padded: an Arrow buffer may end at its last byte.
    copy_rest(source + whole, length - whole, edge)
    mask = fold_case64(edge, scratch + whole)
    masks[whole >> 6] = mask
    marks[whole >> 6] = ~(mask | blanks64(edge))
    words += bit_count(mask & ~(mask << U64(1)))
    count_classes(edge, previous, counts)
    for i in range(64, SLACK, 8):
        store64(scratch + whole + i, U64(0))
    # A word may be cut at every code point of at least two bytes beyond ASCII, into two.
    return words + counts[HIGH]


@inline
def is_unspaced(point):
    """Code points of scripts written without spaces: each is a token."""
    if point < U64(0x0E00):
        return False
    if point < U64(0x1100):
        return point < U64(0x10A0)  # Thai, Lao, Tibetan, Myanmar
    if point < U64(0x2E80):
        return U64(0x1780) <= point < U64(0x1800)  # Khmer
    if point < U64(0xA4D0):
        return True  # radicals, Kana, Bopomofo, Han, Yi
    return U64(0xF900) <= point < U64(0xFB00) or U64(0xFF00) <= point < U64(0xFFF0) or point >= U64(0x20000)


@inline
def is_separator(point):
    """Code points >= 0x80 that separate words: Latin-1 signs, general and CJK punctuation."""
    return U64(0x80) <= point < U64(0xC0) or U64(0x2000) <= point < U64(0x2070) or U64(0x3000) <= point < U64(0x3004)


@inline
def continuation(address):
    """Whether the byte at ``address`` continues a UTF-8 sequence. Scratch is zero past the prompt: it may be asked."""
    return load8(address) & U64(0xC0) == U64(0x80)


@inline
def code_point(address):
    """Code point at ``address`` in scratch and its length in bytes; a malformed byte counts as itself, one byte long.

    Well-formed as in Unicode 15, table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF.
    """
    lead = load8(address)
    second = load8(address + 1)
    low = U64(0x3F)
    if U64(0xC2) <= lead < U64(0xE0):
        if continuation(address + 1):
            return ((lead & U64(31)) << U64(6)) | (second & low), 2
    elif U64(0xE0) <= lead < U64(0xF0):
        least = U64(0xA0) if lead == U64(0xE0) else U64(0x80)
        most = U64(0x9F) if lead == U64(0xED) else U64(0xBF)
        if least <= second <= most and continuation(address + 2):
            point = ((lead & U64(15)) << U64(12)) | ((second & low) << U64(6)) | (load8(address + 2) & low)
            return point, 3
    elif U64(0xF0) <= lead < U64(0xF5):
        least = U64(0x90) if lead == U64(0xF0) else U64(0x80)
        most = U64(0x8F) if lead == U64(0xF4) else U64(0xBF)
        if least <= second <= most and continuation(address + 2) and continuation(address + 3):
            point = ((lead & U64(7)) << U64(18)) | ((second & low) << U64(12))
            return point | ((load8(address + 2) & low) << U64(6)) | (load8(address + 3) & low), 4
    return lead, 1


@inline
def mark(bits, place):
    """Set the bit of a byte."""
    bits[place >> 6] |= U64(1) << U64(place & 63)


@inline
def add_word(start, end, heads, starts, ends, count):
    """Append a word; returns the new count."""
    mark(heads, start)
    starts[count], ends[count] = start, end
    return count + 1


@inline
def split_word(scratch, start, end, marks, heads, starts, ends, count):
    """Cut scratch[start:end], which holds bytes >= 0x80, at code points that stand alone or separate."""
    heads[start >> 6] &= ~(U64(1) << U64(start & 63))
    begin = start
    at = start
    while at < end:
        point, size = code_point(scratch + at)
        separator = is_separator(point)
        alone = is_unspaced(point) and not separator
        if alone or separator:
            if at > begin:
                count = add_word(begin, at, heads, starts, ends, count)
            if alone:
                count = add_word(at, at + size, heads, starts, ends, count)
            else:
                for byte in range(at, at + size):
                    mark(marks, byte)
            begin = at + size
        at += size
    if end > begin:
        count = add_word(begin, end, heads, starts, ends, count)
    return count


@inline
def is_ascii(address, length):
    """Whether ``length`` bytes are all ASCII; eight bytes past their end must be readable."""
    high = U64(0)
    for at in range(0, length & ~7, 8):
        high |= load64(address + at)
    high |= load64(address + (length & ~7)) & ((U64(1) << U64(8 * (length & 7))) - U64(1))
    return high & U64(0x8080808080808080) == U64(0)


@inline
def flatten(bits, base, out, count):
    """Append the places of the set bits to ``out``, eight at a time whatever their number; returns the new count.

    Writes up to seven entries beyond what it returns. A loop over single bits would end at an unpredictable turn in
    every block (simdjson's trick: Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019, section 3.2.2).
    """
    after = count + bit_count(bits)
    while bits != U64(0):
        for i in range(8):
            scalar()
            out[count + i] = base + trailing_zeros(bits)
            bits &= bits - U64(1)
        count += 8
    return after


@shared
def spans(scratch, length, masks, marks, heads, has_high, found):
    """Find the words of a scanned prompt; returns how many.

    masks, marks : from ``scan``; bytes of separators beyond ASCII are added to the marks
    heads : uint64, as long, receives the bits of word starts
    found : of ``word_scratch``, room for what ``scan`` returned + 8; rows STARTS and ENDS receive byte offsets
    """
    starts, ends, split = found[STARTS], found[ENDS], found[SPLIT:]
    first, last = 0, 0
    carry = U64(0)
    for block in range((length >> 6) + 1):
        mask = masks[block]
        before = (mask << U64(1)) | carry
        carry = mask >> U64(63)
        heads[block] = mask & ~before
        first = flatten(mask & ~before, block << 6, starts, first)
        last = flatten(before & ~mask, block << 6, ends, last)
    return split_words(scratch, first, marks, heads, starts, ends, split) if has_high else first


@shared
def split_words(scratch, first, marks, heads, starts, ends, split):
    """Cut those of ``first`` words that are not ASCII; returns how many there are then."""
    split[0, :first] = starts[:first]
    split[1, :first] = ends[:first]
    count = 0
    for i in range(first):
        start, end = split[0, i], split[1, i]
        if is_ascii(scratch + start, end - start):
            starts[count], ends[count] = start, end
            count += 1
        else:
            count = split_word(scratch, start, end, marks, heads, starts, ends, count)
    return count


@shared
def hash_spans(scratch, starts, ends, count, key0, key1, firsts, hashes):
    """SipHash of each word. firsts, hashes : uint64[>= count]; firsts is scratch.

    Words of fewer than 16 bytes have at most two SipHash words, so all of them take the same steps, which the compiler
    turns into vector code; the rare longer ones are hashed again, one by one.
    """
    longer = 0
    for i in range(count):
        scalar()
        address, length = scratch + starts[i], ends[i] - starts[i]
        firsts[i] = load64(address)
        hashes[i] = padded_tail_word(address, length)
        longer += np.int64(length >= 16)
    hash_two_words(key0, key1, firsts, hashes, count)
    if longer > 0:
        for i in range(count):
            length = ends[i] - starts[i]
            if length >= 16:
                address = scratch + starts[i]
                hashes[i] = hash_bytes(key0, key1, address, length, padded_tail_word(address, length))
