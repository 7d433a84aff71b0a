"""From a canonical batch to one row of measures a call: the pass, its keyed tables, its word sketches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
_HASHED = calls.STEPS.index("word and prompt hashes") + 1


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


@dataclass(frozen=True)
class ContextTexts:
    """m context texts of a batch: of each account and pane those of the smallest hashes, each once."""

    rows: np.ndarray  # int64[m], row of the batch of a call that carries it
    identity: np.ndarray  # uint64[m], half of the keyed hash of the text
    calls: np.ndarray  # int64[m], of the batch that carry it
    features: np.ndarray  # int8[m, FEATURES]
    # Where calls have response ids, by which a record that comes again is told:
    of_calls: np.ndarray | None = None  # uint64[n], of each call the sum of the keyed hashes of all its texts
    carriers: np.ndarray | None = None  # int64[calls.sum()], rows that carry each of the m texts, text after text


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

    def contexts(self, batch: pa.RecordBatch, settings: Settings) -> ContextTexts | None:
        """Measure the context texts of an admitted batch; None where it has none.

        Of each account and pane as many are wanted as calls are sampled, those with the smallest keyed hashes.
        Texts are resent with every call, so each is hashed once a batch, and measured only where it is wanted.
        """
        if "context_texts" not in batch.schema.names or "prompt_text" not in batch.schema.names:
            return None
        column = batch.column("context_texts")
        rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
        texts = pc.list_flatten(column)
        there = np.asarray(pc.fill_null(pc.greater(pc.binary_length(texts), 0), False))
        if not there.any():
            return None
        encoded = texts.filter(pa.array(there)).dictionary_encode()
        rows, code = rows[there], encoded.indices.to_numpy()
        hashes = self._of_texts(encoded.dictionary, _HASHED).prompt_hashes[:, 0]
        pane = batch.column("start_time").cast(pa.int64()).to_numpy()[rows] // settings.pane_us
        account = batch.column("account_id").dictionary_encode().indices.to_numpy()[rows]
        order = np.lexsort((hashes[code], pane, account))
        owner = np.stack([account, pane])[:, order]
        began = np.concatenate([[True], np.any(owner[:, 1:] != owner[:, :-1], axis=0)])
        fresh = began.copy()
        fresh[1:] |= hashes[code[order[1:]]] != hashes[code[order[:-1]]]
        starts = np.flatnonzero(fresh)
        group = np.cumsum(began)[starts]
        kept = np.arange(len(starts)) - np.searchsorted(group, group, "left") < settings.sample_calls
        carried, first = np.diff(np.append(starts, len(order)))[kept], order[starts[kept]]
        wanted, places = np.unique(code[first], return_inverse=True)
        features = self._of_texts(encoded.dictionary.take(pa.array(wanted)), len(calls.STEPS)).features
        found = ContextTexts(rows[first], hashes[code[first]], carried, features[places])
        if "response_id" not in batch.schema.names:
            return found
        of_calls = np.zeros(batch.num_rows, np.uint64)
        np.add.at(of_calls, rows, hashes[code])
        carriers = rows[order[np.repeat(kept, np.diff(np.append(starts, len(order))))]]
        return replace(found, of_calls=of_calls, carriers=carriers)

    def _of_texts(self, texts: pa.Array, steps: int) -> Measures:
        """Measures of some texts; their words count nowhere."""
        return self.measure(pa.record_batch({"prompt_text": texts}), WordSketch(), steps=steps)
