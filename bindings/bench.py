"""``gauger bench``: throughput on this machine, on simulated traffic or the user's own log.

Stages are timed in turn, round after round, in one process, and medians are quoted: machines drift, ratios hold.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gauger.columns import load_column_map
from gauger.engine.engine import MEASURE_ROWS
from gauger.engine.errors import InputError, KernelInputError
from gauger.engine.intake import admit
from gauger.engine.measure import Measurer, list_buffers, text_buffers
from gauger.engine.secret import Secret
from gauger.engine.settings import Settings
from gauger.engine.state import State
from gauger.kernels.floor import sum_bytes
from gauger.readers import format_of, read
from gauger.score import score
from gauger.simulate import simulate

Progress = Callable[[str, int, int], None]
ROUNDS = 5
_CALLS = 50_000
_ROWS_MAX = 200_000  # rows of the log the stages are timed on


@dataclass(frozen=True)
class Stage:
    """One row of the table: median seconds of a round over all rows."""

    name: str
    seconds: float


def _batches(path: Path, columns: str | None) -> list[pa.RecordBatch]:
    batches, rows = [], 0
    for chunk in read(path, load_column_map(columns)):
        if chunk.batch.num_rows:
            try:
                calls = admit(chunk.batch).calls
            except (InputError, KernelInputError) as error:
                raise InputError(f"{path}: {error}") from None
            batches += [calls.slice(at, MEASURE_ROWS) for at in range(0, calls.num_rows, MEASURE_ROWS)]
            rows += calls.num_rows
        if rows >= _ROWS_MAX:
            break
    if not rows:
        raise InputError(f"{path}: holds no call that can be scored")
    return batches


def _median(times: list[float]) -> float:
    return float(np.median(times))


def stages(batches: list[pa.RecordBatch]) -> list[Stage]:
    """Median time of each stage over all batches, on one core."""
    secret = Secret.random()
    measurer = Measurer(secret)
    raw = [_content(batch) for batch in batches]
    times: dict[str, list[float]] = {"byte scan": [], "admit": [], "the pass": [], "fold into sketches": []}
    for turn in range(ROUNDS + 1):
        state = State(secret, Settings())
        spent = dict.fromkeys(times, 0.0)
        for batch, values in zip(batches, raw, strict=True):
            marks = [time.perf_counter()]
            sum_bytes(values)
            marks.append(time.perf_counter())
            admit(batch)
            marks.append(time.perf_counter())
            measures = measurer.measure(batch, state.words)
            marks.append(time.perf_counter())
            state.update(batch, measures)
            marks.append(time.perf_counter())
            for name, low, high in zip(spent, marks, marks[1:], strict=False):
                spent[name] += high - low
        if turn:  # the first round warms caches and page tables
            for name, seconds in spent.items():
                times[name].append(seconds)
    return [Stage(name, _median(values)) for name, values in times.items()]


def _read_seconds(path: Path) -> float | None:
    """Median time pyarrow takes to read the columns a score reads; None for other formats than Parquet."""
    if format_of(path) != "parquet":
        return None
    times = []
    for _ in range(3):
        mark = time.perf_counter()
        for _ in pq.ParquetFile(path).iter_batches(65_536):
            pass
        times.append(time.perf_counter() - mark)
    return _median(times)


def bench(source: Path | None, columns: str | None, progress: Progress) -> str:
    """Measure and return the table to print."""
    with tempfile.TemporaryDirectory(prefix="gauger-bench-") as folder:
        if source is None:
            progress("simulating", 0, 0)
            source = simulate(Path(folder) / "log", calls=_CALLS, reference_days=1, reference_calls=500).day
        progress("stages", 0, 0)
        batches = _batches(source, columns)
        rows = sum(batch.num_rows for batch in batches)
        measured = stages(batches)
        reading = _read_seconds(source)
        run = score([source], Path(folder) / "out", columns=columns, progress=progress)
    content = sum(_content(batch).size for batch in batches)
    floor = measured[0].seconds
    lines = [
        f"{rows:,} calls, {content / rows:,.0f} bytes of prompt each; medians of {ROUNDS} rounds, one core",
        f"  {'stage':<20} {'ns/byte':>8} {'calls/s':>12} {'x byte scan':>12}",
    ]
    for stage in measured:
        lines.append(
            f"  {stage.name:<20} {stage.seconds / content * 1e9:>8.3f} {rows / stage.seconds:>12,.0f} "
            f"{stage.seconds / floor:>12.1f}"
        )
    total = run.manifest["seconds"]["total"]
    lines.append(
        f"gauger score, whole command: {total:.1f} s, {run.manifest['calls_per_second']:,.0f} calls/s on all cores"
    )
    if reading is not None:
        lines.append(
            f"pyarrow reading the same file: {reading:.2f} s; the whole command takes {total / reading:.1f} times that"
        )
    return "\n".join(lines)


def _content(batch: pa.RecordBatch) -> np.ndarray:
    """The bytes of a batch's prompts, uint8, without those of the buffer it is a slice of."""
    if "prompt_text" in batch.schema.names:
        values, offsets = text_buffers(batch.column("prompt_text"))
        return values[offsets[0] : offsets[-1]]
    ids, offsets = list_buffers(batch.column("prompt_token_ids"))
    return ids[offsets[0] : offsets[-1]].view(np.uint8)
