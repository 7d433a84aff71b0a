"""Writing Parquet so that a file is either there and whole, or not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.engine.results.tables import TRUTH

# Never repeated enough for a dictionary to pay.
_PLAIN = ("prompt_text", "response_id", "start_time", "prompt_token_ids")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_calls(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write canonical batches to one Parquet file, a row group each."""
    dictionary = [field.name for field in schema if field.name not in _PLAIN and not pa.types.is_list(field.type)]
    with (
        _whole(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=dictionary) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)


def write_truth(path: Path, account_id: pa.Array, campaign: pa.Array, kind: pa.Array) -> None:
    """Write truth.parquet: an account a row, ``campaign`` null for the benign."""
    table = pa.Table.from_arrays([account_id, campaign, kind], schema=TRUTH)
    with _whole(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
