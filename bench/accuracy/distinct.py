"""HyperLogLog: root mean square relative error at twenty cardinalities from 1 to 10 million, beside theory.

A trial is one sketch under one key that sees a counter go by, hashed; at each cardinality its estimate is read on the
way. Libraries without a key see another stretch of integers in every trial. Theory is the exact asymptotic constant,
sqrt(3 ln 2 - 1) / sqrt(m) for m registers.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from gauger.benchmark.rivals.contest import lacks
from gauger.benchmark.rivals.distinct import BITS
from gauger.engine.common.secret import Secret
from gauger.kernels.machine import keys
from gauger.kernels.sketches import hyperloglog
from gauger.kernels.text import siphash

CARDINALITIES = tuple(dict.fromkeys(round(10 ** (7 * step / 19)) for step in range(20)))
TRIALS = 1_000
BOUND = 1.05  # of theory
THEORY = math.sqrt(3 * math.log(2) - 1) / math.sqrt(1 << BITS)
_CHUNK = 1 << 16

# Estimates at ascending cardinalities of the integers from a start.
Trial = Callable[[int, tuple[int, ...]], list[float]]


@dataclass(frozen=True)
class Row:
    """Error of one estimator at one cardinality."""

    who: str
    cardinality: int
    trials: int
    rms: float  # relative
    bias: float
    theory: float  # of as many registers as ours; 0 where the library chooses its own


def ours(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """One trial, under a key of its own."""
    key = Secret.random().key
    registers = np.zeros(1 << BITS, np.uint8)
    found = []
    for low, high in _stretches(start, cardinalities):
        for at in range(low, high, _CHUNK):
            words = np.arange(at, min(high, at + _CHUNK), dtype=np.uint64)
            hashes = np.empty(words.size, np.uint64)
            siphash.hash_words(key[keys.WORD], key[keys.WORD + 1], words, hashes)
            hyperloglog.update_many(registers, BITS, hashes)
        found.append(hyperloglog.estimate(registers))
    return found


def _stretches(start: int, cardinalities: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    low = start
    for cardinality in cardinalities:
        yield low, start + cardinality
        low = start + cardinality


def datasketches(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """HLL_8; it keeps its own better estimate (HIP) besides its registers."""
    import datasketches as library

    sketch = library.hll_sketch(BITS, library.tgt_hll_type.HLL_8)
    found = []
    for low, high in _stretches(start, cardinalities):
        for number in range(low, high):
            sketch.update(number)
        found.append(sketch.get_estimate())
    return found


def datasketch(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """HyperLogLog++."""
    from datasketch import HyperLogLogPlusPlus

    sketch = HyperLogLogPlusPlus(BITS)
    found = []
    for low, high in _stretches(start, cardinalities):
        for number in range(low, high):
            sketch.update(number.to_bytes(8, "little"))
        found.append(float(sketch.count()))
    return found


def hll(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """The HLL package; ``add_range`` is its loop in C."""
    from HLL import HyperLogLog

    sketch = HyperLogLog(BITS)
    found = []
    for low, high in _stretches(start, cardinalities):
        sketch.add_range(low, high - low)
        found.append(float(sketch.cardinality()))
    return found


def polars(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """approx_n_unique of integers."""
    import polars as library

    numbers = library.Series(np.arange(start, start + cardinalities[-1], dtype=np.uint64))
    return [float(numbers.head(cardinality).approx_n_unique()) for cardinality in cardinalities]


def duckdb(start: int, cardinalities: tuple[int, ...]) -> list[float]:
    """approx_count_distinct of integers."""
    import duckdb as library

    connection = library.connect()
    connection.execute("SET threads = 1")
    query = "SELECT approx_count_distinct(range) FROM range(?::BIGINT, ?::BIGINT)"
    found = [connection.execute(query, [start, start + cardinality]).fetchone() for cardinality in cardinalities]
    return [float(one[0]) for one in found if one is not None]


# Trial, package, trials at most, cardinality at most, whether its registers are as many as ours.
ESTIMATORS: Mapping[str, tuple[Trial, str | None, int, int, bool]] = {
    "gauger": (ours, None, TRIALS, CARDINALITIES[-1], True),
    "HLL": (hll, "HLL", 50, CARDINALITIES[-1], True),
    "datasketches": (datasketches, "datasketches", 50, 700_000, True),
    "datasketch": (datasketch, "datasketch", 20, 60_000, True),
    "polars": (polars, "polars", 50, CARDINALITIES[-1], False),
    "duckdb": (duckdb, "duckdb", 50, CARDINALITIES[-1], False),
}


def measure(trials: int = TRIALS, largest: int = CARDINALITIES[-1]) -> list[dict[str, object]]:
    """Error of every estimator that is installed."""
    rows = []
    for who, (trial, package, trials_max, cardinality_max, alike) in ESTIMATORS.items():
        if package is not None and lacks(package):
            continue
        reached = tuple(one for one in CARDINALITIES if one <= min(largest, cardinality_max))
        count = min(trials, trials_max)
        starts = [number * 2 * CARDINALITIES[-1] for number in range(count)]
        with ThreadPoolExecutor(os.cpu_count() if package is None else 1) as pool:
            estimates = np.asarray(list(pool.map(partial(_swap, trial, reached), starts)))
        rows += [asdict(row) for row in _rows(who, reached, estimates, THEORY if alike else 0.0)]
    return rows


def _swap(trial: Trial, cardinalities: tuple[int, ...], start: int) -> list[float]:
    return trial(start, cardinalities)


def _rows(who: str, cardinalities: tuple[int, ...], estimates: np.ndarray, theory: float) -> list[Row]:
    errors = estimates / np.asarray(cardinalities) - 1
    rms, bias = np.sqrt(np.mean(errors**2, axis=0)), np.mean(errors, axis=0)
    return [
        Row(who, cardinality, len(errors), float(rms[at]), float(bias[at]), theory)
        for at, cardinality in enumerate(cardinalities)
    ]
