"""One writer at a time: a lock on STATE/lock that ends with the process that holds it.

It is the operating system's lock (``flock``), and the file stays: what is in it names the holder to others, and nobody
has to clear it away after a crash. On a shared file system it holds between hosts as far as that one's ``flock`` does.
"""

import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gauger.engine.common.errors import StateError, StateLockedError
from gauger.engine.common.private import FILE

LOCK = "lock"
_held: set[int] = set()  # descriptors; a forked child must not keep a lock alive that its parent let go


def _let_go() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


class WriterLock:
    """The lock of one state directory, as one object of a process sees it."""

    def __init__(self, root: Path) -> None:
        self._path = root / LOCK
        self._depth = 0
        self._owner: tuple[int, int] | None = None  # process and thread; a fork is not the owner
        self._descriptor = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; where this thread holds it already, go on holding it.

        Raises StateLockedError at once when somebody else does.
        """
        me = (os.getpid(), threading.get_ident())
        if self._owner == me:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._descriptor = descriptor = self._acquire()
        self._owner = me
        try:
            self.confirm()
            _name_holder(descriptor)
            yield
        finally:
            if self._owner == me and me[0] == os.getpid():
                self._owner = None
                _release(descriptor)

    def confirm(self) -> None:
        """Raise StateError unless the lock that is held still is the one others ask for: its file may be removed."""
        try:
            whole = os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except OSError:
            whole = False
        if not whole:
            raise StateError(
                f"{self._path}: removed while this process held it, so that another may be writing; run this again"
            )

    def _acquire(self) -> int:
        """Take the lock; the descriptor that holds it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, FILE)
        except OSError as error:
            raise StateError(f"{self._path}: cannot be written to ({error.strerror})") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 1_000, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise StateLockedError(
                f"{self._path.parent}: {holder or 'another process'} is writing to this state; "
                "try again when it has ended"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise StateError(f"{self._path}: this file system has no locks ({error.strerror})") from None
        _held.add(descriptor)
        return descriptor


def _name_holder(descriptor: int) -> None:
    """Write down who has the lock. On a full disk it is nobody: that there is one matters more than who."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)


def _release(descriptor: int) -> None:
    _held.discard(descriptor)
    try:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing would not do while a fork has not let go yet
        os.close(descriptor)
