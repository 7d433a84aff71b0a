"""Pools of blocks: prompts that draw worked examples from a pool and share nothing else."""

import numpy as np
import pytest

from gauger.engine.families.atoms import take_apart
from gauger.engine.families.frames import Matcher
from gauger.engine.families.recombination import Pool, pools
from gauger.engine.families.templates import learn
from gauger.engine.families.vocabulary import frequent_grams
from tests.engine.frame_worlds import grams_of

BLOCK = 12  # grams
POOLS, BLOCKS, DRAWN, PROMPTS = 3, 24, 6, 120


def world(seed: int, shared: int = 0) -> tuple[list[list[int]], list[int]]:
    """Prompts that draw DRAWN of the BLOCKS of one of POOLS pools, beside ten grams of their own; and their pool.

    shared : blocks the first two pools have in common
    """
    random = np.random.default_rng(seed)
    blocks = [[pool * BLOCKS + number for number in range(BLOCKS)] for pool in range(POOLS)]
    blocks[1][:shared] = blocks[0][:shared]
    prompts, truth = [], []
    for place in range(PROMPTS * POOLS):
        pool = place % POOLS
        drawn = random.choice(blocks[pool], DRAWN, replace=False)
        body = [1_000 * (block + 1) + gram for block in drawn for gram in range(BLOCK)]
        prompts.append(body + (1_000_000 + 10 * place + np.arange(10)).tolist())
        truth.append(pool)
    return prompts, truth


def found_in(prompts: list[list[int]]) -> list[Pool]:
    vocabulary = frequent_grams(grams_of(prompts), 8)
    return pools(vocabulary, take_apart(vocabulary), 8)


def check(found: list[Pool], truth: list[int]) -> None:
    """Each true pool is one found pool: nine in ten of its prompts, at most one in ten of others."""
    assert len(found) == POOLS
    of_pool = [[truth[row] for row in pool.prompts.tolist()] for pool in found]
    for pool in range(POOLS):
        (mine,) = (labels for labels in of_pool if labels.count(pool) > len(labels) // 2)
        assert mine.count(pool) >= 0.9 * PROMPTS
        assert len(mine) - mine.count(pool) <= 0.1 * PROMPTS


@pytest.mark.parametrize(("seed", "shared"), [(1, 0), (2, 1)])
def test_prompts_that_draw_from_one_pool_are_together_and_a_block_of_two_makes_them_no_one(
    seed: int, shared: int
) -> None:
    prompts, truth = world(seed, shared)
    check(found_in(prompts), truth)


def test_the_order_of_a_prompts_blocks_changes_nothing() -> None:
    prompts, _ = world(3)
    turned = [[*mine[BLOCK : BLOCK * DRAWN], *mine[:BLOCK], *mine[BLOCK * DRAWN :]] for mine in prompts]
    rows = [[pool.prompts.tolist() for pool in found_in(some)] for some in (prompts, turned)]
    assert rows[0] == rows[1]


def test_the_learner_makes_families_of_pools() -> None:
    prompts, truth = world(4)
    grams = grams_of(prompts)
    labels = Matcher(learn(grams, 8)).match(grams).tolist()
    assert len({(label, pool) for label, pool in zip(labels, truth, strict=True) if label >= 0}) == POOLS
    assert sum(label >= 0 for label in labels) >= 0.9 * len(labels)


def test_neither_one_repeated_block_nor_nothing_is_a_pool() -> None:
    """Prompts that share one block have a frame."""
    for prompts in ([[*range(12), 100 + place, 10_000 + place] for place in range(40)], [], [[]] * 9):
        assert found_in(prompts) == []
