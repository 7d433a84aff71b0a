"""Assessment: hand-made findings get the right verdict, and every number in a sentence is true."""

from __future__ import annotations

import math
import re
import statistics as plain
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.families.families import EXACT, TEMPLATE
from gauger.engine.findings.assessment import Assessment, Sign, assess, signs_of
from gauger.engine.state.links import ADDRESS, CHANNELS, NETWORK_HOUR, ORGANISATION, PARAMETERS, PAYMENT
from gauger.engine.statistics.population import Population
from tests.engine import worlds

HONEST = 500
MEMBERS = 60
# statistic -> (honest mean, honest spread, a campaign's value)
HABITS = {
    "gap_variation": (1.2, 0.3, 0.1),
    "hour_entropy": (0.5, 0.1, 0.98),
    "addresses_per_call": (0.2, 0.05, 0.9),
    "account_age_days": (400.0, 120.0, 3.0),
    "conversations_per_call": (0.3, 0.1, 1.0),
    "elicitation_share": (0.05, 0.02, 0.8),
}
SIGNS = {
    "volume_spread", "gap_variation", "hour_entropy", "addresses_per_call", "shared_client_address",
    "shared_payment", "shared_network_and_hour", "account_age_days", "conversations_per_call",
    "uniform_parameters", "disjoint_coverage", "elicitation_share",
}  # fmt: skip


def world(*, coordinated: bool, seed: int = 1, members: int = MEMBERS) -> tuple[Population, Population, np.ndarray]:
    """Today (the first accounts are the finding's), earlier accounts, and the members."""
    random = np.random.default_rng(seed)
    count = members + HONEST
    calls = np.rint(np.exp(random.normal(3.2, 1.0, count))).astype(int) + 1
    habits = {name: random.normal(mean, spread, count) for name, (mean, spread, _) in HABITS.items()}
    links = [(account, ADDRESS, 10_000 + account) for account in range(count)]
    links += [(account, PAYMENT, 20_000 + account) for account in range(count)]
    links += [(account, NETWORK_HOUR, 30_000 + account) for account in range(count)]
    links += [(account, PARAMETERS, 40_000 + int(random.integers(12))) for account in range(count)]
    if coordinated:
        calls[:members] = 26 + random.integers(-1, 2, members)
        for name, (_, spread, value) in HABITS.items():
            habits[name][:members] = value + 0.01 * spread * random.normal(size=members)
        links += [(account, ADDRESS, 50_000 + account // 3) for account in range(members)]
        links = [link for link in links if link[1] != PARAMETERS or link[0] >= members]
        links += [(account, PARAMETERS, 49_999) for account in range(members)]
    today = worlds.bare_population(calls.tolist(), {name: values.tolist() for name, values in habits.items()}, links)
    earlier_habits = {name: random.normal(mean, spread, 800).tolist() for name, (mean, spread, _) in HABITS.items()}
    earlier_calls = np.rint(np.exp(random.normal(3.2, 1.0, 800))).astype(int) + 1
    earlier = worlds.bare_population(earlier_calls.tolist(), earlier_habits, [])
    return today, earlier, np.arange(members)


def assessed(
    *, coordinated: bool, family: list[int], kinds: list[int], repeats: list[int], members: int = MEMBERS
) -> Assessment:
    today, earlier, rows = world(coordinated=coordinated, members=members)
    families = worlds.families(kinds)
    return assess(
        today, earlier, rows, families, np.asarray(family, np.int64), np.asarray(repeats, np.int64), earlier=True
    )


def signs(
    today: Population, others: Population, members: np.ndarray, repeats: list[int] | None = None
) -> dict[str, Sign]:
    found = signs_of(today, others, members, np.asarray(repeats or [1] * 200, np.int64), earlier=True)
    assert {sign.statistic for sign in found} == SIGNS
    assert len(found) == len(SIGNS)
    return {sign.statistic: sign for sign in found}


def test_coordination_makes_a_campaign() -> None:
    found = assessed(coordinated=True, family=[-1] * 1_500, kinds=[], repeats=[1] * 1_500)
    assert found.verdict == "campaign"
    present = {sign.statistic for sign in found.signs if sign.present}
    assert present == SIGNS - {"shared_payment", "shared_network_and_hour"}
    assert found.links == ["content", "client address"]


def test_one_template_uneven_volumes_and_old_accounts_make_a_shared_tool() -> None:
    found = assessed(coordinated=False, family=[0] * 900 + [-1] * 100, kinds=[TEMPLATE], repeats=[1] * 500 + [4] * 500)
    assert found.verdict == "shared tool"
    assert found.links == ["content", "template family"]
    assert sum(bool(sign.present) for sign in found.signs) < 3


def test_prompts_everybody_repeats_make_a_shared_tool() -> None:
    found = assessed(
        coordinated=False, family=[0] * 300 + [1] * 400 + [-1] * 300, kinds=[EXACT, EXACT], repeats=[9] * 1_000
    )
    assert found.verdict == "shared tool"
    assert found.links == ["content"]


def test_a_few_accounts_running_one_template_are_an_evaluation() -> None:
    found = assessed(coordinated=False, family=[0] * 950 + [-1] * 50, kinds=[TEMPLATE], repeats=[1] * 1_000, members=8)
    assert found.verdict == "evaluation run"


def test_a_few_coordinated_accounts_are_a_campaign_even_with_one_template() -> None:
    found = assessed(coordinated=True, family=[0] * 950 + [-1] * 50, kinds=[TEMPLATE], repeats=[1] * 1_000, members=18)
    assert found.verdict == "campaign"


def linked(today: Population, channel: int, links: list[tuple[int, int]], *, instead: bool = False) -> Population:
    """Today with (member, value) links of a channel, in addition to those members have or instead of them."""
    kept = np.full(len(today.link_owner), True)
    if instead:
        kept = (today.link_channel != channel) | (today.link_owner >= MEMBERS)
    owner, value = (np.asarray(column) for column in zip(*links, strict=True))
    return replace(
        today,
        link_owner=np.concatenate([today.link_owner[kept], owner]),
        link_channel=np.concatenate([today.link_channel[kept], np.full(len(owner), channel, np.uint8)]),
        link_value=np.concatenate([today.link_value[kept], value.astype(np.uint64)]),
    )


def without_families(today: Population, earlier: Population, rows: np.ndarray) -> Assessment:
    nothing = np.full(1_500, -1)
    return assess(today, earlier, rows, worlds.families([]), nothing, np.ones(1_500, np.int64), earlier=True)


@pytest.mark.parametrize(("channel", "values"), [(ORGANISATION, 1), (PAYMENT, 1), (ADDRESS, 2)])
def test_who_signs_every_account_with_one_name_hides_nothing(channel: int, values: int) -> None:
    """A company's pipeline is as coordinated as a campaign; but all of its accounts show one owner."""
    today, *others = world(coordinated=True)
    own = [(account, 70_000 + account % values * int(account % 10 == 0)) for account in range(MEMBERS)]
    found = without_families(linked(today, channel, own, instead=True), *others)
    assert found.verdict == "shared tool"
    (sign,) = (sign for sign in found.signs if sign.statistic == "concealment")
    assert (sign.present, sign.value) == (False, pytest.approx(1.0, abs=0.11))
    assert CHANNELS[channel] in sign.sentence


def test_rotating_over_one_pool_of_addresses_is_no_openness() -> None:
    today, *others = world(coordinated=True)
    pool = [(account, 90_000 + number) for account in range(MEMBERS) for number in range(8)]
    assert without_families(linked(today, ADDRESS, pool), *others).verdict == "campaign"


def test_new_content_without_coordination_is_a_new_population() -> None:
    found = assessed(coordinated=False, family=[-1] * 1_000, kinds=[], repeats=[1] * 900 + [2] * 100)
    assert found.verdict == "new population"


def test_missing_columns_are_not_available_never_absent() -> None:
    today = worlds.bare_population([5] * 300, {})
    found = signs(today, worlds.bare_population([5] * 300, {}), np.arange(50))
    unavailable = SIGNS - {"volume_spread", "disjoint_coverage"}
    for name in unavailable:
        assert found[name].present is None
        assert "not available" in found[name].sentence
        assert math.isnan(found[name].value)
    assert found["volume_spread"].present is not None


def test_statistics_known_of_too_few_accounts_are_not_available() -> None:
    nan = math.nan
    today = worlds.bare_population([5] * 200, {"gap_variation": [0.1, 0.2] + [nan] * 198})
    others = worlds.bare_population([5] * 200, {"gap_variation": [1.0] * 200})
    assert signs(today, others, np.arange(50))["gap_variation"].present is None


def test_too_few_calls_to_call_them_disjoint() -> None:
    today, earlier, members = world(coordinated=False)
    sign = signs(today, earlier, members, [1] * 99)["disjoint_coverage"]
    assert sign.present is None
    assert "too few calls" in sign.sentence


def numbers(sentence: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?", sentence)]


@pytest.fixture(scope="module", params=[True, False], ids=["coordinated", "unrelated"])
def sides(request: pytest.FixtureRequest) -> tuple[Population, Population, np.ndarray]:
    return world(coordinated=request.param, seed=5)


Sides = tuple[Population, Population, np.ndarray]


@pytest.mark.parametrize("name", list(HABITS))
def test_medians_in_sentences_are_true(sides: Sides, name: str) -> None:
    today, earlier, members = sides
    sign = signs(*sides)[name]
    own = plain.median(today.statistics[name][members].tolist())
    others = earlier.statistics[name].tolist()
    assert numbers(sign.sentence) == pytest.approx([own, plain.median(others)], rel=0.006)
    assert sign.value == pytest.approx(own)
    high = name not in ("gap_variation", "account_age_days")
    beyond = sum(value >= own if high else value <= own for value in others)
    assert sign.tail_probability == pytest.approx((1 + beyond) / (1 + len(others)))
    assert sign.present == (sign.tail_probability < 0.2)


def test_volumes_in_the_sentence_are_true(sides: Sides) -> None:
    today, earlier, members = sides
    sign = signs(*sides)["volume_spread"]
    own, others = (
        plain.pstdev([math.log2(calls) for calls in side])
        for side in (today.calls[members].tolist(), earlier.calls.tolist())
    )
    assert numbers(sign.sentence) == pytest.approx([2**own, 2**others], abs=0.0051)
    assert sign.value == pytest.approx(own)


def sharing_by_sets(today: Population, members: set[int], channel: int, old: set[int]) -> tuple[float, float]:
    """(share of members, share of other accounts) that share a value with another of their own side."""
    links = [
        (owner, value)
        for owner, kind, value in zip(
            today.link_owner.tolist(), today.link_channel.tolist(), today.link_value.tolist(), strict=True
        )
        if kind == channel
    ]
    degree = Counter(value for _, value in links)
    usable = {value for value, number in degree.items() if number <= max(100, len(members)) and value not in old}
    shares = []
    for side in (members, {owner for owner, _ in links} - members):
        within = Counter(value for owner, value in links if owner in side and value in usable)
        shares.append(len({owner for owner, value in links if owner in side and within[value] >= 2}) / len(side))
    return shares[0], shares[1]


def test_shared_addresses_in_the_sentence_are_true_and_hubs_and_old_values_do_not_count() -> None:
    """Thirty members share in pairs, six of them an address of earlier days; everybody sits behind one hub."""
    links = [(account, ADDRESS, 100 + account // 2) for account in range(30)]
    links += [(account, ADDRESS, 500 + account) for account in range(30, 40)]
    links += [(account, ADDRESS, 7) for account in range(400)]
    links += [(account, ADDRESS, 900 + account // 2) for account in range(60, 80)]
    today = worlds.bare_population([5] * 400, {}, links)
    earlier = worlds.bare_population([5] * 200, {}, [(account, ADDRESS, 100 + account) for account in range(3)])
    members = np.arange(40)
    sign = signs(today, earlier, members)["shared_client_address"]
    own, usual = sharing_by_sets(today, set(range(40)), ADDRESS, {100, 101, 102})
    assert own == 24 / 40
    assert numbers(sign.sentence) == [round(100 * own), round(100 * usual)]
    assert sign.value == pytest.approx(own)
    assert sign.present is True


def test_an_address_everyone_shares_says_nothing() -> None:
    today = worlds.bare_population([5] * 400, {}, [(account, ADDRESS, 7) for account in range(400)])
    assert signs(today, worlds.bare_population([5] * 200, {}), np.arange(40))["shared_client_address"].present is False


@pytest.mark.parametrize("channel", [PAYMENT, NETWORK_HOUR])
def test_the_other_channels_count_alike(channel: int) -> None:
    links = [(account, channel, account // 4) for account in range(40)]
    links += [(account, channel, 1_000 + account) for account in range(40, 300)]
    today = worlds.bare_population([5] * 300, {}, links)
    name = {PAYMENT: "shared_payment", NETWORK_HOUR: "shared_network_and_hour"}[channel]
    sign = signs(today, worlds.bare_population([5] * 200, {}), np.arange(40))[name]
    assert sign.present is True
    assert numbers(sign.sentence) == [100, 0]


def test_uniform_parameters_in_the_sentence_are_true(sides: Sides) -> None:
    today, _, members = sides
    sign = signs(*sides)["uniform_parameters"]
    used: dict[int, set[int]] = {}
    for owner, channel, value in zip(
        today.link_owner.tolist(), today.link_channel.tolist(), today.link_value.tolist(), strict=True
    ):
        if channel == PARAMETERS:
            used.setdefault(value, set()).add(owner)
    inside = set(members.tolist())
    top = max(used, key=lambda value: (len(used[value] & inside), -value))
    own, everybody = len(used[top] & inside) / len(members), len(used[top]) / len(today)
    assert numbers(sign.sentence) == [round(100 * own), round(100 * everybody)]
    assert sign.value == pytest.approx(own)
    assert sign.present == (own >= 0.5 and own >= 3 * everybody)


def test_disjoint_coverage_in_the_sentence_is_true() -> None:
    today, earlier, members = world(coordinated=False)
    sign = signs(today, earlier, members, [1] * 1_960 + [2] * 40)["disjoint_coverage"]
    assert numbers(sign.sentence) == [98.0, 2_000]
    assert sign.present is True
    assert signs(today, earlier, members, [1] * 900 + [3] * 100)["disjoint_coverage"].present is False
