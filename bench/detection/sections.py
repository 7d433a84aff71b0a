"""The tables of ``docs/detection.md`` that are not of one scored day: baselines, streams and new honest cohorts."""

import statistics
from collections import Counter
from collections.abc import Sequence

from bench.detection.log import Row
from bench.detection.metrics import RATES, wilson
from bench.detection.tables import count
from bench.pages.markdown import percent, spread, table


def baselines(rows: Sequence[Row], rate: float) -> str:
    """Contestants by campaign: recall at a share of false positives, and the interval over seeds and accounts."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    contestants = dict.fromkeys(label for row in rows for label in row["baselines"])
    lines = []
    for label in contestants:
        cells = []
        for name in names:
            found = [row["baselines"][label][str(rate)] for row in rows if row["name"] == name]
            low, high = min(one["low"] for one in found), max(one["high"] for one in found)
            middle = statistics.median(one["recall"] for one in found)
            tied = statistics.median(one.get("tied", 0.0) for one in found)
            mark = f"; {percent(tied, 0)} tied" if tied >= 0.005 else ""
            cells.append(f"{percent(middle, 0)} ({percent(low, 0)}-{percent(high, 0)}{mark})")
        lines.append([f"**{label}**" if label == "gauger" else label, *cells])
    return table(["score of an account", *names], lines)


def benign_behind(rows: Sequence[Row]) -> str:
    """How many honest accounts stand behind the thresholds."""
    return count(row["baselines"]["gauger"][str(RATES[0])]["benign"] for row in rows)


def streams(rows: Sequence[Row]) -> str:
    """One row a campaign: when half of it is flagged, and what was served before."""
    lines = []
    for name in dict.fromkeys(row["name"] for row in rows):
        runs = [row["stream"] for row in rows if row["name"] == name]
        hits = [run[-1] for run in runs if run[-1]["flagged"] >= 0.5]
        shares = {
            hour: [cut["flagged"] for run in runs for cut in run if cut["hour"] == hour]
            for hour in sorted({cut["hour"] for run in runs for cut in run})
        }
        lines.append(
            [
                name,
                ", ".join(f"{hour} h: {spread(found, 0)}" for hour, found in shares.items()),
                f"{len(hits)} of {len(runs)}",
                count(one["hour"] for one in hits),
                count(one["calls"] for one in hits),
                count(cut["honest_flagged"] for run in runs for cut in run),
            ]
        )
    head = ["campaign", "flagged % by hour", "days half flagged", "first hour", "calls leaked before it"]
    return table([*head, "honest flagged at a cut"], lines)


def cohorts(rows: Sequence[Row]) -> str:
    """One row a cohort: what was flagged, what was accused, and as what the rest of the flagged was assessed."""
    lines = []
    for name in dict.fromkeys(row["name"] for row in rows):
        found = [row["cohort"] for row in rows if row["name"] == name]
        accounts, flagged = (sum(one[key] for one in found) for key in ("accounts", "flagged"))
        assessed: Counter[str] = Counter()
        for one in found:
            assessed.update(one["assessed"])
        accused = assessed.pop("campaign", 0)
        assessed.pop("no finding", 0)
        low, high = wilson(flagged, accounts)
        share = accused / accounts if accounts else 0.0
        lines.append(
            [
                name,
                count(one["all"] for one in found),
                f"{accounts:,}",
                f"{percent(flagged / accounts if accounts else 0.0)} ({percent(low)}-{percent(high)})",
                f"{percent(share)} ({accused})",
                ", ".join(f"{number} {verdict}" for verdict, number in assessed.most_common()) or "none",
            ]
        )
    head = [
        "new cohort",
        "accounts a day",
        "with >= 5 calls, all seeds",
        "flagged %",
        "in a finding assessed campaign %",
    ]
    return table([*head, "in other findings"], lines)
