"""Threads: every item once and in order, whatever their number; nested work has its thread alone."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gauger.engine.common import memory, threads

NUMBERS = (1, 2, 5)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("total", "size"), [(0, 4), (1, 4), (4, 4), (5, 4), (103, 10)])
def test_blocks_cover_everything_once_in_order(number: int, total: int, size: int) -> None:
    with threads.use(number):
        found = threads.blocks(lambda start, stop: list(range(start, stop)), total, size)
    assert [one for part in found for one in part] == list(range(total))
    assert all(len(part) == size for part in found[:-1])


def test_the_number_holds_inside_and_ends_outside() -> None:
    assert threads.count() == 1
    with threads.use(3):
        assert threads.count() == 3
        with threads.use(0):
            assert threads.count() == 1
        assert threads.count() == 3
    assert threads.count() == 1


def test_as_many_threads_work_as_are_in_use() -> None:
    met = threading.Barrier(3, timeout=10)
    with threads.use(3):
        threads.each(lambda _: met.wait(), range(3))  # fewer would wait for ever


def test_a_step_on_one_of_our_threads_has_that_thread_alone() -> None:
    with threads.use(4):
        assert threads.each(lambda _: threads.count(), range(4)) == [1] * 4


def test_what_runs_beside_has_as_many_as_are_in_use() -> None:
    with threads.use(3), threads.beside() as start:
        assert start(threads.count).result() == 3


@pytest.mark.parametrize(("need", "order"), [(1, ["beside", "first"]), (1 << 50, ["first", "beside"])])
def test_what_does_not_fit_beside_comes_after(need: int, order: list[str]) -> None:
    done = []
    with threads.use(3), memory.use(1 << 40), threads.beside(need=need) as start:
        found = start(lambda: done.append("beside") or threads.count())
        if need == 1:
            found.result()
        done.append("first")
    assert (done, found.result()) == (order, 3)


def test_an_error_of_what_comes_after_is_raised_where_it_is_asked_for() -> None:
    with memory.use(1), threads.beside(need=1) as start:
        found = start(int, "seven")
    with pytest.raises(ValueError, match="seven"):
        found.result()


def test_another_thread_of_the_host_is_not_touched() -> None:
    with threads.use(5), ThreadPoolExecutor(1) as host:
        assert host.submit(threads.count).result() == 1


@pytest.mark.parametrize("number", NUMBERS)
def test_an_error_is_raised(number: int) -> None:
    def fails(item: int) -> int:
        if item == 7:
            raise ValueError("seven")
        return item

    with threads.use(number), pytest.raises(ValueError, match="seven"):
        threads.each(fails, range(20))


@pytest.mark.parametrize("workers", NUMBERS)
def test_ahead_keeps_order_and_few_wait(workers: int) -> None:
    given = []

    def items() -> Iterator[int]:
        for item in range(30):
            given.append(item)
            yield item

    def slow(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return item * item

    for place, found in enumerate(threads.ahead(slow, items(), str, workers)):
        assert found == place * place
        assert len(given) - place <= 2 * workers + 1


def test_ahead_passes_on_at_once_what_needs_no_work() -> None:
    found = threads.ahead(lambda item: item + 1, ["a", 1, "b"], str, 2)
    assert next(found) == "a"
    assert sorted(map(str, found)) == ["2", "b"]


class Slow:
    """An object that meets another one while it makes its attribute."""

    def __init__(self, meeting: threading.Barrier) -> None:
        self.meeting, self.made = meeting, 0

    @threads.lazy
    def value(self) -> int:
        """Made once."""
        self.meeting.wait()
        self.made += 1
        return 7


def test_what_is_made_for_one_object_keeps_no_other_waiting() -> None:
    meeting = threading.Barrier(2, timeout=10)
    objects = [Slow(meeting), Slow(meeting)]
    with threads.use(2):
        assert threads.each(lambda one: one.value, objects) == [7, 7]  # a lock of the class would wait for ever
    assert [one.value + one.made for one in objects] == [8, 8]
