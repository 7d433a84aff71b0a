"""The figures of ``docs/robustness.md``: of each format the newest run over its mutants."""

from pathlib import Path
from typing import Any

from bench.pages import history
from bench.pages.markdown import table
from bench.robustness.mutants import FILE

_COUNTED = ("mutants", "errors", "rows", "scored", "refused", "left_out", "troubles")


def figures(file: Path = FILE) -> dict[str, str]:
    """One table for what was read, one for what was scored, and the runs they are of."""
    read: dict[str, tuple[dict[str, Any], str]] = {}
    scored: dict[str, tuple[dict[str, Any], str]] = {}
    about: dict[tuple[str, str], list[str]] = {}
    for row in history.read(file):
        read |= {name: (one, row["commit"]) for name, one in row.get("read", {}).items()}
        scored |= {", ".join(one["formats"]): (one, row["commit"]) for one in row.get("scored", [])}
        run = [f"`{row['commit']}`", f"`{row['command']}`", row["date"], row["machine"]]
        about.setdefault((row["commit"], row["command"]), run)
    used = {commit for _, commit in (*read.values(), *scored.values())}
    runs = [run for (commit, _), run in about.items() if commit in used]
    head = ["commit", "command", "began", "machine"]
    return {"read": _read(read), "scored": _scored(scored), "runs": table(head, runs, rule="---")}


def _read(found: dict[str, tuple[dict[str, Any], str]]) -> str:
    head = ["format", "mutants", "files with an error", "rows", "scored", "refused", "left out", "troubles"]
    head += ["slowest, CPU s", "most memory, MiB", "commit"]
    lines = [
        [name, *(f"{one[column]:,}" for column in _COUNTED), f"{one['cpu']:.2f}", str(one["peak"] >> 20), f"`{commit}`"]
        for name, (one, commit) in found.items()
    ]
    totals = [f"{sum(one[column] for one, _ in found.values()):,}" for column in _COUNTED]
    slowest, most = (max(one[name] for one, _ in found.values()) for name in ("cpu", "peak"))
    return table(head, [*lines, ["all", *totals, f"{slowest:.2f}", str(most >> 20), ""]])


def _scored(found: dict[str, tuple[dict[str, Any], str]]) -> str:
    head = ["formats that are scored together", "mutants", "runs", "troubles", "slowest run, CPU s"]
    head += ["most memory, MiB", "commit"]
    lines = [
        [name, f"{one['mutants']:,}", f"{one['runs']:,}", f"{len(one['troubles']):,}", f"{one['cpu']:.1f}",
         str(one["peak"] >> 20), f"`{commit}`"]
        for name, (one, commit) in found.items()
    ]  # fmt: skip
    return table(head, lines)
