"""The figures of ``docs/detection.md``: tables of the newest row of each day that ``bench.detection`` measured."""

from collections.abc import Sequence
from pathlib import Path

from bench.detection import ablation, sections, tables
from bench.detection.log import LOG, Row, latest, unpacked
from bench.detection.metrics import RATES
from bench.detection.parts import PARTS
from bench.detection.rungs import ALL, CLEAN, TOGETHER, Outcome
from bench.pages.history import read
from bench.pages.markdown import percent, table


def figures(log: Path = LOG) -> dict[str, str]:
    """Every figure of the page by name; those of parts that were not measured are left out."""
    rows = read(log)
    of = {part: latest(rows, part) for part in PARTS}
    scored = {part: [unpacked(row) for row in own if "outcome" in row] for part, own in of.items()}
    found = {"runs": _runs(of, scored)}
    found |= _grids(scored["recall"], "content") if of["recall"] else {}
    if of["traces"]:
        found |= {"traces": tables.traces(scored["traces"], tables.flagged)} | _grids(scored["traces"], "")
    for part, make in (("size", tables.sizes), ("calls", tables.volumes)):
        found |= {part: make(scored[part], tables.flagged)} if of[part] else {}
    found |= {"evasion": tables.evasion(scored["evasion"])} if of["evasion"] else {}
    found |= _honest(of["benign"], scored["benign"])
    found |= _campaigns("eight", scored["findings"])
    for rate in RATES if of["baselines"] else ():
        found[f"baselines at {percent(rate)} %"] = sections.baselines(of["baselines"], rate)
    found |= {"streams": sections.streams(of["stream"])} if of["stream"] else {}
    every = [outcome for part in scored.values() for outcome in part]
    ladder = {(one.seed, one.campaign): one for one in every if one.campaign in ALL}
    found |= {"details": tables.details(list(ladder.values()))} if ladder else {}
    found |= {"throughput": tables.throughput(every)} if every else {}
    return found | ablation.figures(log.with_name(ablation.FILE.name))


def _runs(of: dict[str, list[Row]], scored: dict[str, list[Outcome]]) -> str:
    """What each part was measured on: days of how many calls, seeds, honest accounts, commits."""
    lines = []
    for part, rows in of.items():
        busy = sections.benign_behind(rows) if part == "baselines" and rows else None
        lines.append(
            [
                f"`{part}`",
                f"{rows[0]['calls']:,}" if rows else "not measured",
                ", ".join(map(str, sorted({row["seed"] for row in rows}))) or "-",
                str(len(rows)),
                busy or tables.count(outcome.busy.benign_accounts for outcome in scored[part]),
                ", ".join(dict.fromkeys(f"`{row['commit']}`" for row in rows)) or "-",
            ]
        )
    return table(["part", "honest calls a day", "seeds", "days scored", "honest accounts weighed", "commit"], lines)


def _grids(outcomes: Sequence[Outcome], traces: str) -> dict[str, str]:
    name = traces or "default traces"
    return {
        f"{name}, flagged": tables.grid(outcomes, tables.flagged, traces),
        f"{name}, exact": tables.grid(outcomes, tables.exact, traces),
        f"{name}, cost": tables.costs(outcomes, traces),
    }


def _honest(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> dict[str, str]:
    clean, together = ([one for one in outcomes if one.campaign == name] for name in (CLEAN, TOGETHER))
    new = [row for row in rows if "cohort" in row]
    found = {"clean days": tables.clean_days(clean), "kinds": tables.kinds(clean, together)} if clean else {}
    return found | ({"cohorts": sections.cohorts(new)} if new else {}) | _campaigns("default", together)


def _campaigns(name: str, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Days of many campaigns."""
    if not outcomes:
        return {}
    return {f"{name} campaigns": tables.planted(outcomes), f"{name} days": tables.planted_days(outcomes)}
