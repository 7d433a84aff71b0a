"""The index of family representatives: recall and time of a look-up, flat and inverted, at 1,000 to a million rows.

Run as ``python -m bench.families.index``. Rows are signatures of real prompts, and copies with slots drawn anew where
there are not enough; queries are rows with a fifth of their slots drawn anew. Recall is against exhaustive search.
"""

import json
import time
from dataclasses import asdict, dataclass

import numpy as np

from bench.families.near_duplicates import read, sign
from bench.world.corpora import ABSENT, corpora_directory
from gauger.engine.common.secret import Secret
from gauger.engine.families import index as nearest_families
from gauger.engine.families.index import NearestFamilies, codes

ROWS = (1_000, 10_000, 100_000, 1_000_000)
QUERIES, K = 500, 10


@dataclass(frozen=True)
class Row:
    """Look-ups of the K nearest, one at a time."""

    structure: str  # "flat" or "inverted"
    chosen: bool  # what the product takes at this size
    rows: int
    build_seconds: float
    p50_us: float
    p99_us: float
    recall_at_1: float  # share of queries whose nearest code, or one as near, was found
    recall_at_10: float  # share of the K nearest distances found
    source_found: float  # share of queries whose own row is among the K


def rows_like(signatures: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """``count`` signatures: the given ones, then copies with up to 60 % of their slots drawn anew."""
    found = signatures[random.integers(0, len(signatures), count)]
    found[: min(count, len(signatures))] = signatures[: min(count, len(signatures))]
    for start in range(len(signatures), count, 100_000):
        part = found[start : start + 100_000]
        fresh = random.random(part.shape, np.float32) < random.uniform(0.2, 0.6, (len(part), 1))
        part[fresh] = random.integers(0, 256, int(fresh.sum()), np.uint8)
    return found


def look_up(structure: str, given: np.ndarray, wanted: np.ndarray, truth: np.ndarray | None) -> tuple[Row, np.ndarray]:
    """Figures of one structure, and the distances it found (the truth, where it is exhaustive)."""
    most = nearest_families.EXACT_MAX
    nearest_families.EXACT_MAX = len(given) if structure == "flat" else 0
    try:
        began = time.perf_counter()
        index = NearestFamilies.build(given)
        built = time.perf_counter() - began
    finally:
        nearest_families.EXACT_MAX = most
    times, distances = np.empty(len(wanted)), np.empty((len(wanted), K), np.int32)
    found = 0.0
    for at in range(len(wanted)):
        began = time.perf_counter()
        rows, distances[at] = index.nearest(wanted[at : at + 1], K)
        times[at] = time.perf_counter() - began
        found += float(at in rows)
    exact = distances if truth is None else truth
    p50, p99 = (1e6 * np.percentile(times, [50, 99])).tolist()
    chosen = (len(given) <= most) == (structure == "flat")
    at_1, at_10 = np.mean(distances[:, 0] <= exact[:, 0]), np.mean(distances <= exact)
    row = Row(structure, chosen, len(given), built, p50, p99, float(at_1), float(at_10), found / len(wanted))
    return row, distances


def measure(share: float = 1.0, seed: int = 1) -> list[dict[str, object]]:
    """Both structures at every number of rows, at a share of them; nothing where the corpora are missing."""
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return []
    random = np.random.default_rng(seed)
    signatures = random.permutation(sign(list(read(corpora, min(1.0, share), random)), Secret.random().key))
    found = []
    for count in sorted({max(100, int(share * rows)) for rows in ROWS}):
        given = rows_like(signatures, count, random)
        wanted = given[:QUERIES].copy()
        fresh = random.random(wanted.shape) < 0.2
        wanted[fresh] = random.integers(0, 256, int(fresh.sum()), np.uint8)
        flat, truth = look_up("flat", codes(given), codes(wanted), None)
        inverted, _ = look_up("inverted", codes(given), codes(wanted), truth)
        found += [asdict(flat), asdict(inverted)]
    return found


if __name__ == "__main__":
    for figures in measure():
        print(json.dumps(figures))
