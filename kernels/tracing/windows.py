"""Token windows: a keyed 64-bit value of each context with the token behind it, every window once.

A statistical watermark is a function of such a value. It is uniform whatever the text, as long as the key had no part
in it, and values of different windows are independent. A window that comes again has the same value: counted again, it
would be no second observation (Fernandez et al., "Three bricks to consolidate watermarks for large language models",
WIFS 2023; Sander et al., "Watermarking makes language models radioactive", NeurIPS 2024: both on de-duplication).

    tokens   ... a   b   c   d ...      width 2: the window of d is (b, c, d), its context (b, c)
    value    SipHash-1-3 of the window's int32, as they lie in memory (little-endian)
    table    uint64[2^k], open addressing, 0 = empty; at least twice as many places as windows
"""

from __future__ import annotations

import numpy as np

from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.text.siphash import hash_bytes, tail_word

U64 = np.uint64


@inline
def place_of(value, table):
    """Where ``value`` is in the table, or where it would be put."""
    mask = table.size - 1
    place = np.int64(value & U64(mask))
    while table[place] != U64(0) and table[place] != value:
        place = (place + 1) & mask
    return place


@inline
def value_at(key, address, tokens):
    """The value of ``tokens`` int32 at an address; never 0, which stands for an empty place."""
    length = 4 * tokens
    value = hash_bytes(key[0], key[1], address, length, tail_word(address, length))
    return value if value != U64(0) else U64(1)


@kernel("i64(i32_in, i64_in, i64, u64_in, u64_out)")
def add_contexts(tokens, offsets, width, key, table):
    """Put the contexts that some texts go on from into a table. Returns how many are new.

    tokens, offsets : texts behind each other, text i at offsets[i]:offsets[i + 1]; width : tokens of a context;
    key : two words of SipHash; table : as above, with room for a context for each token
    """
    base = tokens.ctypes.data
    new = 0
    for i in range(offsets.size - 1):
        for at in range(offsets[i] + width, offsets[i + 1]):
            value = value_at(key, base + 4 * (at - width), width)
            place = place_of(value, table)
            if table[place] == U64(0):
                table[place] = value
                new += 1
    return new


@kernel("i64(i32_in, i64_in, i64, u64_in, u64_in, u64_out)")
def window_values(tokens, offsets, width, key, contexts, out):
    """Values of all windows, one after the other. Returns how many.

    tokens, offsets, width, key : as of ``add_contexts``; contexts : a table of it, outside of which no window counts,
    or nothing for all; out : uint64, as many as tokens
    """
    base = tokens.ctypes.data
    found = 0
    for i in range(offsets.size - 1):
        for at in range(offsets[i] + width, offsets[i + 1]):
            address = base + 4 * (at - width)
            if contexts.size > 0:
                context = value_at(key, address, width)
                if contexts[place_of(context, contexts)] == U64(0):
                    continue
            out[found] = value_at(key, address, width + 1)
            found += 1
    return found


@kernel("i64(u64_in, i64, u64_out)")
def distinct(values, bits, out):
    """Each of some values once, in no order that means anything. Returns how many.

    values : uint64, hashes, none of them 0; bits : 2^bits parts, by the highest bits, 1 or more; out : uint64, as many

    A table over all of them misses the cache with every value: 100 ns each for ten million. So they are dealt into
    parts whose tables fit (radix partitioning: Manegold, Boncz and Kersten, 2002).
    """
    shift = U64(64 - bits)
    ends = np.zeros((1 << bits) + 1, np.int64)
    for i in range(values.size):
        ends[np.int64(values[i] >> shift) + 1] += 1
    most = 0
    for part in range(1 << bits):
        most = max(most, ends[part + 1])
        ends[part + 1] += ends[part]
    dealt = np.empty(values.size, np.uint64)
    for i in range(values.size):
        part = np.int64(values[i] >> shift)
        dealt[ends[part]] = values[i]
        ends[part] += 1  # in the end that of the part, where the next one begins
    size = 16
    while size < 2 * most:
        size *= 2
    table = np.empty(size, np.uint64)
    found = first = 0
    for part in range(1 << bits):
        table[:] = U64(0)
        for i in range(first, ends[part]):
            place = place_of(dealt[i], table)
            if table[place] == U64(0):
                table[place] = dealt[i]
                out[found] = dealt[i]
                found += 1
        first = ends[part]
    return found


@kernel("void(i32_in, i32_in, u64_in, u64_out)")
def candidate_values(context, candidates, key, out):
    """The value of each token that may follow a context: what a sampler that watermarks asks.

    context : the tokens before; candidates : int32[n]; key : two words of SipHash; out : uint64[n]
    """
    width = context.size
    window = np.empty(width + 1, np.int32)
    window[:width] = context
    address = window.ctypes.data
    for i in range(candidates.size):
        window[width] = candidates[i]
        out[i] = value_at(key, address, width + 1)
    window[width] = 0  # mentioned once more, so that it outlives its address
