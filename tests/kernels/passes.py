"""Running the pass: the arrays ``measure_text`` and ``measure_token_ids`` fill, and the tables they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gauger.kernels.sketches import minhash
from gauger.kernels.text import features, grams, lookup
from gauger.kernels.text import measuring as calls
from tests.kernels import naive
from tests.kernels.strategies import KEY, NAIVE_KEY

COUNT_WIDTH, COUNT_DEPTH = 1024, 2
PHRASES = {
    "step by step": 1,
    "show all steps": 1,
    "as a judge": 2,
    "rate the following": 2,
    "all steps as": 4,
}


def phrase_shingle(phrase: str) -> int:
    """The one shingle of a three-word phrase."""
    return naive.shingles(naive.word_hashes(phrase.encode(), NAIVE_KEY), NAIVE_KEY)[0]


def _table(labels: Mapping[int, int]) -> np.ndarray:
    return lookup.build(np.array(list(labels), np.uint64), list(labels.values()))


FUNCTION_WORDS = _table(
    {naive.word_hashes(word.encode(), NAIVE_KEY)[0]: tag for tag, word in enumerate(features.FUNCTION_WORDS)}
)
PHRASE_TABLE = _table({phrase_shingle(phrase): flag for phrase, flag in PHRASES.items()})


def _counts() -> np.ndarray:
    return np.zeros((COUNT_DEPTH, COUNT_WIDTH), np.uint32)


@dataclass
class Pass:
    """Outputs of the pass over n prompts, filled with rubbish: whatever the pass does not write shows."""

    n: int
    gram_capacity: int
    word_counts: np.ndarray = field(default_factory=_counts)
    word_registers: np.ndarray = field(default_factory=lambda: np.zeros(1 << calls.WORD_REGISTER_BITS, np.uint8))

    def __post_init__(self) -> None:
        self.measures = calls.Measures(
            prompt_hashes=np.full((self.n, 2), 0xAB, np.uint64),
            words=np.full(self.n, -7, np.int32),
            signatures=np.full((self.n, minhash.SLOTS), 0xAB, np.uint8),
            features=np.full((self.n, features.FEATURES), 77, np.int8),
            novelty=np.full(self.n, -7, np.float32),
            flags=np.full(self.n, 0xAB, np.uint8),
            gram_offsets=np.full(self.n + 1, -7, np.int64),
            grams=np.full(self.gram_capacity, 0xAB, np.uint32),
        )

    def __getattr__(self, name: str) -> np.ndarray:
        """One of the measures."""
        return getattr(self.measures, name)

    @property
    def sketches(self) -> calls.Words:
        """The word sketches, as the pass takes them."""
        return calls.Words(self.word_counts, self.word_registers)

    def grams_of(self, row: int) -> list[int]:
        """Frame grams of one prompt."""
        return self.grams[self.gram_offsets[row] : self.gram_offsets[row + 1]].tolist()

    def state(self) -> list[bytes]:
        """Every output and sketch as bytes."""
        written = self.grams[: self.gram_offsets[-1]]
        rows = (self.prompt_hashes, self.words, self.signatures, self.features, self.novelty, self.flags)
        return [array.tobytes() for array in (*rows, self.gram_offsets, written, self.word_counts, self.word_registers)]


def _start(offsets: np.ndarray) -> Pass:
    sizes = np.minimum(np.diff(offsets), grams.GRAMS_MAX)
    return Pass(len(offsets) - 1, int(sizes.sum()) + 4 * len(sizes))


def run_text(
    values: np.ndarray,
    offsets: np.ndarray,
    reference: np.ndarray | None = None,
    reference_words: int = 0,
    steps: int = len(calls.STEPS),
) -> Pass:
    """Measure texts, against a reference's count-min if there is one."""
    result = _start(offsets)
    known = calls.Reference(_counts() if reference is None else reference, reference_words)
    tables = calls.Tables(FUNCTION_WORDS, PHRASE_TABLE)
    calls.measure_text(
        steps, calls.Prompts(values, offsets), KEY, tables, result.sketches, known, result.measures
    )  # fmt: skip
    return result


def run_ids(values: np.ndarray, offsets: np.ndarray) -> Pass:
    """Measure token ids; the pass has no flags for them, which become 0."""
    result = _start(offsets)
    result.flags[:] = 0
    known = calls.Reference(_counts(), 0)
    calls.measure_token_ids(calls.Prompts(values, offsets), KEY, result.sketches, known, result.measures)
    return result
