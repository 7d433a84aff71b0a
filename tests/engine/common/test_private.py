"""Files and folders for their owner alone, whatever the umask says and whatever was there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauger.engine.common import private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_folders_are_made_for_their_owner_and_those_above_as_usual(tmp_path: Path) -> None:
    private.make_folder(tmp_path / "above" / "own")
    assert (mode(tmp_path / "above"), mode(tmp_path / "above" / "own")) == (0o777, 0o700)


def test_a_folder_that_is_there_stays_as_it_is_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    private.make_folder(tmp_path / "old")
    assert mode(tmp_path / "old") == 0o777
    private.close_folder(tmp_path / "old")
    assert mode(tmp_path / "old") == 0o700
    private.close_folder(tmp_path / "none")


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        private.make_folder(tmp_path / "file")


def test_files_are_made_empty_and_closed_even_where_one_was_open(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"content")
    for name in ("old", "new"):
        private.make_file(tmp_path / name)
        assert (mode(tmp_path / name), (tmp_path / name).read_bytes()) == (0o600, b"")


def test_a_file_is_closed_when_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    private.close_file(tmp_path / "file")
    assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"content")


def test_what_is_written_is_closed(tmp_path: Path) -> None:
    private.write_file(tmp_path / "one", b"content")
    with open(tmp_path / "other", "a+b", opener=private.opener) as file:
        file.write(b"content")
    for name in ("one", "other"):
        assert (mode(tmp_path / name), (tmp_path / name).read_bytes()) == (0o600, b"content")
