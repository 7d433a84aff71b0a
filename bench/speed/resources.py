"""What a command costs: wall time, processor time and peak memory of one child process; and the memory of some work.

Run as ``python -m bench.speed.resources COMMAND...``: the command's output, then one line of JSON. It is a process of
its own because Linux counts the memory of whoever starts a program into that program's peak; this one is small.
"""

import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """What one run of a command took."""

    seconds: float  # wall
    cpu_seconds: float  # user and system, all threads
    peak_bytes: int  # largest resident set
    exit_code: int


def spawn(command: Sequence[str]) -> Usage:
    """Run a command to its end, with this process's output."""
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], list(command), os.environ)
    _, status, used = os.wait4(child, 0)
    return Usage(
        seconds=time.perf_counter() - started,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * 1024,
        exit_code=os.waitstatus_to_exitcode(status),
    )


def measure(command: Sequence[str]) -> tuple[Usage, str]:
    """Run a command in the repository's root; returns what it took and what it printed.

    Raises RuntimeError with its last line when it fails.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "bench.speed.resources", *command],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    *printed, last = ran.stdout.splitlines()
    usage = Usage(**json.loads(last))
    if usage.exit_code:
        reason = (ran.stderr.splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{' '.join(command)}: exit code {usage.exit_code}: {reason}")
    return usage, "\n".join(printed)


def peak(work: Callable[[], T]) -> tuple[T, int]:
    """What a piece of work gives, and how far the resident memory rose above where it stood, in bytes.

    Memory that earlier work gave back only to the allocator is returned to the system first.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is where we stand
    before = _status("VmRSS")
    result = work()
    return result, max(0, _status("VmHWM") - before)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


if __name__ == "__main__":
    print(json.dumps(asdict(spawn(sys.argv[1:]))))
