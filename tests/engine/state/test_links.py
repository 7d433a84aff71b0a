"""Links are, of each account and channel, the naive set of its values, the smallest of them when there are many."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.state import links
from gauger.engine.state.links import CHANNELS, Links

QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
Triple = tuple[int, int, int]  # account, channel, value
TRIPLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, len(CHANNELS) - 1), st.sampled_from([0, 1, 2, 7, 2**63, 2**64 - 1])),
    max_size=40,
)


def add(target: Links, triples: list[Triple]) -> None:
    for channel in range(len(CHANNELS)):
        part = [(account, value) for account, other, value in triples if other == channel]
        accounts, values = ([pair[side] for pair in part] for side in (0, 1))
        target.update(np.array(accounts, np.int64), channel, np.array(values, np.uint64))


def contents(target: Links) -> list[Triple]:
    target.compact()
    return list(zip(*(target.rows[name].tolist() for name in ("account", "channel", "value")), strict=True))


def naive(triples: list[Triple], size: int) -> list[Triple]:
    values: dict[tuple[int, int], set[int]] = {}
    for account, channel, value in triples:
        if value:
            values.setdefault((account, channel), set()).add(value)
    return [(*pair, value) for pair, found in sorted(values.items()) for value in sorted(found)[:size]]


@given(triples=TRIPLES, size=st.integers(1, 4), cut=st.integers(0, 40), compact=st.booleans())
@QUICK
def test_links_are_the_smallest_distinct_values(triples: list[Triple], size: int, cut: int, compact: bool) -> None:
    target = Links(size)
    add(target, triples[:cut])
    if compact:
        target.compact()
    add(target, triples[cut:])
    assert contents(target) == naive(triples, size)


@given(triples=TRIPLES, size=st.integers(1, 4), cut=st.integers(0, 40), compact=st.booleans())
@QUICK
def test_merge_is_the_union_with_accounts_renamed(triples: list[Triple], size: int, cut: int, compact: bool) -> None:
    """Account 3 is left out and the others change places."""
    left, right = Links(size), Links(size)
    add(left, triples[:cut])
    add(right, triples[cut:])
    if compact:
        right.compact()
    left.merge(right, np.array([2, 0, 1, -1]))
    renamed = [((account + 2) % 3, channel, value) for account, channel, value in triples[cut:] if account < 3]
    assert contents(left) == naive(triples[:cut] + renamed, size)


def test_a_long_stream_is_compacted_on_its_way() -> None:
    target, triples = Links(5), []
    for step in range(30):
        accounts, values = np.arange(10_000) % 7, np.arange(10_000, dtype=np.uint64) * 7919 % 9973 + 1 + step
        target.update(accounts, links.ADDRESS, values)
        triples += list(zip(accounts.tolist(), [links.ADDRESS] * 10_000, values.tolist(), strict=True))
    assert len(target.rows) < 270_000
    assert contents(target) == naive(triples, 5)


def test_channels_are_named() -> None:
    names = (links.ADDRESS, links.NETWORK, links.PAYMENT, links.CLIENT, links.ORGANISATION, links.NETWORK_HOUR)
    assert sorted((*names, links.PARAMETERS)) == list(range(len(CHANNELS)))
    assert (CHANNELS[links.ADDRESS], CHANNELS[links.NETWORK_HOUR]) == ("client address", "network and hour")
    assert len(set(CHANNELS)) == len(CHANNELS)
