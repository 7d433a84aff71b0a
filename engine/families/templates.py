"""Template families: prompts that share a frame and differ in long slots, found by who holds which grams.

Learnt on a sample of distinct prompts, chosen by smallest keyed hash: such a sample merges, and keeps prompts whole.
Grams that may be part of a frame are told from slot content (``atoms``); the largest parts of what is left group
prompts; the consensus of each group is its frame; every prompt is matched against the frames, twice; and a family whose
members fall into exclusive parts is split into variants (``variants``). Whatever the volume, the rules are shares, and
but for the choice of the sample no hash decides anything.
"""

import numpy as np

from gauger.engine.common.settings import GRAM_WIDTH, SHORT_GRAM_WIDTH
from gauger.engine.common.unions import components
from gauger.engine.families.atoms import first_labels, take_apart
from gauger.engine.families.frames import NO_FRAMES, Frames, Grams, Matcher, contained
from gauger.engine.families.recombination import Pool, pools
from gauger.engine.families.variants import Splitter, Variant
from gauger.engine.families.vocabulary import MemberCounter, Vocabulary, frequent_grams
from gauger.kernels.families import frames as kernels

_CONSENSUS_PERCENT = 80  # a frame's grams are in this share of its members
_MERGE = 0.8  # mutual overlap of consensus that makes two frames one
_ROUNDS = 2  # of consensus and matching
_LEVELS = 2  # variants of variants
MEMBERS_MIN = 5


def _consensus(vocabulary: Vocabulary, kept: np.ndarray, labels: np.ndarray) -> Frames:
    """Frames of the labelled groups, over gram numbers: the kept grams at least 80 % of a group's members hold."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) != 0, True]) if len(order) else np.zeros(1, np.int64)
    sizes = np.diff(starts)
    large = sizes >= MEMBERS_MIN
    order, sizes = order[np.repeat(large, sizes)], sizes[large]
    if len(sizes) == 0:
        return NO_FRAMES
    starts = np.concatenate([[0], np.cumsum(sizes)])
    most = int(np.diff(vocabulary.offsets)[order].sum())
    held = np.zeros(len(vocabulary.values), np.int32)
    frame, gram = np.empty(most, np.int32), np.empty(most, np.int32)
    agreed = kernels.agreed_grams(
        order,
        starts,
        kernels.Grams(vocabulary.offsets, vocabulary.numbers),
        kept,
        _CONSENSUS_PERCENT,
        held,
        frame,
        gram,
    )
    return _merge_alike(Frames.of(frame[:agreed], gram[:agreed], sizes, width=vocabulary.width))


def _merge_alike(frames: Frames) -> Frames:
    """Frames with nearly the same grams become one, that of the largest group; those of too few grams go."""
    pairs, shared = frames.shared()
    left, right = pairs // max(1, len(frames)), pairs % max(1, len(frames))
    alike = shared >= _MERGE * np.maximum(frames.sizes[left], frames.sizes[right])
    group = components(len(frames), left[alike], right[alike])
    total = np.bincount(group, frames.members, minlength=group.max() + 1)
    # Largest member group first; the first of each group stands for it.
    order = np.lexsort((np.arange(len(frames)), -frames.sizes, -frames.members))
    chosen = order[np.unique(group[order], return_index=True)[1]]
    chosen = np.sort(chosen[frames.sizes[chosen] >= frames.width])
    place = np.full(len(frames), -1)
    place[chosen] = np.arange(len(chosen))
    frame, gram = frames.pairs()
    inside = place[frame] >= 0
    return Frames.of(place[frame[inside]], gram[inside], total[group[chosen]], width=frames.width)


def _news(found: list[Pool], labels: np.ndarray) -> list[Pool]:
    """The pools that say more than frames do.

    One that four fifths of its prompts draw from within one frame is that frame's own, unless several are and each has
    less than half of its prompts: then what they share is an encoding, and they are the families.
    """
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    of_frame = np.full(len(found), -1)
    for number, pool in enumerate(found):
        inside = np.bincount(labels[pool.prompts][labels[pool.prompts] >= 0], minlength=1)
        largest = int(np.argmax(inside))
        if inside[largest] * 100 >= _CONSENSUS_PERCENT * len(pool.prompts):
            of_frame[number] = largest
    several = np.bincount(of_frame + 1, minlength=len(sizes) + 1)[1:] > 1
    return [
        pool
        for pool, frame in zip(found, of_frame.tolist(), strict=True)
        if frame < 0 or (several[frame] and 2 * len(pool.prompts) < sizes[frame])
    ]


def _with_pools(vocabulary: Vocabulary, frames: Frames, found: list[Pool]) -> Frames:
    """The frames, and after them one for each pool of blocks (``recombination``).

    It has the blocks' grams and what nearly all that draw from the pool share besides; a prompt must hold 80 % of what
    nine in ten of those hold.
    """
    counter = MemberCounter(vocabulary)
    grams, needed = [], []
    for pool in found:
        held, counts = counter.count(pool.prompts)
        shared = held[counts * 100 >= _CONSENSUS_PERCENT * len(pool.prompts)]
        mine = np.union1d(shared, pool.grams)
        holdings = np.sort(counter.holdings(pool.prompts, mine))
        grams.append(mine)
        needed.append(max(int(contained(holdings[len(holdings) // 10])), len(shared) + vocabulary.width))
    return frames.extended(grams, [len(pool.prompts) for pool in found], [-1] * len(found), needed)


def _with_variants(vocabulary: Vocabulary, frames: Frames, labels: np.ndarray, members_min: int) -> Frames:
    """The frames, and after them the variants they fall into, and the variants of those."""
    splitter = Splitter(vocabulary, members_min)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(len(frames) + 1))
    waiting = [(frame, order[ends[frame] : ends[frame + 1]], 0) for frame in range(len(frames))]
    variants: list[Variant] = []
    parents: list[int] = []
    for parent, members, level in waiting:  # grows
        for variant in splitter.split(members) if level < _LEVELS else ():
            waiting.append((len(frames) + len(variants), variant.prompts, level + 1))
            variants.append(variant)
            parents.append(parent)
    sizes = np.asarray([len(variant.grams) for variant in variants])
    prompts = [len(variant.prompts) for variant in variants]
    return frames.extended([variant.grams for variant in variants], prompts, parents, contained(sizes).tolist())


def learn(grams: Grams, members_min: int, *, short_lines: bool = False) -> Frames:
    """Learn frames from distinct prompts in canonical order.

    members_min : a gram in fewer prompts is slot content
    short_lines : grams are of SHORT_GRAM_WIDTH tokens, and a frame is not split into variants: what a line of a dozen
        words has besides its frame are a few values, not the text of a variant
    """
    vocabulary = frequent_grams(grams, members_min, SHORT_GRAM_WIDTH if short_lines else GRAM_WIDTH)
    if len(vocabulary.numbers) == 0:
        return NO_FRAMES
    parts = take_apart(vocabulary)
    labels = first_labels(vocabulary, parts)
    numbered = vocabulary.grams()
    frames = NO_FRAMES
    for _ in range(_ROUNDS):
        frames = _consensus(vocabulary, parts.frame, labels)
        labels = Matcher(frames).match(numbered).astype(np.int64)
    found = _news(pools(vocabulary, parts, members_min), labels)
    if found:
        frames = _with_pools(vocabulary, frames, found)
        labels = Matcher(frames).match(numbered).astype(np.int64)
    if not short_lines:
        frames = _with_variants(vocabulary, frames, labels, members_min)
    frame, number = frames.pairs()
    return Frames.of(frame, vocabulary.values[number], frames.members, frames.parents, frames.needed, frames.width)
