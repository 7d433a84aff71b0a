"""Families of recombined bodies: prompts that each draw a few blocks from one pool, worked examples mostly.

No gram is in most of them, so they have no consensus. But the blocks of a pool stand beside the same others: two of
them have much the same neighbours, which two phrases of honest text have not.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, eye_array

from gauger.engine.common.unions import components
from gauger.engine.families.atoms import Parts
from gauger.engine.families.vocabulary import Vocabulary

_ALIKE_MIN = 0.55  # Jaccard similarity of the neighbours of two blocks of a pool; a block of two pools has half of each
_BLOCKS_MIN = 5  # in a pool
_DRAWN_MIN = 3  # blocks of its pool in a prompt
_NEIGHBOURS_MAX = 512  # beside a block: more, and it is no block of a pool but a phrase everybody uses


@dataclass(frozen=True)
class Pool:
    """A pool of blocks."""

    prompts: np.ndarray  # int64, that draw from it
    grams: np.ndarray  # int32, numbers of its blocks' grams


def pools(vocabulary: Vocabulary, parts: Parts, members_min: int) -> list[Pool]:
    """Pools that at least ``members_min`` prompts draw from, in order of their least block."""
    block = np.flatnonzero(parts.standing.block)
    count = len(parts.standing.block)
    left, right = parts.standing.pairs // max(1, count), parts.standing.pairs % max(1, count)
    inside = parts.standing.block[left] & parts.standing.block[right]
    place = np.zeros(count, np.int64)
    place[block] = np.arange(len(block))
    pool = _pools_of_blocks(place[left[inside]], place[right[inside]], len(block))
    drawn = parts.standing.block[parts.atoms.identities]
    prompts, blocks = parts.atoms.prompts[drawn], place[parts.atoms.identities[drawn]]
    number = len(block) + 1
    key, draws = np.unique(prompts * number + pool[blocks], return_counts=True)
    key = key[draws >= _DRAWN_MIN]
    member, of_pool = key // number, key % number
    sizes = np.bincount(pool, minlength=1)
    found = []
    for one in np.flatnonzero((sizes >= _BLOCKS_MIN) & (np.bincount(of_pool, minlength=len(sizes)) >= members_min)):
        grams = np.flatnonzero(np.isin(parts.identity, block[pool == one])).astype(np.int32)
        found.append(Pool(member[of_pool == one], grams))
    return found


def _pools_of_blocks(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """Pool of each block, int64[count]: blocks that stand together and beside the same others."""
    ones = np.ones(len(left), np.float32)
    beside = coo_array((ones, (left, right)), shape=(count, count)).tocsr()
    beside = beside + beside.T + eye_array(count, format="csr", dtype=np.float32)
    degree = np.diff(beside.indptr)
    few = (degree[left] <= _NEIGHBOURS_MAX) & (degree[right] <= _NEIGHBOURS_MAX)
    left, right = left[few], right[few]
    common = np.asarray(beside[left].multiply(beside[right]).sum(axis=1)).ravel() if len(left) else np.zeros(0)
    alike = common >= _ALIKE_MIN * (degree[left] + degree[right] - common)
    return components(count, left[alike], right[alike])
