"""Baselines that look at many accounts: clusters counted by hand, trees on a case they must learn."""

import numpy as np
import pytest

from bench.detection import rivals
from bench.detection.metrics import recall_at
from tests.bench.accounts import drawn, population, seen

LONG = "please translate the following sentence into french and keep every comma where it is now, for reader {}"


def accounts(texts: list[list[str]]) -> rivals.Seen:
    return seen([np.ones((len(own), 4), np.int8) for own in texts], texts)


def test_fan_out_counts_accounts_of_a_cluster() -> None:
    honest = accounts([["how do i join tables"], [LONG.format(1)], ["how  do I JOIN tables", "what is a cursor"]])
    fan_out = rivals.FanOut(honest)
    campaign = accounts([[LONG.format(number)] for number in (2, 3)])
    # The frame is one cluster of three accounts; the repeated question is one of two.
    assert fan_out.scores(campaign).tolist() == [2.0, 3.0, 2.0, 3.0, 3.0]
    assert fan_out.scores(accounts([["nothing like the rest of it"]])).tolist() == [2.0, 1.0, 2.0, 1.0]


def test_fan_out_samples_both_sides_alike() -> None:
    honest = accounts([[f"honest question {number} of its own"] for number in range(400)])
    fan_out = rivals.FanOut(honest, prompts_max=100)
    assert fan_out.share == 0.25
    scores = fan_out.scores(accounts([[f"other request {number} for this and that"] for number in range(400)]))
    assert 60 < np.sum(scores[:400] > 0) < 140
    assert 60 < np.sum(scores[400:] > 0) < 140


def test_trees_taught_on_one_attack_find_another_that_stands_together() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is in the extra `bench`")
    random = np.random.default_rng(8)
    honest = [population(drawn(random, 150, 8)) for _ in range(3)]
    training = {name: population(drawn(random, 60, 8, shift)) for name, shift in (("known", 3.0), ("asked", 3.2))}
    campaign = population(drawn(random, 60, 8, 3.0))
    trees = rivals.BoostedTrees(honest[0], honest[1], training)
    for scores in trees.scores(honest[2], campaign, "asked").values():
        assert len(scores) == 210
        assert recall_at(scores[:150], scores[150:], 0.01) > 0.6
    assert {attack for attack, _ in trees._taught} == {"asked"}
