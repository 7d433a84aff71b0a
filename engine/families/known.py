"""Family representatives: which families are one, and which were known before.

Candidates come from ``nearest_families`` and are verified on the full signature.
"""

from dataclasses import dataclass, field

import numpy as np

from gauger.engine.common.unions import components
from gauger.engine.families.index import NearestFamilies, codes
from gauger.kernels.sketches import minhash

KINDS = ("template", "near_duplicate", "exact")
MARGIN_BITS = 20  # two standard errors of a code's distance at a similarity of 0.7
_NEIGHBOURS = 8


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
    rows, _ = NearestFamilies.build(code).nearest(code, _NEIGHBOURS)
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
    _index: NearestFamilies | None = field(default=None, repr=False, compare=False)  # derived, made when asked for
    _index_ids: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64), repr=False, compare=False)

    def _nearest(self, signatures: np.ndarray, k: int) -> np.ndarray:
        """Rows of the k nearest known families of each signature, int64[n, k], -1 where there are fewer."""
        if self._index is None:
            self._index, self._index_ids = NearestFamilies.build(codes(self.signatures)), self.ids.copy()
        found, _ = self._index.nearest(codes(signatures), k)
        return self._rows_of(found)

    def _rows_of(self, found: np.ndarray) -> np.ndarray:
        """Rows of this table for rows of the index; -1 stays, and families forgotten become it."""
        wanted = np.append(self._index_ids, -1)[found]
        rows = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[rows] == wanted, rows, -1) if len(self.ids) else np.full(found.shape, -1, np.int64)

    def like(self, signature: np.ndarray, k: int) -> list[tuple[int, float]]:
        """The k known families most like a signature (uint8[SLOTS]): (id, Jaccard similarity), most alike first."""
        return self._ranked(self._nearest(signature.reshape(1, -1), 2 * k)[0], signature)[:k]

    def like_within(self, signature: np.ndarray, similarity: float) -> list[tuple[int, float]]:
        """All known families at least that like a signature, as ``like`` gives them.

        The codes are asked for MARGIN_BITS more than the similarity allows: they are a coarser estimate.
        """
        self._nearest(signature.reshape(1, -1), 1)
        assert self._index is not None
        reach = int((1.0 - similarity) * minhash.SLOTS) + MARGIN_BITS
        rows = self._rows_of(self._index.within(codes(signature.reshape(1, -1))[0], reach))
        return [(family, value) for family, value in self._ranked(rows, signature) if value >= similarity]

    def _ranked(self, rows: np.ndarray, signature: np.ndarray) -> list[tuple[int, float]]:
        rows = np.unique(rows[rows >= 0])
        equal = _equal_slots(self.signatures[rows], signature)
        order = np.lexsort((rows, -equal))
        return [(int(self.ids[rows[at]]), minhash.jaccard(int(equal[at]))) for at in order.tolist()]

    def returning(self, signatures: np.ndarray, kind: int, similarity: float) -> np.ndarray:
        """Id of the known family of a kind most like each signature, if that is enough, else 0; int64[n]."""
        if len(self.ids) == 0 or len(signatures) == 0:
            return np.zeros(len(signatures), np.int64)
        rows = self._nearest(signatures, _NEIGHBOURS)
        equal = _equal_slots(self.signatures[rows], signatures[:, None])
        equal = np.where((rows >= 0) & (self.kinds[rows] == kind), equal, -1)
        best = equal.argmax(axis=1)
        enough = equal[np.arange(len(rows)), best] >= minhash.equal_slots_at(similarity)
        return np.where(enough, self.ids[rows[np.arange(len(rows)), best]], 0)

    def identify(self, signatures: np.ndarray, kinds: np.ndarray, calls: np.ndarray, similarity: float) -> np.ndarray:
        """Id of each family: the known one it matches best, or -1. Larger families choose first; an id serves one."""
        found = np.full(len(signatures), -1, np.int64)
        if len(self.ids) == 0 or len(signatures) == 0:
            return found
        rows = self._nearest(signatures, _NEIGHBOURS)
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
        if len(ids) == 0:
            return
        if self._index is not None:
            # A family whose signature is new is in the index twice; what is found is compared as it is now.
            self._index = self._index.extended(codes(signatures))
            self._index_ids = np.concatenate([self._index_ids, ids])
        fresh = ~np.isin(self.ids, ids)
        merged = np.concatenate([self.ids[fresh], ids])
        order = np.argsort(merged, kind="stable")
        self.kinds = np.concatenate([self.kinds[fresh], kinds])[order]
        self.signatures = np.concatenate([self.signatures[fresh], signatures])[order]
        self.last_seen = np.concatenate([self.last_seen[fresh], last_seen])[order]
        self.ids = merged[order]
        self.next_id = max(self.next_id, int(self.ids.max(initial=0)) + 1)
        if self._index is not None and len(self._index) > 2 * len(self.ids) + 1_024:
            self._index = None  # mostly signatures of the past

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
