"""How many accounts of a campaign ``gauger score`` finds, on days joined from real text and real timing.

For each seed: clean reference days make a state, then the same honest day is scored again and again: alone, with one
campaign after the other, and with all default campaigns at once. A campaign's calls lie in a log of their own beside
the honest day's, so the honest part is the same file in every run; every run gets its own copy of the state.

Run as ``python -m bench.detection --write docs/detection.md`` from the root of the repository.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench import detection_page, real_day
from bench.detection_rungs import CLEAN, RUNGS, TOGETHER, Outcome
from bench.markdown import deliver
from bench.real_campaigns import DEFAULT, Planted
from bench.real_corpora import corpora_directory
from gauger import outputs
from gauger.engine.settings import Settings
from gauger.evaluate import Evaluation, evaluate
from gauger.score import score

# The detector's settings were chosen on days of seeds 1, 2, 3, 11 and 12: its figures come from others.
SEEDS = (21, 22, 23)
CALLS = 200_000
QUICK_CALLS, QUICK_CAMPAIGNS = 60_000, ("alpaca", "alpaca_padded_80")


@dataclass(frozen=True)
class World:
    """One honest world: its days on disk, and the state made of the reference."""

    seed: int
    calls: int
    corpora: Path
    days: Path  # built logs
    runs: Path  # what the present code made of them

    def built(self, name: str, calls: int, reference_days: int, campaigns: Sequence[Planted]) -> tuple[Path, Path]:
        """The log and truth of a day, built unless they are there."""
        folder = self.days / name
        if not folder.exists():
            unfinished = folder.with_name(f".{name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            self.days.mkdir(parents=True, exist_ok=True)
            real_day.build(
                unfinished,
                calls=calls,
                reference_days=reference_days,
                campaigns=campaigns,
                seed=self.seed,
                corpora=self.corpora,
            )
            unfinished.rename(folder)
        return folder / "day", folder / "truth.parquet"

    def honest(self) -> tuple[Path, Path]:
        """The honest day and its truth; the reference days lie beside it."""
        return self.built("honest", self.calls, 3, ())

    def state(self) -> Path:
        """The state after the reference days, made unless it is there.

        Its key follows from the seed: what is drawn by keyed hash is drawn alike in every run, so a rerun gives
        the same figures.
        """
        state, out = self.runs / "state", self.runs / "reference"
        if not (out / outputs.MANIFEST).exists():
            shutil.rmtree(state, ignore_errors=True)
            state.mkdir(parents=True)
            secret = hashlib.blake2b(f"detection/{self.seed}".encode(), digest_size=16).hexdigest()
            with open(os.open(state / "key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
                key.write(secret + "\n")
            self.honest()
            score([self.days / "honest" / "reference"], out, state=state)
        return state

    def outcome(self, name: str, campaigns: Sequence[Planted]) -> Outcome:
        """Score the honest day with these campaigns, unless that was done; evaluate it."""
        parts = [self.honest()]
        if campaigns:
            parts.append(self.built(name.replace(" ", "_"), 0, 0, campaigns))
        out = self.runs / name.replace(" ", "_")
        if not (out / outputs.MANIFEST).exists():
            copy = self.runs / ".state"  # a run commits its day: the next one must not find it there
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.state(), copy)
            score([log for log, _ in parts], out, state=copy)
            shutil.rmtree(copy)
        truth = pa.concat_tables([pq.read_table(path) for _, path in parts])
        everyone, busy = _evaluate(out, truth)
        return Outcome(self.seed, name, everyone, busy, ceiling(out, truth), outputs.read_manifest(out))


def _evaluate(out: Path, truth: pa.Table) -> tuple[Evaluation, Evaluation]:
    """The run against the truth: with all honest accounts, and with those that have enough calls to be weighed."""
    accounts = pq.read_table(out / "accounts.parquet", columns=["account_id", "calls"])
    weighed = accounts.filter(pc.greater_equal(accounts["calls"], Settings().calls_min))["account_id"]
    is_busy = pc.or_(pc.is_valid(truth["campaign"]), pc.is_in(truth["account_id"], value_set=weighed))
    evaluations = []
    for name, table in (("truth", truth), ("truth_busy", truth.filter(is_busy))):
        pq.write_table(table, out / f"{name}.parquet")
        evaluations.append(evaluate(out, out / f"{name}.parquet"))
    return evaluations[0], evaluations[1]


def ceiling(out: Path, truth: pa.Table) -> int:
    """Honest accounts with the greatest evidence of the run: where they are many, no threshold can tell them apart."""
    accounts = pq.read_table(out / "accounts.parquet", columns=["account_id", "evidence"])
    honest = truth.filter(pc.is_null(truth["campaign"]))["account_id"]
    evidence = accounts.filter(pc.is_in(accounts["account_id"], value_set=honest))["evidence"]
    return int(pc.sum(pc.equal(evidence, pc.max(accounts["evidence"]))).as_py() or 0)


def _fingerprint(paths: Sequence[Path]) -> str:
    """Names what some source files make, so that edited code never finds what older code left behind."""
    digest = hashlib.blake2b(digest_size=4)
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _homes(out: Path) -> tuple[Path, Path]:
    """Where days live that the present code built, and runs that it scored."""
    root = Path(__file__).resolve().parents[1]
    builders = _fingerprint(list((root / "bench").glob("real_*.py")))
    scorers = _fingerprint(
        [path for layer in ("bindings", "engine", "kernels") for path in (root / layer).rglob("*.py")]
    )
    return out / f"days-{builders}", out / f"runs-{builders}-{scorers}"


def measure(world: World, campaigns: Sequence[str]) -> Iterator[Outcome]:
    """Outcomes of one seed: the clean day, each campaign of ``RUNGS`` alone, all default campaigns together."""
    yield world.outcome(CLEAN, ())
    for name in campaigns:
        yield world.outcome(name, (RUNGS[name],))
    yield world.outcome(TOGETHER, DEFAULT)


def run(
    out: Path, corpora: Path, *, seeds: Sequence[int], calls: int, campaigns: Sequence[str], tell: Callable[[str], None]
) -> str:
    """All seeds; returns the page. ``tell`` hears one line a scored day.

    What is built below ``out`` is used again as long as the code that made it is the same.
    """
    days, runs = _homes(out)
    outcomes = []
    for seed in seeds:
        name = f"{calls}-{seed}"
        for outcome in measure(World(seed, calls, corpora, days / name, runs / name), campaigns):
            outcomes.append(outcome)
            tell(detection_page.line(outcome))
    return detection_page.page(outcomes, calls=calls)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, help=f"honest calls a day (default {CALLS})")
    parser.add_argument("--seeds", type=int, nargs="+", help=f"one world each (default {SEEDS})")
    parser.add_argument("--campaigns", nargs="+", choices=sorted(RUNGS), metavar="NAME", help="default: all of them")
    parser.add_argument(
        "--out", type=Path, default=Path("build/detection"), help="what is built stays here (%(default)s)"
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page here instead of printing it")
    parser.add_argument("--quick", action="store_true", help="one seed, a small day, two campaigns")
    chosen = parser.parse_args(arguments)
    chosen.calls = chosen.calls or (QUICK_CALLS if chosen.quick else CALLS)
    chosen.seeds = chosen.seeds or (SEEDS[:1] if chosen.quick else SEEDS)
    chosen.campaigns = chosen.campaigns or (QUICK_CAMPAIGNS if chosen.quick else tuple(RUNGS))
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = _arguments(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print("skipped: the corpora are absent; set GAUGER_CORPORA to their directory")
        return
    page = run(
        chosen.out,
        corpora,
        seeds=chosen.seeds,
        calls=chosen.calls,
        campaigns=chosen.campaigns,
        tell=lambda text: print(text, flush=True),
    )
    deliver(page, chosen.write)


if __name__ == "__main__":
    main()
