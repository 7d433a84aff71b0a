"""The call sample is the naive bottom-k of each account, whatever the order, the batches and the merges."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.state.samples import CallSample
from gauger.kernels.text.features import FEATURES

QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
Offer = tuple[int, int]  # account, identity; time and features follow from the identity
# Few identities, so that offers repeat; the extremes, so that limits are met.
OFFERS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2, 3, 5, 8, 2**63, 2**64 - 2, 2**64 - 1])), max_size=40
)


def offer_to(sample: CallSample, offers: list[Offer]) -> None:
    accounts = np.array([account for account, _ in offers], np.int64)
    identities = np.array([identity for _, identity in offers], np.uint64)
    features = np.repeat((identities % np.uint64(100)).astype(np.int8)[:, None], FEATURES, axis=1)
    sample.update(accounts, identities, (identities % np.uint64(1000)).astype(np.int64), features)


def contents(sample: CallSample) -> list[Offer]:
    """The offers in a compacted sample, checked to have kept their times and features."""
    sample.compact()
    rows = sample.rows
    identities = rows["identity"].tolist()
    assert rows["time"].tolist() == [identity % 1000 for identity in identities]
    assert rows["features"].tolist() == [[identity % 100] * FEATURES for identity in identities]
    return list(zip(rows["account"].tolist(), identities, strict=True))


def naive(offers: list[Offer], size: int) -> list[Offer]:
    smallest = []
    for account in sorted({account for account, _ in offers}):
        smallest += sorted(offer for offer in offers if offer[0] == account)[:size]
    return smallest


@given(offers=OFFERS, size=st.integers(1, 6), cuts=st.lists(st.integers(0, 40), max_size=4), compact=st.booleans())
@QUICK
def test_the_sample_is_the_smallest_k_duplicates_included(
    offers: list[Offer], size: int, cuts: list[int], compact: bool
) -> None:
    sample = CallSample(size)
    bounds = [0, *sorted(cuts), len(offers)]
    for low, high in pairwise(bounds):
        offer_to(sample, offers[low:high])
        if compact:
            sample.compact()
    assert contents(sample) == naive(offers, size)


@given(offers=OFFERS, size=st.integers(1, 6), cut=st.integers(0, 40), compact=st.booleans())
@QUICK
def test_merge_is_the_sample_of_the_union(offers: list[Offer], size: int, cut: int, compact: bool) -> None:
    """Account 3 is left out of the merge and the others change places."""
    left, right = CallSample(size), CallSample(size)
    offer_to(left, offers[:cut])
    offer_to(right, offers[cut:])
    if compact:
        right.compact()
    left.merge(right, np.array([2, 0, 1, -1]))
    renamed = [((account + 2) % 3, identity) for account, identity in offers[cut:] if account < 3]
    assert contents(left) == naive(offers[:cut] + renamed, size)


def test_a_long_stream_is_compacted_on_its_way() -> None:
    chance, sample = np.random.default_rng(0), CallSample(40)
    accounts, identities = chance.integers(0, 5, 70_000), chance.integers(0, 2**64, 70_000, np.uint64)
    offers = list(zip(accounts.tolist(), identities.tolist(), strict=True))
    for start in range(0, 70_000, 10_000):
        offer_to(sample, offers[start : start + 10_000])
    assert len(sample.rows) < 40_000
    assert contents(sample) == naive(offers, 40)


def test_a_sample_filled_from_disk_can_be_compacted_and_added_to() -> None:
    """Rows put straight into the table, as loading does, have no limit yet."""
    first, restored = CallSample(3), CallSample(3)
    offers = [(account, identity) for account in range(4) for identity in range(5)]
    offer_to(first, offers)
    first.compact()
    restored.rows.append({name: first.rows[name] for name in ("account", "identity", "time", "features")})
    assert contents(restored) == naive(offers, 3)
    more = [(0, 1), (0, 99)]
    offer_to(restored, more)
    assert contents(restored) == naive(offers + more, 3)


@pytest.mark.parametrize("offers", [[], [(0, 7)]])
def test_small_samples(offers: list[Offer]) -> None:
    sample = CallSample(2)
    offer_to(sample, offers)
    assert contents(sample) == offers
