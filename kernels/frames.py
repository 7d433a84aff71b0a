"""Learning and matching template frames over the frame grams of prompts (DESIGN 5.4)."""

from __future__ import annotations

import numpy as np

from gauger.kernels.jit import (
    i32_in,
    i32_out,
    i64,
    i64_in,
    i64_out,
    inline,
    kernel,
    u32_in,
    u32_out,
    u32_out2,
    u64_in,
    void,
)

U64, U32 = np.uint64, np.uint32
# Gram table rows: gram, prompts that hold it, least prompt hash among them, last prompt counted (+ 1; 0 = empty row).
GRAM, COUNT, LEAST, LAST = range(4)


@inline
def find_gram(table, gram):
    """Row of a gram in the table, or the empty row where it belongs."""
    mask = U64(table.shape[0] - 1)
    row = (U64(gram) * U64(0x9E3779B97F4A7C15)) >> U64(20) & mask
    while table[row, LAST] != U32(0) and table[row, GRAM] != gram:
        row = (row + U64(1)) & mask
    return row


@kernel(void(i64_in, u32_in, u32_in, u32_out2))
def count_grams(offsets, grams, prompt_hashes, table):
    """Count distinct prompts a gram is in, and keep the least hash of those prompts (its column min-hash).

    offsets, grams : grams of prompt i are grams[offsets[i]:offsets[i + 1]]; prompt_hashes : uint32[n]
    table : uint32[power of two, 4], zero, more than twice as long as there are distinct grams
    """
    for prompt in range(offsets.size - 1):
        mark = U32(prompt + 1)
        for i in range(offsets[prompt], offsets[prompt + 1]):
            row = find_gram(table, grams[i])
            if table[row, LAST] == U32(0):
                table[row, GRAM] = grams[i]
                table[row, LEAST] = prompt_hashes[prompt]
            elif table[row, LAST] == mark:
                continue
            table[row, COUNT] += U32(1)
            table[row, LAST] = mark
            table[row, LEAST] = min(table[row, LEAST], prompt_hashes[prompt])


@kernel(i64(i64_in, u32_in, u32_out2, i64, i64, u32_out, i64_out, u32_out, i32_out))
def coherent_grams(offsets, grams, table, least_count, least_grams, least_hash, atom_prompt, atom_value, atom_size):
    """Keep the grams of each prompt whose column min-hash at least ``least_grams`` of its frequent grams share.

    Grams of one frame occur in the same prompts, so they point at the same least prompt; grams of common phrases
    rarely do. Such a group is an atom.

    least_hash : uint32 per gram, output: the column min-hash of a kept gram, 0 for a dropped one
    atom_prompt, atom_value, atom_size : output, one entry an atom of a prompt; returns how many
    """
    atoms = 0
    scratch = np.empty(4096, np.uint32)
    for prompt in range(offsets.size - 1):
        start, end = offsets[prompt], offsets[prompt + 1]
        frequent = 0
        for i in range(start, end):
            row = find_gram(table, grams[i])
            least_hash[i] = U32(0)
            if table[row, COUNT] >= least_count and frequent < scratch.size:
                least_hash[i] = table[row, LEAST]
                scratch[frequent] = table[row, LEAST]
                frequent += 1
        if frequent == 0:
            continue
        ordered = np.sort(scratch[:frequent])
        first_atom = atoms
        low = 0
        while low < frequent:
            high = low
            while high < frequent and ordered[high] == ordered[low]:
                high += 1
            if high - low >= least_grams:
                atom_prompt[atoms], atom_value[atoms], atom_size[atoms] = prompt, ordered[low], high - low
                atoms += 1
            low = high
        for i in range(start, end):
            if least_hash[i] != U32(0):
                found = first_atom
                while found < atoms and atom_value[found] != least_hash[i]:
                    found += 1
                if found == atoms:
                    least_hash[i] = U32(0)
    return atoms


@kernel(void(i64_in, u32_in, u32_in, u32_out2, i32_out))
def sign_kept(offsets, grams, least_hash, signatures, kept):
    """MinHash of the kept grams of each prompt. signatures : uint32[n, K]; kept : int32[n], number of grams kept.

    Grams are keyed hashes already; slots draw from them by a linear congruential walk.
    """
    for prompt in range(offsets.size - 1):
        signatures[prompt, :] = U32(0xFFFFFFFF)
        kept[prompt] = 0
        for i in range(offsets[prompt], offsets[prompt + 1]):
            if least_hash[i] == U32(0):
                continue
            kept[prompt] += 1
            state = U64(grams[i])
            for j in range(signatures.shape[1]):
                state = state * U64(6364136223846793005) + U64(1442695040888963407)
                signatures[prompt, j] = min(signatures[prompt, j], U32(state >> U64(32)))


@kernel(void(i64_in, u64_in, u32_out2, i64, i32_out))
def join_buckets(order, keys, signatures, least, parents):
    """Unite prompts of one bucket that share at least ``least`` slots with its first. order : by (key, prompt)."""
    head = 0
    for at in range(1, order.size):
        if keys[at] != keys[head]:
            head = at
            continue
        left, right = order[head], order[at]
        equal = 0
        for j in range(signatures.shape[1]):
            equal += np.int64(signatures[left, j] == signatures[right, j])
        if equal >= least:
            a, b = left, right
            while parents[a] != a:
                parents[a] = parents[parents[a]]
                a = parents[a]
            while parents[b] != b:
                parents[b] = parents[parents[b]]
                b = parents[b]
            if a < b:
                parents[b] = a
            else:
                parents[a] = b


@kernel(void(u32_in, i32_out))
def index_grams(distinct, index):
    """Open-addressing index (int32, -1 = empty) over sorted distinct grams."""
    mask = U64(index.size - 1)
    for i in range(distinct.size):
        slot = (U64(distinct[i]) * U64(0x9E3779B97F4A7C15)) >> U64(20) & mask
        while index[slot] >= 0:
            slot = (slot + U64(1)) & mask
        index[slot] = np.int32(i)


@inline
def overlap(pairs, pair_counts, frames, left, right):
    """Number of grams two frames share, by binary search in sorted keys left * frames + right."""
    wanted = np.int64(left) * frames + np.int64(right)
    low, high = 0, pairs.size
    while low < high:
        middle = (low + high) // 2
        if pairs[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return pair_counts[low] if low < pairs.size and pairs[low] == wanted else np.int64(0)


@kernel(void(i64_in, u32_in, u32_in, i32_in, i64_in, i32_in, i64_in, i64_in, i64_in, i64_in, i64, i64, i32_out))
def match_frames(
    offsets, grams, distinct, index, posting_offsets, posting_frames, frame_grams, frame_rank, pairs, pair_counts,
    least_grams, percent, labels,
):  # fmt: skip
    """Give each prompt the frame it holds, or -1.

    distinct, index : the frames' grams and their hash index; posting_offsets, posting_frames : frames of each gram
    frame_grams : grams of each frame; frame_rank : place of each frame by size, largest first
    pairs, pair_counts : shared grams of frame pairs (``overlap``)
    A prompt holds a frame when it has at least ``percent`` of its grams and ``least_grams``. Of crossing frames the
    larger family wins; from a frame to one nested in it (it holds the frame's grams and at least ``least_grams`` more)
    the prompt descends.
    """
    frames = frame_grams.size
    hits = np.zeros(frames, np.int64)
    touched = np.empty(frames, np.int64)
    last = np.full(distinct.size, -1, np.int64)
    mask = U64(index.size - 1)
    for prompt in range(offsets.size - 1):
        count = 0
        for i in range(offsets[prompt], offsets[prompt + 1]):
            slot = (U64(grams[i]) * U64(0x9E3779B97F4A7C15)) >> U64(20) & mask
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
        # Candidates, largest family first.
        candidates = 0
        for j in range(count):
            frame = touched[j]
            enough = hits[frame] * 100 >= percent * frame_grams[frame] and hits[frame] >= least_grams
            hits[frame] = 0
            if enough:
                at = candidates
                while at > 0 and frame_rank[touched[at - 1]] > frame_rank[frame]:
                    touched[at] = touched[at - 1]
                    at -= 1
                touched[at] = frame
                candidates += 1
        best = np.int64(-1)
        for j in range(candidates):
            frame = touched[j]
            if best < 0:
                best = frame
            elif frame_grams[frame] >= frame_grams[best] + least_grams:
                shared = overlap(pairs, pair_counts, frames, best, frame)
                if shared * 100 >= percent * frame_grams[best]:
                    best = frame
        labels[prompt] = np.int32(best)
