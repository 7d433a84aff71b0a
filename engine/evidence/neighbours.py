"""Nearest accounts among today's and the reference's, over whitened kernel means.

One OpenMP thread always: with two, FAISS was three times slower and hung after fork. Parallelism is ours, over blocks
of queries of a fixed size, so that the number of threads never changes a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from gauger.engine.common.vectors import unit
from gauger.engine.evidence.inverted import InvertedFile
from gauger.kernels.accounts.neighbours import count_today, share_with_hop

EXACT_MAX = 4_000  # above, an inverted file: at 20,000 it is six times faster and finds the same neighbourhoods
_BLOCK = 1_024
_TRANSFORMED = 4_096  # vectors whitened at a time
_COUNTED = 16_384  # rows whose neighbours are counted at a time
_FITTED_ROWS = 12_000  # enough for a covariance of 656 dimensions


def units(parts: Sequence[np.ndarray], workers: int) -> np.ndarray:
    """Unit vectors of the rows of several arrays, one array's after the other's; float32[n, d]."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    result = np.empty((starts[-1], parts[0].shape[1]), np.float32)

    def block(place: int, first: int) -> None:
        rows = unit(parts[place][first : first + _TRANSFORMED])
        result[starts[place] + first : starts[place] + first + len(rows)] = rows

    with ThreadPoolExecutor(workers) as pool:
        for place, part in enumerate(parts):
            list(pool.map(partial(block, place), range(0, len(part), _TRANSFORMED)))
    return result


@dataclass(frozen=True)
class Whitener:
    """Centres on the reference and scales its principal directions *between accounts* to unit variance.

    Whitening by prompts instead of accounts hurt. All directions stay: those in which honest accounts
    hardly vary carry the padded campaigns (100 half-padded accounts: recall 100 % with 656 directions, 80 % with 256).
    """

    mean: np.ndarray  # float32[d]
    matrix: np.ndarray  # float32[d, d]

    @classmethod
    def fit(cls, vectors: np.ndarray, shrink: float | None = None) -> Whitener:
        """From the reference's unit vectors, float32[n, d]; ``shrink`` times the mean variance is added to each.

        Among 0.01 to 1.0, shrinking by 0.3 served all padded campaigns best. A small reference needs more, or it is
        fitted so closely that its own accounts, which make the null, look tamer than today's: 3,000 / n.
        """
        if shrink is None:
            shrink = max(0.3, 3_000 / max(1, len(vectors)))
        vectors = vectors[:: max(1, len(vectors) // _FITTED_ROWS)]
        mean = vectors.mean(axis=0, dtype=np.float64)
        centred = (vectors - mean).astype(np.float64)
        variances, directions = np.linalg.eigh(centred.T @ centred / max(1, len(vectors)))
        average = float(variances.mean())
        scale = 1.0 / np.sqrt(np.maximum(variances, 0.0) + shrink * average + 1e-12)
        return cls(mean.astype(np.float32), (directions * scale).astype(np.float32))

    def transform(self, vectors: np.ndarray, workers: int = 1) -> np.ndarray:
        """Unit vectors in the whitened space, float32[n, d]; in blocks of a fixed size, whoever computes them."""
        result = np.empty((len(vectors), self.matrix.shape[1]), np.float32)

        def block(start: int) -> None:
            part = slice(start, start + _TRANSFORMED)
            result[part] = unit((vectors[part] - self.mean) @ self.matrix)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(block, range(0, len(vectors), _TRANSFORMED)))
        return result


def _search_exactly(vectors: np.ndarray, among: np.ndarray, k: int, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of each row among some, itself included where it is one of them."""
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors[among])

    def block(start: int) -> tuple[np.ndarray, np.ndarray]:
        faiss.omp_set_num_threads(1)
        return index.search(vectors[start : start + _BLOCK], k)

    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(block, range(0, len(vectors), _BLOCK)))
    similarity, places = (np.concatenate(column) for column in zip(*parts, strict=True))
    return similarity, among[places]


def nearest(
    vectors: np.ndarray, k: int, workers: int, among: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest other rows of each row by inner product: (similarities float32[n, k], rows int64[n, k]).

    among : int64, ascending, the rows that are looked among (default: all)
    """
    among = np.arange(len(vectors)) if among is None else among
    k = min(k, len(among) - 1)
    vectors = np.ascontiguousarray(vectors, np.float32)
    if len(among) <= EXACT_MAX:
        return _without_self(*_search_exactly(vectors, among, k + 1, workers))
    # One BLAS thread: products run in our threads.
    with threadpool_limits(1, user_api="blas"):
        return InvertedFile(vectors, among, workers).search_all(k)


def _without_self(similarity: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop each row's own entry, or its last one where it is not among its neighbours."""
    count, width = rows.shape
    own = rows == np.arange(count)[:, None]
    drop = np.where(own.any(axis=1), own.argmax(axis=1), width - 1)
    keep = np.ones(rows.shape, bool)
    keep[np.arange(count), drop] = False
    return similarity[keep].reshape(count, width - 1), rows[keep].reshape(count, width - 1)


def today_share(similarity: np.ndarray, rows: np.ndarray, today: np.ndarray, k: int, workers: int = 1) -> np.ndarray:
    """Share of today's accounts among the k nearest, plus its one-hop average over today's neighbours.

    Neighbours are mostly mutual, so an account is left out of its neighbours' shares: counted in, today's accounts
    would raise their own scores and the reference's would not. Ties (saturated shares) are broken by mean similarity.
    rows : int64[n, >= k]; today : bool[n]; result float64[n].
    """
    near, is_today = np.ascontiguousarray(rows[:, :k], np.int32), today.astype(np.uint8)
    count, scores = np.empty(len(rows), np.int64), np.empty(len(rows))
    starts = range(0, len(rows), _COUNTED)
    ends = [min(start + _COUNTED, len(rows)) for start in starts]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda start, end: count_today(near, is_today, start, end, count), starts, ends))
        list(pool.map(lambda start, end: share_with_hop(near, is_today, count, start, end, scores), starts, ends))
    return scores + 1e-3 * similarity[:, :k].mean(axis=1)
