"""What else puts prompts into groups, on the same rows: Drain3, and three ways of MinHash with banded buckets.

Each labels all prompts it is given, from text, on one core. Drain3 learns and labels one prompt after another; tuned,
its similarity threshold is the best of five *for the set at hand*, which nobody could know beforehand. The MinHash
libraries sign word 3-shingles in 128 slots, look every prompt up in their index at a threshold of 0.5, check each pair
with the library's own signatures, and groups are connected components; without the check they chain. Seconds are of
processor time, all threads.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from bench.accuracy.agreement import agreement
from bench.families import ours as families_ours
from bench.families.sets import FamilySet
from bench.speed.resources import peak
from gauger.benchmark import turns
from gauger.benchmark.rivals import tokenising
from gauger.benchmark.rivals.contest import lacks
from gauger.engine.common.unions import components

ROWS = 10_000  # of a set, for everybody: what the slow ones do in seconds
SIMILARITIES = (0.3, 0.4, 0.5, 0.6, 0.7)
THRESHOLD, SLOTS = 0.5, 128
TUNED = "Drain3, tuned"
Labeller = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Entrant:
    """Somebody who labels prompts."""

    name: str
    label: Labeller
    packages: tuple[str, ...] = ()


def drain(similarity: float | None = None) -> Labeller:
    """Drain3; None is its default configuration."""

    def label(prompts: Sequence[str]) -> np.ndarray:
        from drain3.template_miner import TemplateMiner
        from drain3.template_miner_config import TemplateMinerConfig

        settings = TemplateMinerConfig()
        if similarity is not None:
            settings.drain_sim_th = similarity
        miner = TemplateMiner(None, settings)
        return np.asarray([miner.add_log_message(text)["cluster_id"] for text in prompts])

    return label


def datasketch(prompts: Sequence[str]) -> np.ndarray:
    """MinHash.bulk and MinHashLSH."""
    from datasketch import MinHash, MinHashLSH

    signed = MinHash.bulk(map(tokenising.shingles, prompts), num_perm=SLOTS)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=SLOTS)
    for row, one in enumerate(signed):
        index.insert(row, one)
    found = (index.query(one) for one in signed)
    return _components(found, np.asarray([one.hashvalues for one in signed]))


def rensa(prompts: Sequence[str]) -> np.ndarray:
    """RMinHash and RMinHashLSH, 32 bands of four: the divisor of 128 that is nearest to the threshold."""
    from rensa import RMinHash, RMinHashLSH

    signed = RMinHash.from_token_sets(list(map(tokenising.shingles, prompts)), SLOTS, 42)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=SLOTS, num_bands=32)
    index.insert_many(signed)
    return _components(index.query_all(signed), np.asarray([one.digest() for one in signed], np.uint32))


ENTRANTS = (
    Entrant("gauger", families_ours.label),
    Entrant("gauger, short lines", families_ours.label_lines),
    Entrant("gauger, short lines, all families", partial(families_ours.label_families, settings=families_ours.LINES)),
    Entrant("gauger, all families", families_ours.label_families),
    Entrant("plain MinHash (gauger's)", families_ours.label_near),
    Entrant("Drain3", drain(), ("drain3",)),
    *(Entrant(f"Drain3 {similarity}", drain(similarity), ("drain3",)) for similarity in SIMILARITIES),
    Entrant("datasketch LSH", datasketch, ("datasketch",)),
    Entrant("rensa LSH", rensa, ("rensa",)),
)


def _components(found: Iterable[Iterable[int]], signatures: np.ndarray) -> np.ndarray:
    left, right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for row, others in enumerate(found):
        candidates = np.asarray([other for other in others if other > row], np.int64)
        if len(candidates):
            alike = (signatures[candidates] == signatures[row]).mean(axis=1) >= THRESHOLD
            right.append(candidates[alike])
            left.append(np.full(int(alike.sum()), row, np.int64))
    return components(len(signatures), np.concatenate(left), np.concatenate(right))


def measure(sets: Sequence[FamilySet], tell: Callable[[str], None], rows_max: int = ROWS) -> list[dict[str, Any]]:
    """Everybody who is installed on every set, cut to a number of rows; the best Drain3 of each set stands for all.

    Memory is measured on the first set alone: every figure needs a process of its own, as an allocator keeps what
    earlier work gave back.
    """
    found: list[dict[str, Any]] = []
    with turns.one_core():
        for given in sets:
            if len(given) > rows_max:
                given = given.take(np.sort(np.random.default_rng(4).permutation(len(given))[:rows_max]))
            rows = tuned([judged(given, entrant) for entrant in ENTRANTS if not any(map(lacks, entrant.packages))])
            for row in rows:
                if not found and row["who"] != TUNED:
                    row["peak_bytes"] = memory(given, row["who"])
                each_second = row["rows"] / row["seconds"]
                tell(f"{row['set']:28} {row['who']:26} F1 {row['f1']:.3f} {each_second:,.0f} prompts/s")
            found += rows
    return found


def judged(given: FamilySet, entrant: Entrant) -> dict[str, Any]:
    """One on one set."""
    entrant.label(given.prompts[:50])  # imports, kernels and caches
    started = time.process_time()
    labels = entrant.label(given.prompts)
    row = {"set": given.name, "who": entrant.name, "rows": len(given), "seconds": time.process_time() - started}
    return row | {"bytes": sum(len(text.encode()) for text in given.prompts)} | asdict(agreement(labels, given.truth))


def memory(given: FamilySet, name: str) -> int:
    """How far one's labelling of a set raises the memory of a process of its own, in bytes."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_rise, (name, given.prompts))


def _rise(name: str, prompts: list[str]) -> int:
    entrant = next(one for one in ENTRANTS if one.name == name)
    entrant.label(prompts[:50])
    return peak(lambda: entrant.label(prompts))[1]


def tuned(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the Drain3 with a threshold the best by F1, called tuned; everybody else as they are."""
    thresholds = {f"Drain3 {similarity}" for similarity in SIMILARITIES}
    others = [row for row in rows if row["who"] not in thresholds]
    tries = [row for row in rows if row["who"] in thresholds]
    if tries:
        best = max(tries, key=lambda row: row["f1"])
        others.append(best | {"who": TUNED, "threshold": float(best["who"].split()[1])})
    return others
