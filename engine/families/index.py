"""Nearest family representatives: the one place that knows FAISS.

A representative is a 128-slot b-bit signature (of a prompt's shingles, or of a frame's grams). FAISS searches 256-bit
codes, the low two bits of each slot: an unequal slot costs one bit on average, so Hamming distance / 128 estimates
1 - J. An index is derived from signatures, which the state keeps, and is never stored: deriving it is cheaper than
checking a file would be. Figures behind the choice of structure are those of ``bench.families.index``.

One OpenMP thread, always: steady times, nothing that a fork could lose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np

from gauger.engine.common import threads
from gauger.kernels.sketches import minhash

CODE_BYTES = minhash.SLOTS * 2 // 8
EXACT_MAX = 100_000  # rows of a segment searched exhaustively; more go to an inverted file
_SEGMENTS_MAX = 8
_BLOCK = 1_024  # codes a thread looks up at a time
_PROBES_MIN, _PROBES_SHARE = 8, 8  # lists probed: at least so many, and one in so many


def codes(signatures: np.ndarray) -> np.ndarray:
    """uint8[n, 32] codes of uint8[n, SLOTS] signatures: the low two bits of each slot."""
    low = (signatures & 3).reshape(len(signatures), minhash.SLOTS // 4, 4)
    return np.ascontiguousarray(low[:, :, 0] | low[:, :, 1] << 2 | low[:, :, 2] << 4 | low[:, :, 3] << 6)


@dataclass(frozen=True)
class _Segment:
    """Some rows and their FAISS index, which nobody changes once it is made."""

    codes: np.ndarray  # uint8[n, CODE_BYTES]
    index: Any

    @classmethod
    def of(cls, given: np.ndarray) -> _Segment:
        flat = faiss.IndexBinaryFlat(8 * CODE_BYTES)
        if len(given) <= EXACT_MAX:
            flat.add(given)
            return cls(given, flat)
        lists = int(np.sqrt(len(given)))
        inverted = faiss.IndexBinaryIVF(flat, 8 * CODE_BYTES, lists)
        inverted.cp.seed = 1234
        inverted.train(given[:: max(1, len(given) // (64 * lists))])
        inverted.nprobe = max(_PROBES_MIN, lists // _PROBES_SHARE)
        inverted.add(given)
        inverted.own_fields = False  # the quantizer is Python's
        return cls(given, _Owned(inverted, flat))


class _Owned:
    """An inverted file and the quantizer it borrows, which must live as long."""

    def __init__(self, inverted: Any, quantizer: Any) -> None:
        self._inverted, self._quantizer = inverted, quantizer
        self.search, self.range_search = inverted.search, inverted.range_search


class NearestFamilies:
    """An immutable index over codes: rows are numbered as given. A changed one is another object, swapped whole."""

    def __init__(self, segments: tuple[_Segment, ...] = ()) -> None:
        self._segments = segments
        self._starts = np.cumsum([0, *(len(segment.codes) for segment in segments)]).tolist()

    @classmethod
    def build(cls, given: np.ndarray) -> NearestFamilies:
        """The index of uint8[n, CODE_BYTES] codes."""
        faiss.omp_set_num_threads(1)
        return cls((_Segment.of(given),)) if len(given) else cls()

    def __len__(self) -> int:
        return self._starts[-1]

    def extended(self, given: np.ndarray) -> NearestFamilies:
        """Another index with more rows at the end; large segments are shared, the small last one is made again."""
        kept, parts = list(self._segments), [given]
        if kept and len(kept[-1].codes) + len(given) <= EXACT_MAX:
            parts.insert(0, kept.pop().codes)
        if len(kept) >= _SEGMENTS_MAX:
            parts, kept = [segment.codes for segment in kept] + parts, []
        faiss.omp_set_num_threads(1)
        added = np.concatenate(parts)
        return NearestFamilies((*kept, _Segment.of(added)) if len(added) else tuple(kept))

    def nearest(self, wanted: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (int64[n, k], -1 where there are fewer) and Hamming distances (int32) of the k nearest codes."""
        parts = threads.blocks(lambda start, stop: self._nearest(wanted[start:stop], k), len(wanted), _BLOCK)
        parts = parts or [self._nearest(wanted, k)]
        rows, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
        return rows, distances

    def _nearest(self, wanted: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        faiss.omp_set_num_threads(1)  # a number that each thread has for itself
        rows = np.full((len(wanted), k), -1, np.int64)
        distances = np.full((len(wanted), k), np.iinfo(np.int32).max, np.int32)
        for start, segment in zip(self._starts, self._segments, strict=False):
            count = min(k, len(segment.codes))
            far, near = segment.index.search(wanted, count)
            both_rows = np.concatenate([rows, np.where(near >= 0, near + start, -1)], axis=1)
            both = np.concatenate([distances, np.where(near >= 0, far, np.iinfo(np.int32).max)], axis=1)
            order = np.lexsort((both_rows, both), axis=1)[:, :k]
            rows, distances = np.take_along_axis(both_rows, order, 1), np.take_along_axis(both, order, 1)
        return rows, distances

    def within(self, wanted: np.ndarray, distance: int) -> np.ndarray:
        """Rows whose code is at most that many bits from one code (uint8[CODE_BYTES]), ascending; int64."""
        faiss.omp_set_num_threads(1)
        found = [np.zeros(0, np.int64)]
        for start, segment in zip(self._starts, self._segments, strict=False):
            _, _, rows = segment.index.range_search(wanted.reshape(1, -1), distance + 1)  # FAISS excludes the radius
            found.append(rows.astype(np.int64) + start)
        return np.sort(np.concatenate(found))

    @property
    def nbytes(self) -> int:
        """Bytes of codes, here and in FAISS, and of FAISS's row numbers in inverted files."""
        return sum(
            2 * segment.codes.nbytes + (8 * len(segment.codes) if len(segment.codes) > EXACT_MAX else 0)
            for segment in self._segments
        )
