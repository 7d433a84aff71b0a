"""Days of one world: who comes, and when."""

from __future__ import annotations

from random import Random

from bench.real_days import _moved
from bench.real_people import Call


def test_moved_calls_are_some_of_them_later_in_order() -> None:
    calls = [Call(f"text {hour}", 3_600.0 * hour, None) for hour in range(24)]
    moved = _moved(Random(1), calls, 0.5, 3.0)
    assert 6 <= len(moved) <= 18
    seconds = {call.text: call.second for call in moved}
    assert all(seconds[call.text] == (call.second + 10_800.0) % 86_400.0 for call in calls if call.text in seconds)
    assert [call.second for call in moved] == sorted(call.second for call in moved)
    assert len(_moved(Random(1), calls[:1], 0.0, 0.0)) == 1
