"""Signs: every number in a sentence is true, and what cannot be known is not available."""

import math
import re
import statistics as plain
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.common.schema import CALL_SCHEMA, CLIENT_WRITTEN
from gauger.engine.findings.finding import Sign
from gauger.engine.findings.signs import SIGNS, Group, _digits, signs_of
from gauger.engine.state.links import ADDRESS, NETWORK_HOUR, ORGANISATION, PARAMETERS, PAYMENT
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.registry import STATISTICS
from tests.engine import worlds
from tests.engine.coordinated import HABITS, world

NAMES = {kind.statistic for kind in SIGNS}


def signs(group: Group, repeats: list[int] | None = None) -> dict[str, Sign]:
    found = signs_of(replace(group, repeats=np.asarray(repeats or [1] * 200, np.int64)))
    return {sign.statistic: sign for sign in found}


def of(today: Population, others: Population, members: int) -> Group:
    return Group(today, others, np.arange(members), np.zeros(0, np.int64), earlier=True)


def numbers(sentence: str) -> list[float]:
    return [float(text.replace(",", "")) for text in re.findall(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?", sentence)]


# Contracts of every sign


def test_names_are_one_each_and_have_a_title() -> None:
    assert len(NAMES) == len(SIGNS)
    for kind in SIGNS:
        assert bool(kind.title) != (kind.statistic in STATISTICS), f"{kind.statistic}: one title, here or there"


@pytest.mark.parametrize("coordinated", [True, False])
def test_every_sign_says_a_number_beside_another(coordinated: bool) -> None:
    for sign in signs(world(coordinated=coordinated)).values():
        assert sign.present in (True, False)
        assert len(numbers(sign.sentence)) >= 2
        assert math.isfinite(sign.value)


def test_missing_columns_are_not_available_never_absent() -> None:
    found = signs(of(worlds.bare_population([5] * 300, {}), worlds.bare_population([5] * 300, {}), 50))
    for name in NAMES - {"volume_spread", "disjoint_coverage"}:
        assert found[name].present is None
        assert "not available" in found[name].sentence
        assert math.isnan(found[name].value)
    assert found["volume_spread"].present is not None


def test_signs_do_not_depend_on_the_order_of_accounts() -> None:
    group = world(coordinated=True)
    turned = replace(group, members=group.members[::-1].copy())
    assert signs(turned) == signs(group)


# Each of them


def test_statistics_known_of_too_few_accounts_are_not_available() -> None:
    nan = math.nan
    today = worlds.bare_population([5] * 200, {"gap_variation": [0.1, 0.2] + [nan] * 198})
    others = worlds.bare_population([5] * 200, {"gap_variation": [1.0] * 200})
    assert signs(of(today, others, 50))["gap_variation"].present is None


@pytest.fixture(scope="module", params=[True, False], ids=["coordinated", "unrelated"])
def group(request: pytest.FixtureRequest) -> Group:
    return world(coordinated=request.param, seed=5)


@pytest.mark.parametrize("name", list(HABITS))
def test_medians_in_sentences_are_true(group: Group, name: str) -> None:
    sign = signs(group)[name]
    own = plain.median(group.today.statistics[name][group.members].tolist())
    others = group.others.statistics[name].tolist()
    assert numbers(sign.sentence) == pytest.approx([own, plain.median(others)], rel=0.006)
    assert sign.value == pytest.approx(own)
    high = name not in ("gap_variation", "account_age_days")
    beyond = sum(value >= own if high else value <= own for value in others)
    assert sign.tail_probability == pytest.approx((1 + beyond) / (1 + len(others)))
    assert sign.present == (sign.tail_probability < 0.2)


def test_volumes_in_the_sentence_are_true(group: Group) -> None:
    sign = signs(group)["volume_spread"]
    own, others = (
        plain.pstdev([math.log2(calls) for calls in side])
        for side in (group.today.calls[group.members].tolist(), group.others.calls.tolist())
    )
    assert numbers(sign.sentence) == pytest.approx([2**own, 2**others], abs=0.0051)
    assert sign.value == pytest.approx(own)
    assert sign.present == (own <= 0.6 * others)


def sharing_by_sets(today: Population, members: set[int], channel: int, old: set[int]) -> tuple[float, float]:
    """(share of members, share of other accounts) that share a value with another of their own side."""
    columns = (today.link_owner.tolist(), today.link_channel.tolist(), today.link_value.tolist())
    links = [(owner, value) for owner, kind, value in zip(*columns, strict=True) if kind == channel]
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
    sign = signs(of(today, earlier, 40))["shared_client_address"]
    own, usual = sharing_by_sets(today, set(range(40)), ADDRESS, {100, 101, 102})
    assert own == 24 / 40
    assert numbers(sign.sentence) == [round(100 * own), round(100 * usual)]
    assert sign.value == pytest.approx(own)
    assert sign.present is True


def test_an_address_everyone_shares_says_nothing() -> None:
    today = worlds.bare_population([5] * 400, {}, [(account, ADDRESS, 7) for account in range(400)])
    assert signs(of(today, worlds.bare_population([5] * 200, {}), 40))["shared_client_address"].present is False


@pytest.mark.parametrize(("channel", "name"), [(PAYMENT, "shared_payment"), (NETWORK_HOUR, "shared_network_and_hour")])
def test_the_other_channels_count_alike(channel: int, name: str) -> None:
    links = [(account, channel, account // 4) for account in range(40)]
    links += [(account, channel, 1_000 + account) for account in range(40, 300)]
    today = worlds.bare_population([5] * 300, {}, links)
    sign = signs(of(today, worlds.bare_population([5] * 200, {}), 40))[name]
    assert sign.present is True
    assert numbers(sign.sentence) == [100, 0]


def test_uniform_parameters_in_the_sentence_are_true(group: Group) -> None:
    today = group.today
    sign = signs(group)["uniform_parameters"]
    used: dict[int, set[int]] = {}
    columns = (today.link_owner.tolist(), today.link_channel.tolist(), today.link_value.tolist())
    for owner, channel, value in zip(*columns, strict=True):
        if channel == PARAMETERS:
            used.setdefault(value, set()).add(owner)
    inside = set(group.members.tolist())
    top = max(used, key=lambda value: (len(used[value] & inside), -value))
    own, everybody = len(used[top] & inside) / len(inside), len(used[top]) / len(today)
    assert numbers(sign.sentence) == [round(100 * own), round(100 * everybody)]
    assert sign.value == pytest.approx(own)
    assert sign.present == (own >= 0.5 and own >= 3 * everybody)


@pytest.mark.parametrize(
    ("repeats", "said", "present"),
    [
        ([1] * 1_960 + [2] * 40, [98.0, 2_000], True),
        ([1] * 900 + [3] * 100, [90.0, 1_000], False),
        ([1] * 99, [], None),
    ],
)
def test_disjoint_coverage_in_the_sentence_is_true(repeats: list[int], said: list[float], present: bool | None) -> None:
    sign = signs(world(coordinated=False), repeats)["disjoint_coverage"]
    assert numbers(sign.sentence) == said
    assert sign.present is present


@pytest.mark.parametrize(
    ("number", "shown"), [(-0.0, "0"), (0.0000123456, "0.0000123"), (12.5, "12.5"), (12345.6, "12300")]
)
def test_medians_have_no_exponents(number: float, shown: str) -> None:
    assert _digits(number) == shown


def test_only_what_the_provider_assigns_or_sees_speaks_for_an_owner() -> None:
    columns = {ORGANISATION: "org_id", PAYMENT: "payment_fingerprint", ADDRESS: "client_address"}
    assert not set(columns.values()) & CLIENT_WRITTEN
    for name in CALL_SCHEMA.names:
        writer = CALL_SCHEMA.field(name).metadata[b"written_by"]
        assert (writer == b"client") == (name in CLIENT_WRITTEN), name
