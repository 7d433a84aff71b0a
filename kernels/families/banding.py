"""Banded locality-sensitive hashing over b-bit MinHash signatures: which rows may be alike, and how alike they are.

Source: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", section 3.4. Thirty-two bands of four 8-bit slots:
a band of a signature row *is* one uint32, so bands cost nothing to form. A pair with Jaccard similarity 0.7 meets in
some band with probability 1 - (1 - 0.7^4)^32 = 0.9998, one with 0.4 with 0.56.

What a band finds are edges, weighted by the number of equal slots. Of all bands' edges only a maximum spanning forest
is kept: its components at any threshold are those of all edges (single linkage), and it has fewer edges than rows.

A *place* is the number of a prompt in canonical order, ``order[place]`` its row of the signature column, which is read
where it lies. An edge is uint64: the smaller place in the high 32 bits, the other below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.machine.jit import inline, kernel
from gauger.kernels.sketches.minhash import SLOTS, matches

U64 = np.uint64
BANDS = 32
SLOTS_PER_BAND = 4
HEADS = 3  # rows at the start of a bucket that every later one is compared with, beside the one before it
_DIGIT_BITS = 11
_DIGITS = 1 << _DIGIT_BITS
_LOW = U64(0xFFFFFFFF)


class Signatures(NamedTuple):
    """b-bit signatures by place: that of a place is rows[order[place]]."""

    rows: np.ndarray  # uint8[n, SLOTS]
    order: np.ndarray  # int64[n]


@kernel("void(Signatures(u8_in2, i64_in), i32_in, i64, u64_out)")
def form_band(signatures, places, band, entries):
    """entries[i] = value of the band in the high 32 bits, places[i] below.

    signatures : ``Signatures`` of all places; places : int32[m], those wanted; entries : uint64[m], result
    """
    rows, order = signatures
    first = SLOTS_PER_BAND * band
    for i in range(places.size):
        row = rows[order[places[i]]]
        value = U64(row[first]) | U64(row[first + 1]) << U64(8)
        value |= U64(row[first + 2]) << U64(16) | U64(row[first + 3]) << U64(24)
        entries[i] = value << U64(32) | U64(places[i])


@kernel("void(u64_out, u64_out)")
def sort_band(entries, out):
    """Stable radix sort by the high 32 bits, least digit first, three passes of 11 bits.

    entries : uint64[m], destroyed; out : uint64[m], result
    """
    places = np.empty(_DIGITS, np.int64)
    source, target = entries, out
    for turn in range(3):
        shift = U64(32 + turn * _DIGIT_BITS)
        places[:] = 0
        for i in range(source.size):
            places[(source[i] >> shift) & U64(_DIGITS - 1)] += 1
        total = 0
        for digit in range(_DIGITS):
            size = places[digit]
            places[digit] = total
            total += size
        for i in range(source.size):
            digit = (source[i] >> shift) & U64(_DIGITS - 1)
            target[places[digit]] = source[i]
            places[digit] += 1
        source, target = target, source


@inline
def root_of(parents, node):
    """Root of a union-find node, halving paths on the way."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@inline
def join(parents, left, right):
    """Unite two sets; the smaller root wins, so the result does not depend on the order of unions."""
    a, b = root_of(parents, left), root_of(parents, right)
    if a < b:
        parents[b] = a
    else:
        parents[a] = b


@kernel("i64(u64_in, i64, Signatures(u8_in2, i64_in), i64, i32_in, u64_out, u8_out, i64_out)")
def compare_band(entries, start, signatures, least, strong, edges, equal, stopped):
    """Edges of at least ``least`` equal slots between rows that share a band value.

    A row is compared with the first HEADS rows of its bucket and with the one before it, unless both are of one
    component of ``strong`` already.
    entries : sorted by ``sort_band``; start : first entry to look at, the beginning of a bucket
    signatures : ``Signatures`` of all places
    strong : int32[n], a component (by place) that edges need not connect again
    edges, equal : uint64 and uint8[capacity >= HEADS + 1], results; returns how many
    stopped : int64[1], where it stopped for want of room, mid-bucket or not: go on from there; else the number of
        entries. The bucket's start is found again.
    """
    rows, order = signatures
    found = 0
    at = start
    while at > 0 and at < entries.size and entries[at] >> U64(32) == entries[at - 1] >> U64(32):
        at -= 1
    bucket = at
    at = max(start, bucket)
    while at < entries.size:
        if entries[at] >> U64(32) != entries[bucket] >> U64(32):
            bucket = at
        if found + HEADS + 1 > edges.size:
            break
        right = np.int64(entries[at] & _LOW)
        for turn in range(HEADS + 1):
            other = bucket + turn if turn < HEADS else at - 1
            if other >= at or (turn == HEADS and other < bucket + HEADS):
                continue
            left = np.int64(entries[other] & _LOW)
            if strong[left] == strong[right]:
                continue
            same = matches(rows[order[left]], rows[order[right]])
            if same >= least:
                edges[found] = U64(left) << U64(32) | U64(right)
                equal[found] = same
                found += 1
        at += 1
    stopped[0] = at
    return found


@kernel("i64(u64_in, u8_in, i32_out, u64_out, u8_out)")
def span(edges, equal, parents, kept, kept_equal):
    """Maximum spanning forest of edges (Kruskal), most equal slots first and of equal ones the first.

    edges, equal : uint64[e], uint8[e]; parents : int32[n], scratch: afterwards the components of all edges
    kept, kept_equal : uint64 and uint8[min(e, n)], the forest in that order; returns how many
    """
    places = np.zeros(SLOTS + 2, np.int64)
    for i in range(edges.size):
        places[SLOTS - equal[i] + 1] += 1
    for j in range(SLOTS + 1):
        places[j + 1] += places[j]
    by_weight = np.empty(edges.size, np.int64)
    for i in range(edges.size):
        by_weight[places[SLOTS - equal[i]]] = i
        places[SLOTS - equal[i]] += 1
    for node in range(parents.size):
        parents[node] = node
    found = 0
    for i in by_weight:
        a, b = root_of(parents, np.int64(edges[i] >> U64(32))), root_of(parents, np.int64(edges[i] & _LOW))
        if a != b:
            parents[max(a, b)] = min(a, b)
            kept[found] = edges[i]
            kept_equal[found] = equal[i]
            found += 1
    return found


@kernel("void(u64_in, u8_in, i64, i32_out)")
def connect(edges, equal, least, parents):
    """Components of the ``edges`` of at least ``least`` ``equal`` slots. parents : int32[n], least place each."""
    for node in range(parents.size):
        parents[node] = node
    for i in range(edges.size):
        if equal[i] >= least:
            join(parents, np.int64(edges[i] >> U64(32)), np.int64(edges[i] & _LOW))
    for node in range(parents.size):
        parents[node] = root_of(parents, node)


@kernel("void(i32_out)")
def flatten(parents):
    """Point every node at its root. parents : int32[n], union-find."""
    for node in range(parents.size):
        parents[node] = root_of(parents, node)


assert BANDS * SLOTS_PER_BAND == SLOTS
