"""What is timed: the stages of the pass, its threads, and every task other libraries do too; on each corpus."""

import os
import statistics
from collections.abc import Mapping
from functools import cache
from typing import Any

from bench.world import texts
from gauger.benchmark import stages as bench_stages
from gauger.benchmark import turns
from gauger.benchmark.command import contests
from gauger.benchmark.rivals.contest import HASHES, OURS, TEXT, TOKENISING, Contest, name_of
from gauger.benchmark.stages import ADMIT, CONTROL, FLOOR, FOLD, PASS, STREAMING, UP_TO
from gauger.benchmark.turns import Times, ratio

STAGES_TASK, THREADS_TASK = "the pass", "threads"
THREADS = (1, 2)
_PIECE_ROWS = 1_024  # small pieces, so that no thread is left alone with the last one


def entrants() -> dict[str, list[str]]:
    """Every contestant of every task, installed or not."""
    from gauger.kernels.text.measuring import STEPS

    found = {
        STAGES_TASK: [FLOOR, STREAMING, ADMIT, *(UP_TO + name for name in STEPS), PASS, FOLD],
        THREADS_TASK: [prefix + bench_stages.threads_name(count) for prefix in ("", CONTROL) for count in THREADS],
    }
    return found | {contest.task: list(contest.entrants()) for contest in contests()}


@cache
def times(corpus: str, task: str) -> Times:
    """Take the turns of a task on a corpus, once. Raises texts.AbsentError."""
    loaded = texts.load(corpus)
    if task == STAGES_TASK:
        return turns.take_turns(bench_stages.works(loaded.batches), turns.ROUNDS)
    if task == THREADS_TASK:
        pieces = [part for batch in loaded.batches for part in _pieces(batch)]
        with turns.cores(set(range(os.cpu_count() or 1))):
            works = bench_stages.thread_works(pieces, THREADS) | bench_stages.control_works(THREADS)
            return turns.take_turns(works, turns.ROUNDS)
    return turns.take_turns(_contest(task).works(loaded.corpus), turns.ROUNDS)


def extent(corpus: str, task: str) -> dict[str, int]:
    """How many prompts, and bytes of them, a task is timed on."""
    loaded = texts.load(corpus).corpus
    part = loaded if task in (STAGES_TASK, THREADS_TASK) else loaded.head(_contest(task).prompts)
    return {"prompts": len(part), "bytes": int(part.content.size)}


def _contest(task: str) -> Contest:
    return next(contest for contest in contests() if contest.task == task)


def _pieces(batch: Any) -> list[Any]:
    return [batch.slice(at, _PIECE_ROWS) for at in range(0, batch.num_rows, _PIECE_ROWS)]


def figures(report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of every corpus and task from pytest-benchmark's JSON."""
    measured: dict[str, dict[str, Times]] = {}
    extents: dict[tuple[str, str], dict[str, int]] = {}
    for one in report["benchmarks"]:
        params = one["params"]
        corpus, task = params["corpus"], params["task"]
        measured.setdefault(corpus, {}).setdefault(task, {})[params["entrant"]] = one["stats"]["data"]
        extents[corpus, task] = one["extra_info"]
    return {
        corpus: {
            task: extents[corpus, task] | _figures(task, found)
            for task, found in tasks.items()
            if _needed(task) <= found.keys()
        }
        for corpus, tasks in measured.items()
    }


def _needed(task: str) -> set[str]:
    """What a task's figures cannot do without: a choice of benches (``--only``) may have caught a part of it."""
    if task == STAGES_TASK:
        return {FLOOR, STREAMING, ADMIT, PASS, FOLD}
    if task == THREADS_TASK:
        return {prefix + bench_stages.threads_name(count) for prefix in ("", CONTROL) for count in THREADS}
    return {name_of(OURS, kind) for kind in _contest(task).ours}


def _figures(task: str, found: Times) -> dict[str, Any]:
    if task == STAGES_TASK:
        return {
            "rounds": len(found[FLOOR]),
            "stages": [
                {"name": stage.name, "seconds": stage.seconds, "floors": stage.floors}
                for stage in bench_stages.stages(found)
            ],
        }
    if task == THREADS_TASK:
        return {
            "speedup": bench_stages.speedups(found, THREADS),
            "control": bench_stages.speedups(found, THREADS, CONTROL),
        }
    return contest_figures(_contest(task), found)


def contest_figures(contest: Contest, found: Times) -> dict[str, Any]:
    """Ours in seconds; of each library seconds, ratios to ours, and what of its time is Python making tokens."""
    ours = {kind: found[name_of(OURS, kind)] for kind in contest.ours}
    rivals = {}
    for rival in contest.rivals:
        taken = {kind: found[name] for kind in rival.works if (name := name_of(rival.name, kind)) in found}
        if not taken:
            continue
        row: dict[str, Any] = {"packages": rival.packages, "note": rival.note}
        for kind, seconds in taken.items():
            # With tokens ready for the library, ours still starts from text.
            base = ours[HASHES] if kind == HASHES else ours[TEXT]
            row[kind] = {"seconds": statistics.median(seconds), "ratio": ratio(seconds, base)}
        if rival.tokeniser is not None and TEXT in taken:
            row["tokenising"] = ratio(found[name_of(TOKENISING, rival.tokeniser)], taken[TEXT])
        rivals[rival.name] = row
    return {
        "rounds": len(ours[TEXT]),
        "ours": {kind: statistics.median(seconds) for kind, seconds in ours.items()},
        "rivals": rivals,
    }
