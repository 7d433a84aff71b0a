"""How fast: text to labels on one core, and what of it comes after the pass that a run makes anyway.

Seconds are of processor time, all threads: on an idle machine the same as of the clock, on a busy one less wrong.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bench.families import ours as families_ours
from bench.families.sets import FamilySet
from bench.families.volume import grown
from bench.speed.resources import peak
from gauger.benchmark import turns
from gauger.benchmark.rivals.corpus import corpus

ROUNDS = 5


def measure(given: FamilySet, rows: int, tell: Callable[[str], None], rounds: int = ROUNDS) -> dict[str, Any]:
    """Medians over rounds of the parts of the way, a set cut or grown to a number of rows."""
    given = given.take(np.arange(rows)) if rows <= len(given) else grown(given, rows)
    texts = corpus("speed", given.prompts)
    size = len(texts.content)  # Arrow's form is made here, outside of the time
    taken: dict[str, list[float]] = {"pass": [], "learning": [], "matching": []}
    risen = 0
    with turns.one_core():
        families_ours.label(given.prompts[:200])
        for _ in range(rounds):
            started = time.process_time()
            measured = families_ours.measure(texts)
            taken["pass"].append(time.process_time() - started)
            (frames, seconds), rise = peak(partial(_timed, partial(families_ours.learn_frames, measured)))
            taken["learning"].append(seconds)
            taken["matching"].append(_timed(partial(families_ours.match, frames, measured))[1])
            risen = max(risen, rise)
            facts = {
                "frames": len(frames),
                "frame_bytes": families_ours.frame_bytes(frames),
                "gram_bytes": measured.grams.values.nbytes + measured.grams.offsets.nbytes,
            }
            del measured, frames  # two of them would not fit the memory of the largest set
    medians = {name: float(np.median(values)) for name, values in taken.items()}
    whole = sum(medians.values())
    row = {
        "set": given.name,
        "rows": len(given),
        "bytes": size,
        "seconds": medians,
        "each_second": len(given) / whole,
        "beyond_the_pass": len(given) / (whole - medians["pass"]),
        "rounds": rounds,
        "learning_peak_bytes": risen,
    }
    tell(f"{len(given):,} rows: {row['each_second']:,.0f} prompts/s all in, {medians}")
    return row | facts


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    found = work()
    return found, time.process_time() - started
