"""Whole commands, turn about: pyarrow reading a log, ``gauger score`` on it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.speed import parquet_reading, resources
from bench.speed.resources import Usage
from gauger.batch import outputs


@dataclass(frozen=True)
class Round:
    """pyarrow reading the log, then ``gauger score`` on it, each in a process of its own."""

    read_seconds: float  # reading alone, without starting Python: the yardstick
    reading: Usage  # of the whole process
    scoring: Usage


def rounds(
    day: Path, state: Path, scratch: Path, count: int, threads: int, tell: Callable[[str], None]
) -> tuple[list[Round], dict[str, Any]]:
    """``count`` rounds, after a warm-up that does not count; also the manifest of the last run.

    Both use the same number of threads.
    """
    measured = []
    for turn in range(count + 1):
        reading, printed = resources.measure(
            [sys.executable, "-m", parquet_reading.__name__, str(day.resolve()), str(threads)]
        )
        one = Round(float(printed), reading, _scoring(day, state, scratch, threads))
        tell(f"round {turn}: reading {one.read_seconds:.2f} s, gauger score {one.scoring.seconds:.1f} s")
        if turn:  # the first fills the page cache and Numba's
            measured.append(one)
    return measured, outputs.read_manifest(scratch / "out")


def _scoring(day: Path, state: Path, scratch: Path, threads: int) -> Usage:
    own = scratch / "state"  # a run commits its day: the next round must not find it there
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(state, own)
    log, out, copy = (str(path.resolve()) for path in (day, scratch / "out", own))
    options = ["--out", out, "--workers", str(threads), "--state", copy]
    return resources.measure([sys.executable, "-m", "gauger", "score", log, *options])[0]
