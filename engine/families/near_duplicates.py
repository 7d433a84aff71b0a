"""Near-duplicate families: distinct prompts whose word 3-shingles overlap.

Bands find edges between prompts that may be alike, down to MARGIN below the similarity asked for: an estimate from 128
slots is off by 0.04, and a threshold at the similarity itself would lose half of the pairs that just reach it. The
margin lets in pairs that are less alike, and single linkage over those would chain strangers together; ``linkage``
holds it back. Measured on real prompts against exact similarity by ``bench.families.near_duplicates``.

Memory beside the signature column, which is read where it lies: 20 bytes a prompt (places, labels, two components) and
17 more a thread; 26 an edge, of which a forest keeps fewer than there are prompts and a band adds at most one a prompt
and thread at a time; 100 a prompt of the component being settled, a thread. At 5 M prompts, three in
ten of them alike, that was 63 a prompt in all.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Protocol

import numpy as np

from gauger.engine.common import progress, threads
from gauger.kernels.families import banding, linkage
from gauger.kernels.sketches import minhash

WORDS_MIN = 4  # fewer words make one or two shingles: too little to be "nearly" the same
MARGIN = 0.1  # an edge may be estimated this much less alike than is asked for: two and a half standard errors
# Share of the similarity asked for, below which a cross pair counts against joining two clusters: 0.46 for 0.7, because
# a pair of 0.4 is estimated up to 0.45 once in eight times.
APART = 0.657
STRONG = 0.9  # components this alike are not compared again: what is decided between them is decided below
LEVEL_SLOTS = 3  # between levels; 1 to 6 gave the same families but for one pair in a thousand
_SHARES = 8  # shares of components a thread gets one after another: some take much longer than others
_LOW = np.uint64(0xFFFFFFFF)


class Bookmark(Protocol):
    """Where a long search keeps how far it got: one that is killed goes on from there."""

    def load(self) -> dict[str, np.ndarray]:
        """What was kept last; empty where nothing was."""
        ...

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep this instead."""
        ...


class _Forest:
    """The maximum spanning forest of all edges found so far, over places."""

    def __init__(self, places: int, edges: np.ndarray, equal: np.ndarray) -> None:
        self.edges, self.equal = edges, equal
        self.components = np.empty(places, np.int32)  # of all edges, by a place of each
        self.strong = np.empty(places, np.int32)  # of the strong edges alone
        banding.connect(edges, equal, 0, self.components)
        banding.connect(edges, equal, minhash.equal_slots_at(STRONG), self.strong)

    def add(self, found: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take in edges and their equal slots."""
        parts = [(self.edges, self.equal), *found]
        edges, equal = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        if len(edges) == len(self.edges):
            return
        most = min(len(edges), len(self.components))
        kept, kept_equal = np.empty(most, np.uint64), np.empty(most, np.uint8)
        count = banding.span(edges, equal, self.components, kept, kept_equal)
        self.edges, self.equal = kept[:count].copy(), kept_equal[:count].copy()
        banding.connect(self.edges, self.equal, minhash.equal_slots_at(STRONG), self.strong)


class _Sweep:
    """One thread's sweep over a band after another. Buffers are made once: fresh pages cost more than a kernel."""

    def __init__(self, signatures: banding.Signatures, places: np.ndarray, least: int) -> None:
        self._signatures, self._places, self._least = signatures, places, least
        size = max(len(places), banding.HEADS + 1)  # room for the edges of one row at least
        self._buffer, self._equal = np.empty(size, np.uint64), np.empty(size, np.uint8)
        self._sorted = np.empty(len(places), np.uint64)
        self._stopped = np.zeros(1, np.int64)

    def sort(self, band: int) -> None:
        entries = self._buffer[: len(self._places)]
        banding.form_band(self._signatures, self._places, band, entries)
        banding.sort_band(entries, self._sorted)
        self._stopped[0] = 0

    @property
    def done(self) -> bool:
        return int(self._stopped[0]) == len(self._sorted)

    def compare(self, strong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """More edges of the band, in buffers that serve again: the sort's own spare one among them."""
        count = banding.compare_band(
            self._sorted, int(self._stopped[0]), self._signatures, self._least, strong, self._buffer, self._equal,
            self._stopped,
        )  # fmt: skip
        return self._buffer[:count], self._equal[:count]


def near_duplicates(
    signatures: np.ndarray,
    words: np.ndarray,
    similarity: float,
    order: np.ndarray | None = None,
    bookmark: Bookmark | None = None,
) -> np.ndarray:
    """Representative of each prompt, its family's first (itself when it has no near-duplicate); int32[n], places.

    signatures : uint8[n, SLOTS]; words : int32[n]; similarity : Jaccard similarity that joins two prompts
    order : int64[n], row of the prompt in each place; None when rows are in order. The order should be that of keyed
        hashes: it depends on the set of prompts only, so families do too, and members are sampled by it.
    bookmark : how far it got is kept here
    """
    count = len(signatures)
    order = np.arange(count) if order is None else np.ascontiguousarray(order, np.int64)
    labels = np.arange(count, dtype=np.int32)
    places = np.flatnonzero(words[order] >= WORDS_MIN).astype(np.int32)
    least = minhash.equal_slots_at(similarity - MARGIN)
    known = banding.Signatures(signatures, order)
    forest = _find(known, places, least, bookmark)
    if len(forest.edges):
        _settle(forest, known, (least, minhash.equal_slots_at(APART * similarity)), labels)
    return labels


def _find(signatures: banding.Signatures, places: np.ndarray, least: int, bookmark: Bookmark | None) -> _Forest:
    """The forest of all bands. Always two bands at a time, so that the number of threads changes no edge."""
    nothing: dict[str, np.ndarray] = {
        "band": np.zeros(1, np.int64),
        "edges": np.zeros(0, np.uint64),
        "equal": np.zeros(0, np.uint8),
    }
    known = (bookmark.load() if bookmark is not None else {}) or nothing
    first = int(known["band"][0])
    forest = _Forest(len(signatures.order), known["edges"], known["equal"])
    sweeps = [_Sweep(signatures, places, least) for _ in range(2)]

    def sweep(side: tuple[_Sweep, int]) -> tuple[np.ndarray, np.ndarray]:
        one, band = side
        one.sort(band)
        return one.compare(forest.strong)

    step = progress.steps("near-duplicates", (banding.BANDS - first) // 2)
    for band in range(first, banding.BANDS, 2):
        step()
        forest.add(threads.each(sweep, zip(sweeps, (band, band + 1), strict=True)))
        for one in sweeps:
            while not one.done:
                forest.add([one.compare(forest.strong)])
        if bookmark is not None:
            bookmark.save({"band": np.asarray([band + 2]), "edges": forest.edges, "equal": forest.equal})
    return forest


def _grouped(components: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (below 2^32) sorted by component, stably; int64."""
    entries = components.astype(np.uint64) << np.uint64(32) | values.astype(np.uint64)
    ordered = np.empty_like(entries)
    banding.sort_band(entries, ordered)
    return (ordered & _LOW).astype(np.int64)


def _settle(
    forest: _Forest,
    signatures: banding.Signatures,
    slots: tuple[int, int],
    labels: np.ndarray,
) -> None:
    """Families of each component of the forest, into ``labels``. slots : the least edge, the least cross pair."""
    components = forest.components
    banding.flatten(components)
    least, apart = slots
    members = np.flatnonzero(np.bincount(components, minlength=len(components))[components] > 1)
    places = _grouped(components[members], members).astype(np.int32)
    owners = components[places]
    offsets = np.append(np.flatnonzero(np.diff(owners, prepend=-1)), len(places)).astype(np.int64)
    by_component = _grouped(components[(forest.edges >> np.uint64(32)).astype(np.int64)], np.arange(len(forest.edges)))
    trees = linkage.Forest(places, offsets, forest.edges[by_component], forest.equal[by_component])
    levels = np.asarray([*range(minhash.SLOTS - LEVEL_SLOTS, least, -LEVEL_SLOTS), least], np.int64)
    local = np.empty(len(components), np.int32)
    cuts = np.searchsorted(offsets, np.linspace(0, len(places), _SHARES * threads.count() + 1)).tolist()

    def settle(share: tuple[int, int]) -> None:
        linkage.settle_components(trees, *share, levels, signatures, apart, local, labels)

    threads.each(settle, pairwise(cuts))
