"""What each statistic is worth alone: recall of planted campaigns by one column of accounts.parquet at a time.

Days and state are those of ``bench.detection``. Run as ``python -m bench.statistics.alone --write docs/statistics.md``
from the root of the repository. The list of statistics on the page needs no measuring: ``python -m bench.pages``.
"""

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.detection.metrics import RATES
from bench.detection.world import World, homes
from bench.pages import history
from bench.pages.markdown import deliver
from bench.statistics.page import FILE, TOGETHER, Tails, measured
from bench.world.campaigns import LADDER, Planted
from bench.world.corpora import ABSENT, corpora_directory
from gauger.batch import outputs
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


def alone(honest: np.ndarray, campaign: np.ndarray) -> Tails:
    """Both tails of one statistic, above and below."""
    if np.all(np.isnan(campaign)):
        return None, None
    return tuple([recall(sign * honest, sign * campaign, rate) for rate in RATES] for sign in (1.0, -1.0))


def every(accounts: pa.Table, truth: pa.Table) -> tuple[dict[str, Tails], int, int]:
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


def measure(world: World, campaigns: Mapping[str, Planted]) -> history.Row:
    """Score the day with each campaign by itself, unless that was done, and hold every statistic against the truth."""
    found, sizes, honest = {}, {}, 0
    for name, planted in campaigns.items():
        out, parts = world.runs / "alone" / name, (world.honest(), world.added(name, (planted,)))
        if not (out / outputs.MANIFEST).exists():
            shutil.rmtree(out, ignore_errors=True)
            world.score([log for log, _ in parts], out)
        truth = pa.concat_tables([pq.read_table(path) for _, path in parts])
        found[name], honest, sizes[name] = every(pq.read_table(out / "accounts.parquet"), truth)
        print(f"{name}: {sizes[name]} accounts", flush=True)
    return {"seed": world.seed, "calls": world.calls, "honest": honest, "accounts": sizes, "found": found}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.statistics.alone", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="honest calls a day (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="(%(default)s)")
    parser.add_argument("--campaigns", nargs="+", choices=sorted(CAMPAIGNS), default=list(CAMPAIGNS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("build/detection"), help="what is built stays here")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the row and fill this page")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = _arguments(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    days, runs = homes(chosen.out)
    name = f"{chosen.calls}-{chosen.seed}"
    world = World(chosen.seed, chosen.calls, corpora, days / name, runs / name)
    row = history.begin("python -m bench.statistics.alone --write docs/statistics.md")
    row["alone"] = measure(world, {name: CAMPAIGNS[name] for name in chosen.campaigns})
    if chosen.write is not None:
        history.append(row, FILE)
    deliver(measured(row | {"runs": {"alone": row}}), chosen.write)


if __name__ == "__main__":
    main()
