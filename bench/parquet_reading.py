"""The yardstick of ``bench.performance``: pyarrow merely reading the columns of a log that ``gauger score`` reads.

Run as ``python -m bench.parquet_reading FILE``: prints the seconds it took, imports left out.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from gauger.engine.schema import CALL_SCHEMA

BATCH_ROWS = 65_536


def read(path: Path) -> tuple[int, float]:
    """Read every canonical column with pyarrow's own threads; returns rows and seconds."""
    started = time.perf_counter()
    file = pq.ParquetFile(path)
    columns = [name for name in file.schema_arrow.names if name in CALL_SCHEMA.names]
    rows = sum(batch.num_rows for batch in file.iter_batches(BATCH_ROWS, columns=columns))
    return rows, time.perf_counter() - started


if __name__ == "__main__":
    print(read(Path(sys.argv[1]))[1])
