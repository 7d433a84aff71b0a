"""Readers as a whole: the same rows from every format, prompts found again, no crash on damage."""

import gzip
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map

CANONICAL = load_column_map(None)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def table(rows: int, kind: pa.DataType | None = None) -> pa.Table:
    """A small day of calls, every fifth without an account, text columns of type ``kind``."""
    text = {
        "account_id": [None if row % 5 == 4 else f"account-{row}" for row in range(rows)],
        "prompt_text": [f'prompt {row}, "quoted"\nwith a gr\u00fc\u00df' for row in range(rows)],
    }
    arrays = {name: laid_out(values, kind or pa.string()) for name, values in text.items()}
    return pa.table(
        arrays
        | {
            "start_time": pa.array([NOON + timedelta(seconds=row) for row in range(rows)], pa.timestamp("us", "UTC")),
            "request_temperature": pa.array([row / 4 for row in range(rows)]),
            "usage_input_tokens": pa.array(range(rows), pa.int64()),
        }
    )


def laid_out(values: list[str | None], kind: pa.DataType) -> pa.Array:
    array = pa.array(values, pa.string())
    return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array.cast(kind)


def write_parquet(data: pa.Table, path: Path) -> None:
    pq.write_table(data, path, row_group_size=7)


def write_arrow_file(data: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, data.schema) as writer:
        writer.write_table(data.unify_dictionaries(), max_chunksize=7)


def write_arrow_stream(data: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(path, data.schema) as writer:
        writer.write_table(data.unify_dictionaries(), max_chunksize=7)


def plain(data: pa.Table) -> list[dict[str, Any]]:
    return [
        {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
        for row in data.to_pylist()
    ]


def write_jsonl(data: pa.Table, path: Path) -> None:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in plain(data)))


def write_jsonl_gz(data: pa.Table, path: Path) -> None:
    path.write_bytes(gzip.compress(b"".join(orjson.dumps(row) + b"\n" for row in plain(data))))


def write_jsonl_zst(data: pa.Table, path: Path) -> None:
    path.write_bytes(pa.compress(b"".join(orjson.dumps(row) + b"\n" for row in plain(data)), "zstd", asbytes=True))


def write_csv(data: pa.Table, path: Path) -> None:
    names = pa.schema([(name, pa.string()) for name in data.schema.names])
    pyarrow.csv.write_csv(pa.Table.from_pylist(plain(data)) if data.num_rows else names.empty_table(), path)


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "calls.parquet": write_parquet,
    "calls.arrow": write_arrow_file,
    "calls.ipc": write_arrow_stream,
    "calls.jsonl": write_jsonl,
    "calls.jsonl.gz": write_jsonl_gz,
    "calls.ndjson.zst": write_jsonl_zst,
    "calls.csv": write_csv,
}
LAYOUTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def account(path: Path, batch_rows: int = 65_536) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The admitted rows of ``path`` and the reason of every other, each row accounted for exactly once."""
    admitted_rows: list[dict[str, Any]] = []
    refused: dict[int, str] = {}
    numbers: list[int] = []
    for chunk in readers.read(path, CANONICAL, batch_rows=batch_rows):
        admitted = intake.admit(chunk.batch)
        admitted.calls.validate(full=True)
        admitted_rows.extend(admitted.calls.to_pylist())
        refused.update(zip(chunk.rows[admitted.rejected].tolist(), admitted.reasons, strict=True))
        refused.update(chunk.broken)
        numbers.extend([*chunk.rows.tolist(), *(row for row, _ in chunk.broken)])
    assert sorted(numbers) == list(range(len(numbers)))
    assert len(admitted_rows) + len(refused) == len(numbers)
    return admitted_rows, refused


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(WRITERS)),
    kind=st.sampled_from(LAYOUTS),
    rows=st.integers(0, 40),
    batch_rows=st.integers(1, 50),
)
def test_every_format_and_layout_gives_the_same_rows(
    tmp_path: Path, name: str, kind: pa.DataType, rows: int, batch_rows: int
) -> None:
    path = tmp_path / name
    data = table(rows, kind)
    WRITERS[name](data, path)
    admitted, refused = account(path, batch_rows)
    expected = [row for row in table(rows).to_pylist() if row["account_id"] is not None]
    assert [{key: row[key] for key in expected[0]} for row in admitted] == expected
    assert refused == dict.fromkeys(range(4, rows, 5), "account_id is missing")


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_prompts_are_found_again_by_row(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](table(30), path)
    prompts = readers.prompts_at(path, CANONICAL, np.array([29, 3, 8, 3]))
    assert prompts == {row: f'prompt {row}, "quoted"\nwith a gr\u00fc\u00df' for row in (3, 8, 29)}
    assert readers.prompts_at(path, CANONICAL, np.zeros(0, np.int64)) == {}
    assert readers.prompts_at(path, CANONICAL, np.array([99])) == {}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_only_wanted_columns_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](table(3), path)
    [chunk] = readers.read(path, CANONICAL, columns=["account_id", "client_address"])
    assert chunk.batch.schema.names == ["account_id"]


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_foreign_columns_leave_their_rows_for_intake_to_complain_of(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    names = {"account_id": "who", "prompt_text": "said", "start_time": "when"}
    WRITERS[name](table(3).rename_columns(names | {"request_temperature": "a", "usage_input_tokens": "b"}), path)
    [chunk] = readers.read(path, CANONICAL)
    assert chunk.batch.num_rows == 3
    with pytest.raises(InputError, match="no column start_time, account_id, prompt_text or prompt_token_ids"):
        intake.admit(chunk.batch)


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())], ids=["text", "dictionary"])
@pytest.mark.parametrize("name", sorted(WRITERS))
def test_mutated_files_give_rows_or_an_input_error(tmp_path: Path, name: str, kind: pa.DataType) -> None:
    path = tmp_path / name
    WRITERS[name](table(40, kind), path)
    sound = path.read_bytes()
    dice = random.Random(name)
    for _ in range(150):
        damaged = bytearray(sound)
        for _ in range(dice.choice((1, 1, 2, 8))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        if dice.random() < 0.1:
            del damaged[dice.randrange(len(damaged)) :]
        path.write_bytes(damaged)
        complaint = complaint_about(path)
        assert "\n" not in complaint
        assert "prompt 1" not in complaint


def complaint_about(path: Path) -> str:
    """The input error reading ``path`` ends in, "" when every row is accounted for."""
    try:
        account(path)
    except InputError as error:
        return str(error)
    return ""
