"""Template families: pairs of prompts put together rightly, ours beside Drain3, where the template is known.

Both learn from all prompts of a set and label the same. F1 is over pairs: precision of those that are together, recall
of those that should be. What no template was found for is alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from random import Random

import numpy as np
import pyarrow.parquet as pq

from bench.accuracy.agreement import apart, pairwise
from bench.families.ours import label
from bench.families.rivals import Labeller, drain
from bench.world.corpora import corpora_directory
from gauger.benchmark.rivals.contest import lacks
from gauger.engine.common.settings import Settings
from gauger.engine.families.templates import MEMBERS_MIN

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


ESTIMATORS: Mapping[str, tuple[Labeller, str | None]] = {
    "gauger": (partial(label, settings=Settings(template_members=MEMBERS_MIN)), None),
    "Drain3": (drain(), "drain3"),
}


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
        for who, (labeller, package) in ESTIMATORS.items():
            if package is None or not lacks(package):
                found = pairwise(apart(labeller(prompts)), truth)
                rows.append(asdict(Row(who, name, len(prompts), int(truth.max()) + 1, *found)))
    return rows
