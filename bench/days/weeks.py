"""A campaign of four calls an account and day: what its days say of it, and what its week does.

Two clean weeks and then a week with the campaign, scored day by day; then the week is weighed. Accounts of fewer than
five calls have no evidence on a day. A clean third week says what the week flags of the honest.

Run as ``python -m bench.days.weeks --seeds 31`` from the root of the repository.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.days.command import figure_of, parser_of, run
from bench.pages import history
from bench.pages.markdown import table
from bench.world.campaigns import Planted
from bench.world.day import DAY
from bench.world.days import Days
from gauger.batch.score import score
from gauger.batch.week import week
from gauger.engine.common.settings import Settings
from gauger.engine.reference.held_out import binomial_interval

CALLS, WEEKS, DAILY = 12_000, 3, 4
THIN = Planted("thin", ("alpaca_52k",), accounts=400)


@dataclass(frozen=True)
class Row:
    """One world."""

    seed: int
    campaign: bool
    by_day: int  # campaign accounts flagged on any day
    by_week: int
    accounts: int
    honest_flagged: int
    honest: int  # weighed
    findings: int


def measure(days: Days, calls: int, out: Path) -> list[Row]:
    """One world with the campaign in its last week, and without."""
    dates = [DAY - timedelta(days=age) for age in range(7 * WEEKS - 1, -1, -1)]
    thin = days.spread("thin", dates[-7:], THIN, DAILY)
    planted = set(pq.read_table(thin[0][1])["account_id"].to_pylist())
    rows = []
    for campaign in (False, True):
        state = out / f"state-{days.seed}"
        shutil.rmtree(state, ignore_errors=True)
        flagged: set[str] = set()
        for number, when in enumerate(dates):
            logs = [days.honest(when, calls)[0]]
            if campaign and number >= len(dates) - 7:
                logs.append(thin[number - len(dates) + 7][0])
            accounts = score(logs, out / "day", state=state).result.accounts
            flagged |= set(accounts.filter(accounts["flagged"])["account_id"].to_pylist())
        found = week(state, out / "week")
        own = np.asarray([name in planted for name in found.population.account_ids])
        hit = found.evidence.probability < Settings().alarm_level
        weighed = ~np.isnan(found.evidence.probability)
        rows.append(
            Row(
                seed=days.seed,
                campaign=campaign,
                by_day=len(flagged & planted),
                by_week=int(np.sum(hit & own)),
                accounts=len(planted) if campaign else 0,
                honest_flagged=int(np.sum(hit & ~own)),
                honest=int(np.sum(weighed & ~own)),
                findings=len(found.findings),
            )
        )
        shutil.rmtree(state)
    return rows


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """The figures as a table."""
    lines = []
    for row in rows:
        low, high = binomial_interval(row.honest_flagged, row.honest)
        honest = f"{row.honest_flagged} of {row.honest:,}"
        cells = [row.seed, row.accounts, row.by_day, row.by_week, honest, f"{low:.2%} to {high:.2%}", row.findings]
        lines.append([str(cell) for cell in cells])
    head = ["seed", "campaign accounts", "flagged on a day", "by the week", "honest flagged by the week", "95 %"]
    return figure_of(measured_on, table([*head, "findings"], lines, rule="---"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = parser_of("weeks", __doc__, (31,), CALLS).parse_args(arguments)
    run(chosen, lambda days: measure(days, chosen.calls, chosen.out / "runs-weeks"), figure)


if __name__ == "__main__":
    main()
