"""The measurements of ``bench.performance``: whole commands turn about, and stages on one core."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench import parquet_reading, resources
from bench.resources import Usage
from gauger import outputs
from gauger.bench import Stage, stages
from gauger.columns import load_column_map
from gauger.engine.engine import MEASURE_ROWS
from gauger.engine.intake import admit
from gauger.engine.measure import text_buffers
from gauger.readers import read


@dataclass(frozen=True)
class Round:
    """pyarrow reading the log, then ``gauger score`` on it, each in a process of its own."""

    read_seconds: float  # reading alone, without starting Python: the yardstick
    reading: Usage  # of the whole process
    scoring: Usage


@dataclass(frozen=True)
class Staged:
    """Stages on one core, over the first calls of the log."""

    calls: int
    prompt_bytes: int
    stages: list[Stage]


def rounds(
    day: Path, state: Path, scratch: Path, count: int, tell: Callable[[str], None]
) -> tuple[list[Round], dict[str, Any]]:
    """``count`` rounds, after a warm-up that does not count; also the manifest of the last run."""
    measured = []
    for turn in range(count + 1):
        reading, printed = resources.measure([sys.executable, "-m", parquet_reading.__name__, str(day.resolve())])
        one = Round(float(printed), reading, _scoring(day, state, scratch))
        tell(f"round {turn}: reading {one.read_seconds:.2f} s, gauger score {one.scoring.seconds:.1f} s")
        if turn:  # the first fills the page cache and Numba's
            measured.append(one)
    return measured, outputs.read_manifest(scratch / "out")


def _scoring(day: Path, state: Path, scratch: Path) -> Usage:
    own = scratch / "state"  # a run commits its day: the next round must not find it there
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(state, own)
    log, out, copy = (str(path.resolve()) for path in (day, scratch / "out", own))
    return resources.measure([sys.executable, "-m", "gauger", "score", log, "--out", out, "--state", copy])[0]


def staged(day: Path, calls_max: int) -> Staged:
    """The stages of ``gauger bench``, on about ``calls_max`` calls of the log."""
    batches = first_batches(day, calls_max)
    prompt_bytes = 0
    for batch in batches:
        offsets = text_buffers(batch.column("prompt_text"))[1]
        prompt_bytes += int(offsets[-1] - offsets[0])
    return Staged(sum(batch.num_rows for batch in batches), prompt_bytes, stages(batches))


def first_batches(day: Path, calls_max: int) -> list[pa.RecordBatch]:
    """Admitted batches with about ``calls_max`` calls together, as large as a worker measures at a time."""
    batches: list[pa.RecordBatch] = []
    for chunk in read(day, load_column_map(None), batch_rows=MEASURE_ROWS):
        batches.append(admit(chunk.batch).calls)
        if sum(batch.num_rows for batch in batches) >= calls_max:
            break
    return batches
