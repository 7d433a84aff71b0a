"""gauger's pass beside the usual libraries, from the same raw text on one core.

Small on purpose: MinHash against datasketch, HyperLogLog against Apache DataSketches. Ours does more than is compared:
``Measurer.measure`` yields exact hash, MinHash signature, feature blocks, novelty and frame grams in one go.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import datasketch
import datasketches
import numpy as np
import pyarrow as pa

from gauger.engine.measure import Measurer, WordSketch, hash_column
from gauger.engine.secret import Secret
from gauger.kernels import hyperloglog, minhash
from gauger.kernels.shingles import WIDTH

ROUNDS = 3
_REGISTER_BITS = 12
_WORD = re.compile(rb"[0-9a-z\x80-\xff]+")  # as the tokeniser has it: folded ASCII, and every byte beyond ASCII


@dataclass(frozen=True)
class Contest:
    """One comparison; medians over all prompts of the sample."""

    task: str
    rival: str
    prompts: int
    ours_seconds: float
    rival_seconds: float


def contests(batch: pa.RecordBatch) -> list[Contest]:
    """Both comparisons on one admitted batch with prompts as text."""
    measurer, key = Measurer(Secret.random()), Secret.random().key
    column = batch.column("prompt_text")
    texts = column.to_pylist()

    def ours_minhash() -> None:
        measurer.measure(batch, WordSketch())

    def rival_minhash() -> None:
        for text in texts:
            datasketch.MinHash(num_perm=minhash.SLOTS).update_batch(shingles(text))

    def ours_hyperloglog() -> None:
        hyperloglog.update_many(np.zeros(1 << _REGISTER_BITS, np.uint8), _REGISTER_BITS, hash_column(key, column))

    def rival_hyperloglog() -> None:
        sketch = datasketches.hll_sketch(_REGISTER_BITS, datasketches.tgt_hll_type.HLL_8)
        for text in texts:
            sketch.update(text)

    rows = (
        ("MinHash of every prompt", "datasketch (sha1)", ours_minhash, rival_minhash),
        ("distinct prompts, HyperLogLog", "datasketches (HLL_8)", ours_hyperloglog, rival_hyperloglog),
    )
    return [Contest(task, rival, len(texts), *_interleaved(ours, theirs)) for task, rival, ours, theirs in rows]


def shingles(text: str) -> list[bytes]:
    """Word shingles of the width the kernels use, as bytes; a shorter prompt is one shingle."""
    words = _WORD.findall(text.encode().lower())
    return [b" ".join(words[at : at + WIDTH]) for at in range(max(1, len(words) - WIDTH + 1))]


def _interleaved(ours: Callable[[], None], theirs: Callable[[], None]) -> tuple[float, float]:
    """Median seconds of each, turn about, after a warm-up of each."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 1):
        for work, spent in zip((ours, theirs), times, strict=True):
            started = time.perf_counter()
            work()
            if turn:
                spent.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])
