"""Atoms of prompts, and which of them are repeated slot content, against counters and sets."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.families.atoms import Atoms, alike, find_atoms, first_labels, standing, take_apart
from gauger.engine.families.vocabulary import Vocabulary, frequent_grams
from tests.engine.frame_worlds import grams_of, lists_of
from tests.kernels import naive_frames
from tests.kernels.strategies import QUICK, pack_words

HEAD, TAIL = list(range(10)), list(range(10, 20))


def vocabulary_of(prompts: list[list[int]], count_min: int = 5) -> Vocabulary:
    return frequent_grams(grams_of(prompts), count_min)


@QUICK
@given(st.lists(st.lists(st.integers(0, 11), unique=True, max_size=12), max_size=20))
def test_identities_are_those_of_sets(prompts: list[list[int]]) -> None:
    vocabulary = vocabulary_of(prompts, 1)
    lists = lists_of(vocabulary.grams())
    beside = [sum(len(mine) for mine in lists if number in mine) for number in range(len(vocabulary.values))]
    order = np.lexsort((vocabulary.values, -np.array(beside), -vocabulary.counts)).tolist()
    expected = naive_frames.alike(lists, order, 75)
    assert alike(vocabulary).tolist() == [expected[number] for number in range(len(vocabulary.values))]


@QUICK
@given(
    st.lists(st.lists(st.integers(0, 11), unique=True, max_size=12), max_size=6),
    st.lists(st.integers(-1, 3), min_size=12, max_size=12),
    st.integers(1, 5),
    st.booleans(),
)
def test_atoms_are_those_of_counters(prompts: list[list[int]], identity: list[int], least: int, some: bool) -> None:
    numbers, offsets = pack_words(prompts, np.int32)
    nothing = np.zeros(0, np.uint32)
    vocabulary = Vocabulary(offsets, numbers, nothing, nothing, 5)
    chosen = list(range(len(prompts)))[:: -2 if some else 1]
    found = find_atoms(vocabulary, np.array(identity, np.int32), least, np.array(chosen, np.int64) if some else None)
    expected, kept = [], [[False] * len(mine) for mine in prompts]
    for prompt in chosen:
        groups, kept[prompt] = naive_frames.atoms_of(prompts[prompt], identity, least)
        expected += [(prompt, group) for group in groups]
    assert list(zip(found.prompts.tolist(), found.identities.tolist(), strict=True)) == expected
    assert found.kept.tolist() == [one for mine in kept for one in mine]


def atoms_from(prompts: list[list[int]]) -> Atoms:
    """Atoms whose identities are given, prompt by prompt."""
    identities, offsets = pack_words(prompts, np.int32)
    owners = np.repeat(np.arange(len(prompts)), np.diff(offsets))
    return Atoms(owners, identities, np.zeros(0, bool))


def content(atoms: Atoms) -> np.ndarray:
    return standing(atoms).content


def naive_standing(prompts: list[list[int]]) -> tuple[list[bool], list[bool], list[int]]:
    """By the docstrings: content crosses a larger atom in half of its prompts, or is one of several inside one; a block
    is one of several in four fifths of them; and pairs that stand together.
    """
    count = max((atom + 1 for mine in prompts for atom in mine), default=0)
    holders = [sum(atom in mine for mine in prompts) for atom in range(count)]
    shared = Counter(frozenset(pair) for mine in prompts for pair in combinations(mine, 2))
    crossed, nested, accompanied = stands = Counter[int](), Counter[int](), Counter[int]()
    for mine in prompts:
        for counter, found in zip(stands, naive_frames.stands(mine, holders, shared, 2, 80), strict=True):
            counter.update(found)
    most = [max(crossed[atom], nested[atom]) for atom in range(count)]
    return (
        [most[atom] > 0 and 2 * most[atom] >= holders[atom] for atom in range(count)],
        [accompanied[atom] > 0 and 5 * accompanied[atom] >= 4 * holders[atom] for atom in range(count)],
        sorted(min(pair) * count + max(pair) for pair in shared),
    )


@QUICK
@given(st.lists(st.lists(st.integers(0, 7), unique=True, max_size=8), max_size=25))
def test_how_atoms_stand_is_that_of_sets(prompts: list[list[int]]) -> None:
    found = standing(atoms_from(prompts))
    assert (found.content.tolist(), found.block.tolist(), found.pairs.tolist()) == naive_standing(prompts)


def test_the_order_of_prompts_and_atoms_changes_no_content() -> None:
    random = np.random.default_rng(8)
    prompts = [random.choice(40, 12, replace=False, p=np.arange(1, 41) / 820).tolist() for _ in range(300)]
    first = content(atoms_from(prompts)).tolist()
    assert any(first)
    assert not all(first)
    order = random.permutation(300)
    assert content(atoms_from([random.permutation(prompts[row]).tolist() for row in order])).tolist() == first


def test_only_the_most_widely_held_atoms_of_a_prompt_are_compared() -> None:
    """Thirty-six common blocks and six rare ones in every prompt: the rare are out of reach and pass for frames."""
    random = np.random.default_rng(9)
    chance = np.array([1.0] + [0.45] * 80 + [0.1] * 60)
    prompts = [np.flatnonzero(random.random(len(chance)) < chance).tolist() for _ in range(400)]
    found = content(atoms_from(prompts))
    assert not found[0]
    assert found[1:81].mean() > 0.5
    assert not found[81:].any()


def test_a_passage_under_several_frames_is_content_and_a_block_inside_one_is_none() -> None:
    """Atoms 0 and 1: two frames; 2 to 5: passages that stand under either."""
    prompts = [[frame, 2 + (place // 2) % 4] for place in range(40) for frame in (place % 2,)]
    assert content(atoms_from(prompts)).tolist() == [False, False, True, True, True, True]
    inside = [[0, 1] if place < 10 else [0] for place in range(40)]
    assert content(atoms_from(inside)).tolist() == [False, False]


def test_frame_grams_are_the_frames_of_planted_prompts() -> None:
    """Two frames of ten grams, and six passages of eight that are sent under both, in turn."""
    passages = [list(range(100 + 10 * place, 108 + 10 * place)) for place in range(6)]
    prompts = [[*(HEAD, TAIL)[place % 2], *passages[place // 2 % 6]] for place in range(120)]
    vocabulary = vocabulary_of(prompts)
    kept = take_apart(vocabulary).frame
    assert kept.dtype == np.uint8
    assert kept.tolist() == [int(value < 20) for value in vocabulary.values[vocabulary.numbers]]


def test_frame_grams_are_the_head_of_recombined_blocks() -> None:
    """A head of ten grams, and four of twelve blocks drawn for each prompt."""
    random = np.random.default_rng(11)
    drawn = [random.choice(12, 4, replace=False).tolist() for _ in range(200)]
    prompts = [[*HEAD, *(100 + 10 * block + gram for block in blocks for gram in range(8))] for blocks in drawn]
    vocabulary = vocabulary_of(prompts)
    wanted = [int(value < 10) for value in vocabulary.values[vocabulary.numbers]]
    assert take_apart(vocabulary).frame.tolist() == wanted


def test_prompts_with_the_same_main_atoms_have_one_label() -> None:
    """Two frames of ten grams; under some of the first a block of ten, under others one of four; four common grams."""
    block, little = list(range(20, 30)), list(range(30, 34))
    kinds = [HEAD, TAIL, [*HEAD, *block], [*HEAD, *little], [40, 41, 42, 43]]
    vocabulary = vocabulary_of([kinds[place % 5] for place in range(100)])
    found = first_labels(vocabulary, take_apart(vocabulary)).tolist()
    assert found == [found[place % 5] for place in range(100)]
    assert found[0] == found[3]
    assert len({*found[:3]}) == 3
    assert found[4] == -1


@pytest.mark.parametrize("prompts", [[], [[]], [[1, 2, 3]], [[1, 2, 3]] * 9])
def test_nothing_is_kept_of_too_little(prompts: list[list[int]]) -> None:
    vocabulary = vocabulary_of(prompts)
    assert take_apart(vocabulary).frame.tolist() == [0] * len(vocabulary.numbers)
    nothing = find_atoms(vocabulary, alike(vocabulary), 5)
    assert len(nothing.prompts) == len(nothing.identities) == 0
    assert content(nothing).tolist() == []
