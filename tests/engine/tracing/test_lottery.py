"""The lottery: drawn again it is the same, and each candidate of a slot is as likely as the others."""

from hashlib import shake_256

import numpy as np
import pytest
from scipy.stats import chisquare

from gauger.engine.tracing.lottery import draw, draw_listed, slot_of

SEED = bytes(range(32))


def by_hand(seed: bytes, words: int, slots: int, candidates: int) -> tuple[list[list[tuple[int, int]]], list[int]]:
    """The lottery as its page says it, a number at a time."""

    def numbers(label: bytes, below: int) -> list[int]:
        stream = shake_256(seed + label).digest(8 * 100_000)
        return [int.from_bytes(stream[at : at + 8], "big") * below >> 64 for at in range(0, len(stream), 8)]

    drawn = iter(numbers(b"words", words))
    found: dict[tuple[int, int], None] = {}
    while len(found) < slots * candidates:
        pair = (next(drawn), next(drawn))
        if pair[0] != pair[1]:
            found.setdefault(pair)
    pairs = list(found)
    rows = [pairs[at : at + candidates] for at in range(0, len(pairs), candidates)]
    return rows, numbers(b"served", candidates)[:slots]


@pytest.mark.parametrize(("words", "slots", "candidates"), [(500, 20, 16), (501, 40, 1_024), (6_000, 200, 64)])
def test_it_is_the_lottery_of_its_page(words: int, slots: int, candidates: int) -> None:
    lot = draw(SEED, words, slots, candidates)
    pairs, served = by_hand(SEED, words, slots, candidates)
    assert [[tuple(pair) for pair in row] for row in lot.pairs.tolist()] == pairs
    assert lot.served.tolist() == served
    assert lot.served_pairs.tolist() == [list(row[place]) for row, place in zip(pairs, served, strict=True)]


def test_pairs_are_drawn_once_and_have_two_words() -> None:
    flat = draw(SEED, 700, 100, 1_024).pairs.reshape(-1, 2)
    assert len({tuple(pair) for pair in flat.tolist()}) == len(flat)
    assert (flat[:, 0] != flat[:, 1]).all()
    assert flat.min() == 0
    assert flat.max() == 699


def test_every_candidate_is_served_as_often() -> None:
    served = np.concatenate([draw(number.to_bytes(32, "big"), 500, 200, 16).served for number in range(50)])
    assert chisquare(np.bincount(served, minlength=16)).pvalue > 1e-3


def test_another_seed_draws_others() -> None:
    assert not np.array_equal(draw(SEED, 500, 20, 16).pairs, draw(SEED[::-1], 500, 20, 16).pairs)


@pytest.mark.parametrize(
    ("seed", "words", "slots", "candidates"),
    [(b"short", 500, 20, 16), (SEED, 499, 20, 16), (SEED, 500, 0, 16), (SEED, 500, 20, 1), (SEED, 500, 200, 1_024)],
)
def test_what_cannot_be_drawn_is_refused(seed: bytes, words: int, slots: int, candidates: int) -> None:
    with pytest.raises(ValueError, match=r"seed|lottery|too few"):
        draw(seed, words, slots, candidates)


def test_a_response_keeps_its_slot_and_slots_are_filled_alike() -> None:
    slots = [slot_of(SEED, f"response {number}", 20) for number in range(4_000)]
    assert slots == [slot_of(SEED, f"response {number}", 20) for number in range(4_000)]
    assert chisquare(np.bincount(slots, minlength=20)).pvalue > 1e-3
    assert slots != [slot_of(SEED[::-1], f"response {number}", 20) for number in range(4_000)]
    assert 0 <= slot_of(SEED, "\ud800", 20) < 20


def test_a_list_is_dealt_in_the_order_of_its_numbers() -> None:
    pairs = np.array([[first, second] for first in range(20) for second in range(20, 60)], np.int64)
    lot = draw_listed(SEED, pairs, 30, 16)
    stream = shake_256(SEED + b"listed").digest(8 * len(pairs))
    numbers = [int.from_bytes(stream[at : at + 8], "big") for at in range(0, len(stream), 8)]
    order = sorted(range(len(pairs)), key=lambda place: numbers[place])[: 30 * 16]
    assert lot.pairs.reshape(-1, 2).tolist() == pairs[order].tolist()
    assert lot.served.tolist() == draw(SEED, 500, 30, 16).served.tolist()
    with pytest.raises(ValueError, match="too few"):
        draw_listed(SEED, pairs, 51, 16)
