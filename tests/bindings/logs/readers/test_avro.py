"""Avro: records of any types, damage after what is sound, and a word on the library where it is missing."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import fastavro
import numpy as np
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.readers.chunk import Chunk

CANONICAL = load_column_map(None)
SCHEMA = {
    "type": "record",
    "name": "Call",
    "fields": [
        {"name": "start_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "account_id", "type": ["null", "string"]},
        {"name": "prompt_text", "type": "bytes"},
    ],
}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(path: Path, rows: int) -> Path:
    calls = [
        {"start_time": NOON, "account_id": f"a{row}" if row % 5 else None, "prompt_text": b"p%d" % row}
        for row in range(rows)
    ]
    with open(path, "wb") as file:
        fastavro.writer(file, SCHEMA, calls, codec="deflate", sync_interval=1_000)
    return path


def test_records_of_typed_values(tmp_path: Path) -> None:
    path = write(tmp_path / "of no suffix", 600)
    assert readers.format_of(path).name == "avro"
    chunks = list(readers.read(path, CANONICAL, batch_rows=250))
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(600))
    admitted = intake.admit(chunks[0].batch)
    assert admitted.calls.to_pylist()[0] == {"start_time": NOON, "account_id": "a1", "prompt_text": "p1"}
    assert admitted.rejected.tolist()[:2] == [0, 5]


def test_damage_stands_behind_what_was_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avro", 600)
    path.write_bytes(path.read_bytes()[:-2_000])
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match="damaged after") as caught:
        chunks.extend(readers.read(path, CANONICAL))
    rows = sum(chunk.batch.num_rows for chunk in chunks)
    assert f"after {rows} rows" in str(caught.value)
    assert rows > 100
    path.write_bytes(b"Obj\x01 and then nothing")
    with pytest.raises(InputError, match="not a sound Avro file"):
        list(readers.read(path, CANONICAL))


def test_without_the_library_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.avro", 1)
    monkeypatch.setitem(sys.modules, "fastavro", None)
    with pytest.raises(InputError, match=r"pip install 'gauger\[avro\]'"):
        list(readers.read(path, CANONICAL))
