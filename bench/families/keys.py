"""The same prompts under several keys: who is together must not hang on the key."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from bench.accuracy.agreement import agreement
from bench.families import ours as families_ours
from bench.families.sets import FamilySet
from gauger.engine.common.secret import Secret

KEYS = tuple(bytes([number]) * 16 for number in range(1, 7))


def _pairs(*labels: np.ndarray) -> int:
    """Pairs of prompts that are together by all of some labels, -1 = alone."""
    inside = np.all([own >= 0 for own in labels], axis=0)
    sizes = np.unique(np.stack(labels)[:, inside], axis=1, return_counts=True)[1].astype(np.int64)
    return int(np.sum(sizes * (sizes - 1) // 2))


def differing(left: np.ndarray, right: np.ndarray) -> float:
    """Of the pairs of prompts that are together by either labels, the share that is not by both, 0 .. 1."""
    both = _pairs(left, right)
    either = _pairs(left) + _pairs(right) - both
    return 1.0 - both / either if either else 0.0


def measure(sets: Sequence[FamilySet], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Every set under every key: the largest difference between two, and how well the worst does."""
    rows = []
    for given in sets:
        labels = [families_ours.label(given.prompts, secret=Secret(key)) for key in KEYS]
        found = [agreement(own, given.truth) for own in labels]
        row = {
            "set": given.name,
            "rows": len(given),
            "keys": len(KEYS),
            "differing": max(differing(*pair) for pair in combinations(labels, 2)),
            "ari_least": min(one.ari for one in found),
            "ari_greatest": max(one.ari for one in found),
        }
        tell(f"{given.name:42} {row['differing']:.5f} of pairs differ, ARI {row['ari_least']:.4f}")
        rows.append(row)
    return rows
