"""Avro: records of any types, damage after what is sound, and a word on the library where it is missing."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits
from gauger.logs.readers.chunk import Chunk

CANONICAL = load_column_map(None)
SCHEMA: dict[str, Any] = {
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


@pytest.mark.parametrize("codec", ["bzip2", "xz", "deflate", "null"])
def test_blocks_of_every_codec_are_read(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.avro"
    calls = [{"start_time": NOON, "account_id": "a", "prompt_text": b"p%d" % row} for row in range(400)]
    with open(path, "wb") as file:
        fastavro.writer(file, SCHEMA, calls, codec=codec, sync_interval=500)
    assert sum(chunk.batch.num_rows for chunk in readers.read(path, CANONICAL)) == 400


@pytest.mark.parametrize("codec", ["bzip2", "xz"])
def test_a_block_that_decodes_to_too_much_is_refused_before_it_does(
    tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten rows are sound; behind them stands a block of a few hundred bytes that holds sixteen million."""
    monkeypatch.setattr(limits, "DECODED_FREE", 4 << 20)
    path = tmp_path / "a.avro"
    sound = [{"start_time": NOON, "account_id": "a", "prompt_text": b"p"}] * 10
    large = [{"start_time": NOON, "account_id": "a", "prompt_text": b"x" * (16 << 20)}]
    with open(path, "wb") as file:
        writer = fastavro.write.Writer(file, SCHEMA, codec=codec, sync_interval=1)
        for call in (*sound, *large):
            writer.write(call)
        writer.flush()
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match=r"a block decodes to more than \d+ MB, after 10 rows"):
        chunks.extend(readers.read(path, CANONICAL))
    assert sum(chunk.batch.num_rows for chunk in chunks) == 10


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


def blocks(path: Path, schema: Any, *rows: Any) -> Path:
    with open(path, "wb") as file:
        fastavro.writer(file, schema, rows, codec="null")
    return path


def test_a_value_that_python_cannot_hold_costs_its_own_record(tmp_path: Path) -> None:
    plain = {**SCHEMA, "fields": [{"name": "start_time", "type": "long"}, *SCHEMA["fields"][1:]]}
    noon = 10**6 * int(NOON.timestamp())
    rows = [{"start_time": time, "account_id": "a", "prompt_text": b"p"} for time in (noon, 2**62, -(2**62), noon + 1)]
    path = blocks(tmp_path / "a.avro", plain, *rows)
    typed = b'{"type": "long", "logicalType": "timestamp-micros"}'
    content = path.read_bytes().replace(b'"type": "long"', b'"type": ' + typed)
    length = content.index(b"{") - 2  # of the schema, as a variable-length number of two bytes
    size = (len(typed) - len(b'"long"')) + (content[length] & 127 | content[length + 1] << 7) // 2
    path.write_bytes(content[:length] + bytes([128 | 2 * size & 127, 2 * size >> 7]) + content[length + 2 :])
    [chunk] = readers.read(path, CANONICAL)
    admitted = intake.admit(chunk.batch)
    assert admitted.rows.tolist() == [0, 3]
    assert admitted.reasons == ["start_time is impossible"] * 2


def test_a_text_that_is_no_utf_8_costs_its_own_record(tmp_path: Path) -> None:
    schema = {**SCHEMA, "fields": [*SCHEMA["fields"][:2], {"name": "prompt_text", "type": "string"}]}
    rows = [{"start_time": NOON, "account_id": f"a{row}", "prompt_text": f"prompt {row}"} for row in range(4)]
    path = blocks(tmp_path / "a.avro", schema, *rows)
    path.write_bytes(path.read_bytes().replace(b"prompt 1", b"prompt \xff"))
    [chunk] = readers.read(path, CANONICAL)
    assert chunk.rows.tolist() == [0, 2, 3]
    assert chunk.broken == [(1, "record holds text that is not valid UTF-8")]


def test_a_block_that_holds_more_than_its_records_is_damaged(tmp_path: Path) -> None:
    path = blocks(tmp_path / "a.avro", "string", "one", "two")
    content = path.read_bytes()
    place = content.index(b"\x04\x10\x06one")  # two records of eight bytes
    path.write_bytes(content[:place] + b"\x02" + content[place + 1 :])
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match="damaged after 1 rows"):
        chunks.extend(readers.read(path, CANONICAL))
    assert [reason for chunk in chunks for _, reason in chunk.broken] == ["record is not an object"]


def test_without_the_library_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.avro", 1)
    monkeypatch.setitem(sys.modules, "fastavro", None)
    with pytest.raises(InputError, match=r"pip install 'gauger\[avro\]'"):
        list(readers.read(path, CANONICAL))
