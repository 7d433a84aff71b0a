"""The recorder in a host: every call is accounted for, whatever threads, forks, signals and limits do to it."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from gauger.engine.common.errors import StateError
from gauger.host.limits import Limits
from gauger.host.recorder import Recorder
from tests.bindings.host.recording import SECRET, accounts_in, adds_up, call, recorder, until


@pytest.fixture(autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A measuring process of each test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("r")))
    return


def test_calls_of_many_threads_are_recorded_once_each(tmp_path: Path) -> None:
    found = recorder(tmp_path)

    def record(thread: int) -> None:
        for number in range(60):
            found.record(call(100 * thread + number))

    threads = [threading.Thread(target=record, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert adds_up(found.counts)
    assert found.flush(60)
    assert (found.counts.offered, found.counts.recorded, found.counts.waiting) == (480, 480, 0)
    found.close()
    known = accounts_in(tmp_path)
    assert len(known) == known.total() == 480


def test_forked_children_record_by_themselves(tmp_path: Path) -> None:
    found = recorder(tmp_path)
    for number in range(20):
        found.record(call(number))
    children = []
    for child in range(1, 4):
        pid = os.fork()
        if pid == 0:
            for number in range(20):
                found.record(call(100 * child + number))
            good = found.flush(60) and found.counts.offered == found.counts.recorded == 20
            os._exit(0 if good else 1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    assert found.flush(60)
    assert found.counts.recorded == 20
    found.close()
    known = accounts_in(tmp_path)
    assert len(known) == known.total() == 80


def test_nothing_is_raised_and_everything_counted(tmp_path: Path) -> None:
    class Bad:
        def keys(self) -> Any:
            raise RuntimeError("a secret prompt")

    found = recorder(tmp_path, limits=Limits(call_bytes=2_000, flush_seconds=0.01))
    calls: list[Any] = [None, 7, Bad(), [("a", 1)], call(1), call(2, prompt_text="x" * 5_000), call(3, account_id=None)]
    for given in calls:
        found.record(given)
    found.record_log(b"{}")
    assert found.flush(60)
    counts = found.counts
    assert (counts.offered, counts.recorded) == (8, 1)
    assert counts.dropped == {"call too large": 1}
    assert counts.refused["not a mapping"] == 4
    assert counts.refused["account_id is missing"] == 1
    assert adds_up(counts)
    found.close()
    found.close()
    found.record(call(9))
    assert found.counts.dropped["closed"] == 1
    assert adds_up(found.counts)


def test_a_queue_that_is_full_drops_and_says_so(tmp_path: Path) -> None:
    found = recorder(tmp_path, limits=Limits(queue_bytes=3_000, flush_seconds=30))
    for number in range(20):
        found.record(call(number))
    assert found.counts.dropped.get("queue full", 0) > 0
    assert adds_up(found.counts)
    found.close()
    assert adds_up(found.counts)
    assert found.counts.waiting == 0


def test_a_measuring_process_that_is_killed_costs_what_it_had(tmp_path: Path) -> None:
    found = recorder(tmp_path, limits=Limits(flush_seconds=0.01))
    found.record(call(1))
    assert found.flush(60)
    for pid in measuring(tmp_path):
        os.kill(pid, signal.SIGKILL)
    for number in range(2, 30):
        found.record(call(number))
    assert found.flush(60)
    found.record(call(30))
    assert found.flush(60)
    counts = found.counts
    assert adds_up(counts)
    assert counts.recorded + counts.dropped.get("the measuring process ended", 0) == 30
    found.close()
    assert accounts_in(tmp_path)["a-30"] == accounts_in(tmp_path)["a-1"] == 1


def measuring(folder: Path) -> list[int]:
    """The processes that measure for this test, by what they were started in."""
    place = os.environ["XDG_RUNTIME_DIR"]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"gauger.host.measurer" in words and any(word.startswith(place.encode()) for word in words):
                found.append(int(entry.name))
    return found


def test_it_ends_when_nobody_is_left_and_completes_its_files(tmp_path: Path) -> None:
    found = recorder(tmp_path)
    found.record(call(1))
    found.close(60)
    assert measuring(tmp_path)
    assert until(lambda: not measuring(tmp_path), 30)
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".segment"


def test_a_map_that_cannot_be_read_is_said_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = recorder(tmp_path, columns="no such map")
    found.record(call(1))
    assert found.flush(60)
    (reason,) = found.counts.dropped
    assert reason.startswith("cannot measure: ")
    assert "no such map" in caplog.text
    found.close()


HOST = """
    import os, signal, sys, time
    from gauger.host import Recorder
    found = Recorder(sys.argv[1], key=sys.argv[2])
    for number in range(50):
        found.record({"account_id": f"a-{number}", "prompt_text": f"describe {number} lanterns"})
    heavy = [name for name in ("numba", "pyarrow", "faiss", "scipy") if name in sys.modules]
    assert not heavy, heavy
    if sys.argv[3] == "kill":
        time.sleep(float(sys.argv[4]))
        os.kill(os.getpid(), signal.SIGKILL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.kill(os.getpid(), signal.SIGTERM)
"""


def host(tmp_path: Path, *given: str) -> int:
    key = tmp_path / "key"
    key.write_text(SECRET.handed_over())
    key.chmod(0o600)
    words = [sys.executable, "-c", textwrap.dedent(HOST), str(tmp_path / "spool"), str(key), *given]
    return subprocess.run(words, timeout=100, check=False).returncode


def test_a_host_that_ends_leaves_what_it_was_offered(tmp_path: Path) -> None:
    """And has loaded neither Arrow nor Numba."""
    warm = recorder(tmp_path / "spool")
    warm.record(call(1_000))
    assert warm.flush(60)
    assert host(tmp_path, "end") == 0
    assert until(lambda: accounts_in(tmp_path / "spool").total() == 51)
    warm.close()


def test_a_host_that_is_killed_loses_less_than_a_second(tmp_path: Path) -> None:
    warm = recorder(tmp_path / "spool")
    warm.record(call(1_000))
    assert warm.flush(60)
    assert host(tmp_path, "kill", "1.0") == -signal.SIGKILL
    assert until(lambda: accounts_in(tmp_path / "spool").total() == 51, 10)
    warm.close()


def test_it_is_no_thing_to_send_and_its_key_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(recorder(tmp_path))
    (tmp_path / "bad").write_text("no key")
    with pytest.raises(StateError):
        Recorder(tmp_path, key=tmp_path / "bad")


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may have made it before, to listen in our place."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"gauger-{os.geteuid()}").mkdir()
    (tmp_path / f"gauger-{os.geteuid()}").chmod(0o777)
    found = recorder(tmp_path / "spool")
    found.record(call(1))
    assert found.flush(20)
    (reason,) = found.counts.dropped
    assert "not permitted" in reason
    found.close()


class Zone(tzinfo):
    """A time zone of a host's own, which the other process does not have."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1)


def test_what_only_the_host_knows_costs_nothing(tmp_path: Path) -> None:
    found = recorder(tmp_path)
    found.record(call(1, start_time=datetime(2026, 11, 16, 12, tzinfo=Zone())))
    for number in range(2, 6):
        found.record(call(number))
    assert found.flush(60)
    assert found.counts.recorded == 5
    found.close()


@pytest.mark.parametrize("large", [b"x" * 5_000_000, "x" * 5_000_000])
def test_large_values_of_any_type_count_as_what_they_hold(tmp_path: Path, large: bytes | str) -> None:
    found = recorder(tmp_path)
    found.record(call(1, prompt_text=large))
    found.record(call(2, request_max_tokens=1 << 40_000_000))
    assert found.counts.dropped == {"call too large": 1}
    assert found.flush(60)
    assert found.counts.recorded == 1
    found.close()


def test_a_child_of_multiprocessing_leaves_what_it_was_offered(tmp_path: Path) -> None:
    found = recorder(tmp_path)
    found.record(call(0))
    assert found.flush(60)
    child = multiprocessing.get_context("fork").Process(target=found.record, args=(call(1),))
    child.start()
    child.join(60)
    assert until(lambda: accounts_in(tmp_path) == {"a-0": 1, "a-1": 1}, 20)
    found.close()


def test_one_that_was_closed_is_closed_in_its_children(tmp_path: Path) -> None:
    found = recorder(tmp_path)
    found.close()
    pid = os.fork()
    if pid == 0:
        found.record(call(1))
        os._exit(0 if found.counts.dropped == {"closed": 1} else 1)
    assert os.waitpid(pid, 0)[1] == 0
