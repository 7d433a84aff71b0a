"""Nearest accounts among today's and the reference's, over whitened kernel means.

One OpenMP thread always: with two, FAISS was three times slower and hung after fork. Parallelism is ours, over blocks
of queries of a fixed size, so that the number of threads never changes a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from gauger.engine.common import threads
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.inverted import InvertedFile
from gauger.kernels.accounts.neighbours import count_today, share_with_hop

EXACT_MAX = 4_000  # above, an inverted file: at 20,000 it is six times faster and finds the same neighbourhoods
_BLOCK = 1_024
_TRANSFORMED = 4_096  # vectors whitened at a time
_COUNTED = 16_384  # rows whose neighbours are counted at a time
_FITTED_ROWS = 12_000  # enough for a covariance of 656 dimensions


def units(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Unit vectors of the rows of several arrays, one array's after the other's; float32[n, d]."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    result = np.empty((starts[-1], parts[0].shape[1]), np.float32)

    for first, part in zip(starts.tolist(), parts, strict=False):

        def block(start: int, stop: int, first: int = first, part: np.ndarray = part) -> None:
            result[first + start : first + stop] = unit(part[start:stop])

        threads.blocks(block, len(part), _TRANSFORMED)
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

    def transform(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors in the whitened space, float32[n, d]; in blocks of a fixed size, whoever computes them."""
        result = np.empty((len(vectors), self.matrix.shape[1]), np.float32)

        def block(start: int, stop: int) -> None:
            result[start:stop] = unit((vectors[start:stop] - self.mean) @ self.matrix)

        threads.blocks(block, len(vectors), _TRANSFORMED)
        return result


class Index:
    """Unit vectors among which the nearest are found by inner product."""

    def __init__(self, vectors: np.ndarray) -> None:
        """vectors : float32[n, d]"""
        self.vectors = np.ascontiguousarray(vectors, np.float32)
        self._inverted: InvertedFile | None = None
        faiss.omp_set_num_threads(1)
        if len(vectors) > EXACT_MAX:
            # One BLAS thread: products run in our threads.
            with threadpool_limits(1, user_api="blas"):
                self._inverted = InvertedFile(self.vectors)
        else:
            self._exact = faiss.IndexFlatIP(vectors.shape[1])
            self._exact.add(self.vectors)

    def search_all(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest others of each vector: (similarities float32[n, k], rows int64[n, k]), nearest first."""
        k = min(k, len(self.vectors) - 1)
        if self._inverted is None:
            return _without_self(*self._search_exactly(self.vectors, k + 1))
        with threadpool_limits(1, user_api="blas"):
            return self._inverted.search_all(k)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The same of other vectors, float32[m, d]."""
        k = min(k, len(self.vectors) - 1)
        queries = np.ascontiguousarray(queries, np.float32)
        if self._inverted is None:
            return self._search_exactly(queries, k)
        with threadpool_limits(1, user_api="blas"):
            return self._inverted.search(queries, k)

    def _search_exactly(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of each query, itself included where it is one of the vectors."""

        def block(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
            faiss.omp_set_num_threads(1)
            return self._exact.search(queries[start:stop], k)

        parts = threads.blocks(block, len(queries), _BLOCK)
        nothing = (np.zeros((0, k), np.float32), np.zeros((0, k), np.int64))
        similarity, rows = (np.concatenate(column) for column in zip(*(parts or [nothing]), strict=True))
        return similarity, rows


def _without_self(similarity: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop each row's own entry, or its last one where it is not among its neighbours."""
    count, width = rows.shape
    own = rows == np.arange(count)[:, None]
    drop = np.where(own.any(axis=1), own.argmax(axis=1), width - 1)
    keep = np.ones(rows.shape, bool)
    keep[np.arange(count), drop] = False
    return similarity[keep].reshape(count, width - 1), rows[keep].reshape(count, width - 1)


def today_share(
    similarity: np.ndarray, rows: np.ndarray, today: np.ndarray, k: int, asked: int | None = None
) -> np.ndarray:
    """Share of today's accounts among the k nearest, plus its one-hop average over today's neighbours.

    Neighbours are mostly mutual, so an account is left out of its neighbours' shares: counted in, today's accounts
    would raise their own scores and the reference's would not. Ties (saturated shares) are broken by mean similarity.
    rows : int64[n, >= k]; today : bool[n]; asked : how many of the first rows are wanted (default: all)
    Returns float64[asked].
    """
    asked = len(rows) if asked is None else asked
    near, is_today = np.ascontiguousarray(rows[:, :k], np.int32), today.astype(np.uint8)
    count, scores = np.empty(len(rows), np.int64), np.empty(asked)
    threads.blocks(lambda start, stop: count_today(near, is_today, start, stop, count), len(rows), _COUNTED)
    threads.blocks(lambda start, stop: share_with_hop(near, is_today, count, start, stop, scores), asked, _COUNTED)
    return scores + 1e-3 * similarity[:asked, :k].mean(axis=1)
