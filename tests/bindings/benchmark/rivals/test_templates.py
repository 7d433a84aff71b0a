"""Template matching: both find the template they learnt in the first half again in the second."""

from typing import Any

import pytest

from gauger.benchmark.rivals.contest import TEXT
from gauger.benchmark.rivals.corpus import corpus
from gauger.benchmark.rivals.templates import CONTEST, ours

CORPUS = corpus(
    "filled in",
    [
        f"You are a careful reviewer of reports. Read report {word} and say in one sentence what is wrong with it."
        for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa") * 4
    ],
)


def test_ours() -> None:
    labels: Any = ours(CORPUS)()
    assert len(labels) == len(CORPUS) // 2
    assert set(labels.tolist()) == {0}


def test_library() -> None:
    pytest.importorskip("drain3")
    clusters: Any = CONTEST.rivals[0].works[TEXT](CORPUS)()
    assert len(clusters) == len(CORPUS) // 2
    assert {cluster.cluster_id for cluster in clusters} == {1}
