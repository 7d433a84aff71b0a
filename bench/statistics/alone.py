"""What each statistic is worth alone: recall of planted campaigns by one column of accounts.parquet at a time.

Days, state and scoring are those of ``bench.detection``. Run as
``python -m bench.statistics.alone --write docs/statistics.md`` from the root of the repository; ``--list`` only brings
the table of statistics up to date, and measures nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.detection import run as detection
from bench.pages.markdown import filled
from bench.statistics import page as statistics_page
from bench.statistics.page import TOGETHER, Alone, Day, Tail
from bench.world.campaigns import LADDER, Planted
from bench.world.corpora import corpora_directory
from gauger.engine.common.settings import Settings
from gauger.engine.statistics.registry import STATISTICS

SEED, CALLS = 21, 60_000
MACHINE = replace(LADDER["alpaca"], name="alpaca_machine", pacing="machine")
CAMPAIGNS: dict[str, Planted] = {
    planted.name: planted
    for planted in (*(LADDER[name] for name in ("alpaca", "alpaca_padded_80", "t0", "tasks")), MACHINE)
}


def recall(honest: np.ndarray, campaign: np.ndarray, rate: float) -> float:
    """Share of a campaign's values above the value that ``rate`` of the honest accounts exceed, at most.

    NaN is never above: honest accounts without the statistic count as passed over, those of the campaign as missed.
    """
    known = np.sort(honest[~np.isnan(honest)])[::-1]
    allowed = int(rate * len(honest))
    if allowed >= len(known):
        return float(np.mean(~np.isnan(campaign)))
    return float(np.mean(campaign > known[allowed]))


def alone(honest: np.ndarray, campaign: np.ndarray) -> Alone:
    """Both tails of one statistic."""
    if np.all(np.isnan(campaign)):
        return Alone(None, None)
    tails = (
        Tail(recall(sign * honest, sign * campaign, 0.001), recall(sign * honest, sign * campaign, 0.01))
        for sign in (1.0, -1.0)
    )
    return Alone(*tails)


def every(accounts: pa.Table, truth: pa.Table) -> tuple[dict[str, Alone], int, int]:
    """Each statistic of a scored day with one campaign, honest accounts weighed, and the campaign's accounts."""
    planted = dict(zip(truth["account_id"].to_pylist(), truth["campaign"].to_pylist(), strict=True))
    named = np.asarray([planted[name] is not None for name in accounts["account_id"].to_pylist()])
    honest = ~named & (accounts["calls"].to_numpy() >= Settings().calls_min)
    found = {}
    for name in (*STATISTICS, TOGETHER):
        if name in accounts.column_names:
            values = accounts[name].to_numpy(zero_copy_only=False).astype(np.float64)
            found[name] = alone(values[honest], values[named])
    return found, int(honest.sum()), int(named.sum())


def measure(world: detection.World, campaigns: Mapping[str, Planted]) -> Day:
    """Score the day with each campaign by itself, unless that was done, and hold every statistic against the truth."""
    found, sizes, honest = {}, {}, 0
    for name, planted in campaigns.items():
        out = Path(world.runs / name)
        world.outcome(name, (planted,))
        accounts = pq.read_table(out / "accounts.parquet")
        found[name], honest, sizes[name] = every(accounts, pq.read_table(out / "truth.parquet"))
        print(f"{name}: {sizes[name]} accounts", flush=True)
    return Day(world.seed, world.calls, honest, sizes, found)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.statistics.alone", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="honest calls a day (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="(%(default)s)")
    parser.add_argument("--campaigns", nargs="+", choices=sorted(CAMPAIGNS), default=list(CAMPAIGNS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("build/detection"), help="what is built stays here")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page instead of printing")
    parser.add_argument("--list", action="store_true", help="only the table of statistics")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = _arguments(arguments)
    parts = [(statistics_page.LISTED, statistics_page.listed())]
    corpora = corpora_directory()
    if not chosen.list and corpora is None:
        print("skipped: the corpora are absent; set GAUGER_CORPORA to their directory")
        return
    if not chosen.list and corpora is not None:
        days, runs = detection._homes(chosen.out)
        name = f"{chosen.calls}-{chosen.seed}"
        world = detection.World(chosen.seed, chosen.calls, corpora, days / name, runs / name)
        day = measure(world, {name: CAMPAIGNS[name] for name in chosen.campaigns})
        command = "python -m bench.statistics.alone --write docs/statistics.md"
        parts.append((statistics_page.MEASURED, statistics_page.measured(day, command)))
    if chosen.write is None:
        print("\n\n".join(text for _, text in parts))
        return
    page = chosen.write.read_text()
    for marks, text in parts:
        page = filled(page, marks, text)
    chosen.write.write_text(page)


if __name__ == "__main__":
    main()
