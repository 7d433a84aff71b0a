"""Families: calls with the same prompt, nearly the same, or the same template.

Exact copies are collapsed first (a prompt is one row however often it was sent). A prompt belongs to the most telling
family it is in: template, then near-duplicate, then exact; a prompt sent once and like no other is single, in none.
"""

from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.families.descriptors import Descriptors, describe
from gauger.engine.families.frames import Frames, Matcher
from gauger.engine.families.known import KnownFamilies, near_families
from gauger.engine.families.near_duplicates import near_duplicates
from gauger.engine.families.prompts import CountedPrompts, PromptTable
from gauger.engine.families.slots import SlotFigures
from gauger.engine.families.templates import MEMBERS_MIN
from gauger.kernels.sketches import minhash

TEMPLATE, NEAR_DUPLICATE, EXACT = range(3)
REMEMBERED_CALLS_MIN = 5  # smaller families get no lasting id
_JOINED_MAX = 100_000  # families that are held against one another, those of most calls


@dataclass(frozen=True)
class Families:
    """f families, and the family of every prompt of a run."""

    ids: np.ndarray  # int64[f]
    kinds: np.ndarray  # uint8[f], TEMPLATE, NEAR_DUPLICATE or EXACT
    signatures: np.ndarray  # uint8[f, SLOTS], of the representative prompt or of the frame
    calls: np.ndarray  # int64[f]
    addresses: np.ndarray
    prompts: np.ndarray  # int64[f], distinct prompts
    descriptors: Descriptors  # of the calls: who, when, what they ask for
    slots: SlotFigures  # of each family's frame; no slots where it has none
    frame_groups: np.ndarray  # int64[f], least id among the families that are variants of one frame; 0 = no variant
    allowed: np.ndarray  # bool[f], on the allow-list
    first_seen: np.ndarray  # int64[f], microseconds
    last_seen: np.ndarray
    of_prompt: np.ndarray  # int64[prompts], row of this table for each prompt in canonical order, -1 = none
    of_group: np.ndarray  # int64[f + 1], row of this table for each group of prompts; the last serves -1
    matcher: Matcher  # the frames of this run
    of_frame: np.ndarray  # int64[frames], row of this table, -1 = none
    similarity: float  # that made two prompts near-duplicates

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def accounts(self) -> np.ndarray:
        """Accounts of each family, int64[f]."""
        return self.descriptors.accounts


def _frame_signatures(frames: Frames, key: np.ndarray) -> np.ndarray:
    owners = np.repeat(np.arange(len(frames.distinct)), np.diff(frames.posting_offsets))
    order = np.lexsort((owners, frames.posting_frames))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(frames.posting_frames, minlength=len(frames)))])
    slots = np.empty((len(frames), minhash.SLOTS), np.uint32)
    minhash.sign_sets(frames.distinct[owners[order]].astype(np.uint64), offsets.astype(np.int64), key, slots)
    return (slots & 255).astype(np.uint8)


def hash_signatures(hashes: np.ndarray) -> np.ndarray:
    """Signatures of exact families: the prompt's hash over and over, because short prompts share their MinHash."""
    return np.tile(np.ascontiguousarray(hashes).view(np.uint8), (1, minhash.SLOTS // 16))


def _number(labels: np.ndarray, members_min: int) -> tuple[np.ndarray, np.ndarray]:
    """Renumber labels (-1 = none) without those of fewer members: (new labels, old label of each new one)."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    kept = np.flatnonzero(sizes >= members_min)
    new = np.full(len(sizes) + 1, -1, np.int64)
    new[kept] = np.arange(len(kept))
    return new[labels], kept


@dataclass(frozen=True)
class Groups:
    """g groups of prompts, before ids are known."""

    of_prompt: np.ndarray  # int64[prompts], canonical order; -1 = none
    kinds: np.ndarray  # uint8[g]
    signatures: np.ndarray  # uint8[g, SLOTS]
    calls: np.ndarray  # int64[g]
    matcher: Matcher
    of_frame: np.ndarray  # int64[frames], group
    slots: SlotFigures  # of each frame
    similarity: float  # that makes two prompts near-duplicates


def group_prompts(prompts: PromptTable, key: np.ndarray, settings: Settings) -> Groups:
    """Group a day's prompts: by the frame each holds, then near-duplicates, then copies."""
    matched = prompts.matched(settings)
    labels, frames, count = matched.labels, matched.matcher.frames, len(prompts.hashes)
    framed, frame_of = _number(labels, MEMBERS_MIN)
    nearest = near_duplicates(
        prompts.signatures, prompts.words, settings.near_duplicate_similarity, bookmark=prompts.bookmark
    )
    near, near_of = _number(np.where(framed >= 0, -1, nearest), 2)
    repeated = np.where((framed < 0) & (near < 0) & (prompts.calls >= 2), np.arange(count), -1)
    exact, exact_of = _number(repeated, 1)
    families = np.where(framed >= 0, framed, -1)
    families = np.where(near >= 0, len(frame_of) + near, families)
    families = np.where(exact >= 0, len(frame_of) + len(near_of) + exact, families)
    kinds = np.repeat(np.arange(3, dtype=np.uint8), [len(frame_of), len(near_of), len(exact_of)])
    representatives = np.concatenate(
        [
            _frame_signatures(frames, key)[frame_of],
            prompts.signatures[near_of],
            hash_signatures(prompts.hashes[exact_of]),
        ]
    )
    of_frame = np.full(len(frames), -1, np.int64)
    of_frame[frame_of] = np.arange(len(frame_of))
    calls = np.bincount(families + 1, prompts.calls, len(kinds) + 1)[1:].astype(np.int64)
    groups = Groups(
        families,
        kinds,
        representatives,
        calls,
        matched.matcher,
        of_frame,
        matched.slots,
        settings.near_duplicate_similarity,
    )
    return _join_near(groups)


def _distinct_per_family(family: np.ndarray, values: np.ndarray, families: int) -> np.ndarray:
    """Number of distinct values among the calls of each family."""
    order = np.lexsort((values, family))
    family, values = family[order], values[order]
    fresh = np.ones(len(family), bool)
    fresh[1:] = (family[1:] != family[:-1]) | (values[1:] != values[:-1])
    return np.bincount(family[fresh], minlength=families)


Claims = tuple[np.ndarray, np.ndarray]  # prompt hashes, uint64[m, 2], and the ids their families have, int64[m]


@dataclass(frozen=True)
class Members:
    """Calls of a day that are in a family, in any order."""

    group: np.ndarray  # int32[m], row of the groups
    time: np.ndarray  # int64[m], microseconds
    account: np.ndarray  # int64[m], row of today's accounts
    address: np.ndarray  # uint64[m], keyed hash, 0 = not known
    flags: np.ndarray  # uint8[m], elicitation flags of the prompt


def describe_groups(
    groups: Groups, members: Members, prompts: CountedPrompts, known: KnownFamilies, claims: Claims | None, text: bool
) -> Families:
    """Families of a day: its groups of prompts, with ids and what their calls say.

    known : earlier families, updated
    claims : ids given to prompts since; a family with several gets the least
    text : whether prompts are text, so that phrases could be looked for
    """
    of_prompt, kinds, signatures, calls = groups.of_prompt, groups.kinds, groups.signatures, groups.calls
    count = len(kinds)
    family, times, address = members.group.astype(np.int64), members.time, members.address
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, family, times)
    np.maximum.at(last, family, times)
    claimed = _claimed(claims, prompts.hashes, of_prompt, count)
    ids = _assign_ids(Lasting(kinds, signatures, calls, first, last), claimed, known, groups.similarity)
    order = np.argsort(ids, kind="stable")
    row = np.full(count + 1, -1, np.int64)  # the last entry serves -1: no family
    row[order] = np.arange(count)
    seen = address != 0
    return Families(
        ids=ids[order],
        kinds=kinds[order],
        signatures=signatures[order],
        calls=calls[order],
        addresses=_distinct_per_family(family[seen], address[seen], count)[order],
        prompts=np.bincount(of_prompt[of_prompt >= 0], minlength=count)[order],
        descriptors=describe(row[family], times, members.account, members.flags if text else None, count),
        slots=_slots_of(row[groups.of_frame], groups.slots, count),
        frame_groups=_frame_groups(row[groups.of_frame], groups.matcher.frames.roots(), ids[order]),
        allowed=np.zeros(count, bool),
        first_seen=first[order],
        last_seen=last[order],
        of_prompt=row[of_prompt],
        of_group=row,
        matcher=groups.matcher,
        of_frame=row[groups.of_frame],
        similarity=groups.similarity,
    )


def _frame_groups(family: np.ndarray, roots: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Least id among the families of one frame, for each family of a frame that has several; 0 for others.

    family, roots : int64[frames], row of the families (-1 = none), and the frame that each frame is a variant of
    """
    group = np.zeros(len(ids), np.int64)
    inside = np.flatnonzero(family >= 0)
    inside = inside[np.lexsort((ids[family[inside]], roots[inside]))]
    _, first, number = np.unique(roots[inside], return_index=True, return_counts=True)
    several = np.repeat(number > 1, number)
    group[family[inside[several]]] = np.repeat(ids[family[inside[first]]], number)[several]
    return group


def _slots_of(family: np.ndarray, slots: SlotFigures, families: int) -> SlotFigures:
    """Figures of each family: those of the frame most of its prompts hold, none where it has no frame.

    family : int64[frames], row of the families, -1 = none
    """
    frame = np.full(families, len(family))  # the last one serves families without a frame
    order = np.lexsort((-np.arange(len(family)), slots.prompts))  # the largest is written last
    order = order[family[order] >= 0]
    frame[family[order]] = order
    nothing = np.append(slots.offsets, slots.offsets[-1])
    with_none = replace(
        slots, offsets=nothing, coverage=np.append(slots.coverage, np.nan), prompts=np.append(slots.prompts, 0)
    )
    return with_none.take(frame)


def _join_near(groups: Groups) -> Groups:
    """Merge near-duplicate families whose representatives FAISS finds nearly equal; the first represents them.

    Of a day of tens of millions of calls only the largest families are asked: all of them against all would take a time
    that grows with the square of the day.

    Frames that are nearly the same were merged where they were learnt, and variants must stay apart.
    """
    kinds, signatures, calls = groups.kinds, groups.signatures, groups.calls
    large = np.flatnonzero((calls >= REMEMBERED_CALLS_MIN) & (kinds == NEAR_DUPLICATE))
    large = np.sort(large[np.lexsort((large, -calls[large]))[:_JOINED_MAX]])
    group = near_families(signatures[large], kinds[large], groups.similarity)
    target = np.arange(len(kinds))
    heads = large[np.unique(group, return_index=True)[1]]
    target[large] = heads[group]
    kept = np.unique(target)
    place = np.full(len(kinds) + 1, -1, np.int64)
    place[kept] = np.arange(len(kept))
    renamed = np.append(place[target], -1)
    return replace(
        groups,
        of_prompt=renamed[groups.of_prompt],
        kinds=kinds[kept],
        signatures=signatures[kept],
        calls=np.bincount(place[target], calls, len(kept)).astype(np.int64),
        of_frame=renamed[groups.of_frame],
    )


def _claimed(claims: Claims | None, hashes: np.ndarray, of_prompt: np.ndarray, families: int) -> np.ndarray:
    """Id claimed for each family by a prompt of it, the least, else 0; int64[families].

    hashes, of_prompt : of each prompt in canonical order; -1 = in no family
    """
    ids = np.zeros(families, np.int64)
    if claims is None or len(hashes) == 0:
        return ids
    rows = np.minimum(np.searchsorted(hashes[:, 0], claims[0][:, 0]), len(hashes) - 1)
    family = of_prompt[rows]
    valid = (family >= 0) & np.all(hashes[rows] == claims[0], axis=1)
    least = np.full(families, np.iinfo(np.int64).max)
    np.minimum.at(least, family[valid], claims[1][valid])
    # An id serves one family: members may have parted since it was given.
    owners = np.flatnonzero(least < np.iinfo(np.int64).max)
    _, first = np.unique(least[owners], return_index=True)
    ids[owners[first]] = least[owners[first]]
    return ids


@dataclass(frozen=True)
class Lasting:
    """What families are known again by."""

    kinds: np.ndarray  # uint8[f]
    signatures: np.ndarray  # uint8[f, SLOTS]
    calls: np.ndarray  # int64[f]
    first: np.ndarray  # int64[f], microseconds
    last: np.ndarray


def _assign_ids(found: Lasting, claimed: np.ndarray, known: KnownFamilies, similarity: float) -> np.ndarray:
    """Claimed ids, known ones where a family returns, else new ones in order of (first seen, place).

    ``known`` remembers them.

    Families too small to last get negative ids, good for this run only: a rerun gives the same ones again.
    """
    kinds, signatures, calls, first = found.kinds, found.signatures, found.calls, found.first
    lasting = np.flatnonzero(calls >= REMEMBERED_CALLS_MIN)
    ids = np.where(claimed > 0, claimed, -1)
    asking = lasting[claimed[lasting] == 0]
    returned = known.identify(signatures[asking], kinds[asking], calls[asking], similarity)
    ids[asking] = np.where(np.isin(returned, claimed), -1, returned)
    new = lasting[ids[lasting] < 0]
    new = new[np.lexsort((new, first[new]))]
    ids[new] = known.next_id + np.arange(len(new))
    known.next_id += len(new)
    passing = np.flatnonzero((calls < REMEMBERED_CALLS_MIN) & (claimed == 0))
    ids[passing[np.lexsort((passing, first[passing]))]] = -1 - np.arange(len(passing))
    known.remember(ids[lasting], kinds[lasting], signatures[lasting], found.last[lasting])
    return ids
