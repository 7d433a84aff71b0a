"""The prefixes of the pass on batches of text: arrays for ``kernels/stages.py``, made once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gauger.engine.measure import Measurer, WordSketch, text_buffers
from gauger.kernels import calls, features, minhash, stages


class Prefixes:
    """Runs the first steps of the pass over some batches. What it writes is overwritten by the next run."""

    names = stages.STAGES

    def __init__(self, batches: Sequence[pa.RecordBatch], measurer: Measurer) -> None:
        self._measurer = measurer
        self._columns = [batch.column("prompt_text") for batch in batches]  # keeps alive what the views borrow
        self._buffers = [text_buffers(column) for column in self._columns]
        rows = max(map(len, self._columns))
        grams = max(int(np.minimum(np.diff(offsets), calls.GRAMS_MAX).sum()) for _, offsets in self._buffers) + 8 * rows
        self.prompt_hashes = np.zeros((rows, 2), np.uint64)
        self.words = np.zeros(rows, np.int32)
        self.signatures = np.zeros((rows, minhash.SLOTS), np.uint8)
        self.features = np.zeros((rows, features.FEATURES), np.int8)
        self.novelty = np.zeros(rows, np.float32)
        self.flags = np.zeros(rows, np.uint8)
        self.gram_offsets = np.zeros(rows + 1, np.int64)
        self.grams = np.zeros(grams, np.uint32)
        self.sketch = WordSketch()
        self._reference = WordSketch()

    def run(self, depth: int) -> None:
        """The first ``depth`` steps on every batch."""
        tables = (*self._measurer._function_words, *self._measurer._phrases)
        for values, offsets in self._buffers:
            stages.run(
                depth,
                values,
                offsets,
                self._measurer.key,
                *tables,
                self.sketch.counts,
                self.sketch.registers,
                self._reference.counts,
                self._reference.total,
                self.prompt_hashes,
                self.words,
                self.signatures,
                self.features,
                self.novelty,
                self.flags,
                self.gram_offsets,
                self.grams,
            )
