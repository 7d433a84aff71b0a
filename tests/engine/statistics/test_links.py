"""Statistics from links: counts from bottom-k, and components against sets."""

import numpy as np
import pytest

from gauger.engine.state.links import ADDRESS, CLIENT, HUB_ACCOUNTS, NETWORK, ORGANISATION, PAYMENT
from gauger.engine.statistics.links import component_sizes, distinct_of_smallest, link_statistics
from tests.kernels import naive


def test_few_values_are_counted_and_many_estimated() -> None:
    random = np.random.default_rng(1)
    true = [0, 3, 63, 64, 1_000, 20_000]
    owner, values = [], []
    for account, count in enumerate(true):
        kept = np.sort(random.integers(0, 2**64, count, dtype=np.uint64))[:64]
        owner.append(np.full(len(kept), account))
        values.append(kept)
    found = distinct_of_smallest(np.concatenate(owner), np.concatenate(values), len(true), 64)
    assert found[:3].tolist() == [0, 3, 63]
    assert found[3:] == pytest.approx(true[3:], rel=3 / np.sqrt(62))


@pytest.mark.parametrize("seed", range(5))
def test_components_are_those_of_united_sets(seed: int) -> None:
    random = np.random.default_rng(seed)
    accounts, rows = 30, 45
    owner, value = random.integers(0, accounts, rows), random.integers(0, 40, rows).astype(np.uint64)
    channel = random.choice([ADDRESS, PAYMENT, CLIENT, ORGANISATION], rows).astype(np.uint8)
    pairs = np.unique(np.stack([owner, value.astype(np.int64), channel]), axis=1)
    owner, value, channel = pairs[0], pairs[1].astype(np.uint64), pairs[2]
    used = channel != ORGANISATION
    edges = [
        (int(owner[i]), int(owner[j])) for i in range(len(owner)) for j in range(i)
        if used[i] and used[j] and value[i] == value[j]
    ]  # fmt: skip
    label = naive.components(accounts, edges)
    expected = [
        label.count(label[account]) if np.any(used & (owner == account)) else np.nan for account in range(accounts)
    ]
    np.testing.assert_array_equal(component_sizes(owner, value, channel, accounts), expected)


def test_a_hub_joins_nobody() -> None:
    for accounts, size in ((HUB_ACCOUNTS, HUB_ACCOUNTS), (HUB_ACCOUNTS + 1, 1)):
        owner, shared = np.arange(accounts), np.full(accounts, 7, np.uint64)
        assert set(component_sizes(owner, shared, np.full(accounts, ADDRESS), accounts).tolist()) == {size}


def test_what_is_absent_is_not_available() -> None:
    nothing = np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.uint64)
    for values in link_statistics(*nothing, np.zeros(3, np.int64), 64).values():
        assert np.isnan(values).all()
    links = np.array([0, 0, 1]), np.full(3, NETWORK, np.uint8), np.array([5, 6, 7], np.uint64)
    found = link_statistics(*links, np.array([4, 1, 0]), 64)
    assert found["networks_per_call"][:2].tolist() == [0.5, 1.0]
    assert np.isnan(found["networks_per_call"][2])
    assert np.isnan(component_sizes(links[0], links[2], links[1], 3)).all()
