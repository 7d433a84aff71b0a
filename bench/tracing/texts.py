"""Texts of real prompts as token ids: what a teacher knows, what a student reads beside, what a filter knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from bench.world.corpora import attack_prompts
from gauger.engine.tracing.words import attested_pairs, of_middle_frequency

SETS = ("t0_templates_50k", "evol_instruct_rendered", "gpteacher")  # passages of the web, instructions
PROMPT, RESPONSE = 8, 96  # tokens
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|[.,;:?!]")
_PARTS = (8_000, 13_000, 17_000)  # texts of the teacher, the student's others, the filter; all others are the sample


@dataclass(frozen=True)
class Texts:
    """Texts by who knows them, int32 token ids each; 0 is the end of a text."""

    vocabulary: list[str]  # of token id 1, 2 ...
    teacher: list[np.ndarray]
    others: list[np.ndarray]
    filtering: list[np.ndarray]
    sample: list[np.ndarray]  # of a provider who looks for words and pairs

    def written(self, outputs: Sequence[np.ndarray]) -> list[str]:
        """The text of token ids."""
        return [" ".join(self.vocabulary[token - 1] for token in output.tolist() if token > 0) for output in outputs]

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token ids by word."""
        return {word: number for number, word in enumerate(self.vocabulary, 1)}

    @cached_property
    def words(self) -> list[str]:
        """Words for canaries: a list that a provider takes from a sample of its own."""
        return of_middle_frequency(self.written(self.sample))

    @cached_property
    def pairs(self) -> list[str]:
        """Pairs that a provider's own sample has, if rarely; the filter of a campaign knows others' texts."""
        return attested_pairs(self.written(self.sample))

    def prompts(self, number: int, seed: int) -> np.ndarray:
        """Beginnings of the teacher's texts: what the campaign asks; int32[number, PROMPT]."""
        chosen = np.random.default_rng(seed).integers(0, len(self.teacher), number)
        return np.array([self.teacher[place][:PROMPT] for place in chosen.tolist()], np.int32)


def build(corpora: Path, seed: int, words: int = 20_000) -> Texts:
    """Shuffle the texts by a seed; words : the most frequent are kept, others are left out of the texts."""
    found = [_TOKEN.findall(text.lower()) for text in attack_prompts(corpora, SETS)]
    counts = Counter(word for text in found for word in text)
    vocabulary = [word for word, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:words]]
    ids = {word: number for number, word in enumerate(vocabulary, 1)}
    texts = [np.array([ids[word] for word in text if word in ids], np.int32) for text in found]
    texts = [text for text in texts if len(text) >= PROMPT + 32]
    order = np.random.default_rng(seed).permutation(len(texts)).tolist()
    edges = [0, *accumulate(_PARTS)]
    dealt = [[texts[place] for place in order[first:last]] for first, last in pairwise([*edges, len(order)])]
    return Texts(vocabulary, *dealt)
