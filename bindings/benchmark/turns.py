"""Taking turns: how everything in a bench is timed, so that a machine that drifts spoils no ratio.

Contestants of one group run one after the other, round after round, in one process; the order rotates, so that nobody
always runs after the same neighbour. A ratio is taken within each round, and medians over the rounds are quoted.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

Times = dict[str, list[float]]  # seconds of each contestant, one a round
ROUNDS = 7

# Read by libraries when they are first imported, by their threads when they start.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


def take_turns(
    works: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> Times:
    """Time every work once a round, after one round that does not count; the collector rests meanwhile."""
    times: Times = {name: [] for name in works}
    names = list(works)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(rounds + 1):
            gc.collect()
            start = turn % max(1, len(names))
            for name in names[start:] + names[:start]:
                began = clock()
                works[name]()
                spent = clock() - began
                if turn:  # the first fills caches, page tables and lazy imports
                    times[name].append(spent)
    finally:
        if collecting:
            gc.enable()
    return times


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Median over the rounds of the ratio within a round."""
    return statistics.median(left / right for left, right in zip(over, under, strict=True))


@contextmanager
def variables(environment: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def cores(allowed: set[int]) -> Iterator[None]:
    """Let this thread, and those started meanwhile, use these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and every thread started meanwhile, on the last core it may use; one thread a library."""
    with cores({max(os.sched_getaffinity(0))}), variables(dict.fromkeys(THREAD_VARIABLES, "1")):
        yield
