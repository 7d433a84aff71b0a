"""What a campaign does with its copy."""

import numpy as np

from bench.tracing.copies import Filter, lost, paraphrase


def texts(number: int, seed: int) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.integers(1, 1_000, 80).astype(np.int32) for _ in range(number)]


def test_a_paraphrase_keeps_about_half_of_the_pairs() -> None:
    before = texts(200, 1)
    after = paraphrase(before, 1_000, 2)
    assert abs(lost(before, after)) < 0.02
    pairs = [{*zip(text[:-1].tolist(), text[1:].tolist(), strict=True)} for text in before]
    kept = [
        sum(pair in own for pair in zip(new[:-1].tolist(), new[1:].tolist(), strict=True))
        for own, new in zip(pairs, after, strict=True)
    ]
    assert 0.35 < np.mean(kept) / 79 < 0.6
    assert min(text.min() for text in after) > 0
    assert all(np.array_equal(*both) for both in zip(after, paraphrase(before, 1_000, 2), strict=True))


def test_a_filter_leaves_out_what_makes_an_unseen_pair() -> None:
    reference = [np.array([1, 2, 3, 4], np.int32), np.array([2, 4], np.int32)]
    kept = Filter(reference)([np.array([1, 2, 4], np.int32), np.array([1, 3, 4], np.int32), np.array([9], np.int32)])
    assert [text.tolist() for text in kept] == [[1, 2, 4], [1, 4], [9]]
    assert lost([np.arange(4)], [np.arange(3)]) == 0.25
