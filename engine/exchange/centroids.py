"""Centroids of a finding: means of the oddest calls of k accounts and more, as other providers may have them.

A kept day has the features of calls, and not how odd each was. So Fisher's direction from the reference's calls to the
finding's is learnt again, on one half of the accounts for the other, twice: from all of their calls, most of which are
padding, and from the oddest of these. Each account is the unit mean of its oddest calls, and counts once.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.common.vectors import unit
from gauger.engine.evidence.calibration import tail_probability
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.sifting import LEARNT_MIN, LEARNT_SHARE, oddest, places
from gauger.engine.exchange.signature import CENTROIDS_MAX, K_MIN
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

_RIDGE = 0.3  # as in self-training
_USUAL_CALLS = 60_000  # of the reference
_ROUNDS = 20  # of k-means: it stands still after ten
_SCALE = 127


def centroids_of(found: Population, reference: Population, k: int = K_MIN) -> tuple[np.ndarray, np.ndarray]:
    """Centroids of a finding's accounts, int8[c, FEATURES], and the accounts behind each, int64[c], at least k.

    found : at least k accounts, each once; of both only calls of their own text (``shared_text.own_text``)
    """
    vectors = odd_vectors(found, reference)
    group = groups_of(vectors, min(CENTROIDS_MAX, len(vectors) // k), k)
    _, group, sizes = np.unique(group, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), FEATURES))
    np.add.at(sums, group, vectors)
    scaled = np.rint(_SCALE * sums / np.abs(sums).max(axis=1, keepdims=True))
    return scaled.astype(np.int8), sizes.astype(np.int64)


def odd_vectors(found: Population, reference: Population) -> np.ndarray:
    """Unit mean of the oddest calls of each account; float32[accounts, FEATURES]."""
    owner, accounts = found.sample_owner, len(found)
    calls = FeatureRows((found.sample_features, found.sample_row))[np.arange(len(owner))].astype(np.float32)
    step = max(1, len(reference.sample_owner) // _USUAL_CALLS)
    usual = reference.sample_features[reference.sample_row[::step]].astype(np.float32)
    mean = usual.mean(axis=0, dtype=np.float64)
    centred = (usual - mean).astype(np.float64)
    spread = centred.T @ centred / len(usual)
    spread[np.diag_indices(FEATURES)] += _RIDGE * np.trace(spread) / FEATURES + 1e-9
    half = (np.arange(accounts) % 2)[owner]
    odd = np.ones(len(owner), bool)
    for _ in range(2):
        tails = np.empty(len(owner))
        for one in (0, 1):
            step_to = calls[odd & (half != one)].mean(axis=0, dtype=np.float64) - mean
            weights = np.linalg.solve(spread, step_to).astype(np.float32)
            tails[half == one] = tail_probability(calls[half == one] @ weights, usual @ weights)
        odd = oddest(places(tails, owner, accounts), owner, accounts, LEARNT_SHARE, LEARNT_MIN)
    sums = np.zeros((accounts, FEATURES), np.float32)
    np.add.at(sums, owner[odd], calls[odd])
    return unit(sums)


def groups_of(vectors: np.ndarray, groups: int, k: int) -> np.ndarray:
    """Group of each of some unit vectors, int64[n]: spherical k-means, then groups below k into the nearest others.

    vectors : float32[n, d], at least k of them
    """
    order = np.random.default_rng(len(vectors)).permutation(len(vectors))
    centroids = vectors[order[: max(1, groups)]].copy()
    for _ in range(_ROUNDS):
        group = (vectors @ centroids.T).argmax(axis=1)
        for number in np.unique(group):
            centroids[number] = unit(vectors[group == number].mean(axis=0, keepdims=True))[0]
    likeness = vectors @ centroids.T
    sizes = np.bincount(group, minlength=len(centroids))
    likeness[:, sizes == 0] = -np.inf
    while np.min(sizes[sizes > 0]) < k:
        smallest = int(np.argmin(np.where(sizes > 0, sizes, len(vectors) + 1)))
        likeness[:, smallest] = -np.inf
        group = np.where(group == smallest, likeness.argmax(axis=1), group)
        sizes = np.bincount(group, minlength=len(centroids))
    return group.astype(np.int64)
