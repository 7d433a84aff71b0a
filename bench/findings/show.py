"""Verdicts as tables: campaigns by how they hide, honest cohorts by kind."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.pages.markdown import percent, table
from gauger.engine.findings.verdicts import CAMPAIGN, UNCLEAR

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


def show(rows: Sequence[Row]) -> str:
    """One table: campaigns by group and way, cohorts by name."""
    groups: dict[tuple[bool, str, str], list[Row]] = defaultdict(list)
    for row in newest(rows):
        ways = {
            "deal": ", sorted",
            "volumes": ", uneven",
            "copies": ", copied",
            "settings": ", with traces",
            " 30 accounts": ", small",
        }
        way = next((way for word, way in ways.items() if word in row["kind"]), "")
        groups[not row["campaign"], row["view"], row["group"] + (way if row["campaign"] else "")].append(row)
    lines = [_line(f"{name} ({view})", found) for (_, view, name), found in sorted(groups.items())]
    for title, campaign in (("**campaigns**", True), ("**honest cohorts**", False)):
        own = [row for row in newest(rows) if row["campaign"] == campaign]
        if own:
            lines.append(_line(title, own))
    return table(HEAD, lines)
