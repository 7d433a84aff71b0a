"""How fast ``gauger score`` is: the whole command beside pyarrow merely reading the file, stages, other libraries.

Times on a shared machine drift: what is compared runs turn about, and ratios are taken within a turn.

Run as ``python -m bench.performance --write docs/performance.md`` from the root of the repository.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench import performance_log, performance_page, rivals
from bench.machine import load
from bench.markdown import deliver
from bench.performance_page import Log, Report
from bench.performance_rounds import first_batches, rounds, staged
from gauger.score import score

CALLS, ROUNDS = 1_000_000, 3
_STAGE_CALLS = 100_000
_RIVAL_CALLS = 2_000


def run(out: Path, *, calls: int, round_count: int, tell: Callable[[str], None]) -> str:
    """Make the log and the state, measure, and return the page. ``tell`` hears what is going on."""
    tell(f"log of {calls:,} calls")
    logs = performance_log.make(out / f"log-{calls}", calls=calls)
    scratch = out / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    state = scratch / "reference_state"
    tell("reference days")
    score(logs.reference, scratch / "reference", state=state)
    busy = load()
    measured, manifest = rounds(logs.day, state, scratch, round_count, tell)
    tell("stages and other libraries")
    report = Report(
        log=_describe(logs.day),
        load=busy,
        rounds=measured,
        manifest=manifest,
        staged=staged(logs.day, min(calls, _STAGE_CALLS)),
        contests=rivals.contests(first_batches(logs.day, 1)[0].slice(0, _RIVAL_CALLS)),
        command=f"python -m bench.performance --calls {calls} --rounds {round_count} --write docs/performance.md",
    )
    shutil.rmtree(scratch)
    return performance_page.page(report)


def _describe(day: Path) -> Log:
    calls = prompt_bytes = 0
    for batch in pq.ParquetFile(day).iter_batches(columns=["prompt_text"]):
        calls += batch.num_rows
        prompt_bytes += pc.sum(pc.binary_length(batch.column(0))).as_py()
    accounts = pc.count_distinct(pq.read_table(day, columns=["account_id"])["account_id"]).as_py()
    return Log(calls, accounts, prompt_bytes, day.stat().st_size)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.performance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of the log (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to take medians of (default %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/performance"), help="the log stays here (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page here instead of printing it")
    chosen = parser.parse_args(arguments)
    page = run(chosen.out, calls=chosen.calls, round_count=chosen.rounds, tell=lambda text: print(text, flush=True))
    deliver(page, chosen.write)


if __name__ == "__main__":
    main()
