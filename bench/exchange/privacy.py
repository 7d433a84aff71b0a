"""What a signature tells a member who means to learn more from it than how a campaign asks.

The attacker has the consortium's key, so it measures any text as the sender did, and the sets the campaign reads from.

- *Inversion*: a hundred prompts of the same set, of which one was sent by an account behind the signature, and the
  centroid that is most like it. The prompt most like that centroid is guessed. The same is done with a prompt that
  nobody sent in its place: how often that one is guessed is what guessing by kind comes to.
- *Membership of a prompt*: prompts that were sent against prompts of the same set that were not, by likeness to the
  nearest centroid. The area under the curve is 0.5 where nothing can be told.
- *Membership of an account*: accounts behind the signature against accounts of the same campaign that are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from bench.exchange.measure import shared, weighed
from bench.exchange.providers import ATTACKS, SENT, Provider
from gauger.engine.common.vectors import unit
from gauger.engine.exchange.centroids import odd_vectors
from gauger.engine.statistics.population import Population

_GUESSED_AMONG, _GUESSES = 100, 2_000


@dataclass(frozen=True)
class Learnt:
    """What the attacker came to."""

    seed: int
    attack: str
    inverted: float  # share of guesses that were the prompt sent
    blind: float  # the same of one that was not
    prompt_area: float
    account_area: float


def attacked(sender: Provider, attack: str) -> Learnt:
    """All three attacks on the signature of half of a campaign's accounts; the other half are those that are not."""
    planted = sender.attacked(ATTACKS[attack], sender.seed, slice(0, SENT))
    reference = weighed(sender.reference)
    inside = np.arange(len(planted)) % 2 == 0
    behind, others = weighed(planted.select(inside)), weighed(planted.select(~inside))
    centroids = shared(attack, behind, sender).centroids
    sent, unsent = (_attack_calls(side, reference) for side in (behind, others))
    random = np.random.default_rng(sender.seed)
    likeness_sent, likeness_unsent = sent @ centroids.T, unsent @ centroids.T
    vectors = [odd_vectors(side, reference) @ centroids.T for side in (behind, others)]
    return Learnt(
        seed=sender.seed,
        attack=attack,
        inverted=_guessed(random, likeness_sent, likeness_unsent),
        blind=_guessed(random, likeness_unsent, likeness_unsent),
        prompt_area=_area(likeness_sent.max(axis=1), likeness_unsent.max(axis=1)),
        account_area=_area(*(side.max(axis=1) for side in vectors)),
    )


def _guessed(random: np.random.Generator, asked: np.ndarray, decoys: np.ndarray) -> float:
    """How often a prompt is more like the centroid nearest to it than ninety-nine others; float32[m, c] each."""
    nearest, right = asked.argmax(axis=1), 0
    for _ in range(_GUESSES):
        one, others = random.integers(len(asked)), random.integers(0, len(decoys), _GUESSED_AMONG - 1)
        right += bool(asked[one, nearest[one]] > decoys[others, nearest[one]].max())
    return right / _GUESSES


def _attack_calls(accounts: Population, reference: Population) -> np.ndarray:
    """Unit features of the fifth of each account's calls that are most like its odd ones; float32[m, d]."""
    calls = unit(accounts.sample_features[accounts.sample_row])
    likeness = np.einsum("ij,ij->i", calls, odd_vectors(accounts, reference)[accounts.sample_owner])
    order = np.lexsort((-likeness, accounts.sample_owner))
    owner = accounts.sample_owner[order]
    place = np.arange(len(order)) - np.searchsorted(owner, owner, "left")
    return calls[order[place < 0.2 * np.bincount(owner)[owner]]]


def _area(inside: np.ndarray, outside: np.ndarray) -> float:
    """Area under the curve of receiver operating characteristic (Mann and Whitney 1947)."""
    ranks = rankdata(np.concatenate([inside, outside]))[: len(inside)]
    return float((ranks.mean() - (len(inside) + 1) / 2) / len(outside))
