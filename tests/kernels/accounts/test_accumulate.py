"""Folding a batch into account rows: plain sums over lists are the oracle."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.accounts import accumulate
from gauger.kernels.text.features import FEATURES
from tests.kernels import naive
from tests.kernels.strategies import QUICK, WORD64, pack

ROWS = 4
ROW = st.integers(0, ROWS - 1)
TIME = st.integers(-(2**62), 2**62)


def int64(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def prefixes(addresses: list[bytes]) -> list[int]:
    """hash_prefixes of addresses, key (1, 2)."""
    out = np.zeros(len(addresses), np.uint64)
    accumulate.hash_prefixes(1, 2, *pack(addresses, b"203.0.113.9", b".1:2:3"), out)
    return out.tolist()


@QUICK
@given(st.lists(ROW, max_size=12), st.integers(0, 2**32 - 1))
def test_features_add_up(rows: list[int], seed: int) -> None:
    features = np.random.default_rng(seed).integers(-127, 128, (len(rows), FEATURES), np.int8)
    sums, squares = np.full((ROWS, FEATURES), 5, np.int32), np.full(ROWS, 9, np.int64)
    accumulate.add_features(int64(rows), features, sums, squares)
    wide = features.astype(np.int64)
    for row in range(ROWS):
        mine = wide[np.array(rows, int) == row]
        assert np.array_equal(sums[row], mine.sum(axis=0) + 5)
        assert squares[row] == (mine**2).sum() + 9


@QUICK
@given(st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, 255)), max_size=12), st.integers(0, 2**32 - 1))
def test_weighted_features_add_up(rows: list[tuple[int, int]], seed: int) -> None:
    features = np.random.default_rng(seed).integers(-127, 128, (len(rows), FEATURES), np.int8)
    owner, weights = int64([row for row, _ in rows]), np.array([weight for _, weight in rows], np.uint8)
    sums = np.full((ROWS, FEATURES), 5, np.int32)
    accumulate.add_weighted_features(owner, weights, features, sums)
    wide = features.astype(np.int64) * weights.astype(np.int64)[:, None]
    for row in range(ROWS):
        assert np.array_equal(sums[row], wide[owner == row].sum(axis=0) + 5)


@QUICK
@given(st.lists(st.lists(st.tuples(ROW, TIME), max_size=15), max_size=3))
def test_times_keep_count_first_and_last(batches: list[list[tuple[int, int]]]) -> None:
    counts, first, last = (np.zeros(ROWS, np.int64) for _ in range(3))
    for batch in batches:
        accumulate.add_times(int64([row for row, _ in batch]), int64([at for _, at in batch]), counts, first, last)
    for row in range(ROWS):
        times = [at for batch in batches for owner, at in batch if owner == row]
        assert [counts[row], first[row], last[row]] == [
            len(times),
            min(times, default=0),
            max(times, default=0),
        ]


@QUICK
@given(st.lists(st.tuples(ROW, st.integers(0, 23)), max_size=30))
def test_bins_count(events: list[tuple[int, int]]) -> None:
    histogram = np.ones((ROWS, 24), np.uint32)
    accumulate.add_bins(int64([row for row, _ in events]), int64([at for _, at in events]), histogram)
    assert histogram.tolist() == [[1 + events.count((row, at)) for at in range(24)] for row in range(ROWS)]


@QUICK
@given(st.lists(st.tuples(ROW, st.integers(-(2**31), 2**31 - 1), st.booleans()), max_size=20))
def test_moments_leave_out_what_is_not_valid(events: list[tuple[int, int, bool]]) -> None:
    moments = np.zeros((ROWS, 3), np.int64)
    rows, values, valid = (list(column) for column in zip(*events, strict=True)) if events else ([], [], [])
    accumulate.add_moments(int64(rows), int64(values), np.array(valid, np.uint8), moments)
    for row in range(ROWS):
        mine = [value for owner, value, known in events if owner == row and known]
        assert moments[row].tolist() == [len(mine), sum(mine), sum(value**2 for value in mine)]


@QUICK
@given(st.lists(st.tuples(WORD64, WORD64, WORD64, TIME, WORD64), max_size=10), WORD64, WORD64)
def test_identities_are_the_twins(calls: list[tuple[int, int, int, int, int]], key0: int, key1: int) -> None:
    out = np.zeros(len(calls), np.uint64)
    prompts = np.array([call[:2] for call in calls], np.uint64).reshape(-1, 2)
    accounts = np.array([call[2] for call in calls], np.uint64)
    features = np.zeros((len(calls), FEATURES), np.int8)
    features.view(np.uint64)[:, 3] = [call[4] for call in calls]
    accumulate.call_identities(key0, key1, prompts, accounts, int64([call[3] for call in calls]), features, out)
    for found, (first, second, account, time, feature) in zip(out.tolist(), calls, strict=True):
        mixed = naive.fold_multiply(first ^ key0, account ^ key1)
        mixed = naive.fold_multiply(mixed ^ (time % 2**64) ^ key1, key0 ^ second)
        for word in range(FEATURES // 8):
            mixed = naive.fold_multiply(mixed ^ (feature if word == 3 else 0), key0) + key1 & 2**64 - 1
        assert found == mixed


def test_calls_that_differ_in_anything_differ_in_identity() -> None:
    rng = np.random.default_rng(3)
    hashes = rng.integers(0, 2**64, (3, 50_000), np.uint64)
    hashes[2] %= 7  # accounts and times repeat, prompts do not
    features = np.zeros((50_000, FEATURES), np.int8)
    prompts = np.ascontiguousarray(hashes[:2].T)
    times = np.arange(50_000) % 5

    def identities(times: np.ndarray, features: np.ndarray) -> np.ndarray:
        out = np.zeros(50_000, np.uint64)
        accumulate.call_identities(11, 13, prompts, hashes[2], times, features, out)
        return out

    first = identities(times, features)
    assert len(np.unique(first)) == 50_000
    assert not (first == identities(times + 1, features)).any()
    features[:, 17] = 1
    assert not (first == identities(times, features)).any()


@QUICK
@given(st.lists(st.ip_addresses(v=4), max_size=5))
def test_ipv4_networks_are_24_bits(addresses: list[ipaddress.IPv4Address]) -> None:
    expected = [naive.siphash(1, 2, str(address).rpartition(".")[0].encode())[0] for address in addresses]
    assert prefixes([str(address).encode() for address in addresses]) == expected


# Groups are often zero, so that :: stands anywhere; an IPv4 address mapped to IPv6 is an IPv4 address.
IPV6 = (
    st.lists(st.sampled_from([0, 0, 1, 0xAB, 0xFFFF]), min_size=8, max_size=8)
    .map(lambda groups: ipaddress.IPv6Address(b"".join(group.to_bytes(2, "big") for group in groups)))
    .filter(lambda address: address.ipv4_mapped is None)
)


@QUICK
@given(st.lists(IPV6, max_size=5))
def test_ipv6_networks_are_the_first_64_bits_however_spelt(addresses: list[ipaddress.IPv6Address]) -> None:
    expected = [naive.siphash(1, 2, (int(address) >> 64).to_bytes(8, "little"))[0] for address in addresses]
    assert prefixes([address.compressed.encode() for address in addresses]) == expected
    assert prefixes([address.compressed.upper().encode() for address in addresses]) == expected
    assert prefixes([address.exploded.encode() for address in addresses]) == expected
    assert prefixes([f"{address}%eth0".encode() for address in addresses]) == expected


@QUICK
@given(st.lists(st.text(":0af.%g", max_size=40).map(str.encode), min_size=1, max_size=4))
def test_what_only_looks_like_an_address_depends_on_itself_alone(texts: list[bytes]) -> None:
    assert prefixes(texts) == [prefixes([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("2001:db8:1:2::5", "2001:db8:1:2:3:4:5:6", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("2001:db8::5", "2001:db8::6", True),
        ("2001:db8::5", "2001:db8::1:2:3:4", True),
        ("2001:db8:1::5", "2001:db8:1::6:7", True),
        ("2001:db8:1::5", "2001:db8:2::5", False),
        ("2001:db8:1::5", "2001:db8:1:0:9::5", True),
        ("::1", "::2", True),
    ],
)
def test_ipv6_networks_are_64_bits(left: str, right: str, same: bool) -> None:
    """Also when :: stands for groups of the network; ``ipaddress`` says what a network is."""
    assert same == (ipaddress.ip_address(right) in ipaddress.ip_network(f"{left}/64", strict=False))
    first, second = prefixes([left.encode(), right.encode()])
    assert (first == second) == same


def test_what_is_no_address_is_hashed_whole() -> None:
    texts = [b"", b"unknown", b"host-7"]
    assert prefixes(texts) == [naive.siphash(1, 2, text)[0] for text in texts]


def test_counts_and_earliest_times_are_those_of_a_loop() -> None:
    random = np.random.default_rng(5)
    rows, values = random.integers(0, 9, 200), random.integers(0, 2, 200).astype(np.uint8)
    times = np.where(random.random(200) < 0.5, 0, random.integers(1, 1_000, 200))
    counts, earliest = np.zeros(10, np.int64), np.zeros(10, np.int64)
    accumulate.add_counts(rows, values, counts)
    accumulate.keep_earliest(rows, times, earliest)
    for row in range(10):
        mine = rows == row
        assert counts[row] == values[mine].sum()
        assert earliest[row] == min((time for time in times[mine].tolist() if time), default=0)


def test_links_lately_seen_are_left_out_and_none_is_lost() -> None:
    random = np.random.default_rng(6)
    owners, seen = np.full(64, -1, np.int64), np.zeros(64, np.uint64)  # so small that entries fall out
    found, total = set(), 0
    for _ in range(20):
        accounts, values = random.integers(0, 12, 50), random.integers(0, 9, 50).astype(np.uint64)
        fresh = np.empty(50, np.int64)
        fresh = fresh[: accumulate.unseen_links(accounts, 3, values, owners, seen, fresh)]
        assert np.all(values[fresh] > 0)
        found |= set(zip(accounts[fresh].tolist(), values[fresh].tolist(), strict=True))
        total += len(fresh)
    assert found == {(account, value) for account in range(12) for value in range(1, 9)}
    assert total < 20 * 50 * 8 // 9 * 0.9
