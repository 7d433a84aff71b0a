"""A run killed at any moment did not happen, and running it again gives the bytes it would have given.

Kills come from a fork server that has imported everything and loaded the kernels once: a process a
moment costs 0.2 s in place of 3 s.
"""

import datetime as dt
import multiprocessing
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.batch.score import score
from gauger.engine.common import shards
from gauger.engine.plan import measure
from gauger.engine.plan.local import Local
from tests.bindings import traffic

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")


@dataclass(frozen=True)
class Kept:
    """What a run leaves: its tables and its state."""

    tables: dict[str, bytes]
    state: dict[str, bytes]


def kept(folder: Path) -> Kept:
    state = folder / "state"
    files = {str(path.relative_to(state)): path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()}
    return Kept(traffic.parquet_bytes(folder / "out"), files)


def kill_before_change(number: int) -> None:
    """Have this process killed before its change ``number`` (from 0) of the file system."""
    left = number

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        # A file descriptor in place of a path: the file exists by now and is still empty.
        writes = event == "open" and (isinstance(arguments[0], int) or arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if event in _CHANGES or writes:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(watch)


def run(log: Path, folder: Path, killed_before: int | None = None) -> None:
    """The run under test; also what the processes that get killed do."""
    if killed_before is not None:
        kill_before_change(killed_before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "SEGMENT_ROWS", 30)  # a segment a file
        patch.setattr(measure, "BLOCK_ROWS", 25)
        patch.setattr(shards, "_UNIT_CALLS", 60)
        score([log], folder / "out", state=folder / "state", local=Local(workers=1))


@pytest.fixture(scope="module")
def forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tests.bindings.warmed"])
    return context


@pytest.fixture(scope="module")
def logs_of_two_days(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two templates on the first day, the second of them on the next: its id says whether families were forgotten."""
    folder = tmp_path_factory.mktemp("logs")
    yesterday = traffic.DAY - dt.timedelta(days=1)
    other = "Translate what follows into seven languages, keep the names, explain nothing at all: "
    first = traffic.campaign(30, 4, 0, yesterday, other, "dog") + traffic.campaign(22, 4, 1, yesterday)
    second = traffic.campaign(30, 4, 2, traffic.DAY, other, "dog")
    traffic.write(traffic.table(first), folder / "0" / "log.parquet")
    for part in range(2):
        traffic.write(traffic.table(second[part::2]), folder / "1" / f"{part}.parquet")
    return [folder / "0", folder / "1"]


@pytest.fixture(scope="module")
def first_day(logs_of_two_days: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run of the first day and the state it left."""
    folder = tmp_path_factory.mktemp("first-day")
    (folder / "state").mkdir()
    key = folder / "state" / "key"
    key.touch(0o600)
    key.write_text("5a" * 16)  # which family gets which id depends on it
    run(logs_of_two_days[0], folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(logs_of_two_days: list[Path], first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What the run of the second day leaves when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    shutil.copytree(first_day, folder)
    run(logs_of_two_days[1], folder)
    return kept(folder)


def test_the_second_day_knows_the_families_of_the_first(first_day: Path, undisturbed: Kept) -> None:
    families = pq.read_table(pa.BufferReader(undisturbed.tables["families.parquet"]))
    assert families["family_id"].to_pylist() == [2]
    assert traffic.tables_of(first_day / "out")["families"]["family_id"].to_pylist() == [1, 2]


def check_rerun(log: Path, folder: Path, undisturbed: Kept) -> None:
    run(log, folder)
    assert (folder / "out" / "manifest.json").exists()
    assert [path.name for path in folder.rglob("*.partial")] == []
    assert sorted(path.name for path in folder.iterdir()) == ["out", "state"]  # and nothing of a work directory
    assert kept(folder) == undisturbed


def test_killed_before_any_change_of_the_file_system(
    forkserver: ForkServerContext, logs_of_two_days: list[Path], first_day: Path, undisturbed: Kept, tmp_path: Path
) -> None:
    moments = 0
    while True:
        folder = Path(shutil.copytree(first_day, tmp_path / f"{moments:02d}"))
        process = forkserver.Process(target=run, args=(logs_of_two_days[1], folder, moments))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        manifest = folder / "out" / "manifest.json"
        if manifest.exists():  # the old one not yet removed, or the new one in its place
            old = manifest.read_bytes() == (first_day / "out" / "manifest.json").read_bytes()
            assert kept(folder).tables == (kept(first_day) if old else undisturbed).tables
        check_rerun(logs_of_two_days[1], folder, undisturbed)
        moments += 1
    assert moments > 50


def test_killed_at_random_moments(
    forkserver: ForkServerContext, logs_of_two_days: list[Path], first_day: Path, undisturbed: Kept, tmp_path: Path
) -> None:
    for milliseconds in (15, 60, 110, 170, 260, 400):
        folder = Path(shutil.copytree(first_day, tmp_path / str(milliseconds)))
        process = forkserver.Process(target=run, args=(logs_of_two_days[1], folder))
        process.start()
        time.sleep(milliseconds / 1000)
        process.kill()
        process.join()
        check_rerun(logs_of_two_days[1], folder, undisturbed)


def test_killed_while_the_first_key_is_made(
    forkserver: ForkServerContext, logs_of_two_days: list[Path], tmp_path: Path
) -> None:
    for moment in range(6):
        folder = tmp_path / str(moment)
        folder.mkdir()
        process = forkserver.Process(target=run, args=(logs_of_two_days[0], folder, moment))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert not (folder / "out" / "manifest.json").exists()
        run(logs_of_two_days[0], folder)
        traffic.check_accounts_of_rows(folder / "out")
