"""The yardstick of ``bench.speed``: pyarrow merely reading the columns of a log that ``gauger score`` reads.

Run as ``python -m bench.speed.parquet_reading LOG THREADS``, a file or a folder of them: prints the seconds it took,
imports left out.
"""

import sys
from pathlib import Path

from gauger.benchmark.command import read_seconds

if __name__ == "__main__":
    log = Path(sys.argv[1])
    files = sorted(log.glob("*.parquet")) if log.is_dir() else [log]
    print(sum(read_seconds(file, int(sys.argv[2]))[1] for file in files))
