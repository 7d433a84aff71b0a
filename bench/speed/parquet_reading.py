"""The yardstick of ``bench.speed``: pyarrow merely reading the columns of a log that ``gauger score`` reads.

Run as ``python -m bench.speed.parquet_reading FILE THREADS``: prints the seconds it took, imports left out.
"""

import sys
from pathlib import Path

from gauger.benchmark.command import read_seconds

if __name__ == "__main__":
    print(read_seconds(Path(sys.argv[1]), int(sys.argv[2]))[1])
