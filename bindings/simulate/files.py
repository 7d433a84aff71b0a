"""Writing Parquet so that a file is either there and whole, or not there."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch.outputs import atomic, write_table
from gauger.engine.results.tables import TRUTH

# Never repeated enough for a dictionary to pay.
_PLAIN = ("prompt_text", "response_id", "start_time", "prompt_token_ids")


def write_calls(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write canonical batches to one Parquet file, a row group each."""
    dictionary = [field.name for field in schema if field.name not in _PLAIN and not pa.types.is_list(field.type)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        atomic(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=dictionary) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)


def write_truth(path: Path, account_id: pa.Array, campaign: pa.Array, kind: pa.Array) -> None:
    """Write truth.parquet: an account a row, ``campaign`` null for the benign."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, pa.Table.from_arrays([account_id, campaign, kind], schema=TRUTH))
