"""Taking turns: who runs when, and on which core."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gauger.benchmark import turns


def test_everyone_runs_once_a_round_in_an_order_that_rotates() -> None:
    ran: list[str] = []
    times = turns.take_turns({name: (lambda name=name: ran.append(name)) for name in "abc"}, rounds=3)
    assert "".join(ran) == "abc" + "bca" + "cab" + "abc"
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3, "c": 3}
    assert all(seconds > 0 for taken in times.values() for seconds in taken)


def test_the_collector_rests_meanwhile_and_works_again_when_one_fails() -> None:
    def fails() -> None:
        assert not gc.isenabled()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        turns.take_turns({"a": fails})
    assert gc.isenabled()


def test_ratios_are_taken_within_a_round() -> None:
    assert turns.ratio([2.0, 20.0, 4.0], [1.0, 10.0, 1.0]) == 2.0


def test_one_core_for_threads_too_and_all_of_them_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    with turns.one_core():
        with ThreadPoolExecutor(1) as pool:
            assert len(pool.submit(os.sched_getaffinity, 0).result()) == 1
        assert os.environ["OMP_NUM_THREADS"] == os.environ["POLARS_MAX_THREADS"] == "1"
        with turns.cores(before):
            assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "POLARS_MAX_THREADS" not in os.environ
