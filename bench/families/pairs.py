"""Pairs of sentences with a paraphrase label (MRPC): which of them near-duplicate families join.

The label is about meaning and no measure of overlap is: paraphrases share half of their words, and so do many pairs
that are none. What can be asked of MinHash is that it joins what the exact Jaccard similarity of word 3-shingles would.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.families import ours as families_ours
from gauger.benchmark.rivals import tokenising

SIMILARITIES = (0.3, 0.5, 0.7)


def exact(one: str, other: str) -> float:
    """Jaccard similarity of word 3-shingles; 0 of two empty texts."""
    left, right = set(tokenising.shingles(one)), set(tokenising.shingles(other))
    return len(left & right) / max(1, len(left | right))


def measure(corpora: Path) -> list[dict[str, Any]]:
    """At each threshold: of the pairs, those joined by us and by the exact similarity, and how both fit the label."""
    table = pq.read_table(corpora / "pairs" / "mrpc_pairs.parquet", columns=["prompt", "prompt_b", "label"])
    ones, others = table["prompt"].to_pylist(), table["prompt_b"].to_pylist()
    same = np.asarray([str(label) == "1" for label in table["label"].to_pylist()])
    similarity = np.asarray([exact(one, other) for one, other in zip(ones, others, strict=True)])
    rows = []
    for threshold in SIMILARITIES:
        found = families_ours.label_near([*ones, *others], threshold)
        joined = found[: len(ones)] == found[len(ones) :]
        rows.append({"threshold": threshold} | compare(joined, similarity >= threshold, same))
    return rows


def compare(joined: np.ndarray, alike: np.ndarray, same: np.ndarray) -> dict[str, Any]:
    """Shares of pairs; three boolean arrays."""
    return {
        "pairs": len(joined),
        "joined": int(joined.sum()),
        "alike": int(alike.sum()),
        "precision": _share(joined & same, joined),
        "recall": _share(joined & same, same),
        "exact_precision": _share(alike & same, alike),
        "exact_recall": _share(alike & same, same),
        "alike_joined": _share(joined & alike, alike),
    }


def _share(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part.sum() / max(1, whole.sum()))
