"""Statistics of one account from its sampled calls: how they lie to each other, and in which cells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gauger.engine.families.near_duplicates import WORDS_MIN
from gauger.engine.statistics.calls import share
from gauger.engine.statistics.shapiro import shapiro_wilk
from gauger.kernels.accounts import samples
from gauger.kernels.sketches.minhash import equal_slots_at
from gauger.kernels.text.features import FEATURES

CELL_BITS = 16  # of a call's cell; its first bits are a coarser one
COVERAGE_BITS = 8
_BLOCK = 2_048  # accounts a thread compares at a time
_DISTANCES_MIN = 10  # Shapiro and Wilk's test says little of fewer


def cells_of(rows: np.ndarray, features: np.ndarray, key: np.ndarray, workers: int = 1) -> np.ndarray:
    """Cell of each call among 2 ** CELL_BITS, by the signs of keyed random projections; uint32[m].

    rows : int64[m], of ``features``, int8. Projections on random signs add up exactly.
    """
    random = np.random.default_rng([int(word) for word in key])
    directions = random.choice(np.array([-1, 1], np.int8), (CELL_BITS, FEATURES))
    rows, features = np.ascontiguousarray(rows), np.ascontiguousarray(features)
    found = np.empty(len(rows), np.uint32)

    def block(first: int) -> None:
        part = slice(first, first + 16 * _BLOCK)
        samples.feature_cells(rows[part], features, directions, found[part])

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(block, range(0, len(rows), 16 * _BLOCK)))
    return found


def cell_coverage(owner: np.ndarray, cells: np.ndarray, owners: int) -> np.ndarray:
    """Distinct cells an account's sampled calls fall into, by how many they could; NaN below two calls."""
    met = np.zeros((owners, 1 << COVERAGE_BITS), bool)
    met[owner, cells >> np.uint32(CELL_BITS - COVERAGE_BITS)] = True
    total = np.bincount(owner, minlength=owners).astype(np.float64)
    most = np.where(total >= 2, np.minimum(total, 1 << COVERAGE_BITS), 0.0)
    return share(met.sum(axis=1), most)


def sample_statistics(
    owner: np.ndarray,
    identity: np.ndarray,
    times: np.ndarray,
    rows: np.ndarray,
    features: np.ndarray,
    prompts: np.ndarray,
    signatures: np.ndarray,
    words: np.ndarray,
    owners: int,
    similarity: float,
    workers: int = 1,
) -> dict[str, np.ndarray]:
    """Statistics of ``owners`` accounts, float64 each, NaN = not available.

    owner, identity, times, rows, prompts : of each sampled call: account, name, time, row in ``features``, and row in
        ``signatures`` and ``words`` (-1 = not known); owners ascending
    similarity : Jaccard similarity that makes two prompts near-duplicates
    """
    order = np.lexsort((identity, times, owner))
    offsets = np.searchsorted(owner[order], np.arange(owners + 1)).astype(np.int64)
    lagged, paired, squares, alike = (np.empty(owners, np.int64) for _ in range(4))
    nearest = np.empty(len(order))
    rows, features, ordered = rows[order], np.ascontiguousarray(features), prompts[order]
    prompts_known = samples.Prompts(np.ascontiguousarray(signatures), (words >= WORDS_MIN).astype(np.uint8))

    def block(first: int) -> None:
        part, bounds = slice(first, first + _BLOCK), offsets[first : first + _BLOCK + 1]
        sums = samples.Sums(lagged[part], paired[part], squares[part], alike[part])
        calls = samples.Calls(bounds, rows, ordered)
        samples.compare_sampled(calls, features, prompts_known, equal_slots_at(similarity), sums, nearest)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(block, range(0, owners, _BLOCK)))
    calls = np.diff(offsets).astype(np.float64)
    pairs = calls * (calls - 1.0) / 2.0
    norm = share(squares.astype(np.float64), calls)
    several = np.where(calls >= 3, norm, 0.0)  # with two calls, the pair in a row is the only pair
    known = np.bincount(owner[prompts >= 0], minlength=owners) == calls
    later = ~np.isnan(nearest)
    return {
        "topical_coherence": share(share(lagged.astype(np.float64), calls - 1.0), several)
        - share(share(paired.astype(np.float64), pairs), several),
        "near_duplicate_pairs": np.where(known, share(alike.astype(np.float64), pairs), np.nan),
        "nearest_distance_w": shapiro_wilk(nearest[later], owner[order][later], owners, _DISTANCES_MIN),
    }
