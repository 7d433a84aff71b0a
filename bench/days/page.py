"""The figures of ``docs/days.md``: the newest of each bench over days."""

from pathlib import Path

from bench.agents import page as agents
from bench.days import drift, poisoned, weeks
from bench.days.command import FILE
from bench.pages import history

BENCHES = {"drift": drift, "poisoned": poisoned, "weeks": weeks, "agents": agents}


def figures(file: Path = FILE) -> dict[str, str]:
    """One table a bench."""
    kept = history.newest(file, tuple(BENCHES))["runs"]
    return {
        name: bench.figure(kept[name], [bench.Row(**row) for row in kept[name][name]])
        for name, bench in BENCHES.items()
        if name in kept
    }
