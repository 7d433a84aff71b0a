"""The figures of ``docs/robustness.md``: the newest run over mutants."""

from pathlib import Path
from typing import Any

from bench.pages import history
from bench.pages.markdown import table
from bench.robustness.mutants import FILE


def figures(file: Path = FILE) -> dict[str, str]:
    """One table for what was read, and one for what was scored."""
    kept = history.newest(file, ("read", "scored"))
    runs = kept.pop("runs")
    makers = {"read": _read, "scored": _scored}
    return {name: f"{_about(runs[name])}\n\n{makers[name](found)}" for name, found in kept.items()}


def _about(row: dict[str, Any]) -> str:
    load = f"load before {row['load']:.1f}, after {row['load_after']:.1f}"
    return f"`{row['command']}` on `{row['commit']}`, {row['date']}; {row['machine']}; {load}."


def _read(found: dict[str, dict[str, Any]]) -> str:
    head = ["format", "mutants", "files with an error", "rows", "scored", "refused", "left out", "troubles"]
    head += ["slowest, CPU s", "most memory, MiB"]
    counted = ("mutants", "errors", "rows", "scored", "refused", "left_out", "troubles")
    lines = [
        [name, *(f"{one[column]:,.0f}" for column in counted), f"{one['cpu']:.2f}", f"{one['peak'] >> 20}"]
        for name, one in found.items()
    ]
    totals = [f"{sum(one[column] for one in found.values()):,.0f}" for column in counted]
    slowest, most = (max(one[name] for one in found.values()) for name in ("cpu", "peak"))
    return table(head, [*lines, ["all", *totals, f"{slowest:.2f}", f"{most >> 20}"]])


def _scored(found: list[dict[str, Any]]) -> str:
    head = ["formats, by column map", "mutants", "runs", "troubles", "slowest run, CPU s", "most memory, MiB"]
    lines = [
        [", ".join(one["formats"]), f"{one['mutants']:,}", f"{one['runs']:,}", f"{len(one['troubles']):,}",
         f"{one['cpu']:.1f}", f"{one['peak'] >> 20}"]
        for one in found
    ]  # fmt: skip
    return table(head, lines)
