"""The writer's lock: one at a time, told by name, gone with its process."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gauger.engine.common.errors import StateError, StateLockedError
from gauger.engine.reference.lock import LOCK, WriterLock

HOLD = """
import sys, time
from pathlib import Path
from gauger.engine.reference.lock import WriterLock
with WriterLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_named_and_its_lock_dies_with_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StateLockedError) as caught, WriterLock(tmp_path).held():
            pass
        named = f"process {other.pid} on {socket.gethostname()} is writing to this state"
        assert str(caught.value) == f"{tmp_path}: {named}; try again when it has ended"
        other.send_signal(signal.SIGKILL)
        other.wait()
    with WriterLock(tmp_path).held():
        pass


def test_it_is_held_to_the_end_of_the_outermost(tmp_path: Path) -> None:
    lock, other = WriterLock(tmp_path), WriterLock(tmp_path)
    with lock.held():
        with lock.held():
            pass
        with pytest.raises(StateLockedError, match=f"process {os.getpid()} "), other.held():
            pass
    with other.held():
        assert (tmp_path / LOCK).read_text().startswith("process ")
    assert (tmp_path / LOCK).read_text() == ""


def test_it_is_let_go_after_an_error(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    with pytest.raises(KeyError), lock.held():
        raise KeyError
    with WriterLock(tmp_path).held():
        pass


def test_another_thread_is_somebody_else(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    refused = []

    def enter() -> None:
        try:
            with lock.held():
                refused.append(False)
        except StateLockedError:
            refused.append(True)

    with lock.held():
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert refused == [True]


def test_a_fork_neither_holds_the_lock_nor_keeps_it_alive(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    (told, telling), (waiting, waking) = os.pipe(), os.pipe()
    with lock.held():
        child = os.fork()
        if child == 0:
            try:
                with lock.held():
                    os._exit(1)
            except StateLockedError:
                os.write(telling, b"x")
                os.read(waiting, 1)  # outlives the parent's lock
                os._exit(0)
        assert os.read(told, 1) == b"x"
    with WriterLock(tmp_path).held():
        os.write(waking, b"x")
        assert os.waitpid(child, 0)[1] == 0
    for descriptor in (told, telling, waiting, waking):
        os.close(descriptor)


def test_a_lock_whose_file_was_removed_is_noticed(tmp_path: Path) -> None:
    """Who takes it for a leftover and removes it lets another in."""
    lock = WriterLock(tmp_path)
    with lock.held():
        lock.confirm()
        (tmp_path / LOCK).unlink()
        with pytest.raises(StateError, match="removed while this process held it"):
            lock.confirm()
        with WriterLock(tmp_path).held(), pytest.raises(StateError, match="removed while this process held it"):
            lock.confirm()


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with pytest.raises(StateError, match="lock: cannot be written to"), WriterLock(tmp_path).held():
        pass
