"""How many accounts of a campaign ``gauger score`` finds, on days joined from real text and real timing.

For each seed: clean reference days make a state, then the same honest day is scored again and again: alone, with one
campaign or one new honest cohort after the other, cut at hours of the day, and by other methods. A campaign's calls lie
in a log of their own beside the honest day's, so the honest part is the same file in every run; every run gets its own
copy of the state. What was measured is added to ``bench/results/detection.jsonl``; the page shows its newest rows.

Run as ``python -m bench.detection --write docs/detection.md`` from the root of the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.detection import log as detection_log
from bench.detection import page as detection_page
from bench.detection.parts import PARTS, measure
from bench.detection.rungs import ALL, CLEAN, MANY, TOGETHER
from bench.detection.world import World, homes
from bench.pages.history import commit
from bench.pages.markdown import deliver
from bench.world.cohorts import COHORTS
from bench.world.corpora import corpora_directory

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
            for day, figures in measure(world, part, lambda day: day in chosen.days):
                row = detection_log.row(part, seed, day, chosen.calls, at, figures)
                detection_log.append([row], chosen.log)
                tell(detection_page.line(row))


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
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page here instead of printing it")
    parser.add_argument("--quick", action="store_true", help="one seed, a small day, two campaigns")
    parser.add_argument("--page-only", action="store_true", help="measure nothing: the page of what was measured")
    chosen = parser.parse_args(arguments)
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
    if not chosen.page_only:
        corpora = corpora_directory()
        if corpora is None:
            print("skipped: the corpora are absent; set GAUGER_CORPORA to their directory")
            return
        run(chosen, corpora, lambda text: print(text, flush=True))
    deliver(detection_page.page(detection_log.read(chosen.log)), chosen.write)


if __name__ == "__main__":
    main()
