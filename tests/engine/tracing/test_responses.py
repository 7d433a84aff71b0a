"""Sketches of responses: an unbiased sample, compared account by account with controls."""

import math
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.secret import Secret
from gauger.engine.tracing.responses import KEPT, compare, grams, matched, sketches
from tests.engine.tracing.made import honest

SECRET, OTHER = Secret(bytes(16)), Secret(bytes([1] * 16))


def test_sequences_are_those_of_five_words_in_a_row() -> None:
    hashes, begins = grams(SECRET.key, ["a b c d e f", "too short", "", "x a b c d e", "a b c d e. F"])
    assert begins.tolist() == [0, 2, 2, 2, 4, 6]
    assert hashes[0] == hashes[3] == hashes[4]
    assert hashes[1] == hashes[5]
    assert len(set(hashes.tolist())) == 3
    assert not set(grams(OTHER.key, ["a b c d e f"])[0].tolist()) & set(hashes.tolist())


def test_order_of_words_counts() -> None:
    hashes, _ = grams(SECRET.key, ["a b c d e", "b a c d e", "a b c e d", "d b c a e", "e d c b a"])
    assert len(set(hashes.tolist())) == 5


def test_a_sketch_holds_the_smallest() -> None:
    texts = [*honest(5, 200), "too short"]
    found, (hashes, begins) = sketches(SECRET.key, texts), grams(SECRET.key, texts)
    for row in range(5):
        assert found[row].tolist() == sorted(set(hashes[begins[row] : begins[row + 1]].tolist()))[:KEPT]
    assert found[5].tolist() == [0xFFFFFFFF] * KEPT


def test_the_share_found_estimates_the_share_of_all() -> None:
    random, estimates, shares = Random(1), [], []
    for text in honest(300, 150, seed=8):
        words = text.split()
        kept = words[: random.randrange(20, 150)]
        everything, part = (set(grams(SECRET.key, [" ".join(some)])[0].tolist()) for some in (words, kept))
        sketch = sketches(SECRET.key, [text])[0]
        estimates.append(np.isin(sketch, list(part)).mean())
        shares.append(len(part) / len(everything))
    assert np.mean(estimates) == pytest.approx(np.mean(shares), abs=0.02)


def accounts(calls: dict[str, int]) -> pa.Table:
    return pa.table({"account_id": list(calls), "calls": list(calls.values())})


def test_controls_have_about_as_many_calls() -> None:
    members = accounts({"m1": 100, "m2": 5, "m3": 50})
    others = {"far": 1_000, "a": 95, "b": 52, "c": 6, "d": 30}
    found = matched(members, accounts(others))
    assert found == ["a", "b", "c"] == matched(members, accounts(dict(reversed(others.items()))))
    assert matched(members, accounts({"only": 1})) == ["only"]
    assert matched(members, accounts({})) == []


def test_a_copy_stands_out_beside_its_controls() -> None:
    texts = honest(80, 60)
    found = sketches(SECRET.key, texts)
    owners = [b"%d" % (row // 4) for row in range(80)]
    member = np.arange(80) < 40
    copied = compare(found, owners, member, grams(SECRET.key, texts[:40])[0], 9)
    assert (copied.members, copied.controls, copied.outputs) == (10, 10, 9)
    assert copied.member_share == copied.above == 1.0
    assert copied.control_share < 0.1
    nothing = compare(found, owners, member, np.zeros(0, np.uint32), 0)
    assert (nothing.member_share, nothing.above) == (0.0, 0.5)


def test_accounts_without_sequences_say_nothing() -> None:
    found = sketches(SECRET.key, ["short", "a b c d e f"])
    lead = compare(found, [b"a", b"b"], np.array([True, False]), grams(SECRET.key, ["a b c d e"])[0], 1)
    assert (lead.members, lead.controls, lead.control_share) == (0, 1, 0.5)
    assert math.isnan(lead.member_share)
    assert math.isnan(lead.above)
