"""``bench/results/history.jsonl``: every run of the bench, one row of JSON each, only ever added to."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.pages.machine import installed, machine

HISTORY = Path(__file__).parents[1] / "results" / "history.jsonl"
PARTS = ("speed", "accuracy", "sections", "command_line")
Row = dict[str, Any]


def begin(command: str) -> Row:
    """A row that says when, where and on what the run was; figures are added to it."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": installed(),
        "command": command,
    }


def commit() -> str:
    """The commit that is checked out, marked when tracked files differ from it; empty outside of a repository."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=HISTORY.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip()


def append(row: Row, history: Path = HISTORY) -> None:
    """Add one row."""
    with history.open("a") as file:
        file.write(json.dumps(row) + "\n")


def last(history: Path = HISTORY, parts: Sequence[str] = PARTS) -> Row:
    """The newest row, and of parts it did not measure what the newest row that did has to say.

    ``older`` names these parts and the commits they were measured on.
    """
    row, older = Row(), dict[str, str]()
    for line in history.read_text().splitlines():
        later: Row = json.loads(line)
        older = {part: older.get(part, row["commit"]) for part in parts if part in row and part not in later}
        row = row | later
    return row | {"older": older}
