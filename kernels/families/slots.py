"""What fills the slots of a template: runs of grams that are not of the frame, and bounded counts of their values.

In a prompt's grams, in order, those of its frame are *anchors*; a maximal run of others between two anchors is the
filling of a slot, named by the anchor before it (HEAD before the first). Distinct values are counted in bottom-k
sketches (Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan, "Counting distinct elements in a data stream", RANDOM
2002): of each slot the ``k`` least value hashes are kept, each with how many prompts carry it. A value that is in a
sketch at the end was in it ever since it first came, so its count is exact, and all counts are as long as there are
fewer than ``k`` values. The sketch is a function of the set of prompts.
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import (
    i64,
    i64_in,
    i64_out,
    i64_out2,
    inline,
    kernel,
    shared,
    u8_in,
    u32_in,
    u64_in,
    u64_out,
    u64_out2,
    void,
)
from gauger.kernels.machine.vectors import fold_multiply, mix

U64, U8 = np.uint64, np.uint8
HEAD = 1 << 32  # the anchor before the first gram: no gram has it
RUNS_MAX = 16  # of one prompt; later ones are left out
SIDES = 4  # grams at either side of a run that are hashed by themselves: see ``list_runs``
VALUES = 1 + 2 * SIDES
_GOLDEN = U64(0x9E3779B97F4A7C15)
_START, _FACTOR = U64(0xD6E8FEB86659FD93), U64(0xA0761D6478BD642F)


@inline
def first_slot(gram, mask):
    """Where the search for a gram begins in a table of mask + 1 slots."""
    return ((U64(gram) * _GOLDEN) >> U64(20)) & mask


@kernel(void(i64_in, u32_in, i64_in, u64_out))
def index_frames(frame_offsets, frame_grams, table_offsets, table):
    """Fill a hash table a frame: gram + 1, or 0 where it is empty.

    frame_offsets, frame_grams : grams of frame f are frame_grams[frame_offsets[f]:frame_offsets[f + 1]], distinct
    table_offsets : int64[f + 1], the table of frame f is table[table_offsets[f]:table_offsets[f + 1]]: a power of two
        of slots, more than it has grams; table : uint64, zero
    """
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


@kernel(i64(i64_in, u32_in, i64_in, i64_in, u64_in, i64_out, u64_out, i64_out, i64_out, u64_out2))
def list_runs(
    offsets, grams, labels, table_offsets, table, run_frame, run_anchor, run_place, run_grams, run_values
):  # fmt: skip
    """List the fillings of prompts, at most RUNS_MAX a prompt and one an anchor; returns how many.

    labels : int64[n], frame of each prompt, -1 = none; table_offsets, table : of ``index_frames``
    run_frame, run_anchor, run_place, run_grams : of each filling its frame, the anchor before it, its number within
        the prompt from 0, and its length; room for RUNS_MAX entries a labelled prompt
    run_values : uint64[room, VALUES]: hash of the whole run, of its first 1 .. SIDES grams, of its last 1 .. SIDES
    """
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
def keep(kept, counts, sizes, row, value):
    """Count one value in row ``row`` of the bottom-k sketches (``count_runs``)."""
    mine, number, size = kept[row], counts[row], sizes[row]
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
    void(
        i64_in, u32_in, i64_in, i64_in, u64_in, i64_in, u64_in, i64_in, i64_in, u8_in, i64_in, i64_in,
        u64_out2, i64_out2, i64_out, i64_out,
    )
)  # fmt: skip
def count_runs(
    offsets, grams, labels, table_offsets, table, slot_offsets, slot_anchors, slot_sides, slot_rows, repeats,
    frame_repeats, frame_rows, kept, counts, sizes, totals,
):  # fmt: skip
    """Count what fills the slots of prompts, each prompt once.

    offsets, grams, labels, table_offsets, table : as in ``list_runs``
    slot_offsets : int64[f + 1], slots of each frame, at most 64; slot_anchors : uint64[s], the anchor before each
    slot_sides : int64[s], 0 where the whole run is one value, else the grams at either side that are a value each
    slot_rows : int64[s], sketch of the value; of two the second has the next; repeats : uint8[rows], whether a value
        counts in its frame's combinations; frame_repeats : int64[f], how many do
    frame_rows : int64[f], sketch of the combinations, -1 = none
    kept, counts : uint64[rows, k] and int64[rows, k], least value hashes, ascending, and prompts that carry each
    sizes, totals : int64[rows], values kept; values counted
    """
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
                    keep(kept, counts, sizes, row, value)
                    totals[row] += 1
                    if repeats[row] != U8(0):
                        # A sum, so that the order of a prompt's slots says nothing.
                        combination += mix(value ^ U64(row + 1), _FACTOR)
                        combined += 1
            if i < end:
                anchor, length = U64(grams[i]), 0
        if frame_rows[frame] >= 0 and combined == frame_repeats[frame]:
            keep(kept, counts, sizes, frame_rows[frame], mix(combination, _GOLDEN))
            totals[frame_rows[frame]] += 1
