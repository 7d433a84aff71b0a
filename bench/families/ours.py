"""Ours, as the benches of families call it. The one place that knows the engine's interface.

A call labels the prompts it is given, as a run does, with a run's settings: exact copies are collapsed, frames are
learnt from the distinct prompts with the smallest keyed hashes, and every prompt is matched against the frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gauger.benchmark.rivals.corpus import Corpus, corpus
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import SHORT_LINES, Settings
from gauger.engine.families.frames import Frames, Grams, Matcher
from gauger.engine.families.near_duplicates import near_duplicates
from gauger.engine.families.templates import learn
from gauger.engine.intake.measuring import Measurer, WordSketch

_SLICE = 16_384  # prompts measured at once
PROMPTS, LINES = Settings(), SHORT_LINES  # as a run has them, and for lines of a dozen words


@dataclass(frozen=True)
class Measured:
    """What the pass says about some prompts."""

    grams: Grams
    hashes: np.ndarray  # uint64[n], keyed
    signatures: np.ndarray  # uint8[n, slots]
    words: np.ndarray  # int32[n]

    def __len__(self) -> int:
        return len(self.hashes)


def measure(given: Corpus, settings: Settings = PROMPTS, secret: Secret | None = None) -> Measured:
    """The pass, with a secret of its own or that of all benches."""
    measurer, sketch = Measurer.of(secret or given.secret, settings), WordSketch()
    parts = []
    for low in range(0, max(1, len(given)), _SLICE):
        found = measurer.measure(given.batch.slice(low, _SLICE), sketch)
        # Copies: the measures have room for a gram a byte, and features that nobody reads here.
        grams = Grams(found.gram_offsets, found.grams[: found.gram_offsets[-1]].copy())
        parts.append(Measured(grams, found.prompt_hashes[:, 0].copy(), found.signatures, found.words))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.grams.offsets) for part in parts]))])
    return Measured(
        Grams(offsets.astype(np.int64), np.concatenate([part.grams.values for part in parts])),
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.signatures for part in parts]),
        np.concatenate([part.words for part in parts]),
    )


def learn_frames(measured: Measured, settings: Settings = PROMPTS) -> Frames:
    """The frames of measured prompts; copies of a prompt teach nothing twice."""
    order = np.unique(measured.hashes, return_index=True)[1][: settings.template_sample]
    grams = measured.grams.take(order)
    return learn(grams, settings.template_members, short_lines=settings.short_lines)


def match(frames: Frames, measured: Measured) -> np.ndarray:
    """Frame of each prompt, -1 for none."""
    return Matcher(frames).match(measured.grams)


def frame_bytes(frames: Frames) -> int:
    """What the frames take in memory, without the index that a matcher builds over them."""
    return sum(value.nbytes for value in vars(frames).values() if isinstance(value, np.ndarray))


def label(prompts: Sequence[str], settings: Settings = PROMPTS, secret: Secret | None = None) -> np.ndarray:
    """Everything from text to labels: frame of each prompt, -1 for none."""
    measured = measure(corpus("families", prompts), settings, secret)
    return match(learn_frames(measured, settings), measured)


def label_lines(prompts: Sequence[str]) -> np.ndarray:
    """The same with the setting for short lines."""
    return label(prompts, LINES)


def label_families(prompts: Sequence[str], settings: Settings = PROMPTS) -> np.ndarray:
    """What a run calls a family: its frame, else near-duplicates, else exact copies."""
    measured = measure(corpus("families", prompts), settings)
    frames = match(learn_frames(measured, settings), measured)
    distinct, first, copy_of = np.unique(measured.hashes, return_index=True, return_inverse=True)
    free = np.flatnonzero(frames[first] < 0)
    near = np.arange(len(distinct))
    signatures, words = measured.signatures[first[free]], measured.words[first[free]]
    near[free] = free[near_duplicates(signatures, words, settings.near_duplicate_similarity)]
    # Numbers above those of all frames.
    return np.where(frames >= 0, frames, int(frames.max(initial=0)) + 1 + near[copy_of])


def label_near(prompts: Sequence[str], similarity: float = 0.5) -> np.ndarray:
    """Plain MinHash of ours: components of prompts whose signatures are similar, without templates."""
    measured = measure(corpus("families", prompts))
    order = np.argsort(measured.hashes, kind="stable")
    labels = np.empty(len(order), np.int64)
    labels[order] = near_duplicates(measured.signatures[order], measured.words[order], similarity)
    return labels
