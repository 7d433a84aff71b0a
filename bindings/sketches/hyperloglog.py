"""HyperLogLog of a column: how many distinct values, within a known error, in 2^precision bytes.

Registers are uint8[2^precision]; register j is the largest rank (leading zeros + 1) among the hashes whose first
``precision`` bits are j, at most 65 - precision, and 0 before any. Stored: the header (``header.py``) with the kind
"gHLL" and the precision, then the registers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gauger.engine.common.errors import KernelInputError, StateError
from gauger.engine.common.secret import Secret
from gauger.kernels.sketches import hyperloglog as kernel
from gauger.kernels.text import texts
from gauger.sketches import header
from gauger.sketches import values as columns

KIND = b"gHLL"
PRECISION_MIN, PRECISION_MAX = 4, 18


class HyperLogLog:
    """How many distinct values a stream held."""

    def __init__(self, precision: int = 14, *, secret: Secret) -> None:
        """An empty sketch of 2^precision bytes, precision 4 to 18."""
        if not PRECISION_MIN <= precision <= PRECISION_MAX:
            raise KernelInputError(f"a precision is {PRECISION_MIN} to {PRECISION_MAX}, not {precision}")
        self.precision = int(precision)
        self._secret = secret
        self._registers = np.zeros(1 << self.precision, np.uint8)

    @property
    def registers(self) -> np.ndarray:
        """The registers, uint8[2^precision]; read-only, shared with the sketch."""
        view = self._registers.view()
        view.flags.writeable = False
        return view

    @property
    def relative_error(self) -> float:
        """Standard error of the estimate as a share of the truth: 1.04 / sqrt(2^precision)."""
        return 1.04 / math.sqrt(self._registers.size)

    def update(self, values: Any) -> None:
        """Add each value of a column of texts or integers as a whole; nulls are skipped."""
        for hashes in columns.present_hashes(values, self._secret.key):
            kernel.update_many(self._registers, self.precision, hashes)

    def update_words(self, values: Any) -> None:
        """Add the words of a column of texts; nulls are skipped."""
        for rows in columns.present_texts(values):
            texts.register_words(rows.values, rows.offsets, self._secret.key, self._registers, self.precision)

    def merge(self, other: HyperLogLog) -> None:
        """Add all that ``other`` saw: the result is as if this sketch had seen it."""
        header.same_key(self._secret, other._secret)
        if self.precision != other.precision:
            raise KernelInputError(f"sketches of precision {self.precision} and {other.precision} do not merge")
        np.maximum(self._registers, other._registers, out=self._registers)

    def estimate(self) -> float:
        """Estimated number of distinct values."""
        return kernel.estimate(self._registers)

    def to_bytes(self) -> bytes:
        """The sketch as bytes, to be stored; the secret is not among them."""
        return header.pack(KIND, (self.precision, 0), 0, self._secret, self._registers.tobytes())

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, *, secret: Secret) -> HyperLogLog:
        """The stored sketch; raises ``StateError`` when it is damaged, of another secret or of another version."""
        head, body = header.unpack(KIND, data, secret)
        precision, total = head.shape[0], head.total
        if not PRECISION_MIN <= precision <= PRECISION_MAX or head.shape[1] or total or len(body) != 1 << precision:
            raise StateError("this sketch is damaged; store it again")
        sketch = cls(precision, secret=secret)
        sketch._registers[:] = np.frombuffer(body, np.uint8)
        if sketch._registers.max() > 65 - precision:
            raise StateError("this sketch is damaged; store it again")
        return sketch

    def __repr__(self) -> str:
        return f"HyperLogLog(precision={self.precision}, key_id={self._secret.key_id!r})"
