"""The test of canaries: exact by enumeration, true to its level on honest text, and not moved by whoever tries."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from gauger.engine.tracing.canaries import Search, log10_tail, search, weigh
from tests.engine.tracing.made import WORDS, canaries, honest, listed

FILLER = "and then it was said that"


def carrying(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{FILLER} {first} {second} {number}" for number, (first, second) in enumerate(pairs)]


@pytest.mark.parametrize("occurring", [[0, 0, 0], [1, 0, 2], [4, 3, 1], [2, 2, 2]])
def test_the_tail_is_that_of_all_draws(occurring: list[int]) -> None:
    draws = [
        sum(place < number for place, number in zip(draw, occurring, strict=True))
        for draw in product(range(4), repeat=3)
    ]
    for hits in range(4):
        share = sum(one >= hits for one in draws) / len(draws)
        tail = 10 ** log10_tail(occurring, 4, hits)
        assert tail == pytest.approx(share)


def test_a_tail_beyond_floating_point() -> None:
    assert log10_tail([1] * 200, 1_024, 200) == pytest.approx(-200 * math.log10(1_024))
    assert log10_tail([0] * 200, 1_024, 1) == -math.inf


def test_served_pairs_are_found_and_counted() -> None:
    made = canaries()
    found = weigh(search(made, [*honest(5, 10), *carrying(made.served[:12])]))
    assert found.hits == 12
    assert found.found == tuple(made.served[:12])
    assert found.hit_outputs == 12
    assert found.outputs == found.distinct_outputs == 17
    assert found.log10_probability < -12
    assert found.log10_if_redrawn > found.log10_probability + 19


def test_writing_differently_makes_no_difference() -> None:
    made = canaries()
    first, second = made.served[0]
    for text in (
        f"{first.upper()} {second}",
        f"{first}\n{second.title()}.",
        f"{first} - {second}",
        f"({first}) {second}",
    ):
        assert weigh(search(made, [text])).hits == 1, text
    for text in (f"{second} {first}", f"{first} and {second}", f"{first}{second}"):
        assert weigh(search(made, [text])).hits == 0, text


def test_what_is_repeated_counts_once() -> None:
    made = canaries()
    one = carrying(made.served[:1])[0]
    alone = weigh(search(made, [one]))
    assert weigh(search(made, [one] * 1_000)).log10_probability == alone.log10_probability
    assert weigh(search(made, [" ".join([one] * 1_000)])).log10_probability == alone.log10_probability
    others = weigh(search(made, [f"{one} {number} {word}" for number, word in enumerate(WORDS[:50])]))
    assert (others.hits, others.log10_probability) == (1, alone.log10_probability)


def test_a_pasted_list_is_one_hit() -> None:
    made = canaries()
    assert weigh(search(made, [" ".join(f"{a} {b} ," for a, b in made.served)])).hits == 1


def test_outputs_full_of_decoys_prove_nothing() -> None:
    made = canaries(slots=20, candidates=16)
    everything = [f"{made.words[a]} {made.words[b]}" for a, b in made.lot.pairs.reshape(-1, 2).tolist()]
    found = weigh(search(made, everything))
    assert found.hits == found.pairs
    assert found.log10_probability == 0.0


def test_the_order_of_outputs_changes_nothing() -> None:
    made, texts = canaries(), honest(300, 30)
    assert weigh(search(made, texts)) == weigh(search(made, texts[::-1]))


def test_on_honest_text_alarms_are_as_rare_as_they_should_be() -> None:
    """The same text under many lotteries, and dense in pairs, so that the test is hardly conservative."""
    texts = [text.split() for text in honest(60, 60)]
    trials, level = 400, 0.05
    alarms = 0
    for seed in range(trials):
        found = Search(canaries(seed, slots=40, candidates=16))
        for words in texts:
            found.add(words)
        alarms += 10 ** weigh(found).log10_probability <= level
    assert binom.sf(alarms - 1, trials, level) > 1e-3  # not too many
    assert alarms > 0


def test_expected_hits_are_those_of_a_random_candidate() -> None:
    made = canaries()
    found = search(made, honest(300, 30))
    weighed = weigh(found)
    occurs = found.texts > 0
    assert weighed.expected == pytest.approx(occurs.mean(axis=1).sum())
    assert weighed.decoy_hits + weighed.hits == occurs.sum() > 20
    assert np.array_equal(found.texts.shape, (40, 64))


def test_pairs_of_a_list_are_found_as_others_are() -> None:
    made = listed()
    found = weigh(search(made, carrying(made.served[:9])))
    assert (found.hits, found.decoy_hits, found.found) == (9, 0, tuple(made.served[:9]))
    everything = weigh(search(made, made.words))  # whoever writes all of them says nothing
    assert everything.log10_probability == 0.0
