"""Sizes as people write them, how many tasks fit, and what is refused."""

import platform
import subprocess
import sys

import pytest

from gauger.engine.common import memory, threads
from gauger.engine.common.errors import StateError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8G", 8 << 30),
        ("512M", 512 << 20),
        (" 3.5 GiB ", int(3.5 * (1 << 30))),
        ("2tb", 2 << 40),
        ("4096", 4096),
        ("1k", 1024),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert memory.parsed(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "8 gigs", "1e9", "8GG"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no size; write 8G or 512M"):
        memory.parsed(text)


def test_a_size_is_shown_as_it_is_read_and_never_less() -> None:
    for size in (1, 1 << 30, (3 << 30) + 1, 123_456_789_012):
        shown = memory.shown(size)
        assert size <= memory.parsed(shown) < size + (1 << 30) / 10 + 1


def test_without_a_limit_everything_fits() -> None:
    assert memory.limit() is None
    assert memory.at_once(1 << 60, 7) == 7
    memory.require(1 << 60, "nothing")


def test_as_many_tasks_run_at_once_as_fit_and_one_always_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "held", lambda: 1_000)
    with memory.use(2_000):
        assert [memory.at_once(need, 4) for need in (100, 250, 400, 501, 5_000)] == [4, 4, 2, 1, 1]
    with memory.use(500):  # less than is held already
        assert memory.at_once(100, 4) == 1


def test_threads_are_few_where_memory_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "held", lambda: 0)
    asked = []

    def made(number: int) -> object:
        asked.append(number)
        raise AssertionError("no pool for one task at a time")

    monkeypatch.setattr(threads, "ThreadPoolExecutor", made)
    with threads.use(3), memory.use(1_500):
        assert threads.each(lambda item: item + 1, range(5), 1_000) == [1, 2, 3, 4, 5]
    assert asked == []


def test_less_than_can_serve_is_refused_with_the_least_that_can() -> None:
    with (
        memory.use(1 << 30),
        pytest.raises(StateError, match=r"this day needs at least --memory 2.5G; it was given 1G"),
    ):
        memory.require(5 << 29, "this day")


def test_the_system_says_what_is_held_and_free() -> None:
    assert 10 << 20 < memory.held() < 1 << 40
    assert 0 < memory.free() < 1 << 45
    memory.settle()  # gives back what it can, and raises nowhere


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is of glibc; elsewhere ``hold`` does nothing")
def test_memory_that_is_held_is_given_back_all_the_same() -> None:
    """In a process of its own: it is said of the whole of it."""
    script = (
        "import numpy as np\n"
        "from gauger.engine.common import memory\n"
        "memory.hold()\n"
        "before = memory.held()\n"
        "values = np.ones(200 << 20, np.uint8)\n"
        "del values\n"
        "assert memory.held() - before > 190 << 20, 'freed memory is kept'\n"
        "memory.settle()\n"
        "assert memory.held() - before < 90 << 20, 'and given back when asked for'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
