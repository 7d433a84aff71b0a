"""From a canonical batch to one row of measures a call: the pass, its keyed tables, its word sketches."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_words, list_buffers, text_buffers
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.elicitation import PHRASES
from gauger.kernels.machine import keys
from gauger.kernels.sketches import hyperloglog as hll
from gauger.kernels.sketches import minhash
from gauger.kernels.text import features, grams, lookup, shingles
from gauger.kernels.text import measuring as calls
from gauger.kernels.text.measuring import Measures as Measures

WORD_COUNT_WIDTH = 1 << 16  # half a megabyte: it stays in a core's second-level cache
WORD_COUNT_DEPTH = 2


@dataclass
class WordSketch:
    """Words of a stream: how often each (count-min), how many distinct (HyperLogLog), how many in all."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros((WORD_COUNT_DEPTH, WORD_COUNT_WIDTH), np.uint32))
    registers: np.ndarray = field(default_factory=lambda: np.zeros(1 << calls.WORD_REGISTER_BITS, np.uint8))
    total: int = 0

    def merge(self, other: WordSketch) -> None:
        """Sum of counts, maximum of registers."""
        self.counts += other.counts
        np.maximum(self.registers, other.registers, out=self.registers)
        self.total += other.total

    def distinct(self) -> float:
        """Estimated number of distinct words."""
        return hll.estimate(self.registers)


class Measurer:
    """Runs the pass with one secret; safe to share between threads, each with a WordSketch of its own."""

    def __init__(
        self, secret: Secret, reference_words: WordSketch | None = None, *, gram_width: int = grams.WIDTH
    ) -> None:
        """gram_width : tokens in a frame gram; the multipliers of the others are nought."""
        self.key = secret.key.copy()
        self.key[keys.GRAM + gram_width : keys.GRAM + grams.WIDTH] = 0
        self._reference = reference_words or WordSketch()
        words = hash_words(self.key, features.FUNCTION_WORDS)[0]
        function_words = lookup.build(words, range(len(words)))
        texts = [phrase for group in PHRASES.values() for phrase in group]
        labels = [flag for flag, group in PHRASES.items() for _ in group]
        self._tables = calls.Tables(function_words, lookup.build(self._hash_phrases(texts), labels))

    def __reduce__(self) -> str:
        raise TypeError("a Measurer holds keys and is never pickled: make one there, from the key file")

    @classmethod
    def of(cls, secret: Secret, settings: Settings, reference_words: WordSketch | None = None) -> Measurer:
        """A measurer as an engine of these settings has it."""
        return cls(secret, reference_words, gram_width=settings.gram_width)

    def _hash_phrases(self, texts: list[str]) -> np.ndarray:
        words, offsets = hash_words(self.key, texts)
        assert np.all(np.diff(offsets) == shingles.WIDTH), "an elicitation phrase has three words"
        return shingles.shingle_rows(words.reshape(-1, shingles.WIDTH), self.key)

    def measure(self, batch: pa.RecordBatch, sketch: WordSketch, *, steps: int = len(calls.STEPS)) -> Measures:
        """Measure an admitted batch (its prompts as text, or as token ids), counting its words in ``sketch``.

        steps : of ``calls.STEPS``, how many to take of each text; a bench takes fewer, and reads no result
        """
        n = batch.num_rows
        is_text = "prompt_text" in batch.schema.names
        column = batch.column("prompt_text" if is_text else "prompt_token_ids")
        values, offsets = text_buffers(column) if is_text else list_buffers(column)
        # A gram starts at each token and in the four places before the first.
        capacity = int(np.minimum(np.diff(offsets), grams.GRAMS_MAX).sum()) + 8 * n
        result = Measures(
            prompt_hashes=np.empty((n, 2), np.uint64),
            words=np.empty(n, np.int32),
            signatures=np.empty((n, minhash.SLOTS), np.uint8),
            features=np.empty((n, features.FEATURES), np.int8),
            novelty=np.empty(n, np.float32),
            flags=np.zeros(n, np.uint8),
            gram_offsets=np.zeros(n + 1, np.int64),
            grams=np.empty(capacity, np.uint32),
        )
        prompts, words = calls.Prompts(values, offsets), calls.Words(sketch.counts, sketch.registers)
        reference = calls.Reference(self._reference.counts, self._reference.total)
        if is_text:
            calls.measure_text(steps, prompts, self.key, self._tables, words, reference, result)
        else:
            calls.measure_token_ids(prompts, self.key, words, reference, result)
        if steps == len(calls.STEPS):
            sketch.total += int(result.words.sum(dtype=np.int64))
        return result
