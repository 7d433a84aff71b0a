"""Large days: logs of one to thirty million calls, and what ``gauger score`` needs for them.

Real: every byte of the prompts (prompts, pasted text and attack prompts of the shared corpora, vendors' frames and
short phrases of ``bench.world``). Synthetic: everything else. Which prompt stands beside which excerpt, topics and
hands of accounts, typing errors, volumes, times, addresses, settings and answers are drawn, the last four as
``gauger.simulate`` draws them. The corpora hold 240,000 honest prompts, so a day of 28.8 million calls uses each a
hundred times: most prompts are still distinct, because they carry another excerpt. An attack set is smaller than the
large campaign of such a day, which then sends its prompts again, each time with another input beside it.

Reference days and the day are drawn alike. A third of a day's honest accounts come back, as far as the reference has
so many (30,000); the others are new.

    python -m bench.days.large make --calls 5000000 --out build/large/5m [--campaigns alpaca_52k:500:80]
    python -m bench.days.large reference --out build/large/reference
    python -m bench.days.large run --log build/large/5m --reference build/large/reference --state build/large/state
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bench.days import large_day, large_run
from bench.days.command import FILE
from bench.days.large_texts import read_pool
from bench.world.corpora import ABSENT, corpora_directory


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.days.large", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write a day with campaigns, and its truth")
    make.add_argument("--calls", type=int, required=True, help="of the day, about, campaigns included")
    make.add_argument(
        "--campaigns",
        type=large_day.Campaign.parse,
        nargs="*",
        metavar="SET:ACCOUNTS[:PADDING]",
        help="instead of the two: attack set, accounts of 26 calls, percent of padding",
    )
    make.add_argument(
        "--beside",
        type=large_day.Campaign.parse,
        nargs="*",
        default=(),
        metavar="SET:ACCOUNTS[:PADDING]",
        help="campaigns beside them",
    )
    reference = commands.add_parser("reference", help="write three clean days before it")
    reference.add_argument("--accounts", type=int, default=large_day.REFERENCE_ACCOUNTS, help="of a day (%(default)s)")
    for one in (make, reference):
        one.add_argument("--out", type=Path, required=True)
        one.add_argument("--seed", type=int, default=1)
    run = commands.add_parser("run", help="measure reading and scoring a day")
    run.add_argument("--log", type=Path, required=True, help="what `make` wrote")
    run.add_argument("--state", type=Path, required=True, help="made of the reference if missing; a copy is used")
    run.add_argument("--reference", type=Path, help="what `reference` wrote")
    run.add_argument("--memory", help="passed on to `gauger score`, as 4GiB")
    run.add_argument("--work", type=Path, help="passed on to `gauger score`; its largest size is measured")
    run.add_argument("--workers", type=int, default=2, help="threads (%(default)s)")
    run.add_argument("--out", type=Path, default=Path("build/large-run"), help="what is found stays here (%(default)s)")
    run.add_argument("--history", type=Path, default=FILE, help="the row is added here (%(default)s)")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "run":
        large_run.run(chosen)
        return
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    if chosen.command == "make":
        campaigns = (*(chosen.campaigns or large_day.planted(chosen.calls)), *chosen.beside)
        pool = read_pool(corpora, [campaign.source for campaign in campaigns])
        about = large_day.make_day(pool, chosen.out, chosen.calls, chosen.seed, campaigns)
        print(json.dumps(about, indent=1))
    else:
        pool = read_pool(corpora)
        print(json.dumps(large_day.make_reference(pool, chosen.out, chosen.seed, chosen.accounts), indent=1))


if __name__ == "__main__":
    main()
