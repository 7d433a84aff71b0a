"""MinHash of the libraries: the same shingles in 128 slots, whichever way they are handed over."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gauger.benchmark.rivals.contest import HASHES, TEXT, TOKENS, Rival
from gauger.benchmark.rivals.corpus import corpus
from gauger.benchmark.rivals.minhash import CONTEST, RHO_FULL, SLOTS

SHARED = "please write one long poem about the wide and stormy sea"
CORPUS = corpus("pair", [f"{SHARED} with rhymes", f"{SHARED} without any"])
JACCARD = 9 / 13  # of the shingles: 11 and 11, of which 9 are shared
RIVALS = {rival.name: rival for rival in CONTEST.rivals}


def rival(name: str) -> Rival:
    """One that is installed."""
    found = RIVALS[name]
    for package in found.packages:
        pytest.importorskip(package)
    return found


def near(estimate: float) -> bool:
    """Within five standard errors."""
    return abs(estimate - JACCARD) < 5 * (JACCARD * (1 - JACCARD) / SLOTS) ** 0.5


def test_jaccard_of_the_pair() -> None:
    left, right = map(set, CORPUS.shingles)
    assert len(left & right) / len(left | right) == pytest.approx(JACCARD)


@pytest.mark.parametrize("kind", [TEXT, TOKENS, HASHES])
def test_datasketch(kind: str) -> None:
    signatures: Any = rival("datasketch sha1").works[kind](CORPUS)()
    assert [len(one) for one in signatures] == [SLOTS, SLOTS]
    assert near(signatures[0].jaccard(signatures[1]))


def test_datasketch_with_xxhash() -> None:
    for make in rival("datasketch xxhash").works.values():
        signatures: Any = make(CORPUS)()
        assert near(signatures[0].jaccard(signatures[1]))


@pytest.mark.parametrize("kind", [TEXT, TOKENS, HASHES])
@pytest.mark.parametrize("name", ["rensa R-MinHash", "rensa Rho"])
def test_rensa(name: str, kind: str) -> None:
    matrix: Any = rival(name).works[kind](CORPUS)()
    rows = np.asarray(matrix.to_rows())
    assert rows.shape == (2, SLOTS)
    if name == "rensa R-MinHash":
        assert near(float(np.mean(rows[0] == rows[1])))


def test_rho_of_all_tokens_looks_at_more() -> None:
    long = corpus("long", [" ".join(f"word{number}" for number in range(600))])
    few: Any = rival("rensa Rho").works[HASHES](long)()
    all_tokens: Any = rival("rensa Rho, all tokens").works[HASHES](long)()
    filled = [int(np.sum(np.asarray(matrix.to_rows(), np.uint64) != 0xFFFFFFFF)) for matrix in (few, all_tokens)]
    assert filled[0] < filled[1] == SLOTS
    assert not set(RHO_FULL) & set(os.environ)


@pytest.mark.parametrize("kind", [TEXT, TOKENS])
def test_gaoya_fills_an_index(kind: str) -> None:
    gaoya = rival("gaoya")
    make: Callable[[Any], Any] = gaoya.works[kind]
    make(CORPUS)()
