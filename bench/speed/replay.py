"""pytest-benchmark runs each benchmark to its end before the next; ours take turns. This hands it the turns' times.

The turns are run first (``gauger.benchmark.turns``). Then each contestant gets a benchmark of its own, whose clock is
``CLOCK``: the benchmarked function moves the clock on by what its turn took, so that pytest-benchmark reports,
groups, compares and stores what was measured turn about.
"""

from collections.abc import Iterator, Sequence
from typing import Any


class Clock:
    """A clock that stands still unless it is told to move."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self._now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


CLOCK = Clock()


def replay(benchmark: Any, seconds: Sequence[float]) -> None:
    """Report recorded rounds through the ``benchmark`` fixture of a test marked with ``timer=CLOCK``."""
    turns: Iterator[float] = iter(seconds)
    benchmark.pedantic(lambda: CLOCK.move(next(turns)), rounds=len(seconds), iterations=1, warmup_rounds=0)
