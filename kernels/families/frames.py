"""The frames of groups of prompts, and matching prompts against frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.vocabulary import Grams, slot_of  # noqa: F401 (signatures)
from gauger.kernels.machine.jit import inline, kernel

U64, U32 = np.uint64, np.uint32


class Table(NamedTuple):
    """Frames and variants of frames, f of them, ready for matching."""

    distinct: np.ndarray  # uint32[g], all their grams
    index: np.ndarray  # int32[power of two], of ``index_grams``
    posting_offsets: np.ndarray  # int64[g + 1]; frames of gram i are posting_frames[offsets[i]:offsets[i + 1]]
    posting_frames: np.ndarray  # int32
    sizes: np.ndarray  # int64[f], grams of each
    needed: np.ndarray  # int64[f], how many of them a prompt must hold
    parents: np.ndarray  # int32[f], the frame a variant is of, -1 for a frame
    rank: np.ndarray  # int64[f], place by family size, largest first
    pairs: np.ndarray  # int64, sorted keys left * f + right of frames that share grams
    shared: np.ndarray  # int64, how many grams each pair shares


@kernel("i64(i64_in, i64_in, Grams(i64_in, i32_in), u8_in, i64, i32_out, i32_out, i32_out)")
def agreed_grams(order, starts, grams, kept, percent, held, group, gram):
    """The kept grams that at least ``percent`` of a group's prompts hold.

    order, starts : prompts of group g are order[starts[g]:starts[g + 1]]
    grams : ``Grams``, gram numbers of each prompt; kept : uint8 as long as there are numbers
    held : int32 per gram, zero before and after
    group, gram : int32, output, one entry an agreed gram, group by group; returns how many
    """
    offsets, numbers = grams
    written = 0
    for label in range(starts.size - 1):
        size = starts[label + 1] - starts[label]
        for at in range(starts[label], starts[label + 1]):
            for i in range(offsets[order[at]], offsets[order[at] + 1]):
                held[numbers[i]] += np.int32(kept[i])
        for at in range(starts[label], starts[label + 1]):
            for i in range(offsets[order[at]], offsets[order[at] + 1]):
                if held[numbers[i]] * 100 >= percent * size:
                    group[written], gram[written] = label, numbers[i]
                    written += 1
                held[numbers[i]] = 0
    return written


@kernel("i64(i64_in, Grams(i64_in, i32_in), i32_out, i32_out)")
def count_members(prompts, grams, held, seen):
    """Of each gram of some prompts: how many of them hold it.

    prompts : int64, those to look at; grams : ``Grams``, numbers; held : int32 per gram, zero
    seen : int32, output: the grams in order of first appearance; returns how many
    """
    offsets, numbers = grams
    count = 0
    for at in range(prompts.size):
        for i in range(offsets[prompts[at]], offsets[prompts[at] + 1]):
            gram = numbers[i]
            if held[gram] == 0:
                seen[count] = gram
                count += 1
            held[gram] += 1
    return count


@kernel("void(u32_in, i32_out)")
def index_grams(distinct, index):
    """Open-addressing index (int32, -1 = empty) over sorted distinct grams."""
    mask = U64(index.size - 1)
    for i in range(distinct.size):
        slot = slot_of(distinct[i], mask)
        while index[slot] >= 0:
            slot = (slot + U64(1)) & mask
        index[slot] = np.int32(i)


@inline
def overlap(table, left, right):
    """Number of grams two frames share, by binary search."""
    pairs = table.pairs
    wanted = np.int64(left) * table.sizes.size + np.int64(right)
    low, high = 0, pairs.size
    while low < high:
        middle = (low + high) // 2
        if pairs[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return table.shared[low] if low < pairs.size and pairs[low] == wanted else np.int64(0)


@inline
def best_frame(hits, touched, count, table, least_grams, percent):
    """Of the frames a prompt holds, the one of the largest family, then down into those nested in it; -1 for none."""
    sizes, needed, parents, rank = table.sizes, table.needed, table.parents, table.rank
    candidates = 0
    for j in range(count):
        frame = touched[j]
        if parents[frame] < 0 and hits[frame] >= needed[frame]:
            # Largest family first; a frame put forward swaps places with one that is no candidate.
            at = candidates
            touched[j] = touched[at]
            while at > 0 and rank[touched[at - 1]] > rank[frame]:
                touched[at] = touched[at - 1]
                at -= 1
            touched[at] = frame
            candidates += 1
    best = np.int64(-1)
    for j in range(candidates):
        frame = touched[j]
        if best < 0 or (
            sizes[frame] >= sizes[best] + least_grams and overlap(table, best, frame) * 100 >= percent * sizes[best]
        ):
            best = frame
    return best


@inline
def descend(hits, touched, count, table, best):
    """From a frame to its variants: each time the one the prompt holds the largest share of."""
    sizes, needed, parents, rank = table.sizes, table.needed, table.parents, table.rank
    while best >= 0:
        variant = np.int64(-1)
        for j in range(count):
            frame = touched[j]
            if parents[frame] != best or hits[frame] < needed[frame]:
                continue
            if variant >= 0:
                ours, theirs = hits[frame] * sizes[variant], hits[variant] * sizes[frame]
                if ours < theirs or (ours == theirs and rank[frame] > rank[variant]):
                    continue
            variant = frame
        if variant < 0:
            break
        best = variant
    return best


@kernel(
    "void(Grams(i64_in, u32_in), "
    "Table(u32_in, i32_in, i64_in, i32_in, i64_in, i64_in, i32_in, i64_in, i64_in, i64_in), i64, i64, i32_out)"
)
def match_frames(prompts, table, least_grams, percent, labels):
    """Give each prompt the frame it holds, or -1.

    prompts : ``Grams``; table : ``Table`` of the frames; labels : int32[n], output
    A variant's own grams only count once the frame that it is of is held.
    Of crossing frames the larger family wins; from a frame to one nested in it (it holds ``percent`` of the frame's
    grams and at least ``least_grams`` more) the prompt descends; and from there to the variant it holds most of.
    """
    offsets, grams = prompts
    distinct, index, posting_offsets, posting_frames, sizes = table[:5]
    hits = np.zeros(sizes.size, np.int64)
    touched = np.empty(sizes.size, np.int64)
    last = np.full(distinct.size, -1, np.int64)
    mask = U64(index.size - 1)
    for prompt in range(offsets.size - 1):
        count = 0
        for i in range(offsets[prompt], offsets[prompt + 1]):
            slot = slot_of(grams[i], mask)
            while index[slot] >= 0 and distinct[index[slot]] != grams[i]:
                slot = (slot + U64(1)) & mask
            found = index[slot]
            if found < 0 or last[found] == prompt:
                continue
            last[found] = prompt
            for p in range(posting_offsets[found], posting_offsets[found + 1]):
                frame = posting_frames[p]
                if hits[frame] == 0:
                    touched[count] = frame
                    count += 1
                hits[frame] += 1
        best = best_frame(hits, touched, count, table, least_grams, percent)
        best = descend(hits, touched, count, table, best)
        for j in range(count):
            hits[touched[j]] = 0
        labels[prompt] = np.int32(best)
