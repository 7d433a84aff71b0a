"""Family representatives and their FAISS index: which families are one, and which were known before.

A representative is a 128-slot b-bit signature (of a prompt's shingles, or of a frame's grams). FAISS searches 256-bit
codes, the low two bits of each slot: an unequal slot costs one bit on average, so Hamming distance / 128 estimates
1 - J. Candidates are verified on the full signature. One OpenMP thread, always.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import faiss
import numpy as np

from gauger.engine.unions import components
from gauger.kernels import minhash

KINDS = ("template", "near_duplicate", "exact")
EXACT_MAX = 20_000  # representatives searched exhaustively; more go to an inverted file
_NEIGHBOURS = 8


def codes(signatures: np.ndarray) -> np.ndarray:
    """uint8[n, 32] codes of uint8[n, SLOTS] signatures: the low two bits of each slot."""
    low = (signatures & 3).reshape(len(signatures), -1, 4)
    return np.ascontiguousarray(low[:, :, 0] | low[:, :, 1] << 2 | low[:, :, 2] << 4 | low[:, :, 3] << 6)


def _search(known: np.ndarray, wanted: np.ndarray, k: int) -> np.ndarray:
    """Rows of the k nearest known codes of each wanted one, int64[n, k], -1 where there are fewer."""
    faiss.omp_set_num_threads(1)
    bits = 8 * known.shape[1]
    flat = faiss.IndexBinaryFlat(bits)
    if len(known) <= EXACT_MAX:
        flat.add(known)
        return flat.search(wanted, min(k, len(known)))[1]
    lists = int(np.sqrt(len(known)))
    inverted = faiss.IndexBinaryIVF(flat, bits, lists)
    inverted.cp.seed = 1234
    inverted.train(known[:: max(1, len(known) // (64 * lists))])
    inverted.nprobe = max(8, lists // 8)
    inverted.add(known)
    return inverted.search(wanted, min(k, len(known)))[1]


def _equal_slots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left == right).sum(axis=-1)


def near_families(signatures: np.ndarray, kinds: np.ndarray, similarity: float) -> np.ndarray:
    """Group of each family, int64[f]: families of one kind whose representatives are nearly the same fall together.

    They are what banding missed: two halves of one family that never met in a band.
    """
    count = len(signatures)
    if count < 2:
        return np.arange(count)
    code = codes(signatures)
    rows = _search(code, code, _NEIGHBOURS)
    left = np.repeat(np.arange(count), rows.shape[1])
    right = rows.ravel()
    valid = (right >= 0) & (right != left)
    left, right = left[valid], right[valid]
    alike = _equal_slots(signatures[left], signatures[right]) >= minhash.equal_slots_at(similarity)
    alike &= kinds[left] == kinds[right]
    return components(count, left[alike], right[alike])


@dataclass
class KnownFamilies:
    """Families of earlier days: their ids are never reused, and a returning family gets its own back."""

    ids: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    kinds: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))  # index into KINDS
    signatures: np.ndarray = field(default_factory=lambda: np.zeros((0, minhash.SLOTS), np.uint8))
    last_seen: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # microseconds
    next_id: int = 1

    def identify(self, signatures: np.ndarray, kinds: np.ndarray, calls: np.ndarray, similarity: float) -> np.ndarray:
        """Id of each family: the known one it matches best, or -1. Larger families choose first; an id serves one."""
        found = np.full(len(signatures), -1, np.int64)
        if len(self.ids) == 0 or len(signatures) == 0:
            return found
        rows = _search(codes(self.signatures), codes(signatures), _NEIGHBOURS)
        least = minhash.equal_slots_at(similarity)
        taken: set[int] = set()
        for family in np.lexsort((np.arange(len(calls)), -calls)).tolist():
            best, best_equal = -1, least - 1
            for row in rows[family].tolist():
                if row < 0 or self.kinds[row] != kinds[family] or row in taken:
                    continue
                equal = int(_equal_slots(self.signatures[row], signatures[family]))
                if equal > best_equal or (equal == best_equal and best >= 0 and self.ids[row] < self.ids[best]):
                    best, best_equal = row, equal
            if best >= 0:
                taken.add(best)
                found[family] = self.ids[best]
        return found

    def remember(self, ids: np.ndarray, kinds: np.ndarray, signatures: np.ndarray, last_seen: np.ndarray) -> None:
        """Add or refresh families, in id order."""
        fresh = ~np.isin(self.ids, ids)
        merged = np.concatenate([self.ids[fresh], ids])
        order = np.argsort(merged, kind="stable")
        self.kinds = np.concatenate([self.kinds[fresh], kinds])[order]
        self.signatures = np.concatenate([self.signatures[fresh], signatures])[order]
        self.last_seen = np.concatenate([self.last_seen[fresh], last_seen])[order]
        self.ids = merged[order]
        self.next_id = max(self.next_id, int(self.ids.max(initial=0)) + 1)

    def held(self) -> dict[str, int | float | str]:
        """Rows and bytes, as ``State.held`` gives them."""
        row = sum(array.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)) for array in self._columns())
        return {
            "part": "known families",
            "per": "family",
            "rows": len(self.ids),
            "row_bytes": row,
            "bytes": len(self.ids) * row,
        }

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.ids, self.kinds, self.signatures, self.last_seen
