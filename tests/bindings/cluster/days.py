"""A day in some files and a state directory with a reference, and what one machine finds in it."""

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch.score import score
from gauger.engine.common.settings import Settings
from tests.bindings import traffic

SETTINGS = Settings(reference_accounts_min=100, alarm_level=0.02)
TABLES = ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "quarantine", "calls")


@dataclass(frozen=True)
class Case:
    """What one machine was given, and gave."""

    logs: list[Path]
    state: Path  # as it was before
    out: Path
    state_after: Path

    def fresh_state(self, folder: Path) -> Path:
        """A copy of the state directory as it was before."""
        shutil.copytree(self.state, folder)
        return folder


def rows_of_day() -> list[dict[str, Any]]:
    """Two days of honest calls and a template, some of them delivered twice, two that are no calls."""
    start = traffic.DAY
    rows = [*traffic.honest(220, 8, 5, start), *traffic.campaign(30, 12, 6, start)]
    rows += traffic.honest(150, 6, 7, start + dt.timedelta(days=1))
    rows = [{**row, "response_id": f"r{number}" if number % 3 else None} for number, row in enumerate(rows)]
    return [*rows, *rows[100:160], {**rows[0], "account_id": None}, {**rows[1], "prompt_text": None}]


def make(folder: Path) -> Case:
    """Write logs, make a reference, and score."""
    schema = traffic.SCHEMA.append(pa.field("response_id", pa.string()))
    logs, rows = folder / "logs", rows_of_day()
    paths, size = [], 700
    for number, at in enumerate(range(0, len(rows), size)):
        paths.append(logs / ("a" if number < 2 else "a-b") / f"{number:02d}.parquet")  # as text they sort otherwise
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows[at : at + size], schema), paths[-1], row_group_size=200)
    for number in range(9, 7, -1):
        day = traffic.DAY - dt.timedelta(days=number)
        old = pa.Table.from_pylist(traffic.honest(260, 8, 100 + number, day), traffic.SCHEMA)
        pq.write_table(old, folder / "old.parquet")
        score([folder / "old.parquet"], folder / "old", state=folder / "state", settings=SETTINGS)
    case = Case(paths, folder / "state", folder / "out", folder / "after")
    score(paths, case.out, state=case.fresh_state(case.state_after), settings=SETTINGS)
    return case


def found(out: Path) -> dict[str, pa.Table]:
    """The tables of a run."""
    return {name: pq.read_table(out / (name if name == "calls" else f"{name}.parquet")) for name in TABLES}


def same_files(one: Path, other: Path) -> bool:
    """Whether two state directories hold the same, closed to the same people."""

    def held(folder: Path) -> dict[str, tuple[int, bytes]]:
        there = (path for path in folder.rglob("*") if path.name != "lock")
        return {
            str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in there
        }

    return held(one) == held(other)
