"""Prompts of planted template families, their grams, and how well labels agree with the truth."""

from collections import Counter
from collections.abc import Sequence
from math import comb

import numpy as np

from gauger.engine.families.frames import Frames, Grams
from tests.engine import worlds

PLACES = ("head", "tail", "both", "middle")


def measured(texts: Sequence[str]) -> tuple[Grams, np.ndarray]:
    """Frame grams and prompt hashes (uint32) of texts, in the order given."""
    measures = worlds.measured(texts)
    grams = Grams(measures.gram_offsets, measures.grams[: measures.gram_offsets[-1]])
    return grams, (measures.prompt_hashes[:, 0] >> np.uint64(32)).astype(np.uint32)


def framed(words: worlds.Words, frame: list[str], place: str, slot: int) -> str:
    """A prompt of a frame at a place, with fresh slot content."""
    half = len(frame) // 2
    parts = {
        "head": [*frame, *words.some(slot)],
        "tail": [*words.some(slot), *frame],
        "both": [*frame[:half], *words.some(slot), *frame[half:]],
        "middle": [*words.some(slot // 2), *frame, *words.some(slot - slot // 2)],
    }
    return " ".join(parts[place])


def world(
    seed: int, place: str, *, families: int = 6, members: int = 30, honest: int = 500
) -> tuple[list[str], list[int]]:
    """Shuffled prompts and their true family, -1 for honest ones: frames of 20 to 40 words, slots of 100 to 240."""
    words = worlds.Words(seed)
    random = words.random
    texts, truth = [], []
    for family in range(families):
        frame = words.some(int(random.integers(20, 41)))
        texts += [framed(words, frame, place, int(random.integers(100, 241))) for _ in range(members)]
        truth += [family] * members
    texts += [words.text(20, 200) for _ in range(honest)]
    truth += [-1] * honest
    order = random.permutation(len(texts))
    return [texts[row] for row in order], [truth[row] for row in order]


def adjusted_rand_index(left: Sequence[int], right: Sequence[int]) -> float:
    """Hubert and Arabie, "Comparing partitions", 1985."""
    pairs = sum(comb(number, 2) for number in Counter(zip(left, right, strict=True)).values())
    a, b = (sum(comb(number, 2) for number in Counter(labels).values()) for labels in (left, right))
    expected = a * b / comb(len(left), 2)
    most = (a + b) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)  # one cluster, or none of two


def grams_of(sets: Sequence[Sequence[int]]) -> Grams:
    """Prompts from their grams."""
    offsets = np.concatenate([[0], np.cumsum([len(grams) for grams in sets])]).astype(np.int64)
    return Grams(offsets, np.asarray([gram for grams in sets for gram in grams], np.uint32))


def lists_of(grams: Grams) -> list[list[int]]:
    """The inverse of ``grams_of``."""
    return [grams.values[a:b].tolist() for a, b in zip(grams.offsets[:-1], grams.offsets[1:], strict=True)]


def frames_of(sets: Sequence[Sequence[int]], members: Sequence[int], parents: Sequence[int] | None = None) -> Frames:
    """Frames from their grams."""
    frame = np.repeat(np.arange(len(sets)), [len(grams) for grams in sets])
    gram = np.asarray([gram for grams in sets for gram in grams], np.int64)
    return Frames.of(frame, gram, np.asarray(members), None if parents is None else np.asarray(parents))
