"""Writing: a commit is there whole or not at all, wherever it dies and whoever else writes."""

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gauger.engine.common.errors import StateError, StateLockedError
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import load_findings, save_findings
from gauger.engine.reference.upkeep import damage
from gauger.engine.reference.writing import Writing, leftovers
from tests.engine import worlds
from tests.engine.calls import Killed
from tests.engine.reference.filled import DAY, as_before, known_families, known_findings, numbers, put_all

_CHANGES = ("open", "fsync", "rename", "replace", "mkdir", "rmdir", "unlink", "ftruncate", "pwrite", "write")


@contextmanager
def killed_at(patched: pytest.MonkeyPatch, moment: int) -> Iterator[list[str]]:
    """Die at a change of the file system, counted from 0; nothing that would come later is done then either.

    Yields the names of the changes so far. What dies while it writes a file leaves half of it.
    """
    done: list[str] = []

    def alive(name: str) -> bool:
        done.append(name)
        if len(done) == moment + 1:
            return False
        if len(done) > moment:
            raise Killed
        return True

    def dying(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not alive(name):
                raise Killed
            return change(*args, **kwargs)

        return wrapper

    def writing_bytes(path: Path, content: bytes) -> int:
        whole = alive("write_bytes")
        with open(path, "wb") as file:
            file.write(content if whole else content[: len(content) // 2])
        if not whole:
            raise Killed
        return len(content)

    class DyingFile:
        """An Arrow file whose writer may die before anything is in it."""

        def __new__(cls, path: str, mode: str = "rb") -> Any:
            if mode == "wb" and not alive("table"):
                Path(path).touch()
                raise Killed
            return osfile(path, mode)

    osfile = pa.OSFile
    with patched.context() as patch:
        for name in _CHANGES:
            patch.setattr(os, name, dying(name, getattr(os, name)))
        patch.setattr(Path, "write_bytes", writing_bytes)
        patch.setattr(pa, "OSFile", DyingFile)
        yield done


def old_state(path: Path, *, earlier: bool) -> Path:
    with StateDirectory(path).writing() as writing:
        put_all(writing, 1)
    return as_before(path) if earlier else path


def renew(path: Path, number: int) -> None:
    with StateDirectory(path, replace_days=True).writing() as writing:
        put_all(writing, number)


@pytest.mark.parametrize("start", ["nothing", "a commit", "an earlier layout"])
def test_a_commit_killed_anywhere_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    made, before = tmp_path / "made", {0} if start == "nothing" else {1}
    StateDirectory(made)
    if start != "nothing":
        old_state(made, earlier=start != "a commit")
    seen, moment, kinds = set(), 0, set()
    while True:
        path = Path(shutil.copytree(made, tmp_path / str(moment)))
        with killed_at(monkeypatch, moment) as done:
            try:
                renew(path, 2)
                break
            except Killed:
                pass
        kinds.add(done[moment])
        found = numbers(StateDirectory(path))
        assert found in (before, {2}), (moment, done)
        seen |= found
        renew(path, 3)
        assert numbers(StateDirectory(path)) == {3}
        assert leftovers(StateDirectory(path).kept().commit) == []
        shutil.rmtree(path)
        moment += 1
    assert seen == before | {2}
    assert kinds >= {"open", "fsync", "rename", "replace", "mkdir", "ftruncate", "pwrite", "table", "write_bytes"}
    assert start == "nothing" or kinds >= {"unlink", "rmdir"}


def test_an_error_inside_changes_nothing(tmp_path: Path) -> None:
    directory = StateDirectory(old_state(tmp_path, earlier=False))
    before = directory.kept()

    def fails() -> None:
        with directory.writing() as writing:
            put_all(writing, 4, worlds.DAY.date())
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert directory.kept() == before
    assert leftovers(before.commit) == []


def test_a_writer_whose_lock_was_removed_commits_nothing(tmp_path: Path) -> None:
    directory = StateDirectory(old_state(tmp_path, earlier=False))

    def loses_its_lock() -> None:
        with directory.writing() as writing:
            put_all(writing, 4, worlds.DAY.date())
            (tmp_path / "lock").unlink()
            renew(tmp_path, 5)

    with pytest.raises(StateError, match="removed while this process held it"):
        loses_its_lock()
    assert numbers(directory) == {5}
    assert damage(directory) == {}


def test_inside_one_another_each_keeps_its_own(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    with directory.writing() as outer:
        save_families(outer, known_families(2))
        with directory.writing() as inner:
            save_findings(inner, known_findings(1))
        assert load_findings(directory).next_id == 2
        assert directory.families().next_id == 1
    assert (directory.families().next_id, load_findings(directory).next_id) == (3, 2)


def test_the_same_again_changes_no_file(tmp_path: Path) -> None:
    path = old_state(tmp_path, earlier=False)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    renew(path, 1)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_the_same_again_mends_what_is_damaged(tmp_path: Path) -> None:
    path = old_state(tmp_path, earlier=False)
    folder = path / StateDirectory(path).kept().commit.parts[f"days/{DAY}"].folder
    (folder / "links.arrow").write_bytes(b"")
    renew(path, 1)
    assert StateDirectory(path).part(DAY, "") is not None
    assert not folder.exists()


def test_a_replaced_day_loses_the_check_of_the_other(tmp_path: Path) -> None:
    directory = StateDirectory(old_state(tmp_path, earlier=False), replace_days=True)
    with directory.writing() as writing:
        writing.save_day(
            DAY, worlds.kept(worlds.population(1, 8, 6), worlds.ENGINE_SETTINGS, writing.secret), WordSketch(total=1)
        )
    assert directory.check(DAY) is not None  # the same again
    with directory.writing() as writing:
        assert writing.save_day(
            DAY, worlds.kept(worlds.population(9, 8, 6), worlds.ENGINE_SETTINGS, writing.secret), WordSketch()
        )
    assert directory.check(DAY) is None
    with StateDirectory(tmp_path).writing() as writing:
        assert not writing.save_day(
            DAY, worlds.kept(worlds.population(8, 8, 6), worlds.ENGINE_SETTINGS, writing.secret), WordSketch()
        )


def test_the_next_id_never_goes_back(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    with directory.writing() as writing:
        save_families(writing, known_families(5))
    with pytest.raises(StateError, match="ids of families below 6 were given already"), directory.writing() as writing:
        save_families(writing, known_families(4))
    assert directory.families().next_id == 6


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    for name in ("days/notes", "parts/notes", "notes"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "parts" / "notes").rename(tmp_path / "days" / "more")
    (tmp_path / "parts").rmdir()
    renew(tmp_path, 1)
    (tmp_path / "parts" / "notes").mkdir()
    renew(tmp_path, 2)
    assert all((tmp_path / name).exists() for name in ("days/notes", "days/more", "parts/notes", "notes"))


# Many at once


def give_ids(path: Path, times: int, out: Any) -> None:
    """Give the next family id, several times; each as a run does, from what it reads under the lock."""
    directory, given, refused = StateDirectory(path, replace_days=True), [], 0
    while len(given) < times:
        try:
            with directory.writing() as writing:
                known = directory.families()
                own = known.next_id
                put_all(writing, own)
            given.append(own)
        except StateLockedError:
            refused += 1
    out.put((given, refused))


@pytest.mark.parametrize("pair", range(8))
def test_writers_at_once_give_no_id_twice_and_readers_see_whole_commits(tmp_path: Path, pair: int) -> None:
    """Two processes that write, and this one, which reads all the while and is never kept waiting."""
    context = multiprocessing.get_context("fork")
    out = context.Queue()
    writers = [context.Process(target=give_ids, args=(tmp_path, 4, out)) for _ in range(2)]
    StateDirectory(tmp_path)
    for writer in writers:
        writer.start()
    reads = 0
    while any(writer.is_alive() for writer in writers):
        assert len(numbers(StateDirectory(tmp_path))) == 1
        reads += 1
    given = [number for _ in writers for number in out.get(timeout=30)[0]]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(given) == list(range(1, 9))
    assert reads > 0


def test_somebody_who_writes_is_not_waited_for(tmp_path: Path) -> None:
    with StateDirectory(tmp_path).writing() as writing:
        assert isinstance(writing, Writing)
        with pytest.raises(StateLockedError), StateDirectory(tmp_path).writing():
            pass
        with suppress(StateLockedError), StateDirectory(tmp_path).writing():
            pytest.fail("two writers")
