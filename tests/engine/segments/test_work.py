"""The work directory: one run at a time, which goes on where it stopped, and leaves nothing."""

import os
import stat
from pathlib import Path

import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.segments.segment import Account, Tally
from gauger.engine.segments.work import Work

RUN = {"key": "k", "inputs": ["a", 1]}


def committed(work: Work, rows: int) -> None:
    work.next_segment().commit(Account(files={0: Tally(rows, rows, rows)}), WordSketch())


def test_a_run_goes_on_with_what_was_committed_and_forgets_the_rest(tmp_path: Path) -> None:
    work = Work(tmp_path / "work", RUN)
    committed(work, 5)
    committed(work, 7)
    for file in work.next_segment()._files.values():  # opened, never committed
        file.close()
    (work.path / "segments" / ".00002.arrays.partial").write_bytes(b"half")
    (work.path / "units" / ".accounts-00.arrays.partial").write_bytes(b"half")
    work.unit("accounts", 1).write_bytes(b"whole")
    work.close()
    again = Work(tmp_path / "work", dict(reversed(RUN.items())))
    assert again.account().files == {0: Tally(7, 12, 12)}
    assert {file.name.split(".")[0] for file in (again.path / "segments").iterdir()} == {"00000", "00001"}
    assert [file.name for file in (again.path / "units").iterdir()] == ["accounts-01.arrays"]
    committed(again, 9)
    assert len(again.segments()) == 3
    assert again.nbytes() == sum(file.stat().st_size for file in again.path.rglob("*") if file.is_file())
    again.finish()
    assert list(tmp_path.iterdir()) == []


def test_another_run_is_refused_until_it_is_forgotten(tmp_path: Path) -> None:
    work = Work(tmp_path, RUN)
    committed(work, 5)
    work.unit("accounts", 0).touch()
    work.close()
    with pytest.raises(StateError, match=r"holds a run that was not finished.*--fresh"):
        Work(tmp_path, {**RUN, "key": "other"})
    fresh = Work(tmp_path, {**RUN, "key": "other"}, fresh=True)
    assert fresh.segments() == []
    assert not fresh.unit("accounts", 0).exists()
    committed(fresh, 3)
    fresh.close()
    with pytest.raises(StateError, match="holds a run that was not finished"):
        Work(tmp_path, RUN)


def test_a_run_that_had_committed_nothing_is_not_missed(tmp_path: Path) -> None:
    Work(tmp_path, {**RUN, "key": "other"}).close()
    work = Work(tmp_path, RUN)
    committed(work, 1)
    work.close()
    Work(tmp_path, RUN).close()


def test_a_directory_of_somebody_elses_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "thesis.tex").write_text("years of work")
    with pytest.raises(StateError, match=r"holds files that are not of a run; choose an empty or a new --work"):
        Work(tmp_path, RUN, fresh=True)
    assert (tmp_path / "segments" / "thesis.tex").read_text() == "years of work"


def test_what_else_lies_in_the_directory_stays(tmp_path: Path) -> None:
    work = Work(tmp_path / "work", RUN)
    committed(work, 5)
    work.agree("reference", ["2026-11-09"])
    (work.path / "mine.json").write_text("{}")
    work.finish()
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["mine.json"]


def test_what_results_depend_on_must_agree_with_what_was_noted(tmp_path: Path) -> None:
    work = Work(tmp_path, RUN)
    work.agree("reference", ["2026-11-09"])
    committed(work, 5)
    work.close()
    again = Work(tmp_path, RUN)
    again.agree("reference", ["2026-11-09"])
    with pytest.raises(StateError, match="inputs, settings or reference days"):
        again.agree("reference", [])
    again.close()


def test_two_do_not_work_in_one_directory(tmp_path: Path) -> None:
    work = Work(tmp_path, RUN)
    committed(work, 5)
    for fresh in (False, True):
        with pytest.raises(StateError, match="another run works here"):
            Work(tmp_path, RUN, fresh=fresh)
    assert len(work.segments()) == 1
    work.close()
    Work(tmp_path, RUN).close()


def test_what_a_run_left_that_was_killed_while_it_tidied_up_is_not_taken_for_anothers(tmp_path: Path) -> None:
    """Killed while it removed its directory, whatever went first."""
    work = Work(tmp_path, RUN)
    committed(work, 5)
    work.unit("accounts", 0).touch()
    (tmp_path / "run.json").unlink()
    work.close()
    other = Work(tmp_path, {**RUN, "key": "other"})
    assert other.segments() == []
    assert not other.unit("accounts", 0).exists()
    other.close()


def test_a_note_that_a_kill_left_half_written_goes_with_the_run(tmp_path: Path) -> None:
    """Else the directory would stay behind when the run is done."""
    path = tmp_path / "work"
    work = Work(path, RUN)
    for left in ("run.partial", "note reference.partial"):
        (path / left).write_bytes(b"{")
    work.finish()
    assert not path.exists()


def test_a_place_where_no_directory_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"cannot make the work directory.*choose another --work"):
        Work(tmp_path / "file", RUN)


def test_prompts_can_go_before_the_rest(tmp_path: Path) -> None:
    work = Work(tmp_path, RUN)
    committed(work, 5)
    work.drop_prompts()
    assert not list(tmp_path.rglob("*.prompts"))
    assert len(work.segments()) == 1
    work.close()


def test_only_its_owner_may_read_a_work_directory(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        work = Work(tmp_path / "work", RUN)
        work.agree("note", 1)
        committed(work, 5)
        work.close()
    finally:
        os.umask(before)
    modes = {place: stat.S_IMODE(place.stat().st_mode) for place in [tmp_path / "work", *tmp_path.glob("work/**/*")]}
    assert len(modes) > 7
    assert {mode for place, mode in modes.items() if place.is_dir()} == {0o700}
    assert {mode for place, mode in modes.items() if place.is_file()} == {0o600}
