"""Variants of a frame: families that share nearly all of their text and differ by a sentence or the place of a slot.

Within one family, grams that some members hold and others do not are either slot content or what tells variants apart.
Variants exclude each other and leave nobody out: atoms that together cover nine tenths of the family, one a member.
"""

from dataclasses import dataclass

import numpy as np

from gauger.engine.families.atoms import alike, find_atoms
from gauger.engine.families.vocabulary import MemberCounter, Vocabulary

_GRAMS_MIN = 3  # grams that tell a variant apart: what one word does at the edge of a slot
_FEW = 3  # variants may differ by that little; more of them are the values of a slot unless a sentence differs
_SENTENCE_GRAMS = 10  # grams that six tokens in a row are in
_SHARE_MIN, _SHARE_MAX = 0.05, 0.9  # of the family's members in one variant
_COVERED_MIN = 0.9  # of the members are in a variant
_EXCLUSIVE_MIN = 0.9  # of those are in one only
_OWN_PERCENT, _OTHERS_PERCENT = 80, 20  # members that hold a variant's gram, and members of its siblings that do


@dataclass(frozen=True)
class Variant:
    """Part of a family."""

    prompts: np.ndarray  # int64, members in the sample
    grams: np.ndarray  # int32, numbers of the grams that tell them from their siblings


class Splitter:
    """Looks for the variants of families of one vocabulary, one family at a time."""

    def __init__(self, vocabulary: Vocabulary, members_min: int) -> None:
        self._vocabulary = vocabulary
        self._members_min = members_min
        self._counter = MemberCounter(vocabulary)
        self._identity = np.full(len(vocabulary.values), -1, np.int32)

    def split(self, prompts: np.ndarray) -> list[Variant]:
        """Variants of the family these prompts are; none when it has none."""
        size = len(prompts)
        least = max(self._members_min, _SHARE_MIN * size)
        if size < 2 * self._members_min:
            return []
        grams, counts = self._counter.count(prompts)
        telling = grams[(counts >= least) & (counts <= _SHARE_MAX * size)]
        if len(telling) < 2 * _GRAMS_MIN:
            return []
        self._identity[telling] = alike(self._vocabulary.part(prompts, telling))
        atoms = find_atoms(self._vocabulary, self._identity, _GRAMS_MIN, prompts)
        self._identity[telling] = -1
        variant, member = _partition(atoms.identities, atoms.prompts, size, least)
        if len(member) == 0:
            return []
        found = [self._tell_apart(member[variant == one], grams, counts, size) for one in np.unique(variant)]
        sizes = [len(one.grams) for one in found]
        told_apart = min(sizes) >= _GRAMS_MIN and (len(found) <= _FEW or np.median(sizes) >= _SENTENCE_GRAMS)
        return found if told_apart else []

    def _tell_apart(self, members: np.ndarray, grams: np.ndarray, counts: np.ndarray, size: int) -> Variant:
        own, number = self._counter.count(members)
        others = counts[np.searchsorted(grams, own)] - number
        telling = (number * 100 >= _OWN_PERCENT * len(members)) & (
            others * 100 <= _OTHERS_PERCENT * (size - len(members))
        )
        return Variant(members, own[telling])


def _partition(identities: np.ndarray, prompts: np.ndarray, size: int, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Variant of each member that is in one, and the members; empty when they do not cover or do not exclude.

    identities, prompts : atoms of the family's members, one entry an atom of a member
    """
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
    holders = np.bincount(identities, minlength=1)
    usable = (holders >= least) & (holders <= _SHARE_MAX * size)
    prompts, identities = prompts[usable[identities]], identities[usable[identities]]
    if len(prompts) == 0:
        return nothing
    # Each member is in the most widely held of its atoms, if enough chose that one.
    order = np.lexsort((identities, holders[identities], prompts))
    prompts, identities = prompts[order], identities[order]
    last = np.r_[prompts[1:] != prompts[:-1], True]
    chosen = np.bincount(identities[last], minlength=len(holders)) >= least
    member, variant = prompts[last], identities[last]
    inside = chosen[variant]
    # A member that holds the atom of a second variant speaks against both.
    first = np.flatnonzero(np.r_[True, prompts[1:] != prompts[:-1]])
    held = np.add.reduceat(chosen[identities].astype(np.int64), first)
    covered = int(inside.sum())
    exclusive = int(np.sum(inside & (held == 1)))
    if chosen.sum() < 2 or covered < _COVERED_MIN * size or exclusive < _EXCLUSIVE_MIN * covered:
        return nothing
    return variant[inside], member[inside]
