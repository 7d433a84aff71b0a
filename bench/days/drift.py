"""The false-positive rate of old users on a day unlike the reference: another mix, and newcomers of a kind never seen.

Three clean days make a state. Then an honest day like them is scored, and days that differ: half of the accounts that
write code stay away (a weekend); everybody sends four tenths fewer calls, three hours later (a holiday); a tenth of the
accounts are newcomers who send what no honest account ever sent, at people's pace from their own addresses; a kind of
account that the reference never held; and weekend and newcomers together with that.

Run as ``python -m bench.days.drift --seeds 31 32`` from the root of the repository.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.days.command import figure_of, parser_of, run
from bench.pages import history
from bench.pages.markdown import table
from bench.world.campaigns import Planted
from bench.world.day import DAY
from bench.world.days import Days
from gauger.batch.score import score
from gauger.engine.common.settings import Settings
from gauger.engine.reference.held_out import binomial_interval

WEEKEND = {"sql_user": 0.5, "shell_user": 0.5}
UNSEEN = "search_user"
NEWCOMERS = Planted("newcomers", ("codealpaca_subset",), accounts=450, calls=8, pacing="human", addresses="static")


@dataclass(frozen=True)
class Row:
    """One day of one world."""

    seed: int
    day: str
    old: int  # accounts weighed of kinds that the reference held
    old_flagged: int
    new: int  # newcomers weighed
    new_flagged: int
    content: float  # distance of what accounts say
    sentences: list[str]


def measure(days: Days, calls: int, out: Path) -> list[Row]:
    """All days of one world."""
    rows = []
    for unseen in (False, True):
        hold = {UNSEEN: 0.0} if unseen else None
        state = out / f"state-{days.seed}-{unseen}"
        shutil.rmtree(state, ignore_errors=True)
        for age in (9, 8, 7):
            name = "unseen" if unseen else "honest"
            log = days.honest(DAY - timedelta(days=age), calls, name=name, mix=hold)[0]
            score([log], out / "reference", state=state)
        newcomers = days.planted("newcomers", DAY, [NEWCOMERS])
        like, weekend = days.honest(DAY, calls), days.honest(DAY, calls, name="weekend", mix=WEEKEND)
        cases = {"a kind never seen": [like], "all together": [weekend, newcomers]}
        if not unseen:
            holiday = days.honest(DAY, calls, name="holiday", kept=0.6, hours_later=3.0)
            cases = {"like the reference": [like], "weekend": [weekend], "holiday": [holiday]}
            cases["newcomers"] = [like, newcomers]
        for name, parts in cases.items():
            rows.append(_row(days.seed, name, parts, state, out, UNSEEN if unseen else None))
        shutil.rmtree(state)
    return rows


def _row(seed: int, name: str, parts: list[tuple[Path, Path]], state: Path, out: Path, unseen: str | None) -> Row:
    copy = out / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(state, copy)
    run = score([log for log, _ in parts], out / "day", state=copy)
    truth = pa.concat_tables([pq.read_table(truth) for _, truth in parts]).to_pydict()
    kind = dict(zip(truth["account_id"], truth["kind"], strict=True))
    counts = {False: [0, 0], True: [0, 0]}
    accounts = run.result.accounts
    for account, calls, flagged in zip(
        *(accounts.column(column).to_pylist() for column in ("account_id", "calls", "flagged")), strict=True
    ):
        if calls >= Settings().calls_min:
            new = kind[account] in (NEWCOMERS.name, unseen)
            counts[new][0] += 1
            counts[new][1] += flagged
    drift = run.manifest["drift"]
    return Row(seed, name, *counts[False], *counts[True], content=drift["content"]["today"], sentences=drift["unlike"])


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """The figures as a table, seeds added up below."""
    lines = []
    for name in dict.fromkeys(row.day for row in rows):
        own = [row for row in rows if row.day == name]
        for row in own:
            said = "<br>".join(row.sentences) or "nothing"
            old_users, newcomers = f"{row.old_flagged} of {row.old:,}", f"{row.new_flagged} of {row.new:,}"
            lines.append([name, str(row.seed), old_users, "", newcomers, f"{row.content:.4f}", said])
        old, flagged = sum(row.old for row in own), sum(row.old_flagged for row in own)
        low, high = binomial_interval(flagged, old)
        lines.append([name, "all", f"{flagged / old:.2%} of {old:,}", f"{low:.2%} to {high:.2%}", "", "", ""])
    head = ["day", "seed", "old users flagged", "95 %", "newcomers flagged", "content apart", "said of the day"]
    return figure_of(measured_on, table(head, lines, rule="---"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = parser_of("drift", __doc__, (31, 32, 33), 60_000).parse_args(arguments)
    run(chosen, lambda days: measure(days, chosen.calls, chosen.out / "runs-drift"), figure)


if __name__ == "__main__":
    main()
