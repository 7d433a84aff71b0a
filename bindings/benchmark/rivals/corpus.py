"""The prompts a contest is about, in every form a contestant may ask to have ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from gauger.benchmark.rivals import tokenising
from gauger.engine.common.hashing import hash_words, text_buffers
from gauger.engine.common.secret import Secret
from gauger.kernels.text.shingles import shingle_rows

_SECRET = Secret(b"bench, same text")  # the same for everyone who looks at the same prompts


@dataclass(frozen=True)
class Corpus:
    """Some prompts. What is derived from them is made once, outside of anybody's time."""

    name: str
    texts: pa.StringArray

    def __len__(self) -> int:
        return len(self.texts)

    def head(self, prompts: int) -> Corpus:
        """The first prompts of it."""
        return Corpus(self.name, self.texts.slice(0, prompts))

    @property
    def secret(self) -> Secret:
        """The secret behind every hash of ours in a bench."""
        return _SECRET

    @property
    def key(self) -> np.ndarray:
        """Subkeys, uint64."""
        return _SECRET.key

    @cached_property
    def buffers(self) -> tuple[np.ndarray, np.ndarray]:
        """Bytes and offsets, as kernels take them."""
        return text_buffers(self.texts)

    @cached_property
    def content(self) -> np.ndarray:
        """The bytes of the prompts alone, uint8."""
        values, offsets = self.buffers
        return values[offsets[0] : offsets[-1]]

    @cached_property
    def batch(self) -> pa.RecordBatch:
        """As the pass takes it."""
        return pa.record_batch({"prompt_text": self.texts})

    @cached_property
    def strings(self) -> list[str]:
        """As Python has it."""
        return self.texts.to_pylist()

    @cached_property
    def shingles(self) -> list[list[bytes]]:
        """Shingles of each prompt that has any words."""
        return [found for text in self.strings if (found := tokenising.shingles(text))]

    @cached_property
    def shingle_strings(self) -> list[list[str]]:
        """The same as ``str``."""
        return [[shingle.decode() for shingle in found] for found in self.shingles]

    @cached_property
    def words(self) -> list[str]:
        """All words of all prompts."""
        return [word for text in self.strings for word in tokenising.word_strings(text)]

    @cached_property
    def shingle_hashes(self) -> tuple[np.ndarray, np.ndarray]:
        """Our shingle hashes (uint64) and offsets (int64) of the prompts with three words or more."""
        hashes, offsets = hash_words(self.key, self.strings)
        rows = [
            np.lib.stride_tricks.sliding_window_view(hashes[low:high], tokenising.WIDTH)
            for low, high in pairwise(offsets)
            if high - low >= tokenising.WIDTH
        ]
        made = [shingle_rows(row, self.key) for row in rows]
        ends = np.cumsum([0, *map(len, made)])
        return np.concatenate([*made, np.zeros(0, np.uint64)]), ends.astype(np.int64)


def corpus(name: str, prompts: Sequence[str]) -> Corpus:
    """A corpus of Python strings."""
    return Corpus(name, pa.array(prompts, pa.string()))
