"""Spooling: calls into the files of their days; whatever cannot be measured or written is counted."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.segments.spool import COMPLETE, OPEN
from gauger.host import spooling
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take, take_record
from gauger.logs.columns import load_column_map
from tests.bindings.host.recording import SECRET, accounts_in

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def call(number: int = 0, **changes: Any) -> dict[str, Any]:
    given = {"account_id": f"a-{number}", "prompt_text": f"describe {number} lanterns", "start_time": NOON, **changes}
    return take(given)[0]


def made(folder: Path, *, columns: str | None = None, **limits: Any) -> Spooling:
    column_map = None if columns is None else load_column_map(columns)
    return Spooling(folder, SECRET, Settings(), Limits(**limits), column_map)


def test_calls_are_in_the_files_of_their_days(tmp_path: Path) -> None:
    files = made(tmp_path)
    late = NOON - timedelta(days=1)
    became = files.write([call(1), call(2, start_time=late), call(3)])
    assert (became.recorded, became.refused, became.dropped) == (3, Counter(), Counter())
    files.complete({"offered": 3})
    assert sorted(path.name[:10] for path in tmp_path.iterdir()) == ["2026-11-15", "2026-11-16"]
    assert accounts_in(tmp_path) == {"a-1": 1, "a-2": 1, "a-3": 1}


def test_one_that_cannot_be_measured_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = spooling.record

    def record(batch: Any, *given: Any) -> Any:
        if "poison" in batch.column("prompt_text").to_pylist():
            raise ValueError("poison")
        return real(batch, *given)

    monkeypatch.setattr(spooling, "record", record)
    files = made(tmp_path)
    became = files.write([*map(call, range(40)), call(40, prompt_text="poison"), *map(call, range(41, 60))])
    assert (became.recorded, became.refused) == (59, {"unexpected ValueError": 1})
    files.complete({})
    assert len(accounts_in(tmp_path)) == 59


def test_calls_that_cannot_be_scored_are_refused_by_reason(tmp_path: Path) -> None:
    files = made(tmp_path)
    became = files.write([call(), call(account_id=None), call(prompt_text=""), call(operation_name="embeddings")])
    files.complete({})
    assert became.recorded == 1
    assert became.refused.total() == 3
    assert became.refused["account_id is missing"] == became.refused["prompt is empty"] == 1


def test_a_disk_that_is_full_and_has_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = made(tmp_path)
    files.write([call(1)])
    real = spooling.SpoolWriter.append

    def append(*_: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(spooling.SpoolWriter, "append", append)
    assert files.write([call(2)]).dropped == {"spool cannot be written: No space left on device": 1}
    monkeypatch.setattr(spooling.SpoolWriter, "append", real)
    assert files.write([call(3)]).recorded == 1
    files.complete({})
    assert accounts_in(tmp_path) == {"a-1": 1, "a-3": 1}
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [OPEN, COMPLETE]


def test_a_spool_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    became = made(tmp_path / "file" / "spool").write([call(1), call(2)])
    assert became.dropped.total() == 2
    assert next(iter(became.dropped)).startswith("spool cannot be written: ")


def test_a_spool_that_holds_as_much_as_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "_LOOK_SECONDS", -1.0)
    files = made(tmp_path, spool_bytes=10)
    assert files.write([call(1)]).recorded == 1
    assert files.write([call(2)]).dropped == {"spool full": 1}
    files.complete({})


def test_files_are_completed_by_size_and_by_age(tmp_path: Path) -> None:
    files = made(tmp_path / "size", segment_bytes=10)
    files.write([call(1)])
    files.note({"offered": 1})
    assert [path.suffix for path in (tmp_path / "size").iterdir()] == [COMPLETE]
    assert files.due() is None
    files = made(tmp_path / "age", segment_seconds=0.0)
    files.write([call(1)])
    files.rotate()
    assert [path.suffix for path in (tmp_path / "age").iterdir()] == [COMPLETE]


def test_few_days_are_open_at_once(tmp_path: Path) -> None:
    files = made(tmp_path)
    for number in range(9):
        files.write([call(number, start_time=NOON + timedelta(days=number))])
    assert sum(path.suffix == OPEN for path in tmp_path.iterdir()) == 4
    files.complete({})
    assert len(accounts_in(tmp_path)) == 9


def test_log_records_are_read_by_their_map(tmp_path: Path) -> None:
    files = made(tmp_path, columns="openai")
    body = b'{"model":"m","messages":[{"role":"user","content":"hello there"}],"account_id":"forged"}'
    beside = {"timestamp": NOON, "account_id": "real", "error": None}
    given = [take_record(body, beside, "request")[0], take_record(b"[", beside, "request")[0]]
    became = files.write(given)
    assert (became.recorded, became.more) == (1, 0)
    assert became.refused == {"record is no JSON object": 1}
    files.complete({})
    assert accounts_in(tmp_path) == {"real": 1}
    assert made(tmp_path / "none").write(given).refused == {"no columns were given to read it by": 2}
