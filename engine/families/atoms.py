"""Atoms: grams of a prompt that occur in the same prompts as each other; frames are made of them, and so is content.

The grams of one frame occur in the same prompts, so the least hash among those prompts (their column min-hash) is the
same; grams of common phrases rarely agree. Five grams of a prompt that agree are an atom. Slot content that is sent
many times makes atoms too. It gives itself away by standing across frames instead of nesting in one, or by standing
beside others of its kind within one.
"""

from dataclasses import dataclass

import numpy as np

from gauger.engine.families.vocabulary import Vocabulary
from gauger.kernels.families import atoms as kernels

_REACH = 32  # atoms of one prompt that are compared with each other, most widely held first
_LARGER = 2  # times the holders
_NESTED_PERCENT = 80  # of the smaller atom's holders hold the larger, too
_CONTENT_SHARE = 0.5  # of an atom's prompts in which it must look like content
_BLOCK_SHARE = 0.8  # of an atom's prompts in which it must be one of several to be a block of a recombined body


@dataclass(frozen=True)
class Atoms:
    """Atoms of the prompts looked at: one entry an atom of a prompt."""

    prompts: np.ndarray  # int64
    identities: np.ndarray  # int32, what its grams share
    kept: np.ndarray  # bool, as long as the vocabulary's numbers: whether a gram is part of an atom


def identify(*columns: np.ndarray) -> np.ndarray:
    """Identity of each gram: grams with equal columns (uint32) have the same; int32."""
    identity = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        key = identity.astype(np.uint64) << np.uint64(32) | column.astype(np.uint64)
        identity = np.unique(key, return_inverse=True)[1]
    return identity.astype(np.int32)


def find_atoms(
    vocabulary: Vocabulary, identity: np.ndarray, grams_min: int, prompts: np.ndarray | None = None
) -> Atoms:
    """Atoms of at least ``grams_min`` grams, of all prompts or of some; identity -1 = gram of no atom."""
    chosen = np.arange(len(vocabulary)) if prompts is None else prompts
    sizes = np.diff(vocabulary.offsets)[chosen]
    most = int(np.sum(sizes // grams_min))
    kept = np.zeros(len(vocabulary.numbers), np.uint8)
    found_prompts, identities = np.empty(most, np.int64), np.empty(most, np.int32)
    held = np.zeros(int(identity.max(initial=-1)) + 1, np.int32)
    found = kernels.find_atoms(
        chosen, kernels.Grams(vocabulary.offsets, vocabulary.numbers), identity, grams_min, held, kept, found_prompts,
        identities,
    )  # fmt: skip
    return Atoms(found_prompts[:found], identities[:found], kept.view(bool))


@dataclass(frozen=True)
class Standing:
    """How atoms stand to those beside them; arrays per identity."""

    content: np.ndarray  # bool: in half of its prompts it crosses a larger atom, or stands beside a peer inside one
    block: np.ndarray  # bool: in nearly all of its prompts it is one of several
    pairs: np.ndarray  # int64, sorted keys of identities that stand together: smaller * identities + greater


def standing(atoms: Atoms) -> Standing:
    """Weigh every atom against those of the same prompts."""
    count = int(atoms.identities.max(initial=-1)) + 1
    holders = np.bincount(atoms.identities, minlength=count)
    order = np.lexsort((atoms.identities, -holders[atoms.identities], atoms.prompts))
    prompts, identities = atoms.prompts[order], atoms.identities[order]
    first = np.flatnonzero(np.r_[True, prompts[1:] != prompts[:-1]]) if len(prompts) else np.zeros(0, np.int64)
    within = np.arange(len(prompts)) - np.repeat(first, np.diff(np.append(first, len(prompts))))
    prompts, identities = prompts[within < _REACH], identities[within < _REACH]
    starts = np.flatnonzero(np.r_[True, prompts[1:] != prompts[:-1], True]) if len(prompts) else np.zeros(1, np.int64)
    sizes = np.diff(starts)
    pairs = np.empty(int(np.sum(sizes * (sizes - 1) // 2)), np.int64)
    kernels.atom_pairs(starts, identities, count, pairs)
    distinct, which, together = np.unique(pairs, return_inverse=True, return_counts=True)
    company = kernels.Company(*(np.zeros(count, np.int32) for _ in range(3)))
    shared = together[which].astype(np.int64)
    kernels.weigh_atoms(starts, identities, holders, shared, _LARGER, _NESTED_PERCENT, company)
    return Standing(
        np.maximum(company.crossed, company.nested) >= np.maximum(1, _CONTENT_SHARE * holders),
        company.accompanied >= np.maximum(1, _BLOCK_SHARE * holders),
        distinct,
    )


@dataclass(frozen=True)
class Parts:
    """What the prompts of a vocabulary are made of."""

    frame: np.ndarray  # uint8 as long as the vocabulary's numbers: whether a gram may be part of its prompt's frame
    identity: np.ndarray  # int32 per gram, by least and greatest prompt and number of prompts
    atoms: Atoms  # of those
    standing: Standing


def take_apart(vocabulary: Vocabulary) -> Parts:
    """Tell what may be frame from content.

    Atoms by the least prompt alone gather a frame's grams although some of its prompts lack one or the other; those by
    the least and the greatest prompt and the number of prompts (in half octaves) tell content apart that stands in the
    same least prompt. A gram that either calls content is none of a frame.
    """
    wide = identify(vocabulary.least)
    atoms = find_atoms(vocabulary, wide, vocabulary.width)
    keep = atoms.kept & ~_marked(standing(atoms).content, wide, vocabulary.numbers)
    octaves = np.rint(2.0 * np.log2(vocabulary.counts)).astype(np.uint32)
    narrow = identify(vocabulary.least, vocabulary.greatest, octaves)
    atoms = find_atoms(vocabulary, narrow, vocabulary.width)
    weighed = standing(atoms)
    keep &= ~(atoms.kept & _marked(weighed.content, narrow, vocabulary.numbers))
    return Parts(keep.view(np.uint8), narrow, atoms, weighed)


def _marked(marks: np.ndarray, identity: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """marks of the identity of each gram; identities past the last mark are in no atom."""
    padded = np.zeros(int(identity.max(initial=-1)) + 1, bool)
    padded[: len(marks)] = marks
    return padded[identity][numbers]
