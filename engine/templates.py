"""Template families: prompts that share a frame and differ in long slots, found by co-occurrence identity.

The grams of one frame occur in the same prompts. So each gram keeps, over a sample of distinct prompts, how many hold
it and the least hash among them; grams of one prompt that point at the same least prompt form an atom. Atoms that cross
a larger one instead of nesting in it are repeated slot content and go; a MinHash of what is left groups prompts; each
group's consensus is its frame; every prompt is then matched against the frames (DESIGN 5.4).

Counts are exact, in a hash table over the sample, not in a sketch: prompts are sampled by smallest keyed hash, which
merges just as well and saturates at no scale.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gauger.engine.unions import components
from gauger.kernels import frames as kernels

ATOM_GRAMS = 5  # windows one token creates: fewer grams could be one shared word
_SLOTS, _BANDS = 32, 12
_VERIFY = 0.65  # share of equal slots that joins a prompt to its bucket's first
_CONSENSUS = 0.8  # a frame's grams are in this share of its members
_CONTAINED_PERCENT = 80  # a prompt holds a frame when it has this share of its grams
_MERGE = 0.8  # mutual overlap of consensus that makes two frames one
_CROSSING_RATIO, _NESTED, _CROSSING_SHARE = 2.0, 0.8, 0.5
_ATOM_REACH = 24  # atoms of one prompt are compared with this many neighbours
_FRAME_REACH = 40  # frames that share one gram are compared with this many others
MEMBERS_MIN = 5
_SLICE = 16_384


@dataclass(frozen=True)
class Grams:
    """Frame grams of n prompts in canonical order."""

    offsets: np.ndarray  # int64[n + 1]
    values: np.ndarray  # uint32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, prompts: np.ndarray) -> Grams:
        """The grams of some prompts, in the order given."""
        sizes = np.diff(self.offsets)[prompts]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(self.offsets[prompts], sizes)
        return Grams(offsets.astype(np.int64), self.values[places])


@dataclass(frozen=True)
class Frames:
    """Consensus frames, in postings form: which frames hold each gram."""

    distinct: np.ndarray  # uint32[g], sorted
    posting_offsets: np.ndarray  # int64[g + 1]
    posting_frames: np.ndarray  # int32
    sizes: np.ndarray  # int64[f], grams of each frame
    members: np.ndarray  # int64[f], prompts it was learnt from

    def __len__(self) -> int:
        return len(self.sizes)

    def grams_of(self, frame: int) -> np.ndarray:
        """Sorted grams of one frame, uint32."""
        owners = np.repeat(np.arange(len(self.distinct)), np.diff(self.posting_offsets))
        return self.distinct[owners[self.posting_frames == frame]]


NO_FRAMES = Frames(
    np.zeros(0, np.uint32), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64)
)


def _count(grams: Grams, prompt_hashes: np.ndarray) -> np.ndarray:
    slots = 1 << int(np.ceil(np.log2(max(1024, 2 * len(grams.values)))))
    table = np.zeros((slots, 4), np.uint32)
    kernels.count_grams(grams.offsets, grams.values, prompt_hashes, table)
    return table


def _crossing(prompts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sorted atom values that mostly sit inside prompts holding a larger atom that does not contain them."""
    distinct, atom = np.unique(values, return_inverse=True)
    sizes = np.bincount(atom)
    order = np.lexsort((atom, prompts))
    prompts, atom = prompts[order], atom[order]
    count = len(distinct)
    steps = [np.flatnonzero(prompts[step:] == prompts[:-step]) for step in range(1, _ATOM_REACH)]
    pairs = [atom[first].astype(np.int64) * count + atom[first + step] for step, first in enumerate(steps, 1)]
    together, number = np.unique(np.concatenate([*pairs, np.zeros(0, np.int64)]), return_counts=True)
    crossed = np.zeros(len(atom), bool)
    for step, (first, pair) in enumerate(zip(steps, pairs, strict=True), 1):
        left, right = atom[first], atom[first + step]
        shared = number[np.searchsorted(together, pair)]
        crossed[first[_crosses(sizes, left, right, shared)]] = True
        crossed[first[_crosses(sizes, right, left, shared)] + step] = True
    return distinct[np.bincount(atom, crossed, minlength=count) >= _CROSSING_SHARE * sizes]


def _crosses(sizes: np.ndarray, small: np.ndarray, large: np.ndarray, shared: np.ndarray) -> np.ndarray:
    return (sizes[large] >= _CROSSING_RATIO * sizes[small]) & (shared < _NESTED * sizes[small])


def _group(grams: Grams, least_hash: np.ndarray) -> np.ndarray:
    """First grouping: label of each prompt, -1 where too little was kept."""
    signatures = np.empty((len(grams), _SLOTS), np.uint32)
    kept = np.empty(len(grams), np.int32)
    kernels.sign_kept(grams.offsets, grams.values, least_hash, signatures, kept)
    eligible = np.flatnonzero(kept >= ATOM_GRAMS)
    parents = np.arange(len(grams), dtype=np.int32)
    least = int(np.ceil(_VERIFY * _SLOTS))
    for band in range(_BANDS):
        pair = signatures[eligible, 2 * band].astype(np.uint64) << np.uint64(32) | signatures[eligible, 2 * band + 1]
        order = np.argsort(pair, kind="stable")
        if len(order):
            kernels.join_buckets(eligible[order], pair[order], signatures, least, parents)
    labels = np.full(len(grams), -1, np.int64)
    while np.any(parents != parents[parents]):
        parents = parents[parents]
    labels[eligible] = parents[eligible]
    return labels


def _distinct_pairs(owner: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted distinct (owner, uint32 value) pairs and how often each occurs."""
    packed, number = np.unique(owner.astype(np.uint64) << np.uint64(32) | values.astype(np.uint64), return_counts=True)
    return (packed >> np.uint64(32)).astype(np.int64), (packed & np.uint64(0xFFFFFFFF)).astype(np.uint32), number


def _consensus(labels: np.ndarray, prompts: np.ndarray, values: np.ndarray) -> Frames:
    """Frames of the labelled groups: the grams at least 80 % of a group's members hold.

    prompts, values : distinct (prompt, gram) pairs of the grams that may be part of a frame
    """
    sizes = np.bincount(labels[labels >= 0]) if np.any(labels >= 0) else np.zeros(0, np.int64)
    large = np.flatnonzero(sizes >= MEMBERS_MIN)
    if len(large) == 0:
        return NO_FRAMES
    new_label = np.full(len(sizes) + 1, -1, np.int64)
    new_label[large] = np.arange(len(large))
    owner = new_label[labels[prompts]]
    frame, gram, number = _distinct_pairs(owner[owner >= 0], values[owner >= 0])
    agreed = number >= _CONSENSUS * sizes[large][frame]
    return _merge_alike(frame[agreed], gram[agreed], sizes[large])


def _frame_pairs(frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    """Sorted keys left * f + right of frame pairs with grams in common (both ways), and how many."""
    width = np.diff(frames.posting_offsets)
    keys = []
    for step in range(1, min(_FRAME_REACH, int(width.max(initial=0)))):
        starts = np.arange(len(frames.posting_frames) - step)
        owner = np.repeat(np.arange(len(width)), width)
        same = owner[starts] == owner[starts + step]
        left = frames.posting_frames[starts[same]].astype(np.int64)
        right = frames.posting_frames[starts[same] + step].astype(np.int64)
        keys += [left * len(frames) + right, right * len(frames) + left]
    return np.unique(np.concatenate([*keys, np.zeros(0, np.int64)]), return_counts=True)


def _postings(frame: np.ndarray, gram: np.ndarray, members: np.ndarray) -> Frames:
    order = np.lexsort((frame, gram))
    distinct, starts = np.unique(gram[order], return_index=True)
    offsets = np.append(starts, len(order)).astype(np.int64)
    sizes = np.bincount(frame, minlength=len(members))
    return Frames(distinct, offsets, frame[order].astype(np.int32), sizes, np.asarray(members, np.int64))


def _merge_alike(frame: np.ndarray, gram: np.ndarray, members: np.ndarray) -> Frames:
    """Frames from (frame, gram) pairs; those with nearly the same grams become one, that of the largest group."""
    frames = _postings(frame, gram, members)
    pairs, shared = _frame_pairs(frames)
    left, right = pairs // max(1, len(frames)), pairs % max(1, len(frames))
    alike = shared >= _MERGE * np.maximum(frames.sizes[left], frames.sizes[right])
    group = components(len(frames), left[alike], right[alike])
    total = np.bincount(group, members, minlength=group.max() + 1)
    # Largest member group first; the first of each group stands for it.
    order = np.lexsort((np.arange(len(frames)), -members))
    chosen = order[np.unique(group[order], return_index=True)[1]]
    chosen = np.sort(chosen[frames.sizes[chosen] >= ATOM_GRAMS])
    place = np.full(len(frames), -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[frame] >= 0
    return _postings(place[frame[kept]], gram[kept], total[group[chosen]].astype(np.int64))


class Matcher:
    """Frames made ready for matching: one hash look-up a gram, no allocation that grows with the stream."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self._index = np.full(1 << int(np.ceil(np.log2(max(16, 4 * len(frames.distinct))))), -1, np.int32)
        kernels.index_grams(frames.distinct, self._index)
        self._rank = np.empty(len(frames), np.int64)
        self._rank[np.lexsort((np.arange(len(frames)), -frames.members))] = np.arange(len(frames))
        self._pairs, self._shared = _frame_pairs(frames)

    def match(self, grams: Grams, workers: int = 1) -> np.ndarray:
        """Frame of each prompt, -1 for none; int32[n]."""
        frames = self.frames
        if len(frames) == 0:
            return np.full(len(grams), -1, np.int32)

        def part(start: int) -> np.ndarray:
            offsets = grams.offsets[start : start + _SLICE + 1]
            labels = np.empty(len(offsets) - 1, np.int32)
            kernels.match_frames(
                offsets,
                grams.values,
                frames.distinct,
                self._index,
                frames.posting_offsets,
                frames.posting_frames,
                frames.sizes,
                self._rank,
                self._pairs,
                self._shared,
                ATOM_GRAMS,
                _CONTAINED_PERCENT,
                labels,
            )
            return labels

        with ThreadPoolExecutor(workers) as pool:
            return np.concatenate([np.zeros(0, np.int32), *pool.map(part, range(0, len(grams), _SLICE))])


def learn(grams: Grams, prompt_hashes: np.ndarray, members_min: int, workers: int = 1) -> Frames:
    """Learn frames from distinct prompts in canonical order.

    prompt_hashes : uint32[n], keyed, from which column min-hashes are taken
    members_min : a gram in fewer prompts is slot content
    """
    if len(grams) == 0:
        return NO_FRAMES
    table = _count(grams, prompt_hashes)
    least_hash = np.empty(len(grams.values), np.uint32)
    most = len(grams.values) // ATOM_GRAMS + 1
    atom_prompt, atom_value, atom_size = np.empty(most, np.int64), np.empty(most, np.uint32), np.empty(most, np.int32)
    found = kernels.coherent_grams(
        grams.offsets, grams.values, table, members_min, ATOM_GRAMS, least_hash, atom_prompt, atom_value, atom_size
    )
    del table
    crossing = _crossing(atom_prompt[:found], atom_value[:found])
    if len(crossing):
        place = np.minimum(np.searchsorted(crossing, least_hash), len(crossing) - 1)
        least_hash[crossing[place] == least_hash] = 0
    labels = _group(grams, least_hash)
    owner = np.repeat(np.arange(len(grams)), np.diff(grams.offsets))
    frame_gram = least_hash != 0
    prompts, values, _ = _distinct_pairs(owner[frame_gram], grams.values[frame_gram])
    frames = NO_FRAMES
    for _ in range(2):
        frames = _consensus(labels, prompts, values)
        labels = Matcher(frames).match(grams, workers).astype(np.int64)
    return frames
