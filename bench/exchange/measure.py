"""What one provider's signature finds at another: recall, honest accounts flagged, other campaigns, poisoned ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from bench.exchange.providers import ATTACKS, KEPT, SENT, Provider
from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.evidence import gather
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.pool import Pool
from gauger.engine.exchange.centroids import centroids_of, odd_vectors
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import own_text

SETTINGS = Settings()
POISONED = ("honest accounts at random", "an honest crowd that asks alike", "honest accounts with calls enough for two")


@dataclass(frozen=True)
class Found:
    """What became of a receiver's day under one signature."""

    seed: int
    world: str
    attack: str  # in the day
    signature: str  # attack that the signature is of, or how it was poisoned
    accounts: int  # of the attack
    found: int  # of those, at 0.1 %
    found_at_1: int  # at 1 %
    honest: int  # accounts weighed
    flagged: int  # of those, at 0.1 %
    everything: tuple[int, int, int, int] | None = None  # found and flagged by all evidence: without it, with it


def weighed(population: Population) -> Population:
    """The accounts that are weighed, by their own text."""
    return own_text(population.select(population.calls >= SETTINGS.calls_min))


def sent(sender: Provider, attack: str) -> tuple[SharedFinding, Population]:
    """The signature of what the sender flagged on its day with a campaign of 400 accounts, and those accounts."""
    planted = sender.attacked(ATTACKS[attack], sender.seed, slice(0, SENT))
    today = concatenate([sender.honest, planted])
    found = gather(today, sender.reference, sender.secret.key, SETTINGS)
    flagged = weighed(today.select(found.probability < SETTINGS.alarm_level))
    return shared(attack, flagged, sender), flagged


def shared(name: str, accounts: Population, sender: Provider) -> SharedFinding:
    """The signature of some accounts, as bytes would carry it."""
    centroids, behind = centroids_of(accounts, weighed(sender.reference))
    return SharedFinding(name, unit(centroids), behind)


def poisoned(sender: Provider) -> dict[str, SharedFinding]:
    """Signatures of honest accounts, as a member would make them who means harm or is wrong."""
    honest, random = weighed(sender.honest), np.random.default_rng(sender.seed)
    vectors = odd_vectors(honest, weighed(sender.reference))
    crowd = np.argsort(-vectors @ vectors[random.integers(len(vectors))])[:SENT]
    chosen = (random.permutation(len(honest))[:SENT], crowd, np.argsort(-honest.calls)[:SENT])
    named = {}
    for name, rows in zip(POISONED, chosen, strict=True):
        kept = np.zeros(len(honest), bool)
        kept[rows] = True
        named[name] = shared(name, honest.select(kept), sender)
    return named


def received(
    receiver: Provider, seed: int, signatures: Mapping[str, SharedFinding], *, everything: bool
) -> Iterator[Found]:
    """Each attack's day at the receiver, under its own signature, another one's, and the first day's poisoned ones."""
    reference, honest = weighed(receiver.reference), weighed(receiver.honest)
    names = list(ATTACKS)
    for place, attack in enumerate(names):
        own = weighed(receiver.attacked(ATTACKS[attack], seed, slice(SENT, SENT + KEPT)))
        asked = [attack, names[(place + 1) % len(names)], *(POISONED if place == 0 else ())]
        today = concatenate([honest, own])
        pool = Pool(today, reference, receiver.secret.key, SETTINGS, shared=tuple(signatures[one] for one in asked))
        planted = np.arange(len(today)) >= len(honest)
        for name, tails in zip(asked, pool.known_elsewhere.tails[:, : len(today)], strict=True):
            row = Found(
                seed=seed,
                world=receiver.world.name,
                attack=attack,
                signature=name,
                accounts=len(own),
                found=int((tails[planted] < SETTINGS.alarm_level).sum()),
                found_at_1=int((tails[planted] < 10 * SETTINGS.alarm_level).sum()),
                honest=len(honest),
                flagged=int((tails[~planted] < SETTINGS.alarm_level).sum()),
            )
            if everything and name == attack:
                row = replace(row, everything=_everything(today, planted, receiver, signatures[name]))
            yield row


def _everything(
    today: Population, planted: np.ndarray, receiver: Provider, signature: SharedFinding
) -> tuple[int, int, int, int]:
    counts: list[int] = []
    for given in ((), (signature,)):
        found = gather(today, receiver.reference, receiver.secret.key, SETTINGS, given)
        flagged = found.probability < SETTINGS.alarm_level
        counts += [int(flagged[planted].sum()), int(flagged[~planted].sum())]
    return counts[0], counts[1], counts[2], counts[3]
