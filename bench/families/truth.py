"""Which template a prompt was really made from, where a corpus names a family but not its template's text.

Corpora of prompts name templates by task and data set, so one text has many names (the same question asked about three
collections of passages), and some names stand for no text at all (the bare question). So a family's *constant text* is
derived from its prompts: the token 5-grams, four sentinels at either end, that at least 95 % of its first 60 distinct
prompts hold. Two rules follow, and both truths are reported:

- families whose constant texts have 90 % of the larger one's grams in common are one family (transitively); of a short
  text one gram may be missing, as that much of a slot is constant by chance;
- a family without any constant gram has no template, and its rows none.

The same rules hold for every corpus, and nothing of ours that is measured here takes part in them.
"""

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

WIDTH = 5
PROMPTS = 60  # of a family, the first distinct ones
_CONSTANT = 0.95
_OVERLAP = 0.9
_SHARED_MIN = 3  # of texts that are not the same
_CANDIDATES = 4  # a gram that 95 % of 60 hold is in one of the first four
_TOKEN = re.compile(r"\w+|[^\w\s]")
_EDGE = ("",) * (WIDTH - 1)

Gram = tuple[str, ...]


def token_grams(text: str) -> set[Gram]:
    """Token 5-grams of a prompt, with its beginning and end."""
    tokens = (*_EDGE, *_TOKEN.findall(text.lower()), *_EDGE)
    return set(zip(*(tokens[step:] for step in range(WIDTH)), strict=False))


def constant_grams(prompts: Sequence[str]) -> frozenset[Gram]:
    """The constant text of a family. A family of one prompt is constant as a whole."""
    given = [token_grams(text) for text in dict.fromkeys(prompts)][:PROMPTS]
    candidates = set().union(*given[:_CANDIDATES])
    held = Counter(gram for grams in given for gram in grams & candidates)
    # Edges and punctuation alone are no text.
    return frozenset(gram for gram, rows in held.items() if rows >= _CONSTANT * len(given) and _worded(gram))


def merged_names(prompts: Sequence[str], families: Sequence[str]) -> dict[str, str | None]:
    """What each family is called after merging: the least name of those with its text, None for no template."""
    members: dict[str, list[str]] = {}
    for text, family in zip(prompts, families, strict=True):
        members.setdefault(family, []).append(text)
    return merge({family: constant_grams(members[family]) for family in sorted(members)})


def merge(constants: Mapping[str, frozenset[Gram]]) -> dict[str, str | None]:
    """The same from constant texts, families in order of their names."""
    holders: dict[Gram, list[str]] = {}
    for family, grams in constants.items():
        for gram in grams:
            holders.setdefault(gram, []).append(family)
    shared = Counter((one, other) for found in holders.values() for one in found for other in found if one < other)
    least: dict[str, str] = {family: family for family in constants}

    def first(family: str) -> str:
        while least[family] != family:
            family = least[family]
        return family

    for (one, other), grams in sorted(shared.items()):
        if _alike(grams, max(len(constants[one]), len(constants[other]))):
            low, high = sorted((first(one), first(other)))
            least[high] = low
    return {family: first(family) if grams else None for family, grams in constants.items()}


def side(name: str) -> int:
    """Half 0 or 1 of a family (or of a text), by CRC: every run and machine agrees."""
    return zlib.crc32(name.encode()) >> 16 & 1


def numbered(names: Sequence[str | None]) -> np.ndarray:
    """Names as int64 in order of the alphabet, None as -1."""
    number = {name: place for place, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.asarray([-1 if name is None else number[name] for name in names], np.int64)


def _alike(shared: int, larger: int) -> bool:
    return shared == larger or (shared >= _SHARED_MIN and larger - shared <= max(1.0, (1 - _OVERLAP) * larger))


def _worded(gram: Gram) -> bool:
    return any(token[:1].isalnum() for token in gram)
