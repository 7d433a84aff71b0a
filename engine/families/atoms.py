"""Atoms: grams of a prompt that occur in the same prompts as each other; frames are made of them, and so is content.

The grams of one frame occur in the same prompts; those of common phrases rarely do. Five grams of a prompt that agree
are an atom. Slot content that is sent many times makes atoms too. It gives itself away by standing across frames
instead of nesting in one, or by standing beside others of its kind within one.
"""

from dataclasses import dataclass

import numpy as np

from gauger.engine.families.vocabulary import Vocabulary
from gauger.kernels.families import atoms as kernels
from gauger.kernels.families import holders as kernels_of_holders

_ALIKE_PERCENT = 75  # Jaccard similarity of the holders of two grams of one identity
_LOOKED_AT = 64  # holders of a gram that are searched for others like it
_MAIN_PERCENT = 35  # of what may be a prompt's frame are an atom by which it is told from others: at most two
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


def alike(vocabulary: Vocabulary) -> np.ndarray:
    """Identity of each gram: those that nearly the same prompts hold have the same; int32[g], most widely held first.

    It is found from who holds what and from nothing else. A least hash among the holders, as MinHash has it, is the
    same for two grams with the probability of their similarity, and what hangs on it is another under each key.
    """
    offsets = np.concatenate([[0], np.cumsum(vocabulary.counts)]).astype(np.int64)
    holders = kernels_of_holders.Holders(offsets, np.empty(offsets[-1], np.int32))
    grams = kernels.Grams(vocabulary.offsets, vocabulary.numbers)
    lengths = np.zeros(len(vocabulary.values), np.int64)
    kernels_of_holders.list_holders(grams, holders, lengths)
    # Of grams that equally many prompts hold, those in longer prompts first: hashes decide only what nothing else does.
    order = np.lexsort((vocabulary.values, -lengths, -vocabulary.counts))
    identity = np.empty(len(vocabulary.values), np.int32)
    kernels_of_holders.gather_alike(order, grams, holders, _ALIKE_PERCENT, _LOOKED_AT, identity)
    return identity


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
    identity: np.ndarray  # int32 per gram
    atoms: Atoms  # of those
    standing: Standing


def take_apart(vocabulary: Vocabulary) -> Parts:
    """Tell what may be frame from content."""
    identity = alike(vocabulary)
    atoms = find_atoms(vocabulary, identity, vocabulary.width)
    weighed = standing(atoms)
    content = np.zeros(int(identity.max(initial=-1)) + 1, bool)  # identities past the last mark are in no atom
    content[: len(weighed.content)] = weighed.content
    keep = atoms.kept & ~content[identity][vocabulary.numbers]
    return Parts(keep.view(np.uint8), identity, atoms, weighed)


def first_labels(vocabulary: Vocabulary, parts: Parts) -> np.ndarray:
    """Prompts whose frames are alike at first sight have one label; int64[n], -1 where too little may be frame.

    Alike are those with the same largest atom, and the same second one where that is as large as this one, nearly: a
    frame, and the same frame with a block of its length, are two.
    """
    main = np.empty((len(vocabulary), 2), np.int32)
    count = int(parts.identity.max(initial=-1)) + 1
    grams = kernels.Grams(vocabulary.offsets, vocabulary.numbers)
    held = np.zeros(count, np.int32)
    kernels.main_atoms(grams, parts.frame, parts.identity, vocabulary.width, _MAIN_PERCENT, held, main)
    lesser, greater = main.T.astype(np.int64)
    return np.where(greater >= 0, (lesser + 1) * count + greater, -1)
