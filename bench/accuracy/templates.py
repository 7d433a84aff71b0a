"""Template families: pairs of prompts put together rightly, ours beside Drain3, where the template is known.

Both learn from all prompts of a set and label the same. F1 is over pairs: precision of those that are together, recall
of those that should be. What no template was found for is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from random import Random

import numpy as np
import pyarrow.parquet as pq

from bench.accuracy.agreement import apart, pairwise
from bench.world.corpora import corpora_directory
from gauger.benchmark.rivals.contest import lacks
from gauger.benchmark.rivals.corpus import corpus
from gauger.engine.families.frames import Grams, Matcher
from gauger.engine.families.templates import MEMBERS_MIN, learn
from gauger.engine.intake.measuring import Measurer, WordSketch

PROMPTS = 4_000
# Set, column of the text, column of the template.
SETS = (
    ("attack/t0_templates_50k", "prompt", "family"),
    ("attack/gpteacher", "prompt", "family"),
    ("templates/loghub2k_corrected", "prompt", "family"),
)


@dataclass(frozen=True)
class Row:
    """One estimator on one set."""

    who: str
    corpus: str
    prompts: int
    templates: int
    precision: float
    recall: float
    f1: float


def ours(prompts: list[str]) -> np.ndarray:
    """Frame of each prompt, -1 for none."""
    given = corpus("templates", prompts)
    measures = Measurer(given.secret).measure(given.batch, WordSketch())
    grams = Grams(measures.gram_offsets, measures.grams)
    hashes = (measures.prompt_hashes[:, 0] >> np.uint64(32)).astype(np.uint32)
    order = np.unique(hashes, return_index=True)[1]  # distinct prompts in the order ``learn`` wants
    return Matcher(learn(grams.take(order), hashes[order], MEMBERS_MIN)).match(grams)


def drain(prompts: list[str]) -> np.ndarray:
    """Cluster of each prompt."""
    from drain3.template_miner import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(None, TemplateMinerConfig())
    return np.asarray([miner.add_log_message(text)["cluster_id"] for text in prompts])


ESTIMATORS: Mapping[str, tuple[Callable[[list[str]], np.ndarray], str | None]] = {
    "gauger": (ours, None),
    "Drain3": (drain, "drain3"),
}


def agreement(labels: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs; a negative label is a group of its own."""
    return pairwise(apart(labels), truth)


def measure(prompts_max: int = PROMPTS) -> list[dict[str, object]]:
    """Every estimator that is installed, on every set that is here."""
    folder = corpora_directory()
    rows = []
    for name, text, template in SETS if folder is not None else ():
        assert folder is not None
        table = pq.read_table(folder / f"{name}.parquet", columns=[text, template]).drop_null()
        chosen = Random(1).sample(range(table.num_rows), min(prompts_max, table.num_rows))
        prompts = table[text].take(chosen).to_pylist()
        truth = np.unique(np.asarray(table[template].take(chosen).to_pylist()), return_inverse=True)[1]
        for who, (label, package) in ESTIMATORS.items():
            if package is None or not lacks(package):
                found = agreement(label(prompts), truth)
                rows.append(asdict(Row(who, name, len(prompts), int(truth.max()) + 1, *found)))
    return rows
