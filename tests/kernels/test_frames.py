"""Frames: gram tables, atoms and matches against dictionaries of sets."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels import frames
from tests.kernels import naive
from tests.kernels.strategies import QUICK, pack_words

# Few grams, so that prompts share them; some far apart.
GRAM = st.one_of(st.integers(0, 12), st.sampled_from([2**31, 2**32 - 1]))
PROMPTS = st.lists(st.lists(GRAM, max_size=25), max_size=12)
EMPTY_SLOT = 2**32 - 1


def pack_grams(prompts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Offsets int64[n + 1] and grams uint32, as the frame kernels take them."""
    grams, offsets = pack_words(prompts, np.uint32)
    return offsets, grams


def hashes_for(prompts: list[list[int]], seed: int) -> np.ndarray:
    """Distinct prompt hashes uint32[n], none 0, in any order."""
    return np.random.default_rng(seed).permutation(len(prompts)).astype(np.uint32) * np.uint32(7919) + np.uint32(1)


def count(prompts: list[list[int]], hashes: np.ndarray, slots: int = 64) -> np.ndarray:
    """Gram table by the kernel."""
    table = np.zeros((slots, 4), np.uint32)
    frames.count_grams(*pack_grams(prompts), hashes, table)
    return table


def counted(prompts: list[list[int]], hashes: np.ndarray) -> dict[int, tuple[int, int]]:
    """Prompts that hold each gram, and the least of their hashes."""
    holders = {
        gram: [place for place, grams in enumerate(prompts) if gram in grams] for grams in prompts for gram in grams
    }
    return {gram: (len(places), int(hashes[places].min())) for gram, places in holders.items()}


@QUICK
@given(PROMPTS, st.integers(0, 99))
def test_counts_are_those_of_a_dict(prompts: list[list[int]], seed: int) -> None:
    hashes = hashes_for(prompts, seed)
    table = count(prompts, hashes)
    taken = table[table[:, frames.LAST] > 0].tolist()
    assert {row[frames.GRAM]: (row[frames.COUNT], row[frames.LEAST]) for row in taken} == counted(prompts, hashes)
    assert len(taken) == len(counted(prompts, hashes))


@QUICK
@given(PROMPTS, st.integers(0, 99), st.integers(1, 4), st.integers(1, 5))
def test_atoms_are_grams_that_share_their_least_prompt(
    prompts: list[list[int]], seed: int, least_count: int, least_grams: int
) -> None:
    hashes = hashes_for(prompts, seed)
    offsets, grams = pack_grams(prompts)
    least_hash = np.full(len(grams), 77, np.uint32)
    most = len(grams) // least_grams + 1
    atoms = np.zeros(most, np.int64), np.zeros(most, np.uint32), np.zeros(most, np.int32)
    table = count(prompts, hashes)
    found = frames.coherent_grams(offsets, grams, table, least_count, least_grams, least_hash, *atoms)
    known, expected_atoms, expected_kept = counted(prompts, hashes), [], []
    for place, mine in enumerate(prompts):
        columns = [known[gram][1] if known[gram][0] >= least_count else 0 for gram in mine]
        sizes = {value: size for value, size in Counter(columns).items() if value and size >= least_grams}
        expected_atoms += [(place, value, size) for value, size in sorted(sizes.items())]
        expected_kept += [value if value in sizes else 0 for value in columns]
    assert list(zip(*(column[:found].tolist() for column in atoms), strict=True)) == expected_atoms
    assert least_hash.tolist() == expected_kept


@QUICK
@given(PROMPTS, st.integers(0, 2**32 - 1))
def test_signatures_are_the_least_of_the_kept_grams(prompts: list[list[int]], seed: int) -> None:
    offsets, grams = pack_grams(prompts)
    least_hash = np.random.default_rng(seed).integers(0, 2, len(grams)).astype(np.uint32)
    signatures = np.full((len(prompts), 6), 5, np.uint32)
    kept = np.full(len(prompts), -7, np.int32)
    frames.sign_kept(offsets, grams, least_hash, signatures, kept)
    for place, (start, end) in enumerate(pairwise(offsets)):
        mine = [gram for gram, keep in zip(grams[start:end].tolist(), least_hash[start:end], strict=True) if keep]
        walks = []
        for state in mine:
            walk = [state := (state * 6364136223846793005 + 1442695040888963407) % 2**64 for _ in range(6)]
            walks.append([value >> 32 for value in walk])
        assert kept[place] == len(mine)
        assert signatures[place].tolist() == [min(column) for column in zip(*walks, strict=True)] or [EMPTY_SLOT] * 6


@pytest.mark.parametrize("similarity", [0.3, 0.65, 0.9])
def test_signatures_estimate_overlap(similarity: float) -> None:
    """Mean share of equal slots is the Jaccard similarity of the kept grams, within four standard errors."""
    pairs, union, rng = 300, 100, np.random.default_rng(4)
    grams = rng.integers(0, 2**32, (pairs, union), np.uint32)
    shared = round(similarity * union)
    middle = (union + shared) // 2
    sets = [half.tolist() for row in grams for half in (row[:middle], row[middle - shared :])]
    offsets, values = pack_grams(sets)
    signatures, kept = np.zeros((2 * pairs, 32), np.uint32), np.zeros(2 * pairs, np.int32)
    frames.sign_kept(offsets, values, np.ones(len(values), np.uint32), signatures, kept)
    errors = (signatures[::2] == signatures[1::2]).mean(axis=1) - similarity
    assert abs(errors.mean()) <= 4 * np.sqrt(similarity * (1 - similarity) / 32 / pairs) + 0.01


@QUICK
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=15), st.integers(1, 8))
def test_buckets_unite_with_their_first(members: list[tuple[int, int]], least: int) -> None:
    """members : (bucket, kind) of each prompt; kinds differ in half of their eight slots or more."""
    rng = np.random.default_rng(least)
    kinds = np.array([[0] * 8, [0] * 4 + [1] * 4, [2] * 8], np.uint32)
    signatures = kinds[[kind for _, kind in members]]
    signatures[:, 7] = rng.integers(0, 2, len(members))
    keys = np.array([bucket for bucket, _ in members], np.uint64)
    order = np.argsort(keys, kind="stable")
    parents = np.arange(len(members), dtype=np.int32)
    frames.join_buckets(order, keys[order], signatures, least, parents)
    first = {int(keys[at]): int(at) for at in order[::-1]}
    edges = [(first[bucket], at) for at, (bucket, _) in enumerate(members)]
    joined = [(head, at) for head, at in edges if (signatures[head] == signatures[at]).sum() >= least]
    while (parents != parents[parents]).any():
        parents = parents[parents]
    assert parents.tolist() == naive.components(len(members), joined)


@QUICK
@given(st.sets(st.integers(0, 2**32 - 1), max_size=30))
def test_every_gram_is_in_the_index_once(grams: set[int]) -> None:
    index = np.full(64, -1, np.int32)
    frames.index_grams(np.array(sorted(grams), np.uint32), index)
    assert sorted(index[index >= 0].tolist()) == list(range(len(grams)))


def match(
    frame_sets: list[set[int]], ranks: list[int], prompts: list[list[int]], least_grams: int, percent: int
) -> list[int]:
    """Labels by the kernel, with postings and pair counts made from the sets."""
    distinct = sorted(set().union(*frame_sets))
    postings = [[place for place, grams in enumerate(frame_sets) if gram in grams] for gram in distinct]
    posting_frames, posting_offsets = pack_words(postings, np.int32)
    index = np.full(64, -1, np.int32)
    frames.index_grams(np.array(distinct, np.uint32), index)
    overlaps = {
        left * len(frame_sets) + right: len(frame_sets[left] & frame_sets[right])
        for left, right in product(range(len(frame_sets)), repeat=2)
        if left != right and frame_sets[left] & frame_sets[right]
    }
    offsets, grams = pack_grams(prompts)
    labels = np.full(len(prompts), -7, np.int32)
    frames.match_frames(
        offsets, grams, np.array(distinct, np.uint32), index, posting_offsets, posting_frames,
        np.array([*map(len, frame_sets)]), np.array(ranks, np.int64), np.array([*overlaps], np.int64),
        np.array([*overlaps.values()], np.int64), least_grams, percent, labels,
    )  # fmt: skip
    return labels.tolist()


def naive_match(frame_sets: list[set[int]], ranks: list[int], prompt: list[int], least_grams: int, percent: int) -> int:
    """The largest family's frame that the prompt holds, then down to those nested in it."""
    shared = [len(grams & set(prompt)) for grams in frame_sets]
    held = [
        frame
        for frame in sorted(range(len(frame_sets)), key=ranks.__getitem__)
        if shared[frame] >= max(1, least_grams) and 100 * shared[frame] >= percent * len(frame_sets[frame])
    ]
    best = held[0] if held else -1
    for frame in held[1:]:
        inside = 100 * len(frame_sets[frame] & frame_sets[best]) >= percent * len(frame_sets[best])
        if inside and len(frame_sets[frame]) >= len(frame_sets[best]) + least_grams:
            best = frame
    return best


FRAMES = st.lists(st.sets(GRAM, min_size=1, max_size=10), min_size=1, max_size=6)


@QUICK
@given(st.data(), FRAMES, PROMPTS, st.integers(1, 4), st.sampled_from([50, 80, 100]))
def test_matches_are_those_of_sets(
    data: st.DataObject, frame_sets: list[set[int]], prompts: list[list[int]], least_grams: int, percent: int
) -> None:
    ranks = data.draw(st.permutations(range(len(frame_sets))))
    # Prompts that hold whole frames, beside those that hold any grams.
    pasted = [sorted(frame_sets[place % len(frame_sets)]) + grams for place, grams in enumerate(prompts)]
    for batch in (prompts, pasted):
        expected = [naive_match(frame_sets, ranks, prompt, least_grams, percent) for prompt in batch]
        assert match(frame_sets, ranks, batch, least_grams, percent) == expected


def test_a_prompt_descends_to_the_nested_frame_and_ignores_the_crossing_one() -> None:
    wide, nested, crossing = {*range(10)}, {*range(20)}, {*range(8, 18)}
    prompts = [[*range(10)], [*range(20)], [*range(8, 18)], [99, 98], []]
    assert match([wide, nested, crossing], [0, 1, 2], prompts, 5, 80) == [0, 1, 2, -1, -1]


@pytest.mark.parametrize(("more", "label"), [(4, 0), (5, 1), (6, 1)])
def test_a_nested_frame_has_enough_grams_of_its_own(more: int, label: int) -> None:
    wide, nested = {*range(10)}, {*range(10 + more)}
    assert match([wide, nested], [0, 1], [sorted(nested)], 5, 80) == [label]


def test_repeated_grams_are_one_of_a_frame() -> None:
    assert match([{1, 2, 3, 4, 5}], [0], [[1, 1, 1, 1, 1], [5, 4, 3, 2, 1, 1]], 4, 80) == [-1, 0]
