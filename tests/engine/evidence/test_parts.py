"""Contracts of every part of evidence: who writes a detector finds them run on it here."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gauger.engine.common import schema
from gauger.engine.common.settings import Settings
from gauger.engine.evidence import parts
from gauger.engine.evidence.calibration import pooled_tail_probability
from gauger.engine.evidence.evidence import gather
from gauger.engine.evidence.parts import CONFORMITY, CONTENT, Part, parts_of
from gauger.engine.evidence.pool import Pool
from gauger.engine.state.links import ADDRESS
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.registry import STATISTICS
from tests.engine import worlds

SETTINGS = Settings(reference_accounts_min=300, alarm_level=0.01, neighbours=(10, 20))
PARTS = {part.name: part for part in parts_of(SETTINGS)}
NEW, OLD, PLANTED = 300, 600, 40
each = pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)


def people(seed: int, accounts: int, planted: int = 0) -> Population:
    """Accounts with every statistic that a part reads, and addresses; the first so many act as one."""
    found = worlds.population(seed, accounts, 8, planted=[(planted, 8)] if planted else [], habits=planted)
    random = np.random.default_rng(seed)
    more = (
        "hour_entropy",
        "output_tokens_mean",
        "output_tokens_variation",
        "account_age_days",
        "conversations_per_call",
    )
    statistics = dict(found.statistics)
    for name in more:
        statistics[name] = random.lognormal(0.0, 1.0, accounts)
        statistics[name][:planted] = random.uniform(4.0, 4.2, planted)
    address = 1_000 * seed + random.integers(0, 100 * accounts, accounts)
    address[:planted] = 7
    return replace(
        found,
        statistics=statistics,
        link_owner=np.arange(accounts),
        link_channel=np.full(accounts, ADDRESS, np.uint8),
        link_value=address.astype(np.uint64),
    )


def pool(new: Population, old: Population) -> Pool:
    return Pool(new, old, worlds.SECRET.key, SETTINGS)


@cache
def planted() -> Pool:
    return pool(people(1, NEW, PLANTED), people(2, OLD))


@cache
def again() -> Pool:
    """The same people, asked anew."""
    return pool(planted().new, planted().old)


@cache
def honest() -> Pool:
    return pool(people(3, NEW), people(4, OLD))


def test_names_groups_and_weights() -> None:
    assert len(PARTS) == len(parts_of(SETTINGS))
    assert not set(PARTS) & {CONTENT, CONFORMITY, *STATISTICS}
    for part in PARTS.values():
        assert part.group in (CONTENT, CONFORMITY)
        assert part.weight > 0
        assert part.needs
        assert set(part.needs) <= set(schema.CALL_SCHEMA.names)


@each
def test_a_score_for_each_account_of_both_sides(part: Part) -> None:
    scores = part.score(planted())
    assert (scores.dtype, scores.shape) == (np.float64, (NEW + OLD,))
    assert not np.any(np.isinf(scores))
    assert np.mean(np.isnan(scores)) < 0.5


@each
def test_higher_is_odder(part: Part) -> None:
    tails = pooled_tail_probability(part.score(planted()), planted().today)
    assert np.nanmedian(tails[:PLANTED]) < 0.05


@each
def test_an_honest_day_is_ranked_as_the_reference_is(part: Part) -> None:
    """At most half of the honest lie above the reference's middle, and a twentieth beyond nineteen twentieths."""
    tails = pooled_tail_probability(part.score(honest()), honest().today)[:NEW]
    known = tails[~np.isnan(tails)]
    assert np.mean(known < 0.5) < 0.65
    assert np.mean(known < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / len(known))


@each
def test_asking_twice_says_the_same(part: Part) -> None:
    np.testing.assert_array_equal(part.score(again()), part.score(planted()))


OPTIONAL = [part for part in PARTS.values() if not set(part.needs) & {*schema.REQUIRED, *schema.CONTENT}]


@pytest.mark.parametrize("part", OPTIONAL, ids=[part.name for part in OPTIONAL])
def test_without_what_it_needs_a_part_is_not_available(part: Part) -> None:
    """A log without the columns that the other parts need is refused."""
    asking = {name for name, one in STATISTICS.items() if set(one.columns) & set(part.needs)}

    def bare(side: Population) -> Population:
        kept = {name: values for name, values in side.statistics.items() if name not in asking}
        none = side.link_owner[:0]
        return replace(side, statistics=kept, link_owner=none, link_channel=none, link_value=none)

    assert np.all(np.isnan(part.score(pool(bare(planted().new), bare(planted().old)))))


@pytest.mark.parametrize("group", [CONTENT, CONFORMITY])
def test_a_line_in_the_registry_is_all_a_new_part_takes(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is scored, ranked, joined with the others of its group, and flags whom it alone finds odd."""

    def oracle(found: Pool) -> np.ndarray:
        scores = np.random.default_rng(5).random(len(found.today))
        scores[:3] = 9.0
        return scores

    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, Part("oracle", group, 1e6, ("start_time",), oracle)))
    new, old = people(6, NEW), people(7, OLD)
    found = gather(new, old, worlds.SECRET.key, SETTINGS)
    assert np.all(found.parts["oracle"][:3] < 0.01)
    assert np.all(found.parts[group][:3] < 0.01)
    assert np.all(found.probability[:3] < SETTINGS.alarm_level)
