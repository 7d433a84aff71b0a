"""Readers as a whole: the same rows from every format, prompts found again, no crash on damage."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from tests.bindings import traffic

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
            "usage_output_tokens": pa.array(range(rows), pa.int64()),
        }
    )


def laid_out(values: list[str | None], kind: pa.DataType) -> pa.Array:
    array = pa.array(values, pa.string())
    return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array.cast(kind)


NAMES = [f"calls{suffix}" for suffix in (".parquet", ".arrow", ".ipc", ".jsonl", ".jsonl.gz", ".ndjson.zst", ".csv")]
LAYOUTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def write(path: Path, rows: int, kind: pa.DataType | None = None) -> Path:
    """The table in the format of the suffix, a few rows at a time; only Arrow's own formats have layouts."""
    return traffic.write(table(rows, kind if path.suffix in (".parquet", ".arrow", ".ipc") else None), path, 7)


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
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(LAYOUTS),
    rows=st.integers(0, 40),
    batch_rows=st.integers(1, 50),
)
def test_every_format_and_layout_gives_the_same_rows(
    tmp_path: Path, name: str, kind: pa.DataType, rows: int, batch_rows: int
) -> None:
    path = write(tmp_path / name, rows, kind)
    admitted, refused = account(path, batch_rows)
    expected = [row for row in table(rows).to_pylist() if row["account_id"] is not None]
    assert [{key: row[key] for key in expected[0]} for row in admitted] == expected
    assert refused == dict.fromkeys(range(4, rows, 5), "account_id is missing")


@pytest.mark.parametrize("name", NAMES)
def test_prompts_are_found_again_by_row(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, 30)
    prompts = readers.prompts_at(path, CANONICAL, np.array([29, 3, 8, 3]))
    assert prompts == {row: f'prompt {row}, "quoted"\nwith a gr\u00fc\u00df' for row in (3, 8, 29)}
    assert readers.prompts_at(path, CANONICAL, np.zeros(0, np.int64)) == {}
    assert readers.prompts_at(path, CANONICAL, np.array([99])) == {}


@pytest.mark.parametrize("name", NAMES)
def test_only_wanted_columns_are_read(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, 3)
    [chunk] = readers.read(path, CANONICAL, columns=["account_id", "client_address"])
    assert chunk.batch.schema.names == ["account_id"]


@pytest.mark.parametrize("name", NAMES)
def test_foreign_columns_leave_their_rows_for_intake_to_complain_of(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    names = {"account_id": "who", "prompt_text": "said", "start_time": "when"}
    traffic.write(table(3).rename_columns(names | {"request_temperature": "a", "usage_output_tokens": "b"}), path)
    [chunk] = readers.read(path, CANONICAL)
    assert chunk.batch.num_rows == 3
    with pytest.raises(InputError, match="no column start_time, account_id, prompt_text or prompt_token_ids"):
        intake.admit(chunk.batch)


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())], ids=["text", "dictionary"])
@pytest.mark.parametrize("name", NAMES)
def test_mutated_files_give_rows_or_an_input_error(tmp_path: Path, name: str, kind: pa.DataType) -> None:
    path = write(tmp_path / name, 40, kind)
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
