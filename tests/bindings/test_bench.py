"""The bench: every stage timed, on a log of one's own or on simulated traffic."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger import bench as module
from gauger.bench import bench, stages
from gauger.engine.errors import InputError
from gauger.engine.intake import admit
from tests.bindings import logs

STAGES = ["byte scan", "admit", "the pass", "fold into sketches"]


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(module, "_CALLS", 500)


def silent(stage: str, done: int, total: int) -> None:
    """No progress."""


def test_every_stage_takes_time() -> None:
    batch = admit(logs.table(logs.honest(10, 6, 1)).combine_chunks().to_batches()[0]).calls
    measured = stages([batch, batch.slice(7, 20)])
    assert [stage.name for stage in measured] == STAGES
    assert all(stage.seconds > 0 for stage in measured)


def test_a_log_of_one_s_own(tmp_path: Path) -> None:
    log = logs.write(logs.table(logs.honest(10, 6, 1)), tmp_path / "log.parquet")
    lines = bench(log, None, silent).splitlines()
    assert lines[0].startswith("60 calls, ")
    assert "medians of 1 rounds" in lines[0]
    assert [re.split(r"\s{2,}", line.strip())[0] for line in lines[2:6]] == STAGES
    assert re.search(r"gauger score, whole command: [\d.]+ s, [\d,]+ calls/s", lines[6])
    assert lines[7].startswith("pyarrow reading the same file: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet", "xdg"]


def test_other_formats_are_not_compared_with_pyarrow(tmp_path: Path) -> None:
    log = logs.write(logs.table(logs.honest(10, 6, 1)), tmp_path / "log.jsonl")
    assert "pyarrow" not in bench(log, None, silent)


def test_token_ids_are_measured_too(tmp_path: Path) -> None:
    calls = logs.table(logs.honest(10, 6, 1)).drop_columns("prompt_text")
    ids = pa.array([list(range(row, row + 30)) for row in range(60)], pa.list_(pa.int32()))
    log = tmp_path / "ids.parquet"
    pq.write_table(calls.append_column("prompt_token_ids", ids), log)
    assert "60 calls, 120 bytes of prompt each" in bench(log, None, silent)


def test_simulated_traffic_without_a_log() -> None:
    told: list[str] = []
    text = bench(None, None, lambda stage, done, total: told.append(stage))
    assert told[:2] == ["simulating", "stages"]
    assert "gauger score, whole command" in text


def test_a_log_that_cannot_be_scored_is_named(tmp_path: Path) -> None:
    log = logs.write(pa.table({"colour": ["red"]}), tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log\.parquet: no column start_time.*--columns"):
        bench(log, None, silent)


def test_a_log_without_calls_is_named(tmp_path: Path) -> None:
    log = logs.write(logs.table([]), tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log\.parquet: holds no call"):
        bench(log, None, silent)
