"""The frequent grams of a sample of prompts, numbered: what template frames are learnt from.

Most grams of a sample occur once. A table of saturating counters sorts those out at a byte a cell; the rest are
numbered in order of first appearance, so that all later work reads arrays instead of hash tables.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.machine.jit import inline, kernel

U64, U32, U8 = np.uint64, np.uint32, np.uint8
# A row of statistics: the gram, prompts that hold it, its occurrences, the last prompt counted (+ 1).
GRAM, COUNT, OCCURRENCES, LAST = range(4)
STATISTICS = 4


class Grams(NamedTuple):
    """Grams of n prompts, or the numbers of grams: those of prompt i are values[offsets[i]:offsets[i + 1]]."""

    offsets: np.ndarray  # int64[n + 1]
    values: np.ndarray  # uint32, or int32 where they are numbers


@kernel("void(u32_in, u8_out)")
def tally_grams(grams, tally):
    """Count grams by their low bits, up to 255. tally : uint8[power of two], zero. Never under."""
    mask = U64(tally.size - 1)
    for i in range(grams.size):
        cell = U64(grams[i]) & mask
        tally[cell] += U8(tally[cell] < U8(255))


@inline
def slot_of(gram, mask):
    """Where the search for a gram begins."""
    return (U64(gram) * U64(0x9E3779B97F4A7C15)) >> U64(20) & mask


@kernel("i64(Grams(i64_in, u32_in), u8_in, i64, i32_out, u32_out2, Grams(i64_out, i32_out))")
def number_grams(prompts, tally, least_count, index, statistics, numbered):
    """Number the grams whose cell of ``tally`` holds at least ``least_count``, and count them by prompts.

    prompts : ``Grams`` of n prompts
    index : int32[power of two], -1 throughout; statistics : uint32[at most half as many, STATISTICS], zero
    numbered : ``Grams``, output: the numbers of each prompt's grams, each once, in order of first appearance
    Returns how many distinct grams there are, or -1 when ``statistics`` is too short.
    """
    offsets, grams = prompts
    number_offsets, numbers = numbered
    known, written = 0, 0
    mask, tally_mask = U64(index.size - 1), U64(tally.size - 1)
    number_offsets[0] = 0
    for prompt in range(offsets.size - 1):
        mark = U32(prompt + 1)
        for i in range(offsets[prompt], offsets[prompt + 1]):
            if tally[U64(grams[i]) & tally_mask] < least_count:
                continue
            slot = slot_of(grams[i], mask)
            while index[slot] >= 0 and statistics[index[slot], GRAM] != grams[i]:
                slot = (slot + U64(1)) & mask
            row = index[slot]
            if row < 0:
                if known == statistics.shape[0]:
                    return -1
                row = np.int32(known)
                index[slot] = row
                statistics[row, GRAM] = grams[i]
                known += 1
            statistics[row, OCCURRENCES] += U32(1)
            if statistics[row, LAST] == mark:
                continue
            statistics[row, LAST] = mark
            statistics[row, COUNT] += U32(1)
            numbers[written] = row
            written += 1
        number_offsets[prompt + 1] = written
    return known


@kernel("void(i64_out, i32_out, i32_in)")
def renumber(offsets, numbers, renamed):
    """Rename numbers in place, dropping those renamed to -1; the offsets follow."""
    written, start = 0, 0
    for prompt in range(offsets.size - 1):
        end = offsets[prompt + 1]
        for i in range(start, end):
            name = renamed[numbers[i]]
            if name >= 0:
                numbers[written] = name
                written += 1
        start = end
        offsets[prompt + 1] = written
