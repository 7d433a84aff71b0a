"""The spool: what a host wrote is read with the key, and without it nobody can add to it, change it or hide of it."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.engine.segments import spool
from gauger.engine.segments.recorded import Recorded, record
from gauger.engine.segments.spool import COMPLETE, MAGIC, OPEN, SpoolReader, SpoolWriter, is_being_written, is_spool
from tests.engine import calls

DAY = date(2026, 11, 16)
CALLS = calls.some_calls(40, seed=9)
PIECES = [
    record(calls.batch_of(CALLS[start : start + 10]), calls.measurer_of(calls.SECRET), calls.SETTINGS)
    for start in (0, 10, 20, 30)
]


def written(folder: Path, pieces: list[Recorded] | None = None, *, complete: bool = True) -> Path:
    writer = SpoolWriter(folder, DAY, calls.SECRET, {"host": "h"})
    for piece in PIECES if pieces is None else pieces:
        writer.append(piece)
        writer.note({"offered": 10})
    if complete:
        writer.complete({"offered": 40, "dropped": {"queue full": 1}})
    else:
        writer.discard()
    return folder / f"{writer.name}{COMPLETE if complete else OPEN}"


def offered(path: Path, secret: Secret = calls.SECRET) -> int:
    return sum(found.offered for found in SpoolReader(path, secret).calls())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert is_spool(path)
    assert not is_spool(Path(__file__))
    assert not is_spool(tmp_path / "nothing")
    reader = SpoolReader(path, calls.SECRET)
    assert (reader.day, reader.about["host"]) == (DAY, "h")
    assert [found.rows.tolist() for found in reader.calls()] == [found.rows.tolist() for found in PIECES]
    assert (reader.is_complete, reader.cut) == (True, 0)
    assert reader.counts == {"offered": 40, "dropped": {"queue full": 1}}
    assert [len(part.rows) for part in SpoolReader(path, calls.SECRET).parts(3, 20)] == [20, 20]
    assert SpoolReader(path, calls.SECRET).verify() == 4
    assert path.stat().st_mode & 0o077 == 0


def test_who_was_killed_leaves_what_was_whole(tmp_path: Path) -> None:
    """Cut at every byte of the last frames: all frames before are read, and nothing is made up."""
    path = written(tmp_path, complete=False)
    content = path.read_bytes()
    ends = [end for start, end in frames_of(content) if content[start + 8 : start + 9] == b"c"]
    for size in [*range(ends[1] - 40, ends[1] + 40), *range(ends[2] - 40, ends[2] + 40), len(content) - 1]:
        path.write_bytes(content[:size])
        reader = SpoolReader(path, calls.SECRET)
        assert sum(one.offered for one in reader.calls()) == 10 * sum(size >= end for end in ends)
        assert not reader.is_complete


def swapped(content: bytes, frames: list[tuple[int, int]]) -> bytes:
    (a, b), (c, d) = frames[1], frames[3]
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def repeated(content: bytes, frames: list[tuple[int, int]]) -> bytes:
    start, end = frames[1]
    return content[:end] + content[start:end] + content[end:]


def left_out(content: bytes, frames: list[tuple[int, int]]) -> bytes:
    start, end = frames[1]
    return content[:start] + content[end:]


def cut(content: bytes, frames: list[tuple[int, int]]) -> bytes:
    return content[: frames[-1][0]]


def frames_of(content: bytes) -> list[tuple[int, int]]:
    found, at = [], len(MAGIC)
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 8], "little") + 32
        found.append((at, end))
        at = end
    return found


@pytest.mark.parametrize("change", [swapped, repeated, left_out, cut])
def test_frames_cannot_be_moved_repeated_or_left_out(
    tmp_path: Path, change: Callable[[bytes, list[tuple[int, int]]], bytes]
) -> None:
    path = written(tmp_path)
    content = path.read_bytes()
    path.write_bytes(change(content, frames_of(content)))
    with pytest.raises(InputError, match=r"damaged, changed|ends before"):
        offered(path)
    with pytest.raises(InputError):
        SpoolReader(path, calls.SECRET).verify()


def test_no_byte_can_be_changed(tmp_path: Path) -> None:
    path = written(tmp_path, PIECES[:1])
    content = bytearray(path.read_bytes())
    for place in [*range(len(MAGIC), len(MAGIC) + 300), *range(400, len(content), 97)]:
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(InputError):
            offered(path)
        content[place] ^= 1


def test_another_key_another_name_and_another_file_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(InputError, match="another key"):
        SpoolReader(path, Secret.random())
    with pytest.raises(InputError, match="another name"):
        SpoolReader(path.rename(tmp_path / f"copy{COMPLETE}"), calls.SECRET)
    other = tmp_path / "log.segment"
    other.write_bytes(b"{}" * 20)
    with pytest.raises(InputError, match="no file of a spool"):
        SpoolReader(other, calls.SECRET)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SpoolWriter(tmp_path, DAY, calls.SECRET, {})
    writer.append(PIECES[0])
    whole = writer.bytes

    class Full:
        def __init__(self, file: object) -> None:
            self._file, self._left = file, 100

        def write(self, content: bytes) -> int:
            if self._left == 0:
                raise OSError(28, os.strerror(28))
            taken, self._left = min(self._left, len(content)), 0
            self._file.write(content[:taken])
            return taken

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

    file = writer._file
    monkeypatch.setattr(writer, "_file", Full(file))
    with pytest.raises(OSError, match="No space left"):
        writer.append(PIECES[1])
    monkeypatch.setattr(writer, "_file", file)
    assert (tmp_path / f"{writer.name}{OPEN}").stat().st_size == whole
    writer.append(PIECES[2])
    writer.complete({})
    assert offered(tmp_path / f"{writer.name}{COMPLETE}") == 20


def test_a_file_that_was_taken_away_is_said_to_be_gone(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, DAY, calls.SECRET, {})
    (tmp_path / f"{writer.name}{OPEN}").unlink()
    with pytest.raises(OSError, match="No such file"):
        writer.append(PIECES[0])
    writer.discard()


def test_whether_a_host_lives(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, DAY, calls.SECRET, {})
    path = tmp_path / f"{writer.name}{OPEN}"
    assert is_being_written(path)
    writer.discard()
    assert not is_being_written(path)
    assert not is_being_written(tmp_path / "none.open")
    assert not is_being_written(written(tmp_path))


def test_a_spool_of_today_is_read_forever() -> None:
    """Written once, by format 1; a later gauger reads it."""
    golden = Path(__file__).parents[1] / "golden" / "spool_1"
    (path,) = golden.iterdir()
    assert spool.FORMAT == 1
    found = list(SpoolReader(path, calls.SECRET).calls())
    assert [one.offered for one in found] == [10, 10]
    assert found[0].batch is not None
    assert PIECES[0].batch is not None
    assert found[0].batch.identities.tolist() == PIECES[0].batch.identities.tolist()
