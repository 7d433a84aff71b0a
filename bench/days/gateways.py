"""Whether a day has the same findings whoever logged it: Parquet beside the logs of gateways, through shipped maps.

A log holds some columns and lacks others, so each is compared with Parquet that has the columns its map reads. Calls
that failed have no finish reason in either.
"""

import shutil
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from bench.pages import history
from bench.pages.markdown import deliver, table
from bench.world.gateways import GATEWAYS
from gauger.batch.score import score
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.reference.directory import StateDirectory
from gauger.logs.columns import load_column_map

TABLES = ("accounts", "families", "campaigns", "calls")
_SECONDS = "Bedrock"  # whose times are whole seconds


@dataclass(frozen=True)
class Compared:
    """A log beside Parquet."""

    name: str
    scored: int
    flagged: int
    findings: int
    columns: int  # that both hold
    differing: list[str]  # tables


def measure(demo: Path, work: Path) -> list[Compared]:
    """Every gateway's log of the day of a demo, each scored with a copy of the demo's state and its key."""
    [day] = (demo / "logs" / "day").glob("*.parquet")
    calls = _without_empty(pq.read_table(day), "response_finish_reasons")
    native: dict[tuple[str, ...], dict[str, pa.Table]] = {}
    found = []
    for name, (write, columns) in GATEWAYS.items():
        held = {*load_column_map(columns).columns, "prompt_text"}
        names = tuple(one for one in calls.column_names if one in held and one in CALL_SCHEMA.names)
        part = calls.select(names)
        if name == _SECONDS:
            seconds = pc.floor_temporal(part["start_time"], unit="second")
            part = part.set_column(names.index("start_time"), "start_time", seconds)
        key = (*names, name == _SECONDS)
        if key not in native:
            native[key] = _scored(demo, work, _parquet(part, work / "day.parquet"), None)
        log = work / "day.jsonl"
        with log.open("wb") as file:
            for batch in part.to_batches(8_192):
                file.writelines(orjson.dumps(write(row)) + b"\n" for row in batch.to_pylist())
        ours, theirs = native[key], _scored(demo, work, log, columns)
        differing = [one for one in TABLES if not theirs[one].equals(ours[one])]
        flagged = int(pc.sum(theirs["accounts"]["flagged"]).as_py())
        findings = theirs["campaigns"].num_rows
        found.append(Compared(name, theirs["calls"].num_rows, flagged, findings, len(names), differing))
        print(found[-1], flush=True)
    return found


def _without_empty(calls: pa.Table, name: str) -> pa.Table:
    """Calls with null for an empty list."""
    lists = calls[name]
    filled = pc.if_else(pc.equal(pc.list_value_length(lists), 0), pa.scalar(None, lists.type), lists)
    return calls.set_column(calls.column_names.index(name), name, filled)


def _parquet(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path)
    return path


def _scored(demo: Path, work: Path, log: Path, columns: str | None) -> dict[str, pa.Table]:
    """The tables of a run; the work of earlier runs is removed first."""
    for folder in (work / "state", work / "out"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(demo / "state", work / "state")
    state = StateDirectory(work / "state", replace_days=True)
    run = score([log], work / "out", state=state, columns=columns)
    assert not run.doubts, run.doubts
    tables = {name: pq.read_table(work / "out" / f"{name}.parquet") for name in TABLES if name != "calls"}
    parts = sorted((work / "out" / "calls").glob("*.parquet"))
    return tables | {"calls": ds.dataset(parts).to_table().sort_by([("file", "ascending"), ("row", "ascending")])}


def figure(found: list[Compared]) -> str:
    """The table of a page."""
    head = ("log", "columns", "calls", "accounts flagged", "findings", "tables unlike Parquet's")
    rows = [
        (
            *(one.name, f"{one.columns}", f"{one.scored:,}", f"{one.flagged:,}", f"{one.findings}"),
            ", ".join(one.differing) or "none",
        )
        for one in found
    ]
    return f"`{history.commit()}`.\n\n{table(head, rows)}"


def main() -> None:
    """The command line."""
    parser = ArgumentParser(prog="python -m bench.days.gateways", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--demo", type=Path, required=True, help="where `gauger demo --out` wrote")
    parser.add_argument("--out", type=Path, default=Path("build/gateways"), help="scratch")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    deliver({"gateways": figure(measure(chosen.demo, chosen.out))}, chosen.write)


if __name__ == "__main__":
    main()
