"""Files that are elsewhere: objects of a store, and what comes through standard input. They are read like paths.

Nothing is copied to disk, as it holds prompts: an object is read over the network, in ranges where its format seeks,
and standard input goes into a file that has no name.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from gauger.engine.common.errors import InputError

STANDARD_INPUT = "-"
_CHUNK, _PIECE = 1 << 20, 8 << 20


class Elsewhere(PosixPath):
    """A file that is elsewhere, as a path: it is named as the user named it, and knows its size."""

    url: str = ""  # of a folder above it, or another path made of it, nothing: that is a path like any other
    size: int
    changed_ns: int  # when it was changed, since 1970
    opener: Callable[[], Any]

    @classmethod
    def of(cls, url: str, size: int, changed_ns: int, opener: Callable[[], Any]) -> Elsewhere:
        """opener : gives its bytes from the beginning, as a file that can seek. It raises OSError."""
        found = cls(url)
        found.url, found.size, found.changed_ns, found.opener = url, size, changed_ns, opener
        return found

    def __str__(self) -> str:
        return self.url or super().__str__()

    def __eq__(self, other: object) -> bool:
        if self.url:  # keys ``a/b`` and ``a//b`` are two objects
            return isinstance(other, Elsewhere) and self.url == other.url
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.url) if self.url else super().__hash__()

    def stat(self, *, follow_symlinks: bool = True) -> Any:
        """Size, time of its last change, and that it is a file."""
        return SimpleNamespace(st_size=self.size, st_mtime_ns=self.changed_ns, st_mode=stat.S_IFREG)

    def is_file(self) -> bool:
        """It is one."""
        return True

    def resolve(self, strict: bool = False) -> Elsewhere:
        """Itself: there are no links."""
        return self

    absolute = resolve

    def with_segments(self, *segments: Any) -> Path:
        """What is made of it, from Python 3.12 on."""
        return Path(*segments)

    def __reduce__(self) -> Any:
        raise TypeError("a file elsewhere is opened where it was found")


def opened(path: Path) -> Any:
    """The bytes of a file, wherever it is. Raises OSError."""
    return path.opener() if isinstance(path, Elsewhere) else open(path, "rb")


def streamed(path: Path) -> Any:
    """``opened``, for who reads it from its beginning to its end: over a network in large pieces."""
    found = opened(path)
    return pa.BufferedInputStream(found, _PIECE) if isinstance(found, pa.NativeFile) else found


@contextmanager
def named(path: Path) -> Iterator[Path]:
    """A path that libraries and other processes of ours can open: of a file elsewhere a copy that has no name."""
    if not isinstance(path, Elsewhere):
        yield path
        return
    with tempfile.TemporaryFile() as copy, streamed(path) as source:
        shutil.copyfileobj(source, copy, _CHUNK)
        copy.flush()
        yield _by_descriptor(copy.fileno())


def _by_descriptor(number: int) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{number}")


def standard_input() -> Elsewhere:
    """What comes through standard input, to its end. Raises InputError where that is a terminal, or does not fit."""
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("-: nothing is piped into standard input")
    try:
        kept, name = tempfile.mkstemp()
        os.unlink(name)  # it goes with this process
        with os.fdopen(os.dup(kept), "wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy, _CHUNK)
    except OSError as error:
        raise InputError(f"-: standard input cannot be kept ({error.strerror}); write it to a file") from None
    found = os.fstat(kept)
    return Elsewhere.of(STANDARD_INPUT, found.st_size, found.st_mtime_ns, partial(open, _by_descriptor(kept), "rb"))
