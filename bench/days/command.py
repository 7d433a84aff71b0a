"""The command line that the benches over many days share: which days, how many seeds, where the figures go."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.pages import history
from bench.pages.markdown import deliver
from bench.world.corpora import ABSENT, corpora_directory
from bench.world.days import Days

FILE = history.RESULTS / "days.jsonl"


def parser_of(name: str, doc: str | None, seeds: Sequence[int], calls: int) -> ArgumentParser:
    """What all of them ask."""
    parser = ArgumentParser(prog=f"python -m bench.days.{name}", description=(doc or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=calls, help="honest calls a day (%(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(seeds), help="one world each")
    parser.add_argument("--out", type=Path, default=Path("build/days"), help="what is built stays here")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the row and fill this page")
    parser.set_defaults(name=name)
    return parser


def run(
    chosen: Namespace,
    measure: Callable[[Days], Sequence[Any]],
    figure: Callable[[history.Row, Sequence[Any]], str],
    file: Path = FILE,
) -> None:
    """Measure every seed; print the figure, or keep its row and fill the page's figure of the bench's name.

    A message instead where the corpora are absent. Raises ValueError for a page that lacks the markers.
    """
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    row = history.begin(" ".join([f"python -m bench.days.{chosen.name}", *sys.argv[1:]]))
    row |= {"calls": chosen.calls, "seeds": chosen.seeds}
    found = [one for seed in chosen.seeds for one in measure(Days(seed, corpora, chosen.out))]
    row[chosen.name] = [asdict(one) for one in found]
    if chosen.write is not None:
        history.append(row, file)
    deliver({chosen.name: figure(row, found)}, chosen.write)


def figure_of(row: history.Row, table: str) -> str:
    """A table below what it was measured on."""
    seeds = ", ".join(map(str, row["seeds"]))
    return f"{row['calls']:,} honest calls a day, seeds {seeds}, `{row['commit']}`.\n\n{table}"
