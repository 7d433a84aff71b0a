"""Tracing: whether copies of a model show where they came from, measured on models that are trained here.

Students are n-gram models of 12,000 texts, and transformers (``--parts transformer``, which needs jax). A share of what
they read was served to a campaign; the rest are other texts. Run as ``python -m bench.tracing`` from the root.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.pages import history
from bench.pages.markdown import deliver
from bench.tracing import measure, page
from bench.tracing.copies import NOTHING
from bench.tracing.texts import build
from bench.world.corpora import ABSENT, corpora_directory

ORDERS = (3, 4)
ATTESTED_SHARES = (0.0, 0.01, 0.05, 0.2)
FEW_PAIRS, FEW_ARMS = 20, ((0.0, 1.0, NOTHING), (0.001, 1.0, NOTHING), (0.01, 1.0, NOTHING))


def _canaries(corpora: Path, seeds: Sequence[int], listed: bool = False) -> Any:
    found = []
    chosen = [arm for arm in measure.arms() if not listed or (arm[0] in ATTESTED_SHARES and arm[1] == 1.0)]
    for seed in seeds:
        served = measure.serve(build(corpora, seed), seed)
        for order in ORDERS:
            rows = measure.canaries(served, measure.ngram_student(order), seed, chosen, measure.STUDENT, listed)
            found += [{"order": order, **row} for row in rows]
    return found


def _of_each(corpora: Path, seeds: Sequence[int], each: Callable[..., Any]) -> Any:
    return [row for seed in seeds for order in ORDERS for row in each(build(corpora, seed), order, seed)]


def _few(corpora: Path, seeds: Sequence[int]) -> Any:
    """A tenth of the pairs, each in ten times as many answers: n-grams, and one transformer."""
    from bench.tracing.transformers import measured

    found = []
    for seed in seeds:
        served = measure.serve(build(corpora, seed), seed)
        for order in ORDERS:
            student = measure.ngram_student(order)
            rows = measure.canaries(served, student, seed, FEW_ARMS, measure.STUDENT, slots=FEW_PAIRS)
            found += [{"order": order, **row} for row in rows]
    return [*found, *measured(corpora, seeds[0], FEW_ARMS[-1:], FEW_PAIRS)]


def _transformer(corpora: Path, seeds: Sequence[int]) -> Any:
    from bench.tracing.transformers import measured

    return [row for seed in seeds for row in measured(corpora, seed)]


PARTS: dict[str, Callable[[Path, Sequence[int]], Any]] = {
    "canaries": _canaries,
    "attested": lambda corpora, seeds: _canaries(corpora, seeds, listed=True),
    "filter": lambda corpora, seeds: measure.filtering(measure.serve(build(corpora, seeds[0]), seeds[0])),
    "watermark": lambda corpora, seeds: _of_each(corpora, seeds, measure.watermark),
    "edited": lambda corpora, seeds: [
        row for seed in seeds for row in measure.watermark(build(corpora, seed), ORDERS[-1], seed, measure.EDITED)
    ],
    "containment": lambda corpora, seeds: _of_each(
        corpora, seeds, lambda texts, order, seed: measure.containment(measure.serve(texts, seed), order, seed)
    ),
    "alarms": lambda corpora, seeds: measure.false_alarms(build(corpora, seeds[0]), 10_000),
    "uniform": lambda corpora, seeds: list(measure.uniformity(build(corpora, seeds[0]), 1_000)),
    "speed": lambda corpora, seeds: list(measure.speed(10_000_000)),
    "transformer": _transformer,
    "few": _few,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.tracing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS], help="what to measure")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="one division of the texts each")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the rows and fill this page")
    chosen = parser.parse_args(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    for part in chosen.parts:
        row = history.begin(" ".join(["python -m bench.tracing", *sys.argv[1:]])) | {"seeds": chosen.seeds}
        row[part] = PARTS[part](corpora, chosen.seeds)
        if chosen.write is not None:
            history.append(row, page.FILE)
        else:
            print(row)
    if chosen.write is not None:
        deliver(page.figures(), chosen.write)


if __name__ == "__main__":
    main()
