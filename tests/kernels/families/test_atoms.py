"""Atoms of prompts and how they stand to each other, against counters and sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import atoms
from tests.kernels import naive_frames
from tests.kernels.strategies import QUICK, pack_words

NUMBERS = 30
LISTS = st.lists(st.lists(st.integers(0, NUMBERS - 1), unique=True, max_size=20), max_size=8)
IDENTITY = st.lists(st.integers(-1, 4), min_size=NUMBERS, max_size=NUMBERS)
ATOMS = 6
ATOM_LISTS = st.lists(st.lists(st.integers(0, ATOMS - 1), unique=True, max_size=ATOMS), max_size=8)


@QUICK
@given(st.data(), LISTS, IDENTITY, st.integers(1, 6))
def test_atoms_are_identities_enough_grams_share(
    data: st.DataObject, prompts: list[list[int]], identity: list[int], least_grams: int
) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(prompts) - 1), unique=True) if prompts else st.just([]))
    numbers, offsets = pack_words(prompts, np.int32)
    held, kept = np.zeros(5, np.int32), np.full(len(numbers), 7, np.uint8)
    most = sum(len(prompts[prompt]) // least_grams for prompt in chosen)
    found_prompts, identities = np.zeros(most, np.int64), np.zeros(most, np.int32)
    found = atoms.find_atoms(
        np.array(chosen, np.int64), atoms.Grams(offsets, numbers), np.array(identity, np.int32), least_grams, held,
        kept, found_prompts, identities,
    )  # fmt: skip
    expected, expected_kept = [], [[7] * len(mine) for mine in prompts]
    for prompt in chosen:
        groups, inside = naive_frames.atoms_of(prompts[prompt], identity, least_grams)
        expected += [(prompt, group) for group in groups]
        expected_kept[prompt] = [int(one) for one in inside]
    assert list(zip(found_prompts[:found].tolist(), identities[:found].tolist(), strict=True)) == expected
    assert kept.tolist() == [one for mine in expected_kept for one in mine]
    assert not held.any()


@QUICK
@given(st.data(), LISTS, st.lists(st.integers(0, 4), min_size=NUMBERS, max_size=NUMBERS), st.integers(1, 6))
def test_main_atoms_are_those_of_a_counter(
    data: st.DataObject, prompts: list[list[int]], identity: list[int], least_grams: int
) -> None:
    numbers, offsets = pack_words(prompts, np.int32)
    flags = [data.draw(st.lists(st.integers(0, 1), min_size=len(mine), max_size=len(mine))) for mine in prompts]
    kept = np.array([flag for mine in flags for flag in mine], np.uint8)
    held, main = np.zeros(5, np.int32), np.full((len(prompts), 2), -7, np.int32)
    atoms.main_atoms(atoms.Grams(offsets, numbers), kept, np.array(identity, np.int32), least_grams, 35, held, main)
    own = [[identity[n] for n, flag in zip(*pair, strict=True) if flag] for pair in zip(prompts, flags, strict=True)]
    assert main.tolist() == [naive_frames.main_atoms(identities, least_grams, 35) for identities in own]
    assert not held.any()


@QUICK
@given(ATOM_LISTS)
def test_pairs_are_all_there_are_in_order(prompts: list[list[int]]) -> None:
    values, starts = pack_words(prompts, np.int32)
    expected = [min(pair) * ATOMS + max(pair) for mine in prompts for pair in combinations(mine, 2)]
    pairs = np.zeros(len(expected), np.int64)
    atoms.atom_pairs(starts, values, ATOMS, pairs)
    assert pairs.tolist() == expected


def test_keys_of_pairs_are_wide() -> None:
    pairs = np.zeros(1, np.int64)
    atoms.atom_pairs(np.array([0, 2]), np.array([2**31 - 1, 2**31 - 2], np.int32), 2**31, pairs)
    assert pairs.tolist() == [(2**31 - 2) * 2**31 + 2**31 - 1]


def weigh(
    prompts: list[list[int]], holders: list[int], shared: dict[frozenset[int], int], ratio: int, percent: int
) -> tuple[list[int], list[int], list[int]]:
    """Prompts in which each atom crosses, in which it is one of several in another, and at all, by the kernel."""
    values, starts = pack_words(prompts, np.int32)
    pairs = [shared[frozenset(pair)] for mine in prompts for pair in combinations(mine, 2)]
    found = atoms.Company(*(np.zeros(len(holders), np.int32) for _ in range(3)))
    atoms.weigh_atoms(starts, values, np.array(holders, np.int64), np.array(pairs, np.int64), ratio, percent, found)
    return found.crossed.tolist(), found.nested.tolist(), found.accompanied.tolist()


@QUICK
@given(st.data(), ATOM_LISTS, st.sampled_from([2, 3]), st.sampled_from([50, 80, 100]))
def test_weights_are_those_of_sets(data: st.DataObject, prompts: list[list[int]], ratio: int, percent: int) -> None:
    holders = data.draw(st.lists(st.integers(1, 12), min_size=ATOMS, max_size=ATOMS))
    shared = {frozenset(pair): data.draw(st.integers(0, 12)) for pair in combinations(range(ATOMS), 2)}
    expected = [0] * ATOMS, [0] * ATOMS, [0] * ATOMS
    for mine in prompts:
        for numbers, found in zip(expected, naive_frames.stands(mine, holders, shared, ratio, percent), strict=True):
            for atom in found:
                numbers[atom] += 1
    assert weigh(prompts, holders, shared, ratio, percent) == expected


@pytest.mark.parametrize(("together", "crosses"), [(7, 1), (8, 0), (10, 0)])
def test_a_smaller_atom_nests_when_enough_of_its_holders_hold_the_larger(together: int, crosses: int) -> None:
    assert weigh([[0, 1]], [20, 10], {frozenset((0, 1)): together}, 2, 80) == ([0, crosses], [0, 0], [0, 0])


def test_of_two_as_wide_neither_crosses() -> None:
    assert weigh([[0, 1]], [19, 10], {frozenset((0, 1)): 1}, 2, 80) == ([0, 0], [0, 0], [0, 0])


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_blocks_inside_a_larger_atom_recombine_when_there_are_several(blocks: int) -> None:
    """Inside a larger atom one peer will do; to be one of several anywhere takes two."""
    mine = [*range(blocks + 1)]
    shared = {frozenset(pair): 10 if 0 in pair else 2 for pair in combinations(mine, 2)}
    found = weigh([mine], [100, *([10] * blocks)], shared, 2, 80)
    recombine, several = int(blocks > 1), int(blocks > 2)
    assert found == ([0] * (blocks + 1), [0, *([recombine] * blocks)], [0, *([several] * blocks)])
