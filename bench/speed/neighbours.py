"""Nearest accounts among very many: seconds on so many threads, and how many of the true neighbours are found.

Accounts are made up: each lies about one of many centres, as whitened kernel means do, in as many dimensions. Evidence
searches six times: by the mean of all calls, by the oddest calls, and four times more after self-training.

Run as ``python -m bench.speed.neighbours`` from the root of the repository, on an idle machine.
"""

import argparse
import os
import resource
import time
from collections.abc import Sequence

import numpy as np

from bench.pages.markdown import table
from gauger.engine.common import threads
from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.neighbours import Index
from gauger.kernels.text.features import FEATURES

K = 50
BOUND = 3 * Settings().reference_accounts_max  # a run looks among its reference and twice as many of today's
_CHECKED = 200  # accounts whose true neighbours are looked up
_ACCOUNTS_PER_CENTRE = 100
_SPREAD = 1.5  # of an account about its centre, against the centres' own


def accounts(count: int, seed: int = 0) -> np.ndarray:
    """float32[count, FEATURES] of unit norm, made block by block: a million are 2.6 GB."""
    random = np.random.default_rng(seed)
    centres = unit(random.standard_normal((max(1, count // _ACCOUNTS_PER_CENTRE), FEATURES), np.float32))
    owner = random.integers(0, len(centres), count)
    result = np.empty((count, FEATURES), np.float32)
    for start in range(0, count, 65_536):
        part = slice(start, start + 65_536)
        noise = random.standard_normal((len(owner[part]), FEATURES), np.float32)
        result[part] = unit(centres[owner[part]] + noise * np.float32(_SPREAD / np.sqrt(FEATURES)))
    return result


def recall(vectors: np.ndarray, rows: np.ndarray, among: np.ndarray) -> float:
    """Share of the true K nearest of some accounts that were found."""
    chosen = np.linspace(0, len(vectors) - 1, _CHECKED).astype(np.int64)
    shares = []
    for one in chosen.tolist():
        similarity = vectors[among] @ vectors[one]
        similarity[among == one] = -np.inf
        true = among[np.argpartition(-similarity, K)[:K]]
        shares.append(len(np.intersect1d(true, rows[one, :K])) / K)
    return float(np.mean(shares))


def found(vectors: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Rows of the K nearest of each account, looked for among some; int64[count, K]."""
    index = Index(vectors[among])
    rows = np.empty((len(vectors), K), np.int64)
    rows[among] = among[index.search_all(K)[1]]
    others = np.setdiff1d(np.arange(len(vectors)), among)
    rows[others] = among[index.search(vectors[others], K)[1]]
    return rows


def measure(count: int, asked: int) -> list[str]:
    """One row of the table: ``count`` accounts ask, ``asked`` of them are looked among."""
    vectors = accounts(count)
    among = np.linspace(0, count - 1, asked).astype(np.int64)
    clock, processor = time.perf_counter(), time.process_time()
    rows = found(vectors, among)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        f"{count:,}",
        f"{asked:,}",
        str(threads.count()),
        f"{clock:.1f}",
        f"{processor:.1f}",
        f"{1e6 * clock / count:.0f}",
        f"{100 * recall(vectors, rows, among):.1f}",
        f"{peak:.1f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed.neighbours", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--accounts", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    pairs = [(count, asked) for count in sorted(chosen.accounts) for asked in sorted({min(BOUND, count), count})]
    with threads.use(chosen.workers):
        rows = [measure(*pair) for pair in pairs]
    head = [
        "accounts",
        "among",
        "threads",
        "wall s",
        "processor s",
        "us an account",
        f"true {K} nearest found %",
        "peak GiB",
    ]
    print(table(head, rows))


if __name__ == "__main__":
    main()
