"""How many accounts of a campaign ``gauger score`` finds, on days joined from real text and real timing.

For each seed: clean reference days make a state, then the same honest day is scored again and again: alone, with one
campaign or one new honest cohort after the other, cut at hours of the day, and by other methods. A campaign's calls lie
in a log of their own beside the honest day's, so the honest part is the same file in every run; every run gets its own
copy of the state. What was measured is added to ``bench/results/detection.jsonl``; the page shows its newest rows.

Run as ``python -m bench.detection --write docs/detection.md`` from the root of the repository.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.detection import log as detection_log
from bench.detection.log import unpacked
from bench.detection.metrics import RATES
from bench.detection.page import figures
from bench.detection.parts import PARTS, measure
from bench.detection.rungs import ALL, CLEAN, MANY, TOGETHER
from bench.detection.world import World, homes
from bench.pages.history import Row, append, commit
from bench.pages.markdown import deliver, percent
from bench.world.cohorts import COHORTS
from bench.world.corpora import ABSENT, corpora_directory

# What flags an account was set on days of seeds 1, 2, 3, 11 and 12; what the page says is not held out saw seed 21.
SEEDS = (21, 22, 23)
CALLS = 200_000
QUICK_CALLS, QUICK_PARTS, QUICK_DAYS = (
    60_000,
    ("recall", "benign"),
    ("alpaca_content", "alpaca_padded_80_content", CLEAN, TOGETHER),
)
DAYS = (*ALL, CLEAN, TOGETHER, MANY, *COHORTS)


def run(chosen: argparse.Namespace, corpora: Path, tell: Callable[[str], None]) -> None:
    """Measure what was chosen, and log each day as soon as it is measured. ``tell`` hears one line a day.

    What is built and scored below ``chosen.out`` is used again as long as the code that made it is the same.
    """
    days, runs = homes(chosen.out)
    name, at = f"{chosen.calls}-{{}}", commit()
    for seed in chosen.seeds:
        world = World(seed, chosen.calls, corpora, days / name.format(seed), runs / name.format(seed))
        for part in chosen.parts:
            for day, found in measure(world, part, lambda day: day in chosen.days):
                row = detection_log.row(part, seed, day, chosen.calls, at, found)
                append(row, chosen.log)
                tell(line(row))


def line(row: Row) -> str:
    """One measured day in one line, for the terminal."""
    start = f"{row['part']}, seed {row['seed']}, {row['name']}:"
    if "baselines" in row:
        shares = {name: percent(at[str(RATES[0])]["recall"], 0) for name, at in row["baselines"].items()}
        return f"{start} recall at 0.1 % " + ", ".join(f"{name} {share}" for name, share in shares.items())
    if "stream" in row:
        return f"{start} " + ", ".join(f"{percent(cut['flagged'], 0)} % by {cut['hour']} h" for cut in row["stream"])
    outcome = unpacked(row)
    cohort = row.get("cohort")
    found = ", ".join(f"{one.campaign} {percent(one.flagged)} % flagged" for one in outcome.everyone.campaigns)
    if cohort:
        found = f"{cohort['flagged']} of {cohort['accounts']} of the cohort flagged, {cohort['assessed']}"
    return (
        f"{start} {found or 'no campaign'}; honest {outcome.busy.benign_flagged} of "
        f"{outcome.busy.benign_accounts:,} weighed flagged; {outcome.speed['total']:.0f} s"
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="what to measure (default: everything)")
    parser.add_argument("--calls", type=int, help=f"honest calls a day (default {CALLS})")
    parser.add_argument("--seeds", type=int, nargs="+", help=f"one world each (default {SEEDS})")
    parser.add_argument("--days", nargs="+", choices=DAYS, metavar="NAME", help="of the parts, only these days")
    parser.add_argument("--out", type=Path, default=Path("build/detection"), help="what is built (%(default)s)")
    parser.add_argument(
        "--log", type=Path, help="what is measured (default bench/results/detection.jsonl; of --quick in --out)"
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page instead of printing its figures")
    parser.add_argument("--quick", action="store_true", help="one seed, a small day, two campaigns")
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.write:
        parser.error("a quick look fills no page")
    chosen.calls = chosen.calls or (QUICK_CALLS if chosen.quick else CALLS)
    chosen.seeds = chosen.seeds or (SEEDS[:1] if chosen.quick else SEEDS)
    chosen.parts = chosen.parts or (QUICK_PARTS if chosen.quick else PARTS)
    # A quick look must not become what the page is made of.
    chosen.log = chosen.log or (chosen.out / "quick.jsonl" if chosen.quick else detection_log.LOG)
    chosen.days = chosen.days or (QUICK_DAYS if chosen.quick else DAYS)
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = _arguments(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    run(chosen, corpora, lambda text: print(text, flush=True))
    deliver(figures(chosen.log), chosen.write)
