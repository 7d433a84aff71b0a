"""What the baselines see of a log."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.detection import population as detection_population
from gauger.engine.common.schema import CALL_SCHEMA

START = datetime(2026, 11, 18, 23, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    names = ["busy"] * 6 + ["idle"] * 2
    columns = {
        "start_time": [START + timedelta(minutes=number) for number in range(8)],
        "account_id": names,
        "prompt_text": [f"what is question {number} about" for number in range(8)],
        "usage_input_tokens": [10, None, 10, 10, 10, 10, 10, 10],
        "usage_output_tokens": [5] * 8,
    }
    schema = pa.schema([CALL_SCHEMA.field(name) for name in columns])
    (tmp_path / "day").mkdir()
    pq.write_table(pa.table(columns, schema=schema), tmp_path / "day" / "log.parquet")
    return tmp_path / "day"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "key").write_text(hashlib.blake2b(b"x", digest_size=16).hexdigest() + "\n")
    (tmp_path / "state" / "key").chmod(0o600)
    return tmp_path / "state"


def test_accounts_with_few_calls_are_left_out(log: Path, state: Path) -> None:
    seen = detection_population.measured(log, state)
    assert seen.population.account_ids == ["busy"]
    assert len(seen) == 1
    assert seen.population.calls.tolist() == [6]
    assert np.any(seen.population.sums)
    assert seen.calls["account"].to_pylist() == [0] * 6
    assert seen.calls["tokens"].to_pylist() == [15, 5, 15, 15, 15, 15]
    assert not list((state / "days").iterdir())
