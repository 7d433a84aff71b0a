"""The figure of agents, for ``docs/days.md``."""

from collections.abc import Sequence

from bench.agents.measure import Row as Row
from bench.days.command import figure_of
from bench.pages import history
from bench.pages.markdown import percent, table


def _of(rows: Sequence[Row], side: str) -> str:
    """Flagged of a side's accounts, added up over days."""
    flagged, weighed = (sum(getattr(row, name) for row in rows) for name in (f"{side}_flagged", side))
    return f"{flagged} of {weighed:,} ({percent(flagged / max(1, weighed), 2)} %)"


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """Recall in percent by what the log holds, a figure a seed; then whom else each view has flagged."""
    views = list(dict.fromkeys(row.view for row in rows))
    cells: dict[tuple[str, float, str], list[Row]] = {}
    for row in rows:
        cells.setdefault((row.campaign, row.padding, row.view), []).append(row)
    lines = []
    for campaign, padding in dict.fromkeys((row.campaign, row.padding) for row in rows if row.accounts):
        own = [cells[campaign, padding, view] for view in views]
        recalls = [", ".join(percent(row.flagged / row.accounts) for row in some) for some in own]
        lines.append([campaign, f"{padding:.0%}", ", ".join(str(row.accounts) for row in own[0]), *recalls])
    head = ("campaign", "padded", "accounts", *views)
    others = [
        [side, *(_of([row for row in rows if row.view == view], name) for view in views)]
        for side, name in (("honest agents", "agents"), ("people", "people"))
    ]
    honest = table(("flagged beside them, all days", *views), others)
    return figure_of(measured_on, f"{table(head, lines)}\n\n{honest}")
