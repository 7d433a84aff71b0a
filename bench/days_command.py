"""The command line that the benches over many days share: which days, how many seeds, where the page goes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from bench.markdown import deliver
from bench.real_corpora import corpora_directory
from bench.real_days import Days

Row = TypeVar("Row")


def parser_of(prog: str, doc: str | None, seeds: Sequence[int], calls: int) -> ArgumentParser:
    """What all of them ask."""
    parser = ArgumentParser(prog=f"python -m {prog}", description=(doc or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=calls, help="honest calls a day")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(seeds))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/days"), help="what is built stays here")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page here instead of printing it")
    return parser


def run(chosen: Namespace, measure: Callable[[Days], Sequence[Row]], page: Callable[[list[Row]], str]) -> None:
    """Measure every seed and deliver the page; a message instead where the corpora are absent."""
    corpora = corpora_directory()
    if corpora is None:
        print("skipped: the corpora are absent; set GAUGER_CORPORA to their directory")
        return
    deliver(page([row for seed in chosen.seeds for row in measure(Days(seed, corpora, chosen.out))]), chosen.write)
