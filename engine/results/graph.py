"""Accounts as a graph: who is like whom, who shares what, and what an account's neighbours are like.

Edges of ``content`` lead to an account's nearest ones of today, weighed by the cosine of their whitened means. On large
days these are looked for among the accounts that were learnt from.

Edges of a channel join accounts that share values of it, weighed after Adamic and Adar (Social Networks 2003): by the
sum of 1 / ln(accounts that have the value). Values of many accounts join nobody: an office's address says little, and
its pairs would be the whole table.

Features are written where they are asked for, and of accounts that have calls enough to be compared: from those of a
single call somebody who has the key might guess at its words.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gauger.engine.common import threads
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.results import tables
from gauger.engine.state.links import CHANNELS
from gauger.engine.statistics.people import People
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

CONTENT = "content"
DEGREE_MAX = 20  # accounts that have a value, beyond which it joins nobody
_DECIMALS = 3  # a product of another shape rounds otherwise in the seventh
_ROWS = 16_384
_VECTORS = 2_048  # accounts whose neighbours' features are averaged at a time: 20 MB a thread


def edge_table(today: Population, evidence: Evidence) -> pa.Table:
    """edges.parquet: content edges of each account, nearest first, then those of each channel, both ways."""
    kinds: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    if evidence.neighbours is not None and evidence.similarity is not None:
        source, place = np.nonzero(evidence.neighbours >= 0)
        weight = np.round(evidence.similarity[source, place], _DECIMALS)
        kinds.append((CONTENT, source, evidence.neighbours[source, place], weight))
    kinds += [
        (name, *_sharing(today.link_owner[rows], today.link_value[rows], len(today)))
        for code, name in enumerate(CHANNELS)
        if len(rows := np.flatnonzero(today.link_channel == code))
    ]
    names = pa.array(today.account_ids, pa.string())
    parts = [
        pa.table(
            {
                "account_id": names.take(pa.array(source)),
                "neighbour_id": names.take(pa.array(target)),
                "kind": pa.array([name], pa.string()).take(pa.array(np.zeros(len(source), np.int64))),
                "weight": pa.array(weight.astype(np.float32)),
            },
            schema=tables.EDGES,
        )
        for name, source, target, weight in kinds
    ]
    return pa.concat_tables([tables.EDGES.empty_table(), *parts])


def _sharing(owner: np.ndarray, value: np.ndarray, accounts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of accounts that share values, both ways and in order, with their weights.

    owner : int64[l]; value : uint64[l], each pair once
    """
    order = np.lexsort((owner, value))
    owner, value = owner[order], value[order]
    _, first, degree = np.unique(value, return_index=True, return_counts=True)
    pairs, weights = [np.zeros(0, np.int64)], [np.zeros(0)]
    for size in range(2, DEGREE_MAX + 1):
        start = first[degree == size]
        left, right = np.nonzero(~np.eye(size, dtype=bool))
        members = owner[start[:, None] + np.arange(size)]
        pairs.append((members[:, left] * accounts + members[:, right]).reshape(-1))
        weights.append(np.full(len(start) * len(left), 1.0 / np.log(size)))
    joined, place = np.unique(np.concatenate(pairs), return_inverse=True)
    weight = np.bincount(place, np.concatenate(weights), len(joined))
    return joined // accounts, joined % accounts, weight


def neighbour_table(today: Population, evidence: Evidence) -> pa.Table:
    """neighbours.parquet: of each account the mean of each statistic over its content neighbours.

    One step of what a graph network does with an account's neighbourhood (Hamilton, Ying and Leskovec, NeurIPS 2017,
    mean aggregator). Null without a neighbour that has the statistic.
    """
    near = evidence.neighbours
    columns: dict[str, pa.Array] = {"account_id": pa.array(today.account_ids, pa.string())}
    if near is None:
        near = np.full((len(today), 1), -1)
    columns["neighbours"] = pa.array(np.sum(near >= 0, axis=1))
    for name, values in {**today.statistics, **evidence.shares, **evidence.relational}.items():
        columns[name] = _mean_of(near, np.append(values, np.nan))
    return pa.table(columns)


def _mean_of(near: np.ndarray, values: np.ndarray) -> pa.Array:
    """Mean of the values of each row's neighbours that have one; the last value is that of nobody."""

    def block(start: int, stop: int) -> np.ndarray:
        found = values[near[start:stop]]
        known = ~np.isnan(found)
        number = known.sum(axis=1)
        total = np.where(known, found, 0.0).sum(axis=1)
        return np.divide(total, number, out=np.full(len(found), np.nan), where=number > 0)

    whole = np.concatenate([np.zeros(0), *threads.blocks(block, len(near), _ROWS)])
    return pa.array(whole, mask=np.isnan(whole))


def feature_table(people: People, evidence: Evidence) -> pa.Table:
    """features.parquet: unit vectors of accounts, and the mean of their content neighbours'.

    Of a large day there are those learnt from and those flagged, no others; without a reference there is nobody. All
    neighbours are among those learnt from.
    """
    rows = evidence.vector_rows[np.any(evidence.vectors != 0, axis=1)]
    near = np.zeros((len(people.calls), 0), np.int64) if evidence.neighbours is None else evidence.neighbours
    sums = people.sums(rows)
    vectors = np.zeros((len(rows), FEATURES), np.float32)
    means, counts = np.zeros_like(vectors), np.zeros(len(rows), np.int64)
    place = np.full(len(people.calls) + 1, -1)  # the last is that of nobody
    place[rows] = np.arange(len(rows))

    def own(start: int, stop: int) -> None:
        vectors[start:stop] = unit(sums[start:stop])

    def of_neighbours(start: int, stop: int) -> None:
        found = place[near[rows[start:stop]]]
        counts[start:stop] = np.sum(found >= 0, axis=1)
        total = np.zeros((stop - start, FEATURES))
        for column in found.T:  # one after the other: all at once are twenty times the memory
            there = np.flatnonzero(column >= 0)
            total[there] += vectors[column[there]]
        means[start:stop] = total / np.maximum(counts[start:stop], 1)[:, None]

    threads.blocks(own, len(rows), _VECTORS)
    threads.blocks(of_neighbours, len(rows), _VECTORS)
    names = pa.array(people.account_ids, pa.string()).take(pa.array(rows))
    wide = [pa.FixedSizeListArray.from_arrays(pa.array(one.reshape(-1)), FEATURES) for one in (vectors, means)]
    return pa.Table.from_arrays([names, pa.array(counts), *wide], schema=tables.FEATURE_ROWS)
