"""Count-min: never under, and over by more than eps N in at most delta of the queries; beside datasketches.

A trial is a stream of words with Zipf's frequencies under one key (datasketches: one seed). With width w and depth d
the bound is eps = e / w and delta = e^-d.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from gauger.benchmark.rivals.contest import lacks
from gauger.engine.common.secret import Secret
from gauger.kernels.sketches import countmin

WIDTHS, DEPTHS = (1 << 10, 1 << 14), (2, 4)
WORDS, DISTINCT = 1_000_000, 50_000
TRIALS = 100
_EXPONENT = 1.1


@dataclass(frozen=True)
class Row:
    """What the queries of all trials gave."""

    who: str
    width: int
    depth: int
    trials: int
    queries: int
    under: int  # queries below the true count
    over: float  # share of queries more than eps N above it
    delta: float  # what the theory allows that share to be
    mean_over: float  # mean over-count, in eps N


def stream(generator: np.random.Generator, words: int, distinct: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys (uint64) and how often each occurs (int64): Zipf's law, every key once at least."""
    weights = np.arange(1, distinct + 1) ** -_EXPONENT
    counts = generator.multinomial(words - distinct, weights / weights.sum()) + 1
    return generator.permutation(np.arange(1, distinct + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)), counts


def ours(keys: np.ndarray, counts: np.ndarray, width: int, depth: int, seed: int) -> np.ndarray:
    """Every word added one by one, under a key of its own; the answers for all keys."""
    key = Secret.random().key
    cells = np.zeros((depth, width), np.uint32)
    countmin.add_many(cells, np.repeat(keys, counts), key)
    found = np.empty(len(keys), np.uint32)
    countmin.query_many(cells, keys, key, found)
    return found.astype(np.int64)


def datasketches(keys: np.ndarray, counts: np.ndarray, width: int, depth: int, seed: int) -> np.ndarray:
    """Every distinct word added once with its weight."""
    import datasketches as library

    sketch = library.count_min_sketch(depth, width, seed + 1)
    numbers = keys.astype(np.int64).tolist()
    for number, count in zip(numbers, counts.tolist(), strict=True):
        sketch.update(number, count)
    return np.asarray([sketch.get_estimate(number) for number in numbers]).astype(np.int64)


ESTIMATORS: Mapping[str, tuple[Callable[..., np.ndarray], str | None, int]] = {
    "gauger": (ours, None, TRIALS),
    "datasketches": (datasketches, "datasketches", 10),
}


def measure(
    trials: int = TRIALS, words: int = WORDS, distinct: int = DISTINCT, seed: int = 1
) -> list[dict[str, object]]:
    """Both sketches at every width and depth."""
    rows = []
    for width in WIDTHS:
        for depth in DEPTHS:
            for who, (estimate, package, most) in ESTIMATORS.items():
                if package is None or not lacks(package):
                    generator = np.random.default_rng(seed)
                    errors = []
                    for trial in range(min(trials, most)):
                        keys, counts = stream(generator, words, distinct)
                        errors.append(estimate(keys, counts, width, depth, trial) - counts)
                    rows.append(asdict(_row(who, width, depth, np.stack(errors), words)))
    return rows


def _row(who: str, width: int, depth: int, errors: np.ndarray, words: int) -> Row:
    allowed = math.e / width * words
    return Row(
        who,
        width,
        depth,
        trials=len(errors),
        queries=errors.size,
        under=int(np.sum(errors < 0)),
        over=float(np.mean(errors > allowed)),
        delta=math.exp(-depth),
        mean_over=float(np.mean(errors) / allowed),
    )
