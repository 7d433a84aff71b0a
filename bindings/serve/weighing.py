"""Weighing a day in a process of its own: ``gauger score`` over its files, at low priority, put in place when done.

OUT/2026-03-16/      the tables of a day, as ``gauger score`` writes them; of a day that is not closed, so far
OUT/.weighing/       what is being written
OUT/.weighing.files  what is weighed, a path a line: a day of many hosts has more files than a command line takes
OUT/.weighing.log    what the run says: in a file, since a pipe that nobody reads would hold it up
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

_FOLDER, _FILES, _LOG = ".weighing", ".weighing.files", ".weighing.log"
_NICE = 10
_SAID_MAX = 400  # characters of the last line that a run said
_GRACE_SECONDS = 5.0
_TAIL_BYTES = 65_536  # of what a run said


@dataclass(frozen=True)
class Weighed:
    """How a weighing ended."""

    day: date
    seconds: float
    error: str | None = None
    manifest: dict[str, Any] = field(default_factory=dict)


@dataclass
class Weighing:
    """One weighing that is going on."""

    day: date
    closes: bool  # whether the day is over
    files: Sequence[Path]
    out: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    def poll(self) -> Weighed | None:
        """How it ended; None while it goes on."""
        if self.process.poll() is None:
            return None
        seconds = time.monotonic() - self.started
        manifest, said = self.out / _FOLDER / "manifest.json", _last_line(self.out / _LOG)
        for name in (_LOG, _FILES):
            (self.out / name).unlink(missing_ok=True)
        if not manifest.exists():
            last = said or f"ended with {self.process.returncode}"
            return Weighed(self.day, seconds, last.removeprefix("gauger: ")[:_SAID_MAX])
        found = orjson.loads(manifest.read_bytes())
        _put_in_place(self.out / _FOLDER, self.out / self.day.isoformat())
        return Weighed(self.day, seconds, None, found)

    def stop(self) -> None:
        """End it; the day is weighed again after a restart."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(day: date, files: Sequence[Path], out: Path, *, closes: bool, options: Sequence[str]) -> Weighing:
    """Begin to weigh a day; options : of ``gauger score``"""
    shutil.rmtree(out / _FOLDER, ignore_errors=True)
    (out / _FILES).write_bytes(b"\n".join(map(os.fsencode, files)))
    command = [sys.executable, "-m", "gauger", "score", "--files-from", str(out / _FILES)]
    command += ["--out", str(out / _FOLDER), *options]
    command += ["--recorded"]  # who can write to the spool could else leave a log there, which nothing seals
    command += ["--fresh"] if closes else ["--fresh", "--provisional"]
    with open(out / _LOG, "wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
        )
    with suppress(ProcessLookupError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)  # before it has threads, which would keep theirs
    return Weighing(day, closes, files, out, process)


def _last_line(log: Path) -> str:
    with open(log, "rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _put_in_place(new: Path, place: Path) -> None:
    """Put the tables of a day in the place of the ones before, each of them whole at any moment but one."""
    before = place.with_name(f".{place.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if place.exists():
        os.rename(place, before)
    os.rename(new, place)
    shutil.rmtree(before, ignore_errors=True)
