"""Variants of one family: parts of it that exclude each other and leave nobody out."""

from collections.abc import Sequence

import numpy as np
import pytest

from gauger.engine.families.variants import Splitter, Variant
from gauger.engine.families.vocabulary import Vocabulary, frequent_grams
from tests.engine.frame_worlds import grams_of

FRAME = list(range(30))
SENTENCES = [list(range(100 + 20 * place, 111 + 20 * place)) for place in range(8)]
MEMBERS_MIN = 8


def family(parts: Sequence[Sequence[int]], size: int = 100, seed: int = 1) -> list[list[int]]:
    """Prompts of one frame: prompt i has the grams of part i in turn, and slot grams that others have now and then."""
    random = np.random.default_rng(seed)
    return [
        [*FRAME, *parts[place % len(parts)], *random.choice(np.arange(1_000, 3_000), 20, replace=False).tolist()]
        for place in range(size)
    ]


def vocabulary_of(prompts: list[list[int]]) -> Vocabulary:
    return frequent_grams(grams_of(prompts), MEMBERS_MIN)


def split(prompts: list[list[int]], members_min: int = MEMBERS_MIN) -> list[tuple[list[int], list[int]]]:
    """Members and grams of each variant, by the least member."""
    vocabulary = vocabulary_of(prompts)
    return readable(Splitter(vocabulary, members_min).split(np.arange(len(prompts))), vocabulary)


def readable(variants: list[Variant], vocabulary: Vocabulary) -> list[tuple[list[int], list[int]]]:
    return sorted((one.prompts.tolist(), sorted(vocabulary.values[one.grams].tolist())) for one in variants)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_parts_that_exclude_each_other_are_variants(count: int) -> None:
    found = split(family(SENTENCES[:count]))
    assert found == [(list(range(place, 100, count)), SENTENCES[place]) for place in range(count)]


@pytest.mark.parametrize(("count", "grams", "split_up"), [(3, 6, True), (4, 6, False), (4, 9, False), (4, 10, True)])
def test_many_variants_differ_by_a_sentence_or_are_the_values_of_a_slot(count: int, grams: int, split_up: bool) -> None:
    assert len(split(family([sentence[:grams] for sentence in SENTENCES[:count]]))) == (count if split_up else 0)


def test_a_few_members_may_lack_what_tells_them_apart() -> None:
    prompts = family(SENTENCES[:2])
    for place in range(0, 100, 12):
        prompts[place] = [gram for gram in prompts[place] if not 100 <= gram < 300]
    found = split(prompts)
    assert sorted(grams for _, grams in found) == SENTENCES[:2]
    assert sorted(place for members, _ in found for place in members) == [p for p in range(100) if p % 12]


def test_parts_that_leave_many_out_or_that_many_hold_two_of_are_no_variants() -> None:
    """Nor is one apart from nothing, though nine tenths are both the most a part may be and enough to cover."""
    one, other = SENTENCES[:2]
    for parts in ([one, other, []], [one, []], [one, other, [*one, *other]], [*[one] * 9, []]):
        assert split(family(parts)) == []


def test_two_grams_tell_nobody_apart_and_three_do() -> None:
    assert split(family([SENTENCES[0][:2], SENTENCES[1][:2]])) == []
    assert len(split(family([SENTENCES[0][:3], SENTENCES[1][:3]]))) == 2


def test_a_part_must_be_a_family_by_itself() -> None:
    """Twelve and eight members are parts of a family of a hundred; fewer than members_min, or than 5 %, are not."""
    parts = [SENTENCES[0]] * 22 + [SENTENCES[1]] * 3
    assert [len(members) for members, _ in split(family(parts))] == [88, 12]
    assert split(family(parts), members_min=13) == []
    assert split(family([SENTENCES[0]] * 24 + [SENTENCES[1]], size=400)) == []


@pytest.mark.parametrize(("size", "count"), [(0, 0), (1, 0), (2 * MEMBERS_MIN - 1, 0), (2 * MEMBERS_MIN, 2)])
def test_a_small_family_is_left_whole(size: int, count: int) -> None:
    assert len(split(family(SENTENCES[:2], size))) == count


def test_one_family_after_another_and_again_and_in_any_order() -> None:
    """The splitter's scratch is as it was after every family, split or not."""
    prompts = [*family(SENTENCES[:2]), *family(SENTENCES[2:5], seed=2), *family([[]], seed=3)]
    vocabulary = vocabulary_of(prompts)
    splitter, order = Splitter(vocabulary, MEMBERS_MIN), np.random.default_rng(4).permutation(100)
    first, again, shuffled = (
        [readable(splitter.split(start + rows), vocabulary) for start in (0, 100, 200)]
        for rows in (np.arange(100), np.arange(100), order)
    )
    assert first == again == shuffled
    assert [len(variants) for variants in first] == [2, 3, 0]
    assert first[1] == [(list(range(100 + place, 200, 3)), SENTENCES[2 + place]) for place in range(3)]
    assert Splitter(vocabulary_of([]), 0).split(np.zeros(0, np.int64)) == []
