"""The bench: every stage timed, on a log of one's own or on simulated traffic."""

import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.benchmark import command as module
from gauger.benchmark import stages as bench_stages
from gauger.benchmark.command import bench, read_seconds
from gauger.benchmark.rivals import contest
from gauger.engine.common.errors import InputError
from gauger.kernels.text.measuring import STEPS
from tests.bindings import traffic

ROWS = [bench_stages.FLOOR, bench_stages.STREAMING, bench_stages.ADMIT, *STEPS, bench_stages.PASS, bench_stages.FOLD]


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(module, "_CALLS", 500)
    monkeypatch.setattr(bench_stages, "_CONTROL_WORDS", 1_000)
    # The rivals have tests of their own; here, as for most users, none is installed.
    monkeypatch.setattr(contest, "lacks", lambda package: True)


def silent(stage: str, done: int, total: int) -> None:
    """No progress."""


def test_a_log_of_one_s_own(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(10, 6, 1)), tmp_path / "log.parquet")
    lines = bench(log, None, silent).splitlines()
    assert lines[0].startswith("60 calls, ")
    assert "medians of 1 rounds" in lines[0]
    rows = lines[2 : 2 + len(ROWS)]
    assert [re.split(r"\s{2,}", line.strip())[0] for line in rows] == ROWS
    rest = lines[2 + len(ROWS) :]
    workers = len(os.sched_getaffinity(0))
    assert re.match(r"the pass: 1 thread 1.00 x", rest[0])
    assert re.match(r"hashing that shares nothing, for comparison: 1 thread 1.00 x", rest[1])
    assert re.match(r"gauger score, whole command: [\d.]+ s, [\d,]+ calls/s on " + str(workers), rest[2])
    assert rest[3].startswith("pyarrow reading the same columns on as many: ")
    assert rest[-1].startswith("not installed: HLL, datasketch, ")
    assert rest[-1].endswith("pip install 'gauger[bench]'")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet", "xdg"]


def test_rivals_that_are_installed_are_compared_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "lacks", lambda package: package != "datasketches")
    log = traffic.write(traffic.table(traffic.honest(10, 6, 1)), tmp_path / "log.parquet")
    text = bench(log, None, silent)
    assert re.search(r"word counts: datasketches +[\d.]+ x +[\d.]+ x +-", text)
    assert "rensa R-MinHash" not in text


def test_other_formats_are_not_compared_with_pyarrow(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(10, 6, 1)), tmp_path / "log.jsonl")
    assert "pyarrow" not in bench(log, None, silent)


def test_token_ids_are_measured_too(tmp_path: Path) -> None:
    calls = traffic.table(traffic.honest(10, 6, 1)).drop_columns("prompt_text")
    ids = pa.array([list(range(row, row + 30)) for row in range(60)], pa.list_(pa.int32()))
    log = tmp_path / "ids.parquet"
    pq.write_table(calls.append_column("prompt_token_ids", ids), log)
    text = bench(log, None, silent)
    assert "60 calls, 120 bytes of prompt each" in text
    assert text.endswith("they need prompts as text")


def test_the_yardstick_reads_every_row_of_the_canonical_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"account_id": ["a", "b"], "not ours": [1, 2]}), path)
    before = pa.cpu_count(), pa.io_thread_count()
    for threads in (1, 2):
        rows, seconds = read_seconds(path, threads)
        assert rows == 2
        assert seconds > 0
    assert (pa.cpu_count(), pa.io_thread_count()) == before


def test_simulated_traffic_without_a_log() -> None:
    told: list[str] = []
    text = bench(None, None, lambda stage, done, total: told.append(stage))
    assert told[:2] == ["simulating", "stages"]
    assert "gauger score, whole command" in text


def test_a_log_that_cannot_be_scored_is_named(tmp_path: Path) -> None:
    log = traffic.write(pa.table({"colour": ["red"]}), tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log\.parquet: no column start_time.*--columns"):
        bench(log, None, silent)


def test_a_log_without_calls_is_named(tmp_path: Path) -> None:
    log = traffic.write(traffic.table([]), tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log\.parquet: holds no call"):
        bench(log, None, silent)
