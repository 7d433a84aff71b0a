"""How a run uses its machine changes nothing: segments, units, threads, the order of files, and being stopped."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gauger.batch import calls as calls_module
from gauger.batch import inputs
from gauger.batch.score import score
from gauger.engine.common import shards
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.plan import measure
from gauger.engine.plan.local import Local
from gauger.engine.segments.segment import SegmentWriter
from gauger.engine.segments.work import Work
from gauger.logs.readers import read
from tests.bindings import traffic


class Stopped(BaseException):
    """A kill that a test survives."""


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs share a key, read few rows at a time, and have several segments and units."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(inputs, "read", partial(read, batch_rows=20))
    monkeypatch.setattr(measure, "SEGMENT_ROWS", 50)
    monkeypatch.setattr(shards, "_UNIT_CALLS", 100)


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Good files, one with broken lines and refused rows, one of token ids, one cut in the middle."""
    calls = traffic.table(traffic.honest(20, 6, 1) + traffic.campaign(25, 6, 2))
    folder = tmp_path / "logs"
    good = [traffic.write(calls.slice(start, 90), folder / f"{start}.parquet") for start in range(0, 270, 90)]
    lines = traffic.write(calls.slice(100, 60), folder / "lines.jsonl")
    rows = lines.read_bytes().splitlines(keepends=True)
    rows[7], rows[33] = b"no JSON\n", rows[33].replace(b'"account_id":"', b'"account_name":"')
    lines.write_bytes(b"".join(rows))
    ids = calls.slice(0, 70).drop_columns("prompt_text").append_column("prompt_token_ids", _ids(70))
    tokens = traffic.write(ids, folder / "tokens.jsonl")
    cut = traffic.write(calls.slice(200, 60), folder / "zcut.jsonl.gz")
    cut.write_bytes(cut.read_bytes()[:-300])
    return [*good, lines, tokens, cut]


def _ids(rows: int) -> Any:
    import pyarrow as pa

    return pa.array([[1, 2, 3]] * rows)


Found = tuple[dict[str, bytes], list[dict[str, Any]], list[str]]


def run(logs: list[Path], out: Path, workers: int = 1) -> Found:
    """Tables, what became of each file, and errors; nothing of the work directory is left."""
    found = score(logs, out, local=Local(workers=workers))
    assert not (out.parent / f".{out.name}.work").exists()
    traffic.check_accounts_of_rows(out)
    assert found.manifest["work_bytes"] > 0
    return traffic.parquet_bytes(out), found.manifest["inputs"], found.errors


@pytest.fixture
def expected(logs: list[Path], tmp_path: Path) -> Found:
    found = run(logs, tmp_path / "expected")
    assert len(found[2]) == 2
    return found


@pytest.mark.parametrize(
    ("segment_rows", "block_rows", "unit_calls", "workers"),
    [(1 << 20, 32_768, 450_000, 1), (1, 32_768, 10, 3), (70, 20, 50, 1), (1 << 20, 20, 450_000, 3)],
)
def test_segments_units_and_threads_change_no_byte(
    segment_rows: int,
    block_rows: int,
    unit_calls: int,
    workers: int,
    logs: list[Path],
    expected: Found,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "SEGMENT_ROWS", segment_rows)
    monkeypatch.setattr(measure, "BLOCK_ROWS", block_rows)
    monkeypatch.setattr(shards, "_UNIT_CALLS", unit_calls)
    monkeypatch.setattr(calls_module, "_ROWS_MAX", unit_calls)
    assert run(logs, tmp_path / "out", workers) == expected


def test_the_order_of_files_changes_their_numbers_only(logs: list[Path], expected: Found, tmp_path: Path) -> None:
    order = [2, 3, 0, 5, 1]  # of those that hold text
    good = [logs[place] for place in sorted(order)]
    run(good, tmp_path / "one")
    run([logs[place] for place in order], tmp_path / "other")
    one, other = (traffic.tables_of(tmp_path / name) for name in ("one", "other"))
    for name in ("accounts", "families", "campaigns"):
        assert one[name].equals(other[name]), name
    keys = [(name, "ascending") for name in one["calls"].column_names if name not in ("file", "row")]
    one_calls, other_calls = (
        found["calls"].drop_columns(["file"]).sort_by([("row", "ascending"), *keys]) for found in (one, other)
    )
    assert one_calls.equals(other_calls)


def stop_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, times: int) -> None:
    """Raise Stopped once a function was called so many times."""
    plain: Callable[..., Any] = getattr(owner, name)
    left = times

    def wrapper(*given: Any, **named: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Stopped
        left -= 1
        return plain(*given, **named)

    monkeypatch.setattr(owner, name, wrapper)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("segment_rows", "block_rows"), [(1, 20), (50, 7)])
def test_a_run_stopped_at_any_segment_goes_on(
    segment_rows: int,
    block_rows: int,
    logs: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files that fail, lines that are broken and rows that are refused among what was read before and after."""
    monkeypatch.setattr(measure, "SEGMENT_ROWS", segment_rows)
    monkeypatch.setattr(measure, "BLOCK_ROWS", block_rows)
    expected, stops = run(logs, tmp_path / "whole"), 0
    while True:
        with monkeypatch.context() as patch:
            stop_after(patch, SegmentWriter, "commit", stops)
            try:
                score(logs, tmp_path / "out", local=Local(workers=1))
                break
            except Stopped:
                pass
        assert run(logs, tmp_path / "out") == expected, stops
        stops += 1
    assert stops >= 5


@pytest.fixture
def stopped(logs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The output of a run that was stopped when all was measured."""
    with monkeypatch.context() as patch:
        stop_after(patch, Work, "nbytes", 0)
        with pytest.raises(Stopped):
            score(logs, tmp_path / "out", local=Local(workers=1))
    assert (tmp_path / ".out.work").is_dir()
    return tmp_path / "out"


def test_what_was_measured_is_not_read_again(
    logs: list[Path], stopped: Path, expected: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "read", None)
    assert run(logs, stopped)[:2] == expected[:2]


@pytest.mark.parametrize("change", ["settings", "a file more", "a file that changed", "columns"])
def test_another_run_is_refused_in_a_sentence_until_it_says_fresh(
    change: str, logs: list[Path], stopped: Path, expected: Found
) -> None:
    given: dict[str, Any] = {}
    if change == "settings":
        given["settings"] = traffic.SETTINGS
    elif change == "a file more":
        logs = [*logs, Path(shutil.copy(logs[0], logs[0].with_name("more.parquet")))]
    elif change == "columns":
        given["columns"] = "litellm"
    else:
        os.utime(logs[0], (1, 1))
    with pytest.raises(StateError, match=r"holds a run that was not finished.*--fresh to forget it"):
        score(logs, stopped, local=Local(workers=1), **given)
    found = score(logs, stopped, local=Local(workers=1, fresh=True), **given)
    assert (stopped / "manifest.json").exists()
    assert not (stopped.parent / ".out.work").exists()
    assert len(found.inputs) == len(logs)


def test_a_damaged_work_directory_is_refused_and_can_be_forgotten(
    logs: list[Path], stopped: Path, expected: Found
) -> None:
    unit = next((stopped.parent / ".out.work" / "units").glob("accounts-*.arrays"))
    unit.write_bytes(unit.read_bytes()[:-10])
    with pytest.raises(StateError, match=r"damaged.*--fresh"):
        score(logs, stopped, local=Local(workers=1))
    found = score(logs, stopped, local=Local(workers=1, fresh=True))
    assert traffic.parquet_bytes(found.out) == expected[0]


def test_work_may_be_elsewhere_and_holds_no_input(logs: list[Path], expected: Found, tmp_path: Path) -> None:
    work = tmp_path / "elsewhere" / "work"
    found = score(logs, tmp_path / "out", local=Local(work=work, workers=1))
    assert traffic.parquet_bytes(found.out) == expected[0]
    assert not work.exists()
    inside = Path(shutil.copy(logs[0], tmp_path / "elsewhere" / "log.parquet"))
    with pytest.raises(InputError, match="keep logs elsewhere"):
        score([inside], tmp_path / "out", local=Local(work=tmp_path / "elsewhere"))


def test_two_runs_do_not_work_in_one_directory(logs: list[Path], tmp_path: Path) -> None:
    own = Work(tmp_path / ".out.work", {"another": "process"})
    with pytest.raises(StateError, match="another run works here"):
        score(logs, tmp_path / "out", local=Local(workers=1))
    own.close()
