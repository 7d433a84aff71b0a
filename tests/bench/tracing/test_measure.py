"""Canaries are placed in answers, and students read the share that they should."""

import numpy as np
import pytest

from bench.tracing.copies import FILTERED, NOTHING, Filter
from bench.tracing.measure import RESPONSE, Served, arms, canaries, drawn, filtering, marked
from bench.tracing.texts import PROMPT, Texts
from tests.engine.tracing.made import WORDS


@pytest.fixture
def served() -> Served:
    random = np.random.default_rng(1)
    vocabulary = [f"common{letter}" for letter in "abcdefgh"] + list(WORDS)
    plain = [random.integers(1, 9, PROMPT + RESPONSE).astype(np.int32) for _ in range(60)]
    texts = Texts(vocabulary, plain[:20], plain[20:], plain, plain)
    vars(texts)["words"] = list(WORDS)
    answers = random.integers(1, 9, (20, RESPONSE)).astype(np.int32)
    return Served(texts, texts.prompts(20, 1), answers, Filter(plain))


def test_every_answer_has_its_own_pair(served: Served) -> None:
    lot = drawn(WORDS, 5)
    answers = served.texts.written(marked(served, lot, 1.0, 1))
    for number, answer in enumerate(answers):
        assert " ".join(lot.pair_for(f"response {number}")) in answer
    assert {len(answer) for answer in marked(served, lot, 1.0, 1)} == {RESPONSE}
    assert all(np.array_equal(*both) for both in zip(marked(served, lot, 0.0, 1), served.answers, strict=True))


def test_a_student_that_says_what_it_read_is_shown_unless_it_was_filtered(served: Served) -> None:
    def parrot(read: list[np.ndarray], prompts: np.ndarray, seed: int) -> np.ndarray:
        return np.array([np.resize(text, PROMPT + RESPONSE) for text in read])

    chosen = [(0.0, 1.0, NOTHING), (0.25, 1.0, NOTHING), (0.25, 1.0, FILTERED)]
    nothing, copied, filtered = canaries(served, parrot, 3, chosen, 40)
    assert (nothing["hits"], nothing["log10_probability"]) == (0, 0.0)
    assert copied["hits"] >= 8
    assert copied["log10_probability"] < -20
    assert filtered["hits"] == 0
    assert filtered["lost"] > 0


def test_arms_and_what_a_filter_leaves_out(served: Served) -> None:
    assert len(arms()) == 1 + 4 * 3 * 2
    vars(served.texts)["pairs"] = [f"{first} {second}" for first in WORDS[:30] for second in WORDS[30:60]]
    found = filtering(served)
    assert (found["real"], found["pairs"], found["attested"]) == (0.0, 1.0, 1.0)
