"""The benches of families on what little they need: exact pairs against sets, edits, and rows without corpora."""

from itertools import combinations

import numpy as np
import pytest

from bench.families import near_duplicates
from tests.kernels.strategies import KEY


def test_exact_pairs_are_those_of_sets() -> None:
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice(list("abc"), 9)) for _ in range(60)]
    sets, words = near_duplicates.shingle_sets(texts, KEY)
    assert words.tolist() == [9] * 60
    found = {
        (int(i), int(j)): float(value)
        for left, right, values in near_duplicates.exact_pairs(sets, 0.3)
        for i, j, value in zip(left, right, values, strict=True)
    }
    grams = [{tuple(text.split()[at : at + 3]) for at in range(7)} for text in texts]
    expected = {(i, j): len(grams[i] & grams[j]) / len(grams[i] | grams[j]) for i, j in combinations(range(60), 2)}
    assert found == pytest.approx({pair: value for pair, value in expected.items() if value >= 0.3})


def test_edits_are_as_many_as_asked_for() -> None:
    random = np.random.default_rng(2)
    text = " ".join(f"w{at}" for at in range(3_000))
    words = near_duplicates.edit(text, 0.3, ["new"], random).split()
    assert words.count("new") == pytest.approx(450, abs=80)
    assert sum(word != "new" for word in words) == pytest.approx(2_700, abs=60)
