"""The generated parts of ``docs/statistics.md``: what each statistic is, and what each is worth alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.pages.markdown import percent, table
from gauger.engine.statistics.registry import STATISTICS, Statistic

LISTED = ("<!-- statistics:begin -->", "<!-- statistics:end -->")
MEASURED = ("<!-- measured:begin -->", "<!-- measured:end -->")
TOGETHER = "evidence"  # the column of everything together, for comparison


@dataclass(frozen=True)
class Tail:
    """Share of a campaign's accounts beyond the day's honest ones, in one tail."""

    tenth_percent: float
    one_percent: float


@dataclass(frozen=True)
class Alone:
    """One statistic against one campaign; None where no account of the campaign has it."""

    high: Tail | None
    low: Tail | None


@dataclass(frozen=True)
class Day:
    """What was measured, and on what."""

    seed: int
    calls: int
    honest: int  # accounts with enough calls to be weighed
    accounts: Mapping[str, int]  # of each campaign
    found: Mapping[str, Mapping[str, Alone]]  # campaign -> statistic


def _columns(statistic: Statistic) -> str:
    return " or ".join(f"`{name}`" for name in statistic.columns)


def _rows(statistics: Iterable[Statistic]) -> list[list[str]]:
    return [
        [
            f"`{one.name}`",
            one.title,
            one.formula,
            one.source,
            f"{one.unit}, {one.range}",
            _columns(one),
            f"`{one.home}`",
            "yes" if one.ranked else "no",
        ]
        for one in statistics
    ]


def listed() -> str:
    """Tables of all statistics, from the registry."""
    head = ["statistic", "what it is", "formula", "source", "unit and range", "needs", "home", "ranked"]
    parts = []
    for title, relational in (("Of an account alone", False), ("Against other accounts", True)):
        rows = _rows(one for one in STATISTICS.values() if one.relational == relational)
        lines = [head, ["---"] * len(head), *rows]
        parts.append(f"### {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def _cell(alone: Alone | None) -> str:
    if alone is None or alone.high is None or alone.low is None:
        return "-"
    shown = [
        f"{arrow} {percent(tail.tenth_percent, 0)} / {percent(tail.one_percent, 0)}"
        for arrow, tail in (("↑", alone.high), ("↓", alone.low))
    ]
    return " ".join(shown)


def best(day: Day, name: str) -> float:
    """Greatest recall at 1 % of a statistic over campaigns and tails; 0 where it was never available."""
    tails = [
        tail.one_percent
        for found in day.found.values()
        if name in found
        for tail in (found[name].high, found[name].low)
        if tail is not None
    ]
    return max(tails, default=0.0)


def measured(day: Day, command: str) -> str:
    """The measured part: how, the table, and what follows from it by counting."""
    names = [name for name in STATISTICS if any(name in found for found in day.found.values())]
    names.sort(key=lambda name: -best(day, name))
    campaigns = list(day.found)
    rows = [[f"`{name}`", *(_cell(day.found[campaign].get(name)) for campaign in campaigns)] for name in names]
    rows.append(["**evidence** (all together)", *(_together(day.found[campaign]) for campaign in campaigns)])
    planted = ", ".join(f"{name} {number:,}" for name, number in day.accounts.items())
    known = [name for name in names if any(found[name].high for found in day.found.values() if name in found)]
    weak = sum(best(day, name) < 0.1 for name in known)
    strong = [f"`{name}`" for name in names if best(day, name) >= 0.5]
    return f"""\
Recall in percent at 0.1 % / at 1 % false positives, above (↑) and below (↓) the honest accounts, one statistic at a
time. Seed {day.seed}, {day.calls:,} honest calls a day, {day.honest:,} honest accounts with at least five calls: 0.1 %
is {max(1, day.honest // 1000)} of them, so that the first figure is coarse. The thresholds are those of the day's own
honest accounts and need the truth. A dash: no account of the campaign has the statistic. Accounts of the campaigns:
{planted}. Written by `{command}`.

{table(["statistic", *campaigns], rows)}

Of {len(known)} statistics that are available here, {weak} never reach 10 % at 1 % false positives, on any campaign, in
either tail. {len(strong)} reach half of some campaign: {", ".join(strong) or "none"}."""


def _together(found: Mapping[str, Alone]) -> str:
    high = found[TOGETHER].high if TOGETHER in found else None
    return "-" if high is None else f"↑ {percent(high.tenth_percent, 0)} / {percent(high.one_percent, 0)}"
