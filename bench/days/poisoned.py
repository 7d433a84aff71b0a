"""A reference that holds accounts of the campaign looked for: what is found with decontamination, and without.

Three clean days make the reference, the newest of which holds accounts of a campaign that was not found then; today
the campaign is there again with other accounts and other prompts. The evidence is weighed as ``gauger score`` weighs
it, and once without ``engine.reference.decontamination``. A clean day, and a campaign with a clean reference, say what
decontamination costs.

Run as ``python -m bench.days.poisoned --seeds 31 32`` from the root of the repository.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.days.command import figure_of, parser_of, run
from bench.pages import history
from bench.pages.markdown import table
from bench.world.campaigns import LADDER
from bench.world.day import DAY
from bench.world.days import Days
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.evidence.evidence import Evidence, gather
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population

CAMPAIGNS = ("alpaca", "alpaca_padded_80", "t0_padded_80")
EARLIER = (0, 10, 50, 150)
_NAME = "earlier"


@dataclass(frozen=True)
class Row:
    """One day against one reference."""

    seed: int
    campaign: str
    earlier: int  # campaign accounts inside the reference
    recall: tuple[float | None, float | None]  # without it and with it; None without a campaign
    false: tuple[int, int]
    honest: int  # accounts weighed
    left_out: int  # reference accounts
    left_out_rightly: int


def measure(days: Days, calls: int, earlier: Sequence[int]) -> list[Row]:
    """All references of one world."""
    secret = Secret(hashlib.blake2b(f"poisoned/{days.seed}".encode(), digest_size=16).digest())
    clean = [_population(days.honest(DAY - timedelta(days=age), calls)[0], secret) for age in (9, 8, 7)]
    today = _population(days.honest(DAY, calls)[0], secret)
    rows = [_row(days.seed, "none", 0, today, concatenate(clean), set(), secret)]
    for name in CAMPAIGNS:
        both = [LADDER[name], replace(LADDER[name], name=_NAME, accounts=max(earlier))]
        log, truth = days.planted(f"{name}-{max(earlier)}", DAY, both)
        planted = _population(log, secret)
        named = pq.read_table(truth).to_pydict()
        campaign = dict(zip(named["account_id"], named["campaign"], strict=True))
        old = np.asarray([campaign[account] == _NAME for account in planted.account_ids])
        attacked = concatenate([today, planted.select(~old)])
        for number in earlier:
            chosen = planted.select(old & (np.cumsum(old) <= number))
            reference = concatenate([*clean, chosen])
            reference = replace(reference, day=np.minimum(reference.day_of, len(clean) - 1))  # of the newest day
            rows.append(_row(days.seed, name, number, attacked, reference, set(campaign), secret))
    return rows


def _population(log: Path, secret: Secret) -> Population:
    engine = Engine(secret=secret)
    for batch in pq.ParquetFile(log).iter_batches():
        engine.observe(batch)
    return population_of(engine.state)[0]


def _row(
    seed: int,
    name: str,
    earlier: int,
    today: Population,
    reference: Population,
    campaign: set[str],
    secret: Secret,
) -> Row:
    settings = Settings()
    trimmed = gather_decontaminated(Whole(today, secret.key, settings.calls_min), reference, secret.key, settings)
    planted = np.asarray([account in campaign for account in today.account_ids])

    def figures(found: Evidence) -> tuple[float | None, int]:
        flagged = found.probability < settings.alarm_level
        return float(flagged[planted].mean()) if planted.any() else None, int(flagged[~planted].sum())

    before = figures(gather(today, reference, secret.key, settings))
    after = figures(trimmed.evidence)
    honest = int(np.sum(~np.isnan(trimmed.evidence.probability) & ~planted))
    rightly = sum(reference.account_ids[row] in campaign for row in trimmed.left_out.tolist())
    recall, false = (before[0], after[0]), (before[1], after[1])
    return Row(seed, name, earlier, recall, false, honest, len(trimmed.left_out), rightly)


def figure(measured_on: history.Row, rows: Sequence[Row]) -> str:
    """The figures as a table."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.campaign != "none", row.campaign, row.earlier, row.seed)):
        recall = ["" if value is None else f"{value:.1%}" for value in row.recall]
        false = [f"{count} of {row.honest:,}" for count in row.false]
        left_out = f"{row.left_out}, {row.left_out_rightly} of them the campaign's"
        lines.append([row.campaign, str(row.earlier), str(row.seed), *recall, *false, left_out])
    head = ["campaign", "in reference", "seed", "recall, untrimmed", "trimmed", "honest flagged, untrimmed", "trimmed"]
    return figure_of(measured_on, table([*head, "left out"], lines, rule="---"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = parser_of("poisoned", __doc__, (31, 32), 60_000)
    parser.add_argument("--earlier", type=int, nargs="+", default=EARLIER, help="campaign accounts in the reference")
    chosen = parser.parse_args(arguments)
    run(chosen, lambda days: measure(days, chosen.calls, chosen.earlier), figure)


if __name__ == "__main__":
    main()
