"""Stages follow one another and are counted once."""

from types import SimpleNamespace

import pytest

from gauger.engine.common import stopwatch


def test_every_second_is_of_one_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.5, 13.0])
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    watch = stopwatch.Stopwatch()
    watch.lap("evidence")
    watch.lap("campaigns")
    assert watch.seconds == {"evidence": 2.5, "campaigns": 0.5}
