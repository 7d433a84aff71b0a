"""Parquet: bounded memory, nested columns, and plain words for what is no Parquet file."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits

CANONICAL = load_column_map(None)
FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_a_tiny_file_that_decodes_to_gigabytes_comes_in_small_batches(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    prompts = pa.DictionaryArray.from_arrays(np.zeros(65_536, np.int32), pa.array(["x" * 30_000]))
    pq.write_table(pa.table({"prompt_text": prompts}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 1000
    chunks = readers.read(path, CANONICAL)
    first, second = next(chunks), next(chunks)
    assert first.batch.nbytes <= 64 << 20
    assert second.rows[0] == first.batch.num_rows
    chunks.close()


def test_rows_are_numbered_across_row_groups_and_batches(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"account_id": [str(row) for row in range(1000)]}), path, row_group_size=300)
    chunks = list(readers.read(path, CANONICAL, batch_rows=270))
    assert [chunk.batch.num_rows for chunk in chunks] == [270, 30, 270, 30, 270, 30, 100]
    for chunk in chunks:
        assert chunk.batch.column("account_id").to_pylist() == [str(row) for row in chunk.rows]


@pytest.mark.parametrize("name", ["litellm", "openai"])
def test_a_column_map_gives_the_same_rows_from_nested_parquet_as_from_json(tmp_path: Path, name: str) -> None:
    # Later lines have other types, and a column of Parquet has one.
    lines = (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()[:2]
    source = tmp_path / "a.jsonl"
    source.write_bytes(b"\n".join(lines))
    records: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
    for record in records:
        record.pop("hidden_params", None)  # an empty struct, which Parquet cannot hold
        # Parquet has one type a column: a chat of mixed shapes is kept as JSON.
        for holder in (record, record.get("request", {})):
            for key in ("messages", "input", "prompt", "metadata"):
                if key in holder and not isinstance(holder[key], str):
                    holder[key] = orjson.dumps(holder[key]).decode()
    path = tmp_path / "a.parquet"
    names = dict.fromkeys(key for record in records for key in record)  # Arrow looks at those of the first record only
    pq.write_table(pa.Table.from_pylist([{key: record.get(key) for key in names} for record in records]), path)
    column_map = load_column_map(name)
    from_json, from_parquet = (
        [{key: value for key, value in row.items() if value is not None} for row in calls.to_pylist()]
        for calls in (intake.admit(next(readers.read(each, column_map)).batch).calls for each in (source, path))
    )
    assert from_parquet == from_json


def test_prompts_are_fetched_from_their_row_group_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"prompt_text": [f"p{row}" for row in range(90)]}), path, row_group_size=10)
    groups: list[int] = []
    original = pq.ParquetFile.iter_batches

    def spy(file: pq.ParquetFile, *arguments: Any, **options: Any) -> Any:
        groups.extend(options["row_groups"])
        return original(file, *arguments, **options)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy)
    assert readers.prompts_at(path, CANONICAL, np.array([41, 47, 85])) == {41: "p41", 47: "p47", 85: "p85"}
    assert groups == [4, 8]


@pytest.mark.parametrize(
    ("content", "cause"),
    [(b"", r"not a Parquet file \(0 bytes\)"), (b"PAR1 and then nothing", "not a sound Parquet file")],
)
def test_what_is_no_parquet_file(tmp_path: Path, content: bytes, cause: str) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=cause) as caught:
        list(readers.read(path, CANONICAL))
    assert str(caught.value).startswith(f"{path}: ")


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"account_id": pa.array([], pa.string())}), path)
    assert sum(chunk.batch.num_rows for chunk in readers.read(path, CANONICAL)) == 0


def test_a_page_that_does_not_match_its_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    accounts = pa.table({"account_id": [f"acct_{row:05d}" for row in range(500)]})
    pq.write_table(accounts, path, compression="none", use_dictionary=False, write_page_checksum=True)
    content = bytearray(path.read_bytes())
    content[content.find(b"acct_00250") + 9] = ord("7")
    path.write_bytes(content)
    with pytest.raises(InputError, match="a page does not match its checksum"):
        list(readers.read(path, CANONICAL))


def test_more_rows_than_a_log_of_that_size_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    nothing = pa.record_batch({"account_id": pa.nulls(1 << 20, pa.string())})
    with pq.ParquetWriter(path, nothing.schema) as writer:
        for _ in range(4):
            writer.write_batch(nothing)
    with pytest.raises(InputError, match="more than 8 rows a byte"):
        next(readers.read(path, CANONICAL))


def test_more_than_a_log_of_that_size_unpacks_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DECODED_FREE", 0)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"prompt_text": ["x " * 100_000] * 64}), path, compression="zstd")
    with pytest.raises(InputError, match="more than 1,000 times its size"):
        list(readers.read(path, CANONICAL))


def test_columns_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COLUMNS_MAX", 3)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: [1] for name in "abcd"}), path)
    with pytest.raises(InputError, match="more than 3 columns"):
        list(readers.read(path, CANONICAL))


def test_an_encrypted_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PARE" + b"\0" * 60 + b"PARE")
    with pytest.raises(InputError, match="an encrypted Parquet file"):
        list(readers.read(path, CANONICAL))


def test_folder_names_and_columns_of_another_case(tmp_path: Path) -> None:
    path = tmp_path / "account_id=a" / "part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"PROMPT_TEXT": ["p", "q"]}), path)
    [chunk] = readers.read(path, CANONICAL)
    assert chunk.batch.to_pylist() == [{"account_id": "a", "prompt_text": "p"}, {"account_id": "a", "prompt_text": "q"}]


def test_times_as_spark_and_impala_wrote_them(tmp_path: Path) -> None:
    times = pa.array([1_795_000_000_123_456, -1, 0], pa.timestamp("us", "UTC"))
    calls = pa.table({"start_time": times, "account_id": ["a", "b", "c"], "prompt_text": ["x", "y", "z"]})
    pq.write_table(calls, tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    assert pq.read_metadata(tmp_path / "a.parquet").schema.column(0).physical_type == "INT96"
    (chunk,) = readers.read(tmp_path / "a.parquet", CANONICAL)
    assert chunk.batch.column("start_time").cast(times.type).equals(times)
    assert intake.admit(chunk.batch).calls.column("start_time").to_pylist()[0] == times[0].as_py()
