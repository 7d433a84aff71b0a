"""Families out of a forest of alike pairs: single linkage, held back wherever it would chain strangers together.

Edges are taken from the most alike down, as single linkage does, but two clusters become one only when none of their
cross pairs (but for one in SPARED), among the K_SAMPLE members of each with the smallest places, has too few equal
slots. Places follow a keyed hash, so that is a random sample of each, the same for any order of the input. At every
level, clusters of one single-linkage component that were kept apart are offered to its largest ones: a forest has one
edge where there may have been several, and the one it kept may lead to a cluster that does not fit.

Components (of all edges) have nothing to do with each other: any number of threads may settle a share of them each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.banding import Signatures, root_of  # noqa: F401 (signatures)
from gauger.kernels.machine.jit import inline, kernel, shared
from gauger.kernels.sketches.minhash import matches

U64 = np.uint64
K_SAMPLE = 16  # members that speak for a cluster
SPARED = 16  # one cross pair in so many may have too few equal slots: estimates err
LEADERS = 16  # clusters of a component that others are offered to, at each level
_LOW = U64(0xFFFFFFFF)


class Forest(NamedTuple):
    """Components and the maximum spanning tree of each. A component has one edge fewer than places."""

    places: np.ndarray  # int32, component by component, ascending in each
    offsets: np.ndarray  # int64[c + 1], where each component's places begin
    edges: np.ndarray  # uint64 (``banding``), in the order of components, most equal first in each
    equal: np.ndarray  # uint8, equal slots of each edge


class Clusters(NamedTuple):
    """Clusters of one component while it is settled, int64[m] unless it says otherwise."""

    parents: np.ndarray  # union-find over its places
    sizes: np.ndarray  # of roots
    samples: np.ndarray  # int32[m, K_SAMPLE], of roots: their smallest members
    merged: np.ndarray  # int32[K_SAMPLE], scratch


@inline
def alike(left, right, samples, sizes, places, rows, order, least):
    """Equal slots summed over cross pairs of two clusters' samples and their number; (-1, 1) where they do not fit."""
    total, pairs = 0, 0
    spared = min(sizes[left], K_SAMPLE) * min(sizes[right], K_SAMPLE) // SPARED
    for i in range(min(sizes[left], K_SAMPLE)):
        row = rows[order[places[samples[left, i]]]]
        for j in range(min(sizes[right], K_SAMPLE)):
            equal = matches(row, rows[order[places[samples[right, j]]]])
            spared -= equal < least
            if spared < 0:
                return -1, 1
            total += equal
            pairs += 1
    return total, pairs


@inline
def unite(parents, sizes, samples, left, right, merged):
    """Make two clusters one: the smaller root is the root, the smallest members of both the sample."""
    a, b = min(left, right), max(left, right)
    parents[b] = a
    i, j, count = 0, 0, 0
    while count < min(sizes[a] + sizes[b], K_SAMPLE):
        from_a = j >= min(sizes[b], K_SAMPLE) or (i < min(sizes[a], K_SAMPLE) and samples[a, i] < samples[b, j])
        merged[count] = samples[a, i] if from_a else samples[b, j]
        i, j = i + from_a, j + (not from_a)
        count += 1
    samples[a, :count] = merged[:count]
    sizes[a] += sizes[b]


@shared
def offer(linked, touched, clusters, places, signatures, least):
    """Offer the clusters of each touched component to its largest ones, the most alike first."""
    parents, sizes, samples, merged = clusters
    rows, order = signatures
    count = 0
    roots = np.empty(parents.size, np.int64)
    for node in range(parents.size):
        if parents[node] == node and touched[root_of(linked, node)]:
            roots[count] = node
            count += 1
    roots = roots[:count]
    by_size = np.argsort(-sizes[roots], kind="mergesort")
    roots = roots[by_size]
    components = np.empty(count, np.int64)
    for i in range(count):
        components[i] = root_of(linked, roots[i])
    roots = roots[np.argsort(components, kind="mergesort")]
    leaders = np.empty(LEADERS, np.int64)
    led, component = 0, -1
    for cluster in roots:
        if root_of(linked, cluster) != component:
            led, component = 0, root_of(linked, cluster)
        best, best_mean = -1, 0.0
        for i in range(led):
            total, pairs = alike(leaders[i], cluster, samples, sizes, places, rows, order, least)
            if total >= 0 and total / pairs > best_mean:
                best, best_mean = i, total / pairs
        if best >= 0:
            unite(parents, sizes, samples, leaders[best], cluster, merged)
            leaders[best] = min(leaders[best], cluster)
        elif led < LEADERS:
            leaders[led] = cluster
            led += 1


@shared
def settle(places, edges, equal, levels, signatures, least, local, labels):
    """Settle one component. places : int32[m], its places, ascending; edges, equal : its forest, most equal first."""
    size = places.size
    for i in range(size):
        local[places[i]] = i
    parents, linked = np.arange(size), np.arange(size)
    sizes, touched = np.ones(size, np.int64), np.zeros(size, np.uint8)
    samples, merged = np.empty((size, K_SAMPLE), np.int32), np.empty(K_SAMPLE, np.int32)
    clusters = Clusters(parents, sizes, samples, merged)
    rows, order = signatures
    for i in range(size):
        samples[i, 0] = i
    at = 0
    for level in levels:
        touched[:] = 0
        before = at
        while at < edges.size and equal[at] >= level:
            left, right = np.int64(local[edges[at] >> U64(32)]), np.int64(local[edges[at] & _LOW])
            a, b = root_of(linked, left), root_of(linked, right)
            linked[max(a, b)] = min(a, b)
            left, right = root_of(parents, left), root_of(parents, right)
            total, _ = alike(left, right, samples, sizes, places, rows, order, least)
            if total >= 0:
                unite(parents, sizes, samples, left, right, merged)
            touched[left] = 1
            at += 1
        if at == before:
            continue
        for i in range(size):
            if touched[i]:
                touched[root_of(linked, i)] = 1  # clusters kept apart before have new company
        pieces, components = 0, 0
        for i in range(size):
            pieces += parents[i] == i
            components += linked[i] == i
        if pieces > components:
            offer(linked, touched, clusters, places, signatures, least)
    for i in range(size):
        labels[places[i]] = places[root_of(parents, i)]


@kernel(
    "void(Forest(i32_in, i64_in, u64_in, u8_in), i64, i64, i64_in, Signatures(u8_in2, i64_in), i64, i32_out, i32_out)"
)
def settle_components(forest, first, last, levels, signatures, least, local, labels):
    """Family of each place of the components ``first`` to ``last`` - 1: its least place.

    forest : ``Forest`` of them all; signatures : ``banding.Signatures``
    levels : int64, equal slots at which clusters are offered to the largest, descending; the last is the least edge
    least : equal slots below which a cross pair keeps two clusters apart
    local : int32[n], scratch, threads may share it; labels : int32[n], result
    """
    places, offsets, edges, equal = forest
    for component in range(first, last):
        start, end = offsets[component], offsets[component + 1]
        own = places[start:end]
        if own.size == 2:  # most are: nothing to be held back from
            labels[own[1]] = own[0]
            continue
        tree = slice(start - component, end - component - 1)
        settle(own, edges[tree], equal[tree], levels, signatures, least, local, labels)
