"""Statistics of one account from its sampled calls: how they lie to each other, and in which cells."""

from dataclasses import dataclass

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.vectors import Features, placed
from gauger.engine.families.near_duplicates import WORDS_MIN
from gauger.engine.statistics.calls import share
from gauger.engine.statistics.shapiro import shapiro_wilk
from gauger.engine.statistics.statistic import CONTENT, OURS, alone
from gauger.kernels.accounts import samples
from gauger.kernels.sketches.minhash import equal_slots_at
from gauger.kernels.text.features import FEATURES

CELL_BITS = 16  # of a call's cell; its first bits are a coarser one
COVERAGE_BITS = 8
_BLOCK = 2_048  # accounts a thread compares at a time
_DISTANCES_MIN = 10  # Shapiro and Wilk's test says little of fewer


def cells_of(rows: np.ndarray, features: Features, key: np.ndarray) -> np.ndarray:
    """Cell of each call among 2 ** CELL_BITS, by the signs of keyed random projections; uint32[m].

    rows : int64[m], of ``features``, int8. Projections on random signs add up exactly.
    """
    random = np.random.default_rng([int(word) for word in key])
    directions = random.choice(np.array([-1, 1], np.int8), (CELL_BITS, FEATURES))
    rows = np.ascontiguousarray(rows)
    found = np.empty(len(rows), np.uint32)

    def block(start: int, stop: int) -> None:
        held, places = placed(features, rows[start:stop])
        samples.feature_cells(places, np.ascontiguousarray(held), directions, found[start:stop])

    threads.blocks(block, len(rows), 16 * _BLOCK)
    return found


def cell_coverage(owner: np.ndarray, cells: np.ndarray, owners: int) -> np.ndarray:
    """Distinct cells an account's sampled calls fall into, by how many they could; NaN below two calls."""
    met = np.zeros((owners, 1 << COVERAGE_BITS), bool)
    met[owner, cells >> np.uint32(CELL_BITS - COVERAGE_BITS)] = True
    total = np.bincount(owner, minlength=owners).astype(np.float64)
    most = np.where(total >= 2, np.minimum(total, 1 << COVERAGE_BITS), 0.0)
    return share(met.sum(axis=1), most)


@dataclass(frozen=True)
class SampledCalls:
    """Sampled calls, one entry each, owners ascending."""

    owner: np.ndarray  # int64
    identity: np.ndarray  # uint64
    time: np.ndarray  # int64
    row: np.ndarray  # int64, of the features
    prompt: np.ndarray  # int64, row of the prompts, -1 = not known


def sample_statistics(
    calls: SampledCalls, features: np.ndarray, signatures: np.ndarray, words: np.ndarray, owners: int, similarity: float
) -> dict[str, np.ndarray]:
    """Statistics of ``owners`` accounts, float64 each, NaN = not available.

    features : int8[m, FEATURES]; signatures, words : uint8[p, SLOTS] and int32[p], of prompts
    similarity : Jaccard similarity that makes two prompts near-duplicates
    """
    owner, prompts = calls.owner, calls.prompt
    order = np.lexsort((calls.identity, calls.time, owner))
    offsets = np.searchsorted(owner[order], np.arange(owners + 1)).astype(np.int64)
    lagged, paired, squares, alike = (np.empty(owners, np.int64) for _ in range(4))
    nearest = np.empty(len(order))
    rows, features, ordered = calls.row[order], np.ascontiguousarray(features), prompts[order]
    known_prompts = samples.Prompts(np.ascontiguousarray(signatures), (words >= WORDS_MIN).astype(np.uint8))

    def block(start: int, stop: int) -> None:
        part, own = slice(start, stop), samples.Calls(offsets[start : stop + 1], rows, ordered)
        sums = samples.Sums(lagged[part], paired[part], squares[part], alike[part])
        samples.compare_sampled(own, features, known_prompts, equal_slots_at(similarity), sums, nearest)

    threads.blocks(block, owners, _BLOCK)
    number = np.diff(offsets).astype(np.float64)
    pairs = number * (number - 1.0) / 2.0
    norm = share(squares.astype(np.float64), number)
    several = np.where(number >= 3, norm, 0.0)  # with two calls, the pair in a row is the only pair
    known = np.bincount(owner[prompts >= 0], minlength=owners) == number
    later = ~np.isnan(nearest)
    return {
        "topical_coherence": share(share(lagged.astype(np.float64), number - 1.0), several)
        - share(share(paired.astype(np.float64), pairs), several),
        "near_duplicate_pairs": np.where(known, share(alike.astype(np.float64), pairs), np.nan),
        "nearest_distance_w": shapiro_wilk(nearest[later], owner[order][later], owners, _DISTANCES_MIN),
    }


STATISTICS = (
    *alone(
        "statistics.samples.sample_statistics",
        ("near_duplicate_pairs", "share of the pairs of its calls with the same or nearly the same prompt",
         "pairs of sampled calls whose signatures agree as at Jaccard 0.7 / pairs", "MinHash: Broder (1997)", "share",
         "0 to 1", CONTENT),
        ("topical_coherence", "likeness of calls in a row beyond that of any two", "(mean product of calls in a row − "
         "mean product of all pairs) / mean square, sampled calls by time", OURS + ", after lag-1 autocorrelation",
         "cosine", "−1 to 1", CONTENT),
        ("nearest_distance_w", "how normal the distances of its calls to the nearest earlier one are (Shapiro-Wilk W)",
         "W of √(2 − 2 cos) to the nearest earlier sampled call; at least 10 distances", "PRADA: Juuti et al. (EuroS&P "
         "2019); W: Royston (AS R94, 1995)", "W", "0 to 1", CONTENT),
    ),
    *alone(
        "statistics.samples.cell_coverage",
        ("cell_coverage", "how many kinds of content its calls fall into, of those they could", "distinct cells / min("
         "256, sampled calls); a cell is 8 signs of random projections of the features", "Charikar (STOC 2002)",
         "share", "0 to 1", CONTENT),
    ),
)  # fmt: skip
