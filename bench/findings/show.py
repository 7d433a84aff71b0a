"""Verdicts as tables: campaigns by how they hide, honest cohorts by kind."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from bench.pages.markdown import percent, table
from bench.world.relays import POOLS
from gauger.engine.findings.verdicts import CAMPAIGN, RELAY, UNCLEAR

Row = dict[str, Any]


def called(row: Row, word: str) -> int:
    """Planted accounts in findings of a word."""
    return sum(found["own"] for found in row["findings"] if found["assessment"] == word)


def is_called(row: Row, word: str = CAMPAIGN) -> bool:
    """Whether the finding that holds most of the kind's accounts has this word."""
    largest = max(row["findings"], key=lambda found: found["own"], default=None)
    return largest is not None and largest["assessment"] == word


def _line(title: str, rows: Sequence[Row]) -> list[str]:
    flagged, weighed = (sum(row[name] for row in rows) for name in ("flagged", "weighed"))
    return [
        title,
        str(len(rows)),
        percent(flagged / max(1, weighed)),
        f"{sum(is_called(row) for row in rows)}",
        f"{sum(is_called(row, UNCLEAR) for row in rows)}",
        percent(sum(called(row, CAMPAIGN) for row in rows) / max(1, weighed)),
        f"{sum(row['honest_flagged'] for row in rows)} of {sum(row['honest_weighed'] for row in rows):,}",
    ]


HEAD = ("planted", "days", "flagged, %", "called campaign", "unclear", "accounts accused, %", "others flagged")


def newest(rows: Sequence[Row]) -> list[Row]:
    """The newest row of each seed, view and kind."""
    return list({(row["seed"], row["view"], row["kind"]): row for row in rows}.values())


_WAYS = {
    "frame": "beside a vendor whose frame they use",
    "deal": "sorted",
    "drawn": "uneven, drawn",
    "volumes": "uneven",
    "copies": "copied",
    "moves": "moving to a new model",
    "programmes": "by programmes",
    "renamed": "with renamed clients",
    "settings": "with traces",
    " 30 accounts": "small",
}


def way_of(row: Row) -> str:
    """How a campaign is dealt, in a word or two."""
    return next((way for word, way in _WAYS.items() if word in row["kind"]), "even")


def padding_of(row: Row) -> str:
    """Share of padding, as the kind's name has it."""
    return next(word for word, sign in pairwise(row["kind"].split()) if sign == "%")


def _grouped(rows: Sequence[Row], title: Callable[[Row], str]) -> str:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[title(row)].append(row)
    return table(HEAD, [_line(name, found) for name, found in sorted(groups.items())])


def campaigns(rows: Sequence[Row]) -> str:
    """Campaigns by how they are dealt and padded, and what the log shows."""
    own = [row for row in newest(rows) if row["campaign"]]
    return _grouped(own, lambda row: f"{way_of(row)}, {padding_of(row)} % padded ({row['view']})")


def sets(rows: Sequence[Row]) -> str:
    """Campaigns by what they ask."""
    return _grouped([row for row in newest(rows) if row["campaign"]], lambda row: str(row["group"]))


def cohorts(rows: Sequence[Row]) -> str:
    """Honest cohorts by kind."""
    own = [row for row in newest(rows) if not row["campaign"] and row["kind"] not in POOLS]
    return _grouped(own, lambda row: f"{row['group']} ({row['view']})")


def pools(rows: Sequence[Row]) -> str:
    """Relay pools: days with one, accounts in a finding of that name, and findings of that name on days without one."""
    lines = []
    for view in dict.fromkeys(row["view"] for row in rows):
        told = [row for row in newest(rows) if row["view"] == view and "other_findings" in row]
        own = [row for row in told if row["kind"] in POOLS]
        accounts = sum(row["planted"] for row in own)
        others = sum(row["other_findings"].get(RELAY, 0) for row in told)
        others += sum(called(row, RELAY) > 0 for row in told if row["kind"] not in POOLS)
        if own:
            found = f"{sum(called(row, RELAY) for row in own)} of {accounts}"
            lines.append([view, str(len(own)), found, f"{others} on {len(told)} days"])
    return table(("log", "days with a pool", "its accounts in a relay pool", "other findings called so"), lines)


def show(rows: Sequence[Row]) -> str:
    """All of it, for the terminal."""
    return "\n\n".join(make(rows) for make in (campaigns, sets, cohorts, pools))
