"""How long a process waits before its first call: with an empty kernel cache, with a filled one, and once warm.

Run as ``python -m bench.speed.cold_start`` from the root of the repository; prints a Markdown table. Every start is a
process of its own, and the cache is a folder of this bench's own.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.pages.markdown import table

ROUNDS = 5
_ROOT = Path(__file__).resolve().parents[2]
_ENGINE = "import gauger; gauger.Engine()"
# Prints milliseconds of the first and of a later call in a process whose kernels are loaded.
_CALLS = """
import time
import gauger
import pyarrow as pa
engine = gauger.Engine()
batch = pa.record_batch({
    "start_time": pa.array([1_773_619_200_000_000 + row for row in range(1000)], pa.timestamp("us", "UTC")),
    "account_id": pa.array([f"a{row % 40}" for row in range(1000)]),
    "prompt_text": pa.array([f"Tell me about river {row}, and how long it is." for row in range(1000)]),
})
for part in (batch, batch):
    started = time.perf_counter()
    engine.observe(part)
    print(1e3 * (time.perf_counter() - started))
call = {"start_time": "2026-03-16T12:00:00Z", "account_id": "a1", "prompt_text": "Tell me about river 7."}
for _ in range(2):
    started = time.perf_counter()
    engine.check(call)
    print(1e3 * (time.perf_counter() - started))
"""


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, cwd=_ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def _calls(environment: Mapping[str, str]) -> list[float]:
    ran = subprocess.run(
        [sys.executable, "-c", _CALLS], env=environment, cwd=_ROOT, check=True, capture_output=True, text=True
    )
    return [float(line) for line in ran.stdout.split()]


def measure(rounds: int) -> list[list[str]]:
    """Rows of the table: what was waited for, and how long."""
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as folder:
        environment = {**os.environ, "GAUGER_CACHE_DIR": folder}
        engine = [sys.executable, "-c", _ENGINE]
        empty = _seconds(engine, environment)
        filled, helped, imported = (
            statistics.median(_seconds(command, environment) for _ in range(rounds))
            for command in (
                engine,
                [sys.executable, "-m", "gauger", "--help"],
                [sys.executable, "-c", "import gauger"],
            )
        )
        calls = [statistics.median(times) for times in zip(*(_calls(environment) for _ in range(rounds)), strict=True)]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return [
        ["`import gauger; gauger.Engine()`, empty kernel cache", f"{empty:.1f} s"],
        ["the same, filled cache", f"{filled:.2f} s"],
        ["`gauger --help`", f"{helped:.2f} s"],
        ["`import gauger`", f"{imported:.2f} s"],
        ["first `observe` of 1,000 calls, then a second", f"{calls[0]:.1f} ms, {calls[1]:.1f} ms"],
        ["first `check`, then a second", f"{calls[2]:.2f} ms, {calls[3]:.2f} ms"],
        ["size of the filled cache", f"{size / 1e6:.1f} MB"],
    ]


def main() -> None:
    """Print the table."""
    print(f"Medians of {ROUNDS} processes, the interpreter's own start included; the empty cache once.\n")
    print(table(["", "takes"], measure(ROUNDS)))


if __name__ == "__main__":
    main()
