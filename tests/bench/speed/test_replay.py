"""Recorded turns reach pytest-benchmark as they were."""

from __future__ import annotations

from typing import Any

import pytest

from bench.speed.replay import CLOCK, Clock, replay

TURNS = [0.25, 0.5, 1.0]


def test_a_clock_stands_still_unless_it_is_moved() -> None:
    clock = Clock()
    assert clock() == clock() == 0.0
    clock.move(1.5)
    assert clock() == 1.5


class Stopwatch:
    """What the fixture does."""

    def __init__(self) -> None:
        self.data: list[float] = []

    def pedantic(self, target: Any, rounds: int, iterations: int, warmup_rounds: int) -> None:
        """Time some rounds by the clock."""
        assert (iterations, warmup_rounds) == (1, 0)
        for _ in range(rounds):
            began = CLOCK()
            target()
            self.data.append(CLOCK() - began)


def test_each_round_takes_what_was_recorded() -> None:
    benchmark = Stopwatch()  # the fixture itself is switched off under xdist; tests/bench/speed/test_stages.py runs it
    replay(benchmark, TURNS)
    assert benchmark.data == pytest.approx(TURNS)
