"""The bench of cold starts: every row is a measured time, and the cache it fills is its own."""

from __future__ import annotations

import pytest

from bench.speed import cold_start


def test_calls_are_timed_in_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_start, "_ENGINE", "pass")
    monkeypatch.setattr(cold_start, "_CALLS", "print(1.0, 2.0, 3.0, 4.0)")
    rows = dict(cold_start.measure(1))
    assert len(rows) == 7
    assert rows["first `observe` of 1,000 calls, then a second"] == "1.0 ms, 2.0 ms"
    assert rows["size of the filled cache"] == "0.0 MB"
    assert 0 < float(rows["`import gauger`"].removesuffix(" s")) < 60
