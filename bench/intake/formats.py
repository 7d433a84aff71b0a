"""What reading and admitting the same calls costs in every format, beside Parquet.

Every file is read whole by the product's own reader and every batch admitted, turn about in one process on one core.
Processor time is taken, as disks and neighbours are none of the formats' business. Run as ``python -m
bench.intake.formats`` from the root of the repository; prints a Markdown table.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.intake.logs import SHAPES, Shape, make
from bench.pages.machine import load, machine, versions
from bench.pages.markdown import table
from gauger.benchmark import turns
from gauger.engine.intake.admission import admit
from gauger.logs import readers
from gauger.logs.columns import load_column_map

CALLS = 100_000
ROUNDS = 5
RATIO_MAX = 3.0  # of JSON lines over Parquet


def admitted(path: Path, columns: str | None) -> int:
    """Calls of a log, read and admitted."""
    return sum(admit(chunk.batch).calls.num_rows for chunk in readers.read(path, load_column_map(columns)))


def page(times: Mapping[str, Sequence[float]], calls: int, sizes: Mapping[str, int]) -> str:
    """The table of seconds by shape; the first is the measure of the others."""
    yardstick = next(iter(times.values()))
    rows = []
    for name, seconds in times.items():
        middle, ratio = statistics.median(seconds), turns.ratio(seconds, yardstick)
        rows.append(
            [name, f"{sizes[name] / 1e6:.0f}", f"{middle:.2f}", f"{1e6 * middle / calls:.1f}", f"{ratio:.2f} x"]
        )
    return table(["log", "MB", "processor s", "us a call", "over Parquet"], rows)


def measure(folder: Path, calls: int, rounds: int, only: Sequence[Shape] = SHAPES) -> str:
    """Write the logs, take turns at them and return the table."""
    logged = make(folder, calls)
    for shape in only:
        shape.write(logged, folder / shape.file)
    works = {shape.name: partial(admitted, folder / shape.file, shape.columns) for shape in only}
    counts = {name: work() for name, work in works.items()}
    if len(set(counts.values())) > 1:
        raise RuntimeError(f"the logs do not give the same calls: {counts}")
    with turns.one_core():
        times = turns.take_turns(works, rounds, time.process_time)
    sizes = {shape.name: (folder / shape.file).stat().st_size for shape in only}
    return page(times, logged.num_rows, sizes)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.intake.formats", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of each log (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to take medians of (default %(default)s)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-intake-") as folder:
        found = measure(Path(folder), chosen.calls, chosen.rounds)
    print(f"{machine()}; load {load():.1f}. {versions()}.\n\n{found}")


if __name__ == "__main__":
    main()
