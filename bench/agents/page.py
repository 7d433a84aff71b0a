"""The figure of agents, for ``docs/days.md``."""

from collections.abc import Sequence

from bench.agents.measure import Row as Row
from bench.days.command import figure_of
from bench.pages import history
from bench.pages.markdown import table


def _of(flagged: int, weighed: int) -> str:
    return f"{flagged} of {weighed:,}" if weighed else "-"


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """The figures as a table."""
    lines = [
        [
            row.campaign,
            f"{row.padding:.0%}",
            row.view,
            str(row.seed),
            f"{row.flagged / row.accounts:.1%}" if row.accounts else "-",
            _of(row.flagged, row.accounts),
            _of(row.agents_flagged, row.agents),
            _of(row.people_flagged, row.people),
        ]
        for row in rows
    ]
    head = ["campaign", "padded", "the log holds", "seed", "flagged", "", "honest agents flagged", "people flagged"]
    return figure_of(measured_on, table(head, lines, rule="---"))
