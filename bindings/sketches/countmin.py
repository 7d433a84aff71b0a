"""Count-min of a column: how often each value occurred, never too few.

Counts are uint32[depth, width] in C order; a value adds one to one cell of each row, and its estimate is the least of
those cells. Stored: the header (``header.py``) with the kind "gCMS", depth, log2 of the width and the total, then the
counts, little-endian.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gauger.engine.common.errors import KernelInputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.intake import casting
from gauger.kernels.sketches import countmin as kernel
from gauger.kernels.text import texts
from gauger.sketches import header
from gauger.sketches import values as columns

KIND = b"gCMS"
DEPTH_MAX = 4  # as many secret multipliers as a key has for it
WIDTH_MAX = 1 << 28
_COUNT_MAX = 2**32 - 1


class CountMin:
    """How often each value of a stream occurred."""

    def __init__(self, width: int = 1 << 16, depth: int = 4, *, secret: Secret) -> None:
        """An empty sketch of 4 width depth bytes; the width is a power of two up to 2^28, the depth 1 to 4."""
        if not 1 <= width <= WIDTH_MAX or width & (width - 1):
            raise KernelInputError(f"a width is a power of two up to 2^28, not {width}")
        if not 1 <= depth <= DEPTH_MAX:
            raise KernelInputError(f"a depth is 1 to {DEPTH_MAX}, not {depth}")
        self._secret = secret
        self._counts = np.zeros((depth, width), np.uint32)
        self._total = 0

    @classmethod
    def for_error(cls, epsilon: float, delta: float, *, secret: Secret) -> CountMin:
        """The smallest sketch that over-counts a value by more than epsilon total with probability delta at most.

        Width is the power of two from e / epsilon up, depth ln(1 / delta) rounded up: delta from 0.0184 up.
        """
        if not 0 < epsilon < 1 or not 0 < delta < 1:
            raise KernelInputError("epsilon and delta are between 0 and 1")
        width = 1 << math.ceil(math.log2(math.e / epsilon))
        return cls(width, math.ceil(math.log(1 / delta)), secret=secret)

    @property
    def counts(self) -> np.ndarray:
        """The counts, uint32[depth, width]; read-only, shared with the sketch."""
        view = self._counts.view()
        view.flags.writeable = False
        return view

    @property
    def total(self) -> int:
        """Number of values counted."""
        return self._total

    @property
    def epsilon(self) -> float:
        """Over-count, as a share of the total, that is exceeded with probability ``delta`` at most: e / width."""
        return math.e / self._counts.shape[1]

    @property
    def delta(self) -> float:
        """Probability that an estimate is over by more than epsilon total: e^-depth."""
        return math.exp(-self._counts.shape[0])

    def update(self, values: Any) -> None:
        """Count each value of a column of texts or integers as a whole; nulls are skipped."""
        for hashes in columns.present_hashes(values, self._secret.key):
            self._make_room(len(hashes))
            kernel.add_many(self._counts, hashes, self._secret.key)
            self._total += len(hashes)

    def update_words(self, values: Any) -> None:
        """Count the words of a column of texts; nulls are skipped."""
        for rows in columns.present_texts(values):
            # No text has more words than bytes.
            self._make_room(int(rows.offsets[-1] - rows.offsets[0]))
            self._total += texts.count_words(rows.values, rows.offsets, self._secret.key, self._counts)

    def query(self, values: Any) -> np.ndarray:
        """Estimated count of each value of a column of texts or integers, as ``update`` counts them; int64[n].

        Never less than the truth. A null was never counted: 0.
        """
        found = [np.zeros(0, np.int64)]
        for chunk in columns.chunks(values):
            hashes, nulls = columns.hashes(chunk, self._secret.key)
            out = np.zeros(len(chunk), np.uint32)
            kernel.query_many(self._counts, hashes, self._secret.key, out)
            if nulls is not None:
                out[nulls] = 0
            found.append(out.astype(np.int64))
        return np.concatenate(found)

    def query_words(self, words: Any) -> np.ndarray:
        """Estimated count of each word of a column of single words, as ``update_words`` counts them; int64[n].

        Raises ``KernelInputError`` when a value is not one word. A null was never counted: 0.
        """
        found = [np.zeros(0, np.int64)]
        for chunk in columns.chunks(words):
            present = np.flatnonzero(casting.mask(chunk.is_valid()))
            rows = columns.texts(chunk, present=True)
            out, result = np.zeros(len(rows), np.uint32), np.zeros(len(chunk), np.int64)
            wrong = texts.query_words(rows.values, rows.offsets, self._secret.key, self._counts, out)
            if wrong >= 0:
                raise KernelInputError(f"row {present[wrong]} of a chunk is not one word")
            result[present] = out
            found.append(result)
        return np.concatenate(found)

    def merge(self, other: CountMin) -> None:
        """Add all that ``other`` counted: the result is as if this sketch had counted it."""
        header.same_key(self._secret, other._secret)
        if self._counts.shape != other._counts.shape:
            raise KernelInputError(f"sketches of {self._shape} and {other._shape} do not merge")
        self._make_room(other._total)
        self._counts += other._counts
        self._total += other._total

    def to_bytes(self) -> bytes:
        """The sketch as bytes, to be stored; the secret is not among them."""
        depth, width = self._counts.shape
        body = self._counts.astype("<u4", copy=False).tobytes()
        return header.pack(KIND, (depth, width.bit_length() - 1), self._total, self._secret, body)

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, *, secret: Secret) -> CountMin:
        """The stored sketch; raises ``StateError`` when it is damaged, of another secret or of another version."""
        head, body = header.unpack(KIND, data, secret)
        depth, bits = head.shape
        # The length first: a forged shape must not allocate what is not there.
        if not 1 <= depth <= DEPTH_MAX or 1 << bits > WIDTH_MAX or len(body) != 4 * depth << bits:
            raise StateError("this sketch is damaged; store it again")
        sketch = cls(1 << bits, depth, secret=secret)
        sketch._counts[:] = np.frombuffer(body, "<u4").reshape(depth, -1)
        sketch._total = head.total
        if (sketch._counts.sum(axis=1, dtype=np.uint64) != head.total).any():
            raise StateError("this sketch is damaged; store it again")
        return sketch

    @property
    def _shape(self) -> str:
        depth, width = self._counts.shape
        return f"width {width} and depth {depth}"

    def _make_room(self, more: int) -> None:
        """Raise ``KernelInputError`` if ``more`` values might wrap a cell round: an estimate would be too low."""
        if self._total + more > _COUNT_MAX and int(self._counts.max()) + more > _COUNT_MAX:
            raise KernelInputError("a count would pass 2^32; start another sketch, and merge no fuller ones")

    def __repr__(self) -> str:
        depth, width = self._counts.shape
        return f"CountMin(width={width}, depth={depth}, total={self._total}, key_id={self._secret.key_id!r})"
