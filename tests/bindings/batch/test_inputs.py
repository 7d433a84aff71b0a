"""Input files in parts: every row once, what was read before passed over, and what became of each."""

import hashlib
from functools import partial
from pathlib import Path

import pytest

from gauger.batch import inputs
from gauger.batch.inputs import Input, digest, parts, settle
from gauger.engine.intake.parts import Ended, Part, Refused
from gauger.engine.segments.segment import Account, Tally
from gauger.logs.columns import load_column_map
from gauger.logs.readers import read
from tests.bindings import traffic

IDENTITY = load_column_map(None)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Input]:
    """A good file, one with a broken line, one that is none; ten rows are read at a time."""
    monkeypatch.setattr(inputs, "read", partial(read, batch_rows=10))
    calls = traffic.table(traffic.honest(7, 6, 1))
    paths = [traffic.write(calls, tmp_path / name) for name in ("a.parquet", "b.jsonl", "c.parquet")]
    lines = paths[1].read_bytes().splitlines(keepends=True)
    paths[1].write_bytes(b"".join([*lines[:15], b"{\n", *lines[16:]]))
    paths[2].write_bytes(b"PAR1 no Parquet")
    return [Input(path, path.stat().st_size) for path in paths]


def rows_of(found: list) -> list[list[int]]:
    """Rows of each of three files, as they came."""
    rows: list[list[int]] = [[], [], []]
    for one in found:
        if isinstance(one, Part):
            for file, places in one.by_file():
                rows[file] += one.rows[places].tolist()
        elif isinstance(one, Refused):
            rows[one.file] += one.rows.tolist()
    return rows


def test_every_row_comes_once_and_every_file_ends(given: list[Input]) -> None:
    found = list(parts(given, IDENTITY, Account(), set()))
    rows = rows_of(found)
    assert [sorted(own) for own in rows] == [list(range(42)), list(range(42)), []]
    assert [one.rows.tolist() for one in found if isinstance(one, Refused)] == [[15]]
    ends = {one.file: one.error for one in found if isinstance(one, Ended)}
    assert (ends[0], ends[1]) == (None, None)
    assert str(given[2].path) in str(ends[2])


def test_what_was_read_is_passed_over(given: list[Input]) -> None:
    found = list(parts(given, IDENTITY, Account(files={0: Tally(42, ended=True), 1: Tally(20)}), set()))
    rows = rows_of(found)
    assert rows[0] == []
    assert sorted(rows[1]) == list(range(20, 42))


def test_nothing_more_is_taken_of_a_file_that_failed(given: list[Input]) -> None:
    failed: set[int] = set()
    rows: list[int] = []
    for one in parts(given, IDENTITY, Account(), failed):
        if isinstance(one, Part) and isinstance(one.file, int) and one.file == 0:
            rows += one.rows.tolist()
            failed.add(0)
    assert rows == list(range(len(rows)))
    assert 0 < len(rows) < 42


def test_what_became_of_rows_is_written_down(given: list[Input]) -> None:
    own = f"{given[2].path}: its own words"
    settle(
        given, Account(files={0: Tally(9, 9, 6, 2, left_out=1), 1: Tally(3, 3, 3, error="odd"), 2: Tally(error=own)})
    )
    assert [(item.rows, item.scored, item.quarantined) for item in given] == [(9, 6, 2), (3, 3, 0), (0, 0, 0)]
    assert given[0].record()["left_out"] == 1
    assert [item.error for item in given] == [None, f"{given[1].path}: odd", own]
    assert given[1].record()["error"] == f"{given[1].path}: odd"
    with pytest.raises(AssertionError, match="rows went missing"):
        settle(given, Account(files={0: Tally(9, 9, 7, 1)}))


def test_a_digest_is_that_of_the_bytes(given: list[Input]) -> None:
    assert digest(given[1].path) == hashlib.sha256(given[1].path.read_bytes()).hexdigest()
