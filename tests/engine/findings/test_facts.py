"""Facts: each tells a hand-made crowd from what one actor would do, and says so where it cannot know."""

from collections.abc import Sequence

import numpy as np
import pytest

from gauger.engine.findings.facts import FACTS, Evidenced, facts_of
from gauger.engine.findings.finding import Fact, Sign
from gauger.engine.findings.said import Alike, Said
from gauger.engine.findings.weights import WEIGHTS
from tests.engine import worlds

ODD, USUAL = 0.001, 0.5


def said(
    topics: np.ndarray, odd: np.ndarray, *, senders: np.ndarray | None = None, calls: Sequence[int] | None = None
) -> Said:
    """Calls of accounts with so many calls each (default: equally many), about topics; int64[m], bool[m]."""
    random = np.random.default_rng(1)
    each = [len(topics) // 20] * 20 if calls is None else list(calls)
    return Said(
        np.arange(len(each)),
        np.repeat(np.arange(len(each)), each),
        worlds.feature_rows(random, topics),
        np.arange(len(topics)),
        np.where(odd, ODD, USUAL),
        np.ones(len(topics), np.int32) if senders is None else senders,
    )


def fact(name: str, told: Said, **changes: object) -> Fact:
    usual = {"usual": Alike(0.1, 0.01), "parts": (), "accounts": len(told.accounts), "signs": (), "owner": None}
    case = usual | changes
    (found,) = (one for one in facts_of(Evidenced(told, **case)) if one.name == name)
    return found


def test_every_fact_has_a_weight() -> None:
    told = said(np.zeros(200, int), np.ones(200, bool))
    names = [one.name for one in facts_of(Evidenced(told, Alike(0.3, 0.01), (), 20, (), None))]
    assert len(names) == len(FACTS)
    assert sorted(names) == sorted(WEIGHTS)


def test_calls_dealt_from_one_deck_and_calls_of_people() -> None:
    random, all_odd = np.random.default_rng(2), np.ones(400, bool)
    assert fact("dealt", said(random.integers(0, 20, 400), all_odd)).value > 0.8
    assert fact("dealt", said(np.repeat(np.arange(20), 20), all_odd)).value == 0.0


def test_two_decks_in_one_finding_are_looked_at_each_by_itself() -> None:
    """Who runs two campaigns at once must not look like a crowd for it."""
    random = np.random.default_rng(4)
    topics = np.concatenate([random.integers(0, 2, 200), random.integers(2, 4, 200)])
    told, parts = said(topics, np.ones(400, bool)), (np.arange(10), np.arange(10, 20))
    assert fact("dealt", told).value < 0.5
    assert fact("dealt", told, parts=parts).value > 0.8
    people = said(np.repeat(np.arange(20), 20), np.ones(400, bool))
    assert fact("dealt", people, parts=parts).value == 0.0


@pytest.mark.parametrize("name", ["dealt", "unrepeated", "even", "constant_share"])
def test_a_dozen_odd_calls_say_nothing(name: str) -> None:
    """None of them sent again, one or two an account: so it would be by chance."""
    topics, odd = np.random.default_rng(5).integers(0, 20, 400), np.zeros(400, bool)
    odd[::33] = True
    assert np.isnan(fact(name, said(topics, odd)).value)
    odd[::5] = True
    assert not np.isnan(fact(name, said(topics, odd)).value)


def test_what_is_not_odd_does_not_say_who_dealt() -> None:
    """Padding is every account's own; what is odd among it was dealt."""
    random = np.random.default_rng(3)
    odd = np.tile(np.arange(25) < 8, 20)
    topics = np.where(odd, random.integers(0, 20, 500), np.repeat(np.arange(20), 25))
    assert fact("dealt", said(topics, odd)).value > 0.6
    assert fact("dealt", said(topics, np.ones(500, bool))).value == 0.0


def test_what_others_send_too() -> None:
    odd, senders = np.tile([True, True, False, False], 50), np.ones(200, np.int32)
    assert fact("unrepeated", said(np.zeros(200, int), odd, senders=senders)).value == pytest.approx(1.0)
    senders[2::4] = -30  # of calls that are not odd
    assert fact("unrepeated", said(np.zeros(200, int), odd, senders=senders)).value == pytest.approx(1.0)
    senders[::4] = -3
    found = fact("unrepeated", said(np.zeros(200, int), odd, senders=senders))
    assert (found.value < 0.01, found.measured) == (True, 0.5)


def test_odd_calls_dealt_evenly_and_by_people() -> None:
    even = said(np.zeros(400, int), np.ones(400, bool))
    uneven = said(np.zeros(400, int), np.ones(400, bool), calls=[5] * 18 + [110, 200])
    assert fact("even", even).value == 1.0
    assert fact("even", uneven).value < 0.2


def test_one_share_for_all_and_shares_of_people() -> None:
    random = np.random.default_rng(4)
    constant = random.random(2_000) < 0.3
    own = random.random(2_000) < np.repeat(random.beta(0.6, 1.4, 20), 100)
    assert fact("constant_share", said(np.zeros(2_000, int), constant)).value > 0.8
    assert fact("constant_share", said(np.zeros(2_000, int), own)).value == 0.0
    assert np.isnan(fact("constant_share", said(np.zeros(2_000, int), np.ones(2_000, bool))).value)


def test_traces_are_counted_among_those_that_can_be_seen() -> None:
    told = said(np.zeros(200, int), np.ones(200, bool))
    signs = [Sign("gap_variation", True, ""), Sign("account_age_days", True, ""), Sign("hour_entropy", None, "")]
    found = fact("traces", told, signs=(*signs, Sign("volume_spread", True, "")))
    assert (found.value, found.sentence) == (0.5, "2 of 2 traces of one operator")
    assert np.isnan(fact("traces", told).value)
    assert np.isnan(fact("traces", told, signs=signs, owner=Sign("concealment", False, "one company")).value)


def test_size_and_owner() -> None:
    told = said(np.zeros(200, int), np.ones(200, bool))
    assert [fact("many", told, accounts=number).value for number in (3, 5, 40, 320, 9_000)] == [0, 0, 0.5, 1, 1]
    assert fact("hidden", told).value == 1.0
    assert fact("hidden", told, owner=Sign("concealment", False, "one company")).sentence == "one company"


@pytest.mark.parametrize("name", ["dealt", "unrepeated", "even", "constant_share"])
def test_too_few_calls_say_nothing(name: str) -> None:
    found = fact(name, said(np.zeros(20, int), np.arange(20) < 4))
    assert np.isnan(found.value)
    assert found.sentence
