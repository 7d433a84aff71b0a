"""Shared text: what several accounts send the same day is one event, and not so many calls of evidence.

A prompt that goes round is new today, and so is everybody who repeats it: a tenth of the honest accounts, each with one
to five of twenty such prompts among what it always sends, were flagged at 3 to 8 % where 0.1 % should be. So of the
calls with one text, or with copies of it, one counts, by keyed choice, today and in the reference alike.

Who sends each prompt from several accounts to hide among those who repeat gains nothing by it: what counts is how many
different prompts are asked for, and every further copy costs a call, as every honest prompt put between them does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.families.families import Groups
from gauger.engine.families.prompts import CountedPrompts
from gauger.engine.statistics.background import FOLDS, Background, background_of, folds_of
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.statistic import CONTENT, OURS, among
from gauger.kernels.accounts.accumulate import add_weighted_features

SHARED_TEXT = "shared_text"
PUBLIC_ACCOUNTS = 10  # a text that so many send is everybody's: no call of it counts
SHARED_ACCOUNTS_MIN = 3
# A text is shared that one account in so many sends. The chance that two say the same grows with the day: of a count
# alone, heavy accounts of a day twice as large as its reference's days would lose more of what they say than these.
_ONE_IN = 2_000
_SENT_MIN = 3  # calls that carry a text which has copies


@dataclass(frozen=True)
class Copies:
    """Which texts are copies of which, by halves of their keyed hashes; uint64[c] each.

    A group of prompts of which one was sent at least as often as all others together is that text and its copies, typed
    again or with a greeting before it. Prompts that a template makes are many, and none of them is most of what was
    sent. Nor are the near-duplicates of a large day's short questions one text.
    """

    text: np.ndarray  # ascending
    original: np.ndarray

    def originals(self, text: np.ndarray) -> np.ndarray:
        """Of each text the one it is a copy of, or itself; uint64[m]."""
        if len(self.text) == 0:
            return text
        place = np.minimum(np.searchsorted(self.text, text), len(self.text) - 1)
        return np.where(self.text[place] == text, self.original[place], text)


NO_COPIES = Copies(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


def copies_of(groups: Groups, prompts: CountedPrompts) -> Copies:
    """The copies among a day's prompts."""
    rows = np.flatnonzero(groups.of_prompt >= 0)
    group, calls, text = groups.of_prompt[rows], prompts.calls[rows], prompts.hashes[rows, 0]
    order = np.lexsort((text, -calls, group))  # of equal calls the least hash
    group, calls, text = group[order], calls[order], text[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(first, append=len(group))
    most, total = calls[first], np.add.reduceat(calls, first) if len(first) else calls
    of_copies = np.repeat((sizes > 1) & (most >= _SENT_MIN) & (2 * most >= total), sizes)
    original, text = np.repeat(text[first], sizes)[of_copies], text[of_copies]
    order = np.argsort(text, kind="stable")
    return Copies(text[order], original[order])


def sent_texts(owner: np.ndarray, prompt: np.ndarray, identity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Texts of sampled calls, one entry for each account that sent it, and the least name of its calls; uint64 each.

    owner : int64[m]; prompt : uint64[m], half of the text's keyed hash, 0 = not known; identity : uint64[m]
    """
    known = np.flatnonzero(prompt)
    owner, prompt, identity = owner[known], prompt[known], identity[known]
    order = np.lexsort((identity, prompt, owner))
    owner, prompt, identity = owner[order], prompt[order], identity[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (prompt[1:] != prompt[:-1])
    return prompt[fresh], identity[fresh]


@dataclass(frozen=True)
class Senders:
    """The texts of a day that several accounts sent."""

    text: np.ndarray  # uint64[t], ascending
    accounts: np.ndarray  # int32[t], how many sent it, at least 2
    counts: np.ndarray  # uint64[t], identity of the call that counts for all of them: the least, so a keyed choice
    copies: Copies  # which texts are one
    least: int  # accounts that make a text shared

    @classmethod
    def among(cls, parts: Sequence[tuple[np.ndarray, np.ndarray]], copies: Copies, accounts: int) -> Senders:
        """Of ``sent_texts`` of parts of a day's accounts, of the originals; no account is in two.

        accounts : of the day
        """
        nothing = np.zeros(0, np.uint64)
        text, identity = (np.concatenate([nothing, *column]) for column in zip(*parts, strict=True))
        order = np.lexsort((identity, text))
        text, identity = text[order], identity[order]
        starts = np.flatnonzero(np.diff(text, prepend=text[:1] ^ np.uint64(1)))
        number = np.diff(starts, append=len(text))
        several, least = starts[number >= 2], max(SHARED_ACCOUNTS_MIN, -(-accounts // _ONE_IN))
        return cls(text[several], number[number >= 2].astype(np.int32), identity[several], copies, least)

    def of(self, prompt: np.ndarray, identity: np.ndarray) -> np.ndarray:
        """Accounts that sent the text of each call, negative where the call does not count; int32[m].

        0 where the text is not known.
        """
        if len(self.text) == 0:
            return (prompt != 0).astype(np.int32)
        prompt = self.copies.originals(prompt)
        place = np.minimum(np.searchsorted(self.text, prompt), len(self.text) - 1)
        shared = self.text[place] == prompt
        accounts = self.accounts[place]
        own = (accounts < self.least) | ((self.counts[place] == identity) & (accounts < PUBLIC_ACCOUNTS))
        return np.where(shared, np.where(own, accounts, -accounts), prompt != 0).astype(np.int32)


def senders_of(population: Population, copies: Copies) -> Senders:
    """The texts of all accounts of a day, whose prompts are known."""
    assert population.sample_prompt is not None
    prompt = copies.originals(population.sample_prompt)
    sent = sent_texts(population.sample_owner, prompt, population.sample_identity)
    return Senders.among([sent], copies, len(population))


def with_senders(population: Population, senders: Senders) -> Population:
    """The accounts of a day, knowing of each sampled call how many accounts sent its text."""
    assert population.sample_prompt is not None
    found = senders.of(population.sample_prompt, population.sample_identity)
    parts = shared_parts(population.sample_owner, found, len(population))
    return replace(population, sample_senders=found, statistics={**population.statistics, SHARED_TEXT: parts})


def shared_parts(owner: np.ndarray, senders: np.ndarray, accounts: int) -> np.ndarray:
    """Each account's parts of the day's shared texts, the sum of 1 / accounts over its calls; float64[accounts].

    owner : int64[m]; senders : int32[m], of ``Senders.of``
    """
    shared = np.flatnonzero(np.abs(senders) >= 2)
    return np.bincount(owner[shared], 1.0 / np.abs(senders[shared]), minlength=accounts).astype(
        np.float64
    )  # of none: integers


def is_shared(population: Population) -> np.ndarray:
    """Which sampled calls do not count, as their text is others' too; bool[m]. Earlier versions' days do not say."""
    if population.sample_senders is None:
        return np.zeros(len(population.sample_owner), bool)
    return population.sample_senders < 0


def own_text(population: Population) -> Population:
    """The accounts without their sampled calls that do not count, neither as calls nor in their sums."""
    shared = np.flatnonzero(is_shared(population))
    if len(shared) == 0:
        return population
    sums = population.sums.copy()
    owners, place = np.unique(population.sample_owner[shared], return_inverse=True)
    theirs = np.zeros((len(owners), sums.shape[1]), np.int32)
    features = np.ascontiguousarray(population.sample_features[population.sample_row[shared]])
    add_weighted_features(place, np.ones(len(place), np.uint8), features, theirs)
    sums[owners] -= theirs
    return replace(population.with_calls(~is_shared(population)), sums=sums)


def own_background(background: Background, some: Population, key: np.ndarray) -> Background:
    """The background of a day's accounts without its calls of shared text.

    background : of all of the day's accounts
    some : accounts of the day chosen by keyed hash or at random, perhaps all; of their calls as large a share is shared
    """
    shared, folds = is_shared(some), folds_of(some.account_ids, key)
    if not shared.any():
        return background
    theirs = background_of(some.sample_features, some.sample_row[shared], folds[some.sample_owner[shared]])
    known = np.bincount(folds[some.sample_owner], minlength=FOLDS)
    times = background.count / np.maximum(known, 1)
    return background.minus(theirs.times(times))


STATISTICS = among(
    "statistics.shared_text.shared_parts",
    (SHARED_TEXT, "its part of texts that several accounts sent that day", "sum of 1 / accounts over its sampled calls "
     "whose text at least two accounts sent the same day", OURS, "texts", "0 and up", CONTENT, False),
)  # fmt: skip
