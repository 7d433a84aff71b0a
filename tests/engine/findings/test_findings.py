"""Findings: what is said of accounts, families, calls and campaigns, recounted by hand."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.evidence import Evidence, no_evidence
from gauger.engine.families.families import EXACT, TEMPLATE, Families
from gauger.engine.findings.findings import (
    Calls,
    call_evidence,
    family_evidence,
    find_findings,
    flagged_share,
    flagged_users,
    joined_users,
)
from gauger.engine.state.links import ADDRESS, PAYMENT
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population
from tests.engine import worlds

SETTINGS = Settings(alarm_level=0.001, campaign_accounts_min=5, k_anonymity=20)
NAN = math.nan


def no_content(accounts: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((accounts, 2)), np.zeros((10, 2))


class Asked(Calls):
    """All calls of a day, to be asked for by account."""

    def users(self, families: np.ndarray) -> list[np.ndarray]:
        return [np.unique(self.account[self.family == family]) for family in families.tolist()]

    def of(self, accounts: np.ndarray) -> Calls:
        kept = np.isin(self.account, accounts)
        return Calls(self.account[kept], self.time[kept], self.family[kept], self.repeats[kept])


def family_strength(families: Families, account: list[int], family: list[int], evidence: Evidence) -> np.ndarray:
    """Evidence of families by the accounts and families of calls that are in one."""
    flagged = evidence.probability < SETTINGS.alarm_level
    users = flagged_users(np.asarray(family), np.asarray(account), evidence, len(families), flagged)
    return family_evidence(families, users, flagged_share(evidence, flagged, SETTINGS))


# Families


def binomial_tail(hits: int, number: int, chance: float) -> float:
    return sum(math.comb(number, i) * chance**i * (1 - chance) ** (number - i) for i in range(hits, number + 1))


def test_family_evidence_is_the_binomial_tail_of_its_flagged_accounts() -> None:
    """Family 0: three flagged of five tested; 1: none of two; 2: only an account that could not be tested."""
    probability = [1e-4, 1e-4, 1e-4, 0.5, 0.6, NAN, 0.7]
    calls = [0, 0, 1, 2, 3, 4, 5, 5, 3, 6], [0, 0, 0, 0, 0, 0, 0, 2, 1, 1]
    found = family_strength(worlds.families([0, 1, 2]), *calls, worlds.evidence(probability, *no_content(7)))
    assert found[0] == pytest.approx(-math.log10(binomial_tail(3, 5, 3 / 6)))
    assert found[1] == 0.0
    assert np.isnan(found[2])


def test_where_many_are_flagged_a_family_needs_more_of_them_to_be_odd() -> None:
    """A tenth of a day flagged: a tenth of a family says nothing, all of it does."""
    some = worlds.evidence([1e-4] * 10 + [0.5] * 90, *no_content(100))
    least, nobody = SETTINGS.alarm_level, np.zeros(9, bool)
    assert flagged_share(some, some.probability < least, SETTINGS) == 0.1
    assert flagged_share(worlds.evidence([0.5] * 9, *no_content(9)), nobody, SETTINGS) == least
    assert flagged_share(no_evidence(worlds.bare_population([5] * 9, {}), "none"), nobody, SETTINGS) == least
    family, account = [0] * 100 + [1] * 10, [*range(100), *range(10)]
    usual, odd = family_strength(worlds.families([0, 1]), account, family, some)
    assert usual < 0.5
    assert odd == pytest.approx(10.0)


def test_family_evidence_is_bounded_and_unknown_without_evidence() -> None:
    everyone = list(range(400)), [0] * 400
    some = worlds.evidence([1e-4] * 400 + [0.5] * 4_000, *no_content(4_400))
    found = family_strength(worlds.families([0]), *everyone, some)
    assert found.tolist() == [300.0]
    nothing = no_evidence(worlds.bare_population([5] * 400, {}), "no reference")
    assert np.all(np.isnan(family_strength(worlds.families([0]), *everyone, nothing)))


def test_users_of_families_are_accounts_and_only_those_with_evidence_are_tested() -> None:
    family, account = np.asarray([0, 0, 0, 1, 1, 1, 1]), np.asarray([0, 0, 2, 1, 3, 3, 2])
    evidence = worlds.evidence([1e-4, 0.5, NAN, 1e-4], *no_content(4))
    tested, flagged = flagged_users(family, account, evidence, 3, evidence.probability < SETTINGS.alarm_level)
    assert (tested.tolist(), flagged.tolist()) == ([1, 2, 0], [1, 1, 0])


# Calls


def test_call_evidence_is_that_of_the_sampled_call() -> None:
    today = worlds.population(1, 20, 6)
    probability = np.random.default_rng(1).uniform(0.001, 1, 120)
    sampled = today.sample_owner, today.sample_identity, probability
    order = np.random.default_rng(2).permutation(120)
    found = call_evidence(sampled, today.sample_owner[order], today.sample_identity[order])
    assert found == pytest.approx(-np.log10(probability[order]))


def test_calls_outside_the_sample_and_other_accounts_calls_are_unknown() -> None:
    today = worlds.population(2, 4, 5)
    owner, identity = today.sample_owner, today.sample_identity
    sampled = owner, identity, np.full(20, 0.1)
    assert np.all(np.isnan(call_evidence(sampled, (owner + 1) % 4, identity)))
    assert np.all(np.isnan(call_evidence(sampled, owner, identity + np.uint64(1))))
    empty = owner[:0], identity[:0], np.zeros(0)
    assert np.all(np.isnan(call_evidence(empty, np.asarray([0, 1]), np.asarray([3, 4], np.uint64))))


# Campaigns

CAMPAIGN, OTHERS = 30, 370


def coordinated_day(seed: int) -> tuple[Population, Asked]:
    """Thirty accounts that move as one, and others; the calls of all."""
    random = np.random.default_rng(seed)
    count = CAMPAIGN + OTHERS
    number = np.where(np.arange(count) < CAMPAIGN, 10, np.rint(random.lognormal(2, 1, count)) + 1).astype(int)
    statistics = {
        "gap_variation": np.where(np.arange(count) < CAMPAIGN, 0.05, random.normal(1, 0.2, count)).tolist(),
        "account_age_days": np.where(np.arange(count) < CAMPAIGN, 1.0, random.normal(300, 50, count)).tolist(),
    }
    links = [(account, PAYMENT, account // 5 if account < CAMPAIGN else 1_000 + account) for account in range(count)]
    links += [(account, ADDRESS, 5_000 + account) for account in range(count)]
    account = np.repeat(np.arange(count), number)
    family = np.where(account < CAMPAIGN, np.where(np.arange(len(account)) % 5 == 0, 1, 0), -1)
    times = random.integers(9, 15, len(account)) * HOUR_US + random.integers(0, HOUR_US, len(account))
    calls = Asked(account, times, family, np.ones(len(account), np.int64))
    topics = np.where(account < CAMPAIGN, random.integers(0, 20, len(account)), account % 20)
    today = replace(
        worlds.bare_population(number.tolist(), statistics, links),
        sample_owner=account,
        sample_identity=np.arange(len(account)).astype(np.uint64),
        sample_row=np.arange(len(account)),
        sample_features=worlds.feature_rows(random, topics),  # the thirty have one deck, the others a topic each
        sample_senders=np.ones(len(account), np.int32),
    )
    return today, calls


def people(today: Population) -> Whole:
    return Whole(today, worlds.SECRET.key)


def clustered_evidence(seed: int) -> tuple[Evidence, np.ndarray]:
    random = np.random.default_rng(seed)
    vectors = worlds.unit_rows(random.normal(size=(CAMPAIGN + OTHERS, 100)))
    vectors[:CAMPAIGN] = worlds.unit_rows(0.8 * vectors[:CAMPAIGN] + 0.6 * np.eye(100)[0])
    probability = np.where(np.arange(CAMPAIGN + OTHERS) < CAMPAIGN, 2e-4, 0.5)
    return worlds.evidence(probability, vectors, worlds.unit_rows(random.normal(size=(600, 100)))), vectors


def test_a_finding_tells_what_its_calls_say() -> None:
    today, calls = coordinated_day(3)
    evidence, vectors = clustered_evidence(4)
    evidence = replace(evidence, call_probability=[np.where(today.sample_owner < CAMPAIGN, 0.001, 0.5)])
    families = worlds.families([TEMPLATE, EXACT])
    earlier = coordinated_day(5)[0]
    earlier = replace(earlier, link_value=earlier.link_value + np.uint64(10**6))
    (finding,) = find_findings(today, earlier, evidence, families, calls, people(today), SETTINGS)
    mine = calls.account < CAMPAIGN
    assert finding.members.tolist() == list(range(CAMPAIGN))
    assert finding.calls == int(mine.sum())
    assert (finding.started_at, finding.ended_at) == (int(calls.time[mine].min()), int(calls.time[mine].max()))
    hours = Counter((calls.time[mine] // HOUR_US).tolist())
    first, last = finding.started_at // HOUR_US, finding.ended_at // HOUR_US
    assert finding.hourly == tuple(hours[hour] for hour in range(first, last + 1))
    assert finding.families == (10, 11)  # ids, most calls first
    assert finding.verdict == "campaign"
    assert finding.links == ("content", "template family", "payment")
    assert finding.evidence > 10
    reasons = {name: (value, tail) for name, value, tail in finding.reasons}
    joined = np.sum([vectors[:CAMPAIGN] @ vectors[:CAMPAIGN].T]) - CAMPAIGN
    assert reasons["union_similarity"][0] == pytest.approx(joined / (CAMPAIGN * (CAMPAIGN - 1)), rel=1e-3)
    assert reasons["union_similarity"][1] == pytest.approx(1 / 501)
    assert reasons["today_share_50"] == (pytest.approx(0.9 - 2e-4), pytest.approx(2e-4))
    assert {"gap_variation", "account_age_days", "shared_payment", "volume_spread"} <= set(reasons)


def test_without_a_reference_only_coordinated_templates_are_findings() -> None:
    """The same accounts once with coordination, once without: the second is an app, no finding."""
    today, calls = coordinated_day(6)
    nothing = no_evidence(today, "no reference")
    families = worlds.families([TEMPLATE, EXACT], accounts=[CAMPAIGN, CAMPAIGN])
    (finding,) = find_findings(today, None, nothing, families, calls, people(today), SETTINGS)
    assert finding.members.tolist() == list(range(CAMPAIGN))
    assert math.isnan(finding.evidence)
    assert finding.verdict == "campaign"
    assert all("similarity" not in name for name, _, _ in finding.reasons)
    app = replace(today, statistics={}, sample_senders=np.full(len(today.sample_owner), -30, np.int32))
    app = replace(app, link_channel=np.full(len(today.link_channel), ADDRESS, np.uint8))
    app = replace(app, link_value=np.arange(len(app.link_value)).astype(np.uint64))
    assert find_findings(app, None, nothing, families, calls, people(app), SETTINGS) == []


def test_without_a_reference_a_template_of_few_accounts_is_no_candidate() -> None:
    today, calls = coordinated_day(7)
    families = worlds.families([TEMPLATE, EXACT], accounts=[SETTINGS.k_anonymity - 1, CAMPAIGN])
    assert (
        find_findings(today, None, no_evidence(today, "no reference"), families, calls, people(today), SETTINGS) == []
    )


def test_who_fills_several_templates_is_one_candidate() -> None:
    users = [np.arange(30), np.arange(5, 40), np.arange(100, 110), np.array([3, 104, 105, 106])]
    found = joined_users(users)
    assert [one.tolist() for one in found] == [list(range(40)), [3, *range(100, 110)]]
    assert joined_users([]) == []


def test_nobody_flagged_nothing_found() -> None:
    today, calls = coordinated_day(8)
    evidence, _ = clustered_evidence(9)
    evidence.probability[:] = 0.4
    assert (
        find_findings(today, today, evidence, worlds.families([TEMPLATE, EXACT]), calls, people(today), SETTINGS) == []
    )
