"""Matching in parts: whatever the parts and their order, each prompt holds the same frame and slots the same values."""

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.families import slots
from gauger.engine.families.matching import Matching
from gauger.engine.families.prompts import KeptPrompts
from gauger.engine.families.slots import SlotCounts
from tests.engine import worlds


def table() -> KeptPrompts:
    """Two templates; one has a slot of 40 values, and one that is free."""
    words = worlds.Words(11)
    frames, tail, roles = [words.text(12) for _ in range(2)], words.text(14), words.some(40)
    prompts = [
        f"{frames[place % 2]} {roles[place * place % 40]} {tail} {words.text(5 if place % 2 else 40)}"
        for place in range(400)
    ]
    calls = [worlds.call(f"a{place % 7}", text, place) for place, text in enumerate([*prompts, words.text(30)])]
    return KeptPrompts(worlds.observing(calls).state.prompts)


TABLE = table()
MATCHING = Matching(TABLE.sample(300), Settings())


@pytest.mark.parametrize("kept", [6, 512])
@pytest.mark.parametrize("parts", [2, 5])
def test_parts_and_their_order_change_nothing(parts: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full sketches too: what is among the least of all is among the least of its part."""
    monkeypatch.setattr(slots, "VALUES_KEPT", kept)
    grams = TABLE.sample(1_000)
    everybody = np.arange(len(grams))
    expected = np.empty(len(grams), np.int32)
    whole = MATCHING.match([(everybody, grams)], expected)
    assert len(np.unique(expected[expected >= 0])) >= 2
    assert (np.bincount(whole.row).max() == kept) == (kept == 6)
    part_of = np.random.default_rng(parts).integers(0, parts, len(grams))
    counts, labels = [], np.empty(len(grams), np.int32)
    for part in range(parts):
        own = np.flatnonzero(part_of == part)
        counts.append(MATCHING.match([(own[:9], grams.take(own[:9])), (own[9:], grams.take(own[9:]))], labels))
    np.testing.assert_array_equal(labels, expected)
    for order in (counts, counts[::-1], [SlotCounts.merged(counts[:1]), SlotCounts.merged(counts[1:])]):
        merged = SlotCounts.merged(order)
        for name, values in vars(whole).items():
            np.testing.assert_array_equal(getattr(merged, name), values, err_msg=name)
        for name, values in vars(MATCHING.figures(whole)).items():
            np.testing.assert_array_equal(getattr(MATCHING.figures(merged), name), values, err_msg=name)
    assert whole.prompts.sum() == (expected >= 0).sum()
