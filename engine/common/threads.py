"""Threads: how many there are, and the only ways to use them.

Every step works in blocks of a fixed size, so that the number of threads changes no result. The number is said once,
by ``use``, and is known to whatever runs inside; a step that runs on one of our threads already has that thread alone.
"""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gauger.engine.common import memory

Item = TypeVar("Item")
Result = TypeVar("Result")
Ready = TypeVar("Ready")

if TYPE_CHECKING:
    lazy = functools.cached_property
else:

    class _Lazy:
        """``functools.cached_property`` without its lock.

        Until Python 3.12 the lock is one for all objects of a class: what one thread makes for its object, others wait
        for. Two threads that ask the same object at once may both make it.
        """

        def __init__(self, make: Callable[[Any], Any]) -> None:
            self._make = make
            self.__doc__ = make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, found: Any, owner: type | None = None) -> Any:
            """What is made for an object; from then on an attribute of it."""
            if found is None:
                return self
            made = found.__dict__[self._name] = self._make(found)
            return made

    lazy = _Lazy


_COUNT: ContextVar[int] = ContextVar("threads", default=1)


@contextmanager
def use(count: int) -> Iterator[None]:
    """Use so many threads (at least one) in this context."""
    token = _COUNT.set(max(1, count))
    try:
        yield
    finally:
        _COUNT.reset(token)


def count() -> int:
    """Threads in use here; one where nobody said."""
    return _COUNT.get()


def each(function: Callable[[Item], Result], items: Iterable[Item], need: int = 0) -> list[Result]:
    """What ``function`` makes of each item, in order. The first error is raised, once what is under way has ended.

    need : bytes of memory that one of them takes, where they are many
    """
    items = list(items)
    number = memory.at_once(need, count()) if need else count()
    if min(number, len(items)) <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(function, items))


def blocks(function: Callable[[int, int], Result], total: int, size: int) -> list[Result]:
    """``function(start, stop)`` of 0 .. total in blocks of ``size``, the last one shorter; results in order."""
    return each(lambda start: function(start, min(start + size, total)), range(0, total, size))


def ahead(
    function: Callable[[Item], Result], items: Iterable[Item | Ready], ready: type[Ready], workers: int
) -> Iterator[Result | Ready]:
    """What ``function`` makes of each item, in order, on so many threads while at most as many items wait.

    Items of the type ``ready`` are yielded as they come. The number is given and not read from the context: a generator
    runs in that of whoever asks it next.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            if isinstance(item, ready):
                yield item
                continue
            waiting.append(pool.submit(function, cast(Item, item)))
            if len(waiting) > workers + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def beside(tasks: int = 1, need: int = 0) -> Iterator[Callable[..., Future[Any]]]:
    """A function that starts another beside what follows, which may use as many threads as are in use here.

    need : bytes of memory that both take; where they do not fit beside what is held, the other comes after what follows
    """
    later: list[tuple[Future[Any], Callable[[], Any]]] = []
    with ThreadPoolExecutor(tasks) as pool:

        def start(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
            own = functools.partial(copy_context().run, function, *arguments)
            if need and not memory.fits(need):
                later.append((Future(), own))
                return later[-1][0]
            return pool.submit(own)

        yield start
    for future, own in later:
        try:
            future.set_result(own())
        except BaseException as error:  # whoever asks for the result is told
            future.set_exception(error)
