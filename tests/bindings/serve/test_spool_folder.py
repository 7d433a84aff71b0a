"""The spool of a service: every file in one place, taken once, whatever is done to it and whenever it restarts."""

import os
import shutil
import time
from pathlib import Path

import pytest

from gauger.engine.segments.spool import COMPLETE, OPEN, SpoolWriter
from gauger.serve import spool_folder
from gauger.serve.spool_folder import ASIDE, CLOSED, LATE, SpoolFolder
from tests.bindings.serve.spools import SECRET, days_ago, leave, rows_of, today


def opened(path: Path) -> SpoolFolder:
    return SpoolFolder(path, SECRET)


def in_all(path: Path) -> int:
    return sum(file.suffix in (OPEN, COMPLETE) for file in path.rglob("*"))


def test_files_are_sorted_by_day_and_counted(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(today(), 5))
    leave(tmp_path, rows_of(days_ago(1), 5))
    spool = opened(tmp_path)
    spool.take()
    assert spool.days() == [days_ago(1), today()]
    assert [len(spool.files(day)) for day in spool.days()] == [1, 1]
    assert spool.taken.files == 2
    assert spool.nbytes() == spool.taken.bytes > 0
    assert {counts["offered"] for counts in spool.taken.hosts.values()} == {330}
    again = opened(tmp_path)
    again.take()
    assert again.days() == spool.days()
    assert again.taken.files == 0


def test_a_closed_day_takes_nothing_more_and_nothing_twice(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(days_ago(1), 5))
    (file,) = tmp_path.glob(f"*{COMPLETE}")
    copy = tmp_path / "copy"
    shutil.copy(file, copy)
    spool = opened(tmp_path)
    spool.take()
    shutil.copy(copy, file)
    spool.take()
    assert spool.taken.aside == {"taken before": 1}
    spool.close(days_ago(1), spool.checked(days_ago(1)))
    assert spool.is_closed(days_ago(1))
    assert spool.days() == []
    assert [path.name for path in (tmp_path / CLOSED / str(days_ago(1))).iterdir()] == [file.name]
    shutil.copy(copy, file)
    leave(tmp_path, rows_of(days_ago(1), 3))
    spool.take()
    assert spool.taken.aside == {"taken before": 2, "late": 1}
    assert len(list((tmp_path / LATE).iterdir())) == 1
    assert in_all(tmp_path) == 4


def test_what_cannot_be_taken_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(today(), 5))
    (good,) = tmp_path.glob(f"*{COMPLETE}")
    content = bytearray(good.read_bytes())
    content[700] ^= 1
    good.write_bytes(content)
    (tmp_path / f"note{COMPLETE}").write_bytes(b"hello")
    leave(tmp_path, rows_of(days_ago(-3), 3))
    leave(tmp_path, rows_of(days_ago(45), 3))
    spool = opened(tmp_path)
    spool.take()
    assert spool.days() == []
    assert sum(spool.taken.aside.values()) == 4
    assert spool.taken.aside == {"damaged or foreign": 2, "of a day too far from today": 2}
    assert len(list((tmp_path / ASIDE).iterdir())) == 4


def test_an_open_file_is_taken_once_its_host_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path)
    writer = SpoolWriter(tmp_path, today(), SECRET, {"recorder": "r"})
    leave(tmp_path, rows_of(today(), 3), complete=False)
    spool.take()
    assert len(spool.files(today())) == 2
    assert spool.checked(today()) == []
    for path in tmp_path.glob(f"*{OPEN}"):
        old(path)
    spool.take()
    assert [path.stem for path in tmp_path.glob(f"*{OPEN}")] == [writer.name]
    assert len(spool.checked(today())) == 1
    writer.discard()
    monkeypatch.setattr(spool_folder, "_SILENT_SECONDS", -1.0)
    spool.take()
    assert list(tmp_path.glob(f"*{OPEN}")) == []


def old(path: Path) -> None:
    past = time.time() - 600
    os.utime(path, (past, past))


def test_a_copy_from_before_a_file_was_complete_gives_way_to_it(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(today(), 5))
    (whole,) = tmp_path.glob(f"*{COMPLETE}")
    content = whole.read_bytes()
    whole.unlink()
    copy = whole.with_suffix(OPEN)
    copy.write_bytes(content[:-40])
    old(copy)
    spool = opened(tmp_path)
    spool.take()
    assert [path.suffix for path in spool.checked(today())] == [OPEN]
    whole.write_bytes(content)
    copy.write_bytes(content)
    assert len(spool.files(today())) == 1
    old(copy)
    spool.take()
    assert [path.suffix for path in spool.checked(today())] == [COMPLETE]
    assert len(spool.checked(today())) == 1


def test_a_file_that_is_still_being_copied_waits(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(today(), 5))
    (whole,) = tmp_path.glob(f"*{COMPLETE}")
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    spool = opened(tmp_path)
    spool.take()
    assert whole.exists()
    old(whole)
    spool.take()
    assert spool.taken.aside == {"ends before its manifest": 1}
    whole.write_bytes(content)
    spool.take()
    assert len(spool.checked(today())) == 1


@pytest.mark.parametrize("name", ["2020-01-01-x", "2999-01-01-x", None, "é" * 100, "a: \udcff"])
def test_what_is_no_file_of_a_spool_is_of_no_day(tmp_path: Path, name: str | None) -> None:
    """A log that is called like a file of a spool is sealed by nobody."""
    leave(tmp_path, rows_of(today(), 5))
    stem = f"{today()}-x" if name is None else name
    for suffix in (OPEN, COMPLETE):
        (tmp_path / f"{stem}{suffix}").write_bytes(b'{"account_id":"framed","prompt_text":"x"}' * 9)
    (tmp_path / f"{today()}-folder{OPEN}").mkdir()
    os.mkfifo(tmp_path / f"{today()}-fifo{OPEN}")
    (tmp_path / f"{today()}-link{OPEN}").symlink_to("/dev/zero")
    future = time.time() + 9e6
    os.utime(tmp_path / f"{stem}{OPEN}", (future, future))
    spool = opened(tmp_path)
    spool.take()
    spool.take()
    assert spool.days() == [today()]
    assert len(spool.files(today())) == 1
    assert set(spool.taken.aside) <= {"damaged or foreign"}


def test_what_came_while_a_day_was_scored_for_good_is_late(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(days_ago(1), 5))
    spool = opened(tmp_path)
    spool.take()
    scored = spool.checked(days_ago(1))
    leave(tmp_path, rows_of(days_ago(1), 3))
    spool.take()
    spool.close(days_ago(1), scored)
    assert len(list((tmp_path / LATE).iterdir())) == 1
    assert [path.name for path in (tmp_path / CLOSED / str(days_ago(1))).iterdir()] == [scored[0].name]
    assert spool.names(days_ago(1)) == {scored[0].stem}


def test_old_files_go_and_names_stay_as_long_as_they_may_come_again(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for number in (1, 5):
        leave(tmp_path, rows_of(days_ago(number), 3))
    spool.take()
    for number in (5, 1):
        spool.close(days_ago(number), spool.checked(days_ago(number)))
    old = tmp_path / CLOSED / f"{days_ago(70)}.names"
    old.write_text("a b")
    spool.tidy(2)
    assert sorted(path.name for path in (tmp_path / CLOSED).iterdir()) == sorted(
        [f"{days_ago(5)}.names", f"{days_ago(1)}.names", str(days_ago(1))]
    )


def test_a_restart_between_the_steps_of_closing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path, rows_of(days_ago(1), 3))
    spool = opened(tmp_path)
    spool.take()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SpoolFolder, "_put_away", killed)
    with pytest.raises(KeyboardInterrupt):
        spool.close(days_ago(1), spool.checked(days_ago(1)))
    monkeypatch.undo()
    assert spool.days() == []
    again = opened(tmp_path)
    assert again.is_closed(days_ago(1))
    assert again.days() == []
    assert len(list((tmp_path / CLOSED / str(days_ago(1))).iterdir())) == 1
    assert in_all(tmp_path) == 1
