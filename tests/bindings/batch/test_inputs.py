"""Input files in parts: every row once, what was read before passed over, and what became of each."""

import hashlib
from functools import partial
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gauger.batch import inputs
from gauger.batch.inputs import Input, Recorded, digest, parts, settle
from gauger.batch.score import score
from gauger.commands.main import main
from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.parts import Ended, Part, Refused
from gauger.engine.segments.segment import Account, Tally
from gauger.logs.columns import load_column_map
from gauger.logs.readers import read
from tests.bindings import traffic

IDENTITY = load_column_map(None)
RECORDED = Recorded(Secret.random(), Settings())


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
    found = list(parts(given, IDENTITY, RECORDED, Account(), set()))
    rows = rows_of(found)
    assert [sorted(own) for own in rows] == [list(range(42)), list(range(42)), []]
    assert [one.rows.tolist() for one in found if isinstance(one, Refused)] == [[15]]
    ends = {one.file: one.error for one in found if isinstance(one, Ended)}
    assert (ends[0], ends[1]) == (None, None)
    assert str(given[2].path) in str(ends[2])


def test_what_was_read_is_passed_over(given: list[Input]) -> None:
    found = list(parts(given, IDENTITY, RECORDED, Account(files={0: Tally(42, ended=True), 1: Tally(20)}), set()))
    rows = rows_of(found)
    assert rows[0] == []
    assert sorted(rows[1]) == list(range(20, 42))


def test_nothing_more_is_taken_of_a_file_that_failed(given: list[Input]) -> None:
    failed: set[int] = set()
    rows: list[int] = []
    for one in parts(given, IDENTITY, RECORDED, Account(), failed):
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


# Files as people have them, through the whole batch job


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one test share a key, and none is left behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


def write_one_by_one(folder: Path, rows: list[dict]) -> Path:
    """Each call in a file of its own."""
    folder.mkdir()
    for number, row in enumerate(rows):
        (folder / f"{number:05d}.json").write_bytes(orjson.dumps(row))
    return folder


def test_many_small_files_give_what_one_gives(tmp_path: Path) -> None:
    rows = traffic.campaign(25, 4, 1)
    one = tmp_path / "one.jsonl"
    one.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    many = write_one_by_one(tmp_path / "many", rows)
    (many / "00050.json").write_bytes(b"{")
    score([one], tmp_path / "out-one")
    score([many], tmp_path / "out")
    traffic.check_accounts_of_rows(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "calls").iterdir()] == ["00000.parquet"]
    manifest = traffic.manifest(tmp_path / "out")
    assert (manifest["rows"], manifest["scored"]) == (100, 99)
    assert [item["rows"] for item in manifest["inputs"]] == [1] * 100
    alone, together = (traffic.tables_of(tmp_path / out) for out in ("out-one", "out"))
    assert together["families"]["template"].equals(alone["families"]["template"])
    assert together["families"]["template"][0].as_py() is not None


def test_files_left_out_are_told_and_make_the_exit_code_one(tmp_path: Path) -> None:
    logs = write_one_by_one(tmp_path / "logs", traffic.campaign(2, 4, 1))
    arguments = ["score", str(logs), "--out", str(tmp_path / "out")]
    (logs / "_SUCCESS").touch()
    assert CliRunner().invoke(main, arguments).exit_code == 0
    (logs / "gw.log").write_bytes(b"INFO 11-16 10:00:00 started\n")
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert done.stderr == f"gauger: {logs}/gw.log: left out, no line is JSON: a text log, or another format\n"


def test_places_of_no_store_are_refused_before_any_work(tmp_path: Path) -> None:
    log = write_one_by_one(tmp_path / "logs", traffic.campaign(2, 4, 1))
    for sources, out in ((["oss://bucket/logs/"], tmp_path / "out"), ([log], Path("oss://bucket/out"))):
        with pytest.raises(InputError, match=r"^oss://: no store that is read or written here"):
            score(sources, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]
