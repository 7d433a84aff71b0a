"""Near-duplicate families against exact Jaccard similarity, pair by pair."""

from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.families.near_duplicates import WORDS_MIN, near_duplicates
from gauger.kernels.sketches import minhash
from tests.engine import worlds

SIMILARITY, FAR = 0.7, 0.4


def signed(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Signatures and word counts of texts, as the pass makes them."""
    measures = worlds.measured(texts)
    return measures.signatures, measures.words


@cache
def shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = text.split()
    return frozenset(tuple(words[i : i + 3]) for i in range(len(words) - 2))


def jaccard(left: str, right: str) -> float:
    """Exact Jaccard similarity of the word 3-shingles."""
    shared = len(shingles(left) & shingles(right))
    return shared / (len(shingles(left)) + len(shingles(right)) - shared)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Sixty texts of fifty words or more, each with five more or less edited copies."""
    words, texts = worlds.Words(1), []
    for _ in range(60):
        base = words.text(50, 90)
        texts += [base, *(words.edited(base, changes) for changes in (1, 2, 3, 6, 16))]
    return texts


@pytest.fixture(scope="module")
def family(texts: list[str]) -> np.ndarray:
    return near_duplicates(*signed(texts), SIMILARITY)


def test_pairs_above_the_similarity_fall_together_and_pairs_far_below_it_do_not(
    texts: list[str], family: np.ndarray
) -> None:
    similar = {(i, j): jaccard(texts[i], texts[j]) for i, j in combinations(range(len(texts)), 2)}
    above = [family[i] == family[j] for (i, j), value in similar.items() if value >= SIMILARITY]
    assert len(above) > 250
    assert np.mean(above) >= 0.99
    below = [family[i] == family[j] for (i, j), value in similar.items() if value < FAR]
    assert len(below) > 40_000
    assert not any(below)


def test_the_margin_saves_pairs_that_just_reach_the_similarity() -> None:
    """Their estimates fall below it every other time."""
    words, pairs = worlds.Words(8), []
    for _ in range(400):
        base = words.text(60, 100)
        pairs.append((base, words.edited(base, 4 if len(base.split()) > 78 else 3)))
    family = near_duplicates(*signed([text for pair in pairs for text in pair]), SIMILARITY)
    reached = [SIMILARITY <= jaccard(*pair) < SIMILARITY + 0.05 for pair in pairs]
    assert sum(reached) > 50
    assert np.mean((family[::2] == family[1::2])[reached]) >= 0.98


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_families_are_of_the_set_whatever_the_rows_and_the_threads(texts: list[str], workers: int) -> None:
    signatures, counts = signed(texts)
    order = np.random.default_rng(1).permutation(len(texts))
    expected = near_duplicates(signatures[order], counts[order], SIMILARITY)
    for seed in range(3):
        moved = np.random.default_rng(seed).permutation(len(texts))
        row_of = np.argsort(moved)
        with threads.use(workers):
            found = near_duplicates(signatures[moved], counts[moved], SIMILARITY, row_of[order])
        assert np.array_equal(found, expected)


def test_a_representative_stands_for_itself_and_comes_first(family: np.ndarray) -> None:
    assert np.array_equal(family[family], family)
    assert np.all(family <= np.arange(len(family)))
    assert near_duplicates(np.zeros((0, minhash.SLOTS), np.uint8), np.zeros(0, np.int32), SIMILARITY).tolist() == []


def test_the_order_of_rows_does_not_change_clear_families() -> None:
    words = worlds.Words(2)
    texts = [words.edited(base, 1) for base in (words.text(80) for _ in range(50)) for _ in range(6)]
    signatures, counts = signed(texts)
    expected = near_duplicates(signatures, counts, SIMILARITY)
    assert len(np.unique(expected)) == 50
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(texts))
        found = near_duplicates(signatures[order], counts[order], SIMILARITY)
        pairs = set(zip(expected[order].tolist(), found.tolist(), strict=True))
        assert len(pairs) == 50  # one found family for each expected one


def test_chains_are_cut() -> None:
    """Each text is near the next, the last is nothing like the first: it must not be in the first one's family."""
    words = worlds.Words(3)
    chain = [words.some(60)]
    for step in range(1, 13):
        replaced = chain[-1].copy()
        replaced[5 * (step - 1) : 5 * step] = words.some(5)
        chain.append(replaced)
    texts = [" ".join(text) for text in chain]
    family = near_duplicates(*signed(texts), SIMILARITY)
    assert min(jaccard(left, right) for left, right in pairwise(texts)) > SIMILARITY
    assert jaccard(texts[0], texts[-1]) == 0.0
    assert family[1] == 0
    assert family[-1] != family[0]


def test_texts_of_few_words_are_left_alone() -> None:
    short = " ".join(worlds.Words(4).some(WORDS_MIN - 1))
    longer = " ".join(worlds.Words(4).some(WORDS_MIN))
    assert near_duplicates(*signed([short, short + "!", longer, longer + "!"]), SIMILARITY).tolist() == [0, 1, 2, 2]


class Notebook:
    """A bookmark that remembers everything, and stops the search after so many bands."""

    def __init__(self, stop_at: int) -> None:
        self.kept: dict[str, np.ndarray] = {}
        self.saved, self._stop_at = 0, stop_at

    def load(self) -> dict[str, np.ndarray]:
        return self.kept

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        self.kept = arrays
        self.saved += 1
        if self.saved == self._stop_at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("stop_at", [1, 5, 15])
def test_a_search_that_was_stopped_goes_on(stop_at: int) -> None:
    words = worlds.Words(6)
    texts = [words.edited(base, step) for base in (words.text(60) for _ in range(30)) for step in range(9)]
    expected = near_duplicates(*signed(texts), SIMILARITY)
    assert 30 <= len(np.unique(expected)) < len(texts)
    notebook = Notebook(stop_at)
    with pytest.raises(KeyboardInterrupt):
        near_duplicates(*signed(texts), SIMILARITY, bookmark=notebook)
    np.testing.assert_array_equal(near_duplicates(*signed(texts), SIMILARITY, bookmark=notebook), expected)
    assert notebook.saved == 16
    notebook.saved = 0
    np.testing.assert_array_equal(near_duplicates(*signed(texts), SIMILARITY, bookmark=notebook), expected)
    assert notebook.saved == 0  # all of it was there
