"""The command line that the benches over many days share: which days, how many seeds, where the page goes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from bench.pages.history import commit
from bench.pages.markdown import filled
from bench.world.corpora import corpora_directory
from bench.world.days import Days

Row = TypeVar("Row")


def parser_of(prog: str, doc: str | None, seeds: Sequence[int], calls: int) -> ArgumentParser:
    """What all of them ask."""
    parser = ArgumentParser(prog=f"python -m {prog}", description=(doc or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=calls, help="honest calls a day")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(seeds))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/days"), help="what is built stays here")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put the table into this page instead of printing it"
    )
    parser.set_defaults(name=prog.rsplit(".", 1)[-1])
    return parser


def run(chosen: Namespace, measure: Callable[[Days], Sequence[Row]], page: Callable[[list[Row]], str]) -> None:
    """Measure every seed; print the table, or put it between the page's marks that bear the bench's name.

    A message instead where the corpora are absent. Raises ValueError for a page that lacks the marks.
    """
    corpora = corpora_directory()
    if corpora is None:
        print("skipped: the corpora are absent; set GAUGER_CORPORA to their directory")
        return
    table = page([row for seed in chosen.seeds for row in measure(Days(seed, corpora, chosen.out))])
    if chosen.write is None:
        print(table)
        return
    marks = [f"<!-- {chosen.name}:{end} -->" for end in ("begin", "end")]
    measured = (
        f"{chosen.calls:,} honest calls a day, seeds {', '.join(map(str, chosen.seeds))}, `{commit()}`.\n\n{table}"
    )
    chosen.write.write_text(filled(chosen.write.read_text(), marks, measured.strip()))
