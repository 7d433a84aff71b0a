"""Memory: how much a run may use, how much it uses, and how many tasks of a kind fit at once.

The limit is said once, by ``use``; a step that has heavy tasks asks ``at_once`` how many may run beside each other. It
never changes a result, as the number of threads does not.
"""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from gauger.engine.common.errors import StateError

GIB = 1 << 30
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": GIB, "T": 1 << 40}
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # options of glibc's mallopt
_LIMIT: ContextVar[int | None] = ContextVar("memory", default=None)


@contextmanager
def use(limit: int | None) -> Iterator[None]:
    """Use at most so many bytes in this context; None: as many as there are."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def limit() -> int | None:
    """The bytes that may be used here."""
    return _LIMIT.get()


def at_once(need: int, most: int) -> int:
    """How many tasks of ``need`` bytes each fit beside what is held now, at least one and at most ``most``."""
    allowed = _LIMIT.get()
    if allowed is None:
        return most
    return int(min(most, max(1, (allowed - held()) // max(1, need))))


def fits(need: int) -> bool:
    """Whether a task of ``need`` bytes fits beside what is held now."""
    allowed = _LIMIT.get()
    return allowed is None or held() + need <= allowed


def require(least: int, what: str) -> None:
    """Raise StateError when less may be used than can serve; what : needs it, in words."""
    allowed = _LIMIT.get()
    if allowed is not None and allowed < least:
        raise StateError(f"{what} needs at least --memory {shown(least)}; it was given {shown(allowed)}")


def held() -> int:
    """Bytes of memory that this process holds; 0 where the system does not say."""
    with suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def free() -> int:
    """Bytes of memory that could be used without taking them from others, a container's limit included."""
    found = []
    with suppress(OSError, AttributeError):
        found.append(int(re.findall(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())[0]) << 10)
    with suppress(OSError, ValueError):
        top, now = (Path(f"/sys/fs/cgroup/memory.{name}").read_text() for name in ("max", "current"))
        found.append(int(top) - int(now))
    with suppress(OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(found)) if found else 8 * GIB


def settle() -> None:
    """Give memory back to the system that is held for nothing: between two stages of a command, never in a host."""
    import pyarrow as pa  # not before: the command line reads sizes without it

    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def hold() -> None:
    """Keep freed memory for what comes next: touching fresh pages is a sixth of a run, and this a seventh of its peak.

    It is said of the whole process: in a command that has room for it, never in a host.
    """
    with suppress(OSError, AttributeError):
        allocator = ctypes.CDLL(None)
        for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
            allocator.mallopt(option, GIB)


def parsed(text: str) -> int:
    """Bytes of a size as people write it: 8G, 512M, 3.5 GiB. Raises ValueError for anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"{text!r} is no size; write 8G or 512M")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def shown(size: int) -> str:
    """A size as ``parsed`` reads it, rounded up to a tenth of a gibibyte."""
    return f"{-(-size * 10 // GIB) / 10:g}G"
