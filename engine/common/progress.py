"""Progress: which stage of a piece of work is on, and how much of it is done. Whoever wants to know says so once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

Progress = Callable[[str, int, int], None]  # stage, done, total (0 = not known)


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody asked."""


_TOLD: ContextVar[Progress] = ContextVar("progress", default=_silent)


@contextmanager
def use(progress: Progress | None) -> Iterator[None]:
    """Tell this function, in this context."""
    token = _TOLD.set(progress or _silent)
    try:
        yield
    finally:
        _TOLD.reset(token)


def tell(stage: str, done: int = 0, total: int = 0) -> None:
    """Say how far a stage is."""
    _TOLD.get()(stage, done, total)


def steps(stage: str, total: int) -> Callable[[], None]:
    """A function to call after each of the steps of a stage, from any thread."""
    told, lock, done = _TOLD.get(), Lock(), 0
    told(stage, 0, total)

    def step() -> None:
        nonlocal done
        with lock:
            done += 1
            told(stage, done, total)

    return step
