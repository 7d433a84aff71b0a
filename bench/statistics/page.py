"""The figures of ``docs/statistics.md``: what each statistic is, and what each is worth alone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.pages import history
from bench.pages.markdown import percent, table
from gauger.engine.statistics.registry import STATISTICS, Statistic

FILE = history.RESULTS / "statistics.jsonl"
TOGETHER = "evidence"  # the column of everything together, for comparison
# Of one statistic against one campaign: shares beyond the honest above and below them, each at 0.1 and at 1 % false
# positives; None where no account of the campaign has the statistic.
Tails = Sequence[Sequence[float] | None]
Found = Mapping[str, Mapping[str, Tails]]  # campaign -> statistic


def figures(file: Path = FILE) -> dict[str, str]:
    """Every figure of the page by name; what is alone of the newest row."""
    return listed() | measured(history.newest(file, ("alone",)))


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


def listed() -> dict[str, str]:
    """Tables of all statistics, from the registry."""
    head = ["statistic", "what it is", "formula", "source", "unit and range", "needs", "home", "ranked"]
    return {
        title: table(head, _rows(one for one in STATISTICS.values() if one.relational == relational), rule="---")
        for title, relational in (("of an account alone", False), ("against other accounts", True))
    }


def measured(row: history.Row) -> dict[str, str]:
    """What each statistic finds alone, what it was measured on, and how many find little."""
    if "alone" not in row:
        return {}
    day, found = row["alone"], row["alone"]["found"]
    names = [name for name in next(iter(found.values())) if name != TOGETHER]
    names.sort(key=lambda name: -best(found, name))
    lines = [[f"`{name}`", *(_cell(of.get(name, (None, None))) for of in found.values())] for name in names]
    lines.append(["**evidence** (all together)", *(_together(of) for of in found.values())])
    on = [
        f"{day['seed']}",
        f"{day['calls']:,}",
        f"{day['honest']:,}",
        *(f"{one:,}" for one in day["accounts"].values()),
    ]
    head = ["seed", "honest calls a day", "honest accounts weighed", *(f"accounts of {name}" for name in found)]
    known = [name for name in names if any(of[name][0] for of in found.values() if name in of)]
    strong = [f"`{name}`" for name in names if best(found, name) >= 0.5]
    weak = sum(best(found, name) < 0.1 for name in known)
    return {
        "measured on": table([*head, "commit"], [on]),
        "alone": table(["statistic", *found], lines),
        "worth": table(
            ["statistics available here", "never reach 10 %", "reach half of a campaign", "which"],
            [[f"{len(known)}", f"{weak}", f"{len(strong)}", ", ".join(strong) or "none"]],
        ),
    }


def _cell(tails: Tails) -> str:
    shown = [
        f"{arrow} {percent(tail[0], 0)} / {percent(tail[1], 0)}"
        for arrow, tail in zip("↑↓", tails, strict=True)
        if tail is not None
    ]
    return " ".join(shown) or "-"


def best(found: Found, name: str) -> float:
    """Greatest recall at 1 % of a statistic over campaigns and tails; 0 where it was never available."""
    return max((tail[1] for of in found.values() for tail in of.get(name, ()) if tail is not None), default=0.0)


def _together(of: Mapping[str, Tails]) -> str:
    high = of[TOGETHER][0] if TOGETHER in of else None
    return "-" if high is None else f"↑ {percent(high[0], 0)} / {percent(high[1], 0)}"
