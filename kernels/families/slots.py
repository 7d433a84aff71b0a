"""What fills the slots of a template: runs of grams that are not of the frame, and bounded counts of their values.

In a prompt's grams, in order, those of its frame are *anchors*; a maximal run of others between two anchors is the
filling of a slot, named by the anchor before it (HEAD before the first). Distinct values are counted in bottom-k
sketches (Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan, "Counting distinct elements in a data stream", RANDOM
2002): of each slot the ``k`` least value hashes are kept, each with how many prompts carry it. A value that is in a
sketch at the end was in it ever since it first came, so its count is exact, and all counts are as long as there are
fewer than ``k`` values. The sketch is a function of the set of prompts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.vocabulary import Grams  # noqa: F401 (signatures)
from gauger.kernels.machine.jit import inline, kernel, shared
from gauger.kernels.machine.vectors import fold_multiply, mix

U64, U8 = np.uint64, np.uint8
HEAD = 1 << 32  # the anchor before the first gram: no gram has it
RUNS_MAX = 16  # of one prompt; later ones are left out
SIDES = 4  # grams at either side of a run that are hashed by themselves: see ``list_runs``
VALUES = 1 + 2 * SIDES
_GOLDEN = U64(0x9E3779B97F4A7C15)
_START, _FACTOR = U64(0xD6E8FEB86659FD93), U64(0xA0761D6478BD642F)


class Anchors(NamedTuple):
    """A hash table a frame, of its grams: that of frame f is table[offsets[f]:offsets[f + 1]] (``index_frames``)."""

    offsets: np.ndarray  # int64[f + 1]; each table has a power of two of slots, more than its frame has grams
    table: np.ndarray  # uint64, gram + 1, or 0 where it is empty


class Runs(NamedTuple):
    """Fillings, a row each."""

    frame: np.ndarray  # int64
    anchor: np.ndarray  # uint64, the gram before it
    place: np.ndarray  # int64, its number within the prompt, from 0
    grams: np.ndarray  # int64, its length
    values: np.ndarray  # uint64[n, VALUES]: hash of the whole, of its first 1 .. SIDES grams, of its last 1 .. SIDES


class Slots(NamedTuple):
    """The slots of f frames: those of frame i are offsets[i]:offsets[i + 1], at most 64."""

    offsets: np.ndarray  # int64[f + 1]
    anchors: np.ndarray  # uint64[s], the gram before each
    sides: np.ndarray  # int64[s], 0 where the whole run is one value, else the grams at either side that are one each
    rows: np.ndarray  # int64[s], sketch of the value; of two the second has the next
    repeats: np.ndarray  # uint8[rows], whether a value counts in its frame's combinations
    frame_repeats: np.ndarray  # int64[f], how many do
    frame_rows: np.ndarray  # int64[f], sketch of the combinations, -1 = none


class Sketches(NamedTuple):
    """Bottom-k sketches, a row each."""

    kept: np.ndarray  # uint64[rows, k], the least value hashes, ascending
    counts: np.ndarray  # int64[rows, k], prompts that carry each
    sizes: np.ndarray  # int64[rows], values kept
    totals: np.ndarray  # int64[rows], values counted


@inline
def first_slot(gram, mask):
    """Where the search for a gram begins in a table of mask + 1 slots."""
    return ((U64(gram) * _GOLDEN) >> U64(20)) & mask


@kernel("void(Grams(i64_in, u32_in), Anchors(i64_in, u64_out))")
def index_frames(frames, anchors):
    """Fill the tables of anchors. frames : ``Grams`` of each, distinct; anchors : ``Anchors``, zero but for offsets."""
    frame_offsets, frame_grams = frames
    table_offsets, table = anchors
    for frame in range(frame_offsets.size - 1):
        own = table[table_offsets[frame] : table_offsets[frame + 1]]
        mask = U64(own.size - 1)
        for i in range(frame_offsets[frame], frame_offsets[frame + 1]):
            slot = first_slot(frame_grams[i], mask)
            while own[slot] != U64(0):
                slot = (slot + U64(1)) & mask
            own[slot] = U64(frame_grams[i]) + U64(1)


@inline
def is_anchor(own, gram):
    """Whether a frame's table holds a gram."""
    mask = U64(own.size - 1)
    slot = first_slot(gram, mask)
    while own[slot] != U64(0) and own[slot] != U64(gram) + U64(1):
        slot = (slot + U64(1)) & mask
    return own[slot] != U64(0)


@shared
def hash_run(grams, first, last):
    """Hash of the grams first .. last, in order. They are keyed hashes already."""
    state = _START
    for i in range(first, last):
        state = fold_multiply(state ^ (U64(grams[i]) + U64(1)), _FACTOR)
    return mix(state, _GOLDEN)


@kernel(
    "i64(Grams(i64_in, u32_in), i64_in, Anchors(i64_in, u64_in), Runs(i64_out, u64_out, i64_out, i64_out, u64_out2))"
)
def list_runs(prompts, labels, anchors, runs):
    """List the fillings of prompts, at most RUNS_MAX a prompt and one an anchor; returns how many.

    prompts : ``Grams``; labels : int64[n], frame of each prompt, -1 = none; anchors : ``Anchors`` of the frames
    runs : ``Runs``, output, room for RUNS_MAX of them a labelled prompt
    """
    offsets, grams = prompts
    table_offsets, table = anchors
    run_frame, run_anchor, run_place, run_grams, run_values = runs
    found = 0
    for prompt in range(offsets.size - 1):
        frame = labels[prompt]
        if frame < 0:
            continue
        own = table[table_offsets[frame] : table_offsets[frame + 1]]
        first_found, anchor, length = found, U64(HEAD), 0
        end = offsets[prompt + 1]
        for i in range(offsets[prompt], end + 1):
            if i < end and not is_anchor(own, grams[i]):
                length += 1
                continue
            known = False
            for j in range(first_found, found):
                known |= run_anchor[j] == anchor
            if length > 0 and not known and found - first_found < RUNS_MAX:
                run_frame[found], run_anchor[found], run_grams[found] = frame, anchor, length
                run_place[found] = found - first_found
                run_values[found, 0] = hash_run(grams, i - length, i)
                for side in range(SIDES):
                    some = min(side + 1, length)
                    run_values[found, 1 + side] = hash_run(grams, i - length, i - length + some)
                    run_values[found, 1 + SIDES + side] = hash_run(grams, i - some, i)
                found += 1
            if i < end:
                anchor, length = U64(grams[i]), 0
    return found


@shared
def keep(sketches, row, value):
    """Count one value in row ``row`` of the bottom-k sketches."""
    sizes = sketches.sizes
    mine, number, size = sketches.kept[row], sketches.counts[row], sizes[row]
    sketches.totals[row] += 1
    if size == mine.size and value > mine[size - 1]:
        return
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if mine[middle] < value:
            low = middle + 1
        else:
            high = middle
    if low < size and mine[low] == value:
        number[low] += 1
        return
    if size < mine.size:
        size += 1
        sizes[row] = size
    for i in range(size - 1, low, -1):
        mine[i], number[i] = mine[i - 1], number[i - 1]
    mine[low], number[low] = value, 1


@kernel(
    "void(Grams(i64_in, u32_in), i64_in, Anchors(i64_in, u64_in), "
    "Slots(i64_in, u64_in, i64_in, i64_in, u8_in, i64_in, i64_in), Sketches(u64_out2, i64_out2, i64_out, i64_out))"
)
def count_runs(prompts, labels, anchors, slots, sketches):
    """Count what fills the slots of prompts, each prompt once.

    prompts, labels, anchors : as in ``list_runs``; slots : ``Slots`` of the frames; sketches : ``Sketches``, updated
    """
    offsets, grams = prompts
    table_offsets, table = anchors
    slot_offsets, slot_anchors, slot_sides, slot_rows, repeats, frame_repeats, frame_rows = slots
    for prompt in range(offsets.size - 1):
        frame = labels[prompt]
        if frame < 0 or slot_offsets[frame] == slot_offsets[frame + 1]:
            continue
        own = table[table_offsets[frame] : table_offsets[frame + 1]]
        seen, anchor, length = U64(0), U64(HEAD), 0
        combination, combined = U64(0), 0
        end = offsets[prompt + 1]
        for i in range(offsets[prompt], end + 1):
            if i < end and not is_anchor(own, grams[i]):
                length += 1
                continue
            for slot in range(slot_offsets[frame], slot_offsets[frame + 1] if length > 0 else 0):
                bit = U64(1) << U64(slot - slot_offsets[frame])
                if slot_anchors[slot] != anchor or seen & bit != U64(0):
                    continue
                seen |= bit
                sides = slot_sides[slot]
                some = min(sides, length) if sides > 0 else length
                for part in range(2 if sides > 0 else 1):
                    first = i - some if part else i - length
                    value = hash_run(grams, first, first + some)
                    row = slot_rows[slot] + part
                    keep(sketches, row, value)
                    if repeats[row] != U8(0):
                        # A sum, so that the order of a prompt's slots says nothing.
                        combination += mix(value ^ U64(row + 1), _FACTOR)
                        combined += 1
            if i < end:
                anchor, length = U64(grams[i]), 0
        if frame_rows[frame] >= 0 and combined == frame_repeats[frame]:
            keep(sketches, frame_rows[frame], mix(combination, _GOLDEN))
