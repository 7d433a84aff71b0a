"""Descriptors of families against plain Python over each family's calls."""

import math
from collections import Counter
from itertools import pairwise
from statistics import mean, median, pstdev

import numpy as np
import pytest

from gauger.engine.common.settings import HOUR_US
from gauger.engine.families.descriptors import HOURS_MAX, Descriptors, describe
from gauger.engine.intake.elicitation import DATA_SET, REASONING, RUBRIC

FAMILIES = 40


@pytest.fixture(scope="module")
def calls() -> dict[str, np.ndarray]:
    """Families of one call to hundreds, of one account to dozens, over a day and a half."""
    rng = np.random.default_rng(5)
    family = np.concatenate([np.arange(FAMILIES), (FAMILIES * rng.random(4_000) ** 3).astype(np.int64)])
    return {
        "family": family,
        "times": rng.integers(7 * HOUR_US, 43 * HOUR_US, len(family)),
        "account": (rng.integers(1, 60, len(family)) * rng.random(len(family)) ** 2).astype(np.int64),
        "flags": rng.choice([0, 0, 0, REASONING, RUBRIC, DATA_SET, REASONING | DATA_SET], len(family)).astype(np.uint8),
    }


@pytest.fixture(scope="module")
def found(calls: dict[str, np.ndarray]) -> Descriptors:
    return describe(**calls, count=FAMILIES)


def same(value: float, expected: float) -> bool:
    return value == pytest.approx(expected, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("family", range(FAMILIES))
def test_each_descriptor_is_that_of_its_familys_calls(
    calls: dict[str, np.ndarray], found: Descriptors, family: int
) -> None:
    account, times, flags = (calls[name][calls["family"] == family].tolist() for name in ("account", "times", "flags"))
    sent = list(Counter(account).values())
    differences = sum(abs(one - other) for one in sent for other in sent)
    pairs = len(sent) * (len(sent) - 1)
    assert found.accounts[family] == len(sent)
    assert same(found.largest_account_share[family], max(sent) / sum(sent))
    assert same(found.account_gini[family], differences / pairs / (2 * mean(sent)) if pairs else math.nan)
    kinds = {REASONING: found.reasoning, RUBRIC: found.rubrics, DATA_SET: found.data_sets, 7: found.elicitation}
    for mask, shares in kinds.items():
        assert same(shares[family], mean(bool(flag & mask) for flag in flags))
    hours = Counter(time // HOUR_US for time in times)
    listed = found.hourly[found.hourly_offsets[family] : found.hourly_offsets[family + 1]].tolist()
    pace = [values[family] for values in (found.hour_calls_median, found.hour_calls_peak, found.burstiness)]
    if len(times) < 5:
        assert listed == []
        assert all(map(math.isnan, pace))
        return
    assert listed == [hours[hour] for hour in range(min(hours), max(hours) + 1)]
    gaps = [(late - early) / 1e6 for early, late in pairwise(sorted(times))]
    burstiness = (pstdev(gaps) - mean(gaps)) / (pstdev(gaps) + mean(gaps))
    assert all(map(same, pace, (median(hours.values()), max(hours.values()), burstiness)))


@pytest.mark.parametrize("rate", [0.2, 1.0, 3.0, 8.0, 40.0])
def test_concentration_by_chance(rate: float) -> None:
    """Poisson counts that are not 0, twenty thousand accounts of them."""
    counts = np.random.default_rng(8).poisson(rate, 20_000)
    counts = counts[counts > 0]
    account = np.repeat(np.arange(len(counts)), counts)
    found = describe(np.zeros(len(account), np.int64), np.arange(len(account)), account, None, 1)
    assert found.account_gini_chance[0] == pytest.approx(found.account_gini[0], abs=0.01)


def test_the_order_of_calls_changes_nothing_and_without_flags_nothing_is_known_of_elicitation(
    calls: dict[str, np.ndarray], found: Descriptors
) -> None:
    order = np.random.default_rng(1).permutation(len(calls["family"]))
    again = describe(**{name: values[order] for name, values in calls.items()}, count=FAMILIES)
    for name, values in vars(found).items():
        assert values.tobytes() == vars(again)[name].tobytes(), name
    bare = describe(**(calls | {"flags": None}), count=FAMILIES)
    for shares in (bare.elicitation, bare.reasoning, bare.rubrics, bare.data_sets):
        assert np.all(np.isnan(shares))


def one_family(times: list[int], accounts: list[int] | None = None) -> Descriptors:
    owners = accounts or [0] * len(times)
    return describe(np.zeros(len(times), np.int64), np.asarray(times), np.asarray(owners), None, 1)


def test_a_clock_is_regular_chance_is_neither_and_bursts_are_bursts() -> None:
    rng = np.random.default_rng(2)
    clock = one_family([10**6 * 30 * number for number in range(500)])
    chance = one_family(np.sort(rng.integers(0, 24 * HOUR_US, 5_000)).tolist())
    bursts = one_family([start + gap for start in (0, 10**10, 5 * 10**10) for gap in range(100)])
    assert clock.burstiness[0] == -1
    assert abs(chance.burstiness[0]) < 0.05
    assert bursts.burstiness[0] > 0.5
    assert math.isnan(one_family([7] * 9).burstiness[0])  # all at once


def test_a_stray_timestamp_makes_no_list_of_a_million_hours() -> None:
    found = one_family([0, 1, 2, 3, HOURS_MAX * HOUR_US])
    assert len(found.hourly) == 0
    assert found.hour_calls_peak.tolist() == [4]
    assert len(one_family([0, 1, 2, 3, HOURS_MAX * HOUR_US - 1]).hourly) == HOURS_MAX


def test_one_key_and_an_even_campaign_are_the_ends_of_the_scale() -> None:
    one_key = one_family([*range(103)], [*range(3), *[9] * 100])
    even = one_family([*range(100)], [*range(20)] * 5)
    alone = one_family([*range(100)])
    once = one_family([*range(9)], [*range(9)])
    assert one_key.largest_account_share[0] == pytest.approx(100 / 103)
    assert one_key.account_gini[0] == pytest.approx(0.961, abs=1e-3)
    assert (even.largest_account_share[0], even.account_gini[0]) == (0.05, 0.0)
    assert alone.largest_account_share[0] == 1.0
    assert math.isnan(alone.account_gini[0])
    assert (once.account_gini[0], once.account_gini_chance[0]) == (0.0, 0.0)  # even by chance too
