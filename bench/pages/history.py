"""The results that pages are filled from: rows of JSON in ``bench/results``, only ever added to."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.pages.machine import installed, load, machine
from bench.pages.markdown import table

RESULTS = Path(__file__).parents[1] / "results"
Row = dict[str, Any]


def begin(command: str) -> Row:
    """A row that says when, where and on what the run was; figures are added to it."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": installed(),
        "command": command,
        "load": load(),
    }


def commit() -> str:
    """The commit that is checked out, marked when tracked files differ from it; empty outside of a repository."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
        cwd=RESULTS,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip()


def append(row: Row, file: Path) -> None:
    """Add one row."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(json.dumps(row, separators=(",", ":")) + "\n")


def read(file: Path) -> list[Row]:
    """All rows, oldest first; none without a file."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def newest(file: Path, parts: Sequence[str]) -> Row:
    """What the newest row that measured it has to say of each part; ``runs`` names the row of each part."""
    runs = {part: row for row in read(file) for part in parts if part in row}
    return {part: row[part] for part, row in runs.items()} | {"runs": runs}


def runs(row: Row) -> str:
    """Which parts were measured together: on what commit, when and where."""
    together: dict[str, list[str]] = {}
    for part, run in row["runs"].items():
        together.setdefault(run["date"], []).append(part)
    lines = []
    for parts in together.values():
        run = row["runs"][parts[0]]
        packages = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
        load_after = f", after {run['load_after']:.1f}" if "load_after" in run else ""
        on = f"{run['machine']}; load before {run['load']:.1f}{load_after}"
        lines.append([", ".join(parts), f"`{run['commit']}`", run["date"], on, packages])
    return table(["measured", "commit", "on", "machine", "versions"], lines, rule="---")
