"""Distinct words: every library sees the same words, so their estimates agree."""

from typing import Any

import pytest

from gauger.benchmark.rivals.contest import Rival
from gauger.benchmark.rivals.corpus import corpus
from gauger.benchmark.rivals.distinct import CONTEST, ours

CORPUS = corpus("some", [f"Word{number} and wörd{number}, again: 中文{number}; É" for number in range(600)])
DISTINCT = len(set(CORPUS.words))
# duckdb's sketch is small: 5 % is two of its standard errors.
TOLERANCE = {"duckdb": 0.12}


def test_ours() -> None:
    assert ours(CORPUS)() == pytest.approx(DISTINCT, rel=0.03)


@pytest.mark.parametrize("rival", CONTEST.rivals, ids=lambda rival: rival.name)
def test_libraries(rival: Rival) -> None:
    for package in rival.packages:
        pytest.importorskip(package)
    for make in rival.works.values():
        estimate: Any = make(CORPUS)()
        assert estimate == pytest.approx(DISTINCT, rel=TOLERANCE.get(rival.name, 0.03))
