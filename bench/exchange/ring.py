"""Three providers in a ring: each weighs what the one before it sent, and sends on what it flags then.

One campaign has 400 accounts at the first, 40 at the second and 10 at the third. What a provider sends is of whatever
it flags, wrongly flagged accounts too, so an error of one could come round and grow. Of less than ten accounts nothing
is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.exchange.measure import POISONED, SETTINGS, poisoned, shared, weighed
from bench.exchange.providers import ATTACKS, SENT, Provider
from gauger.engine.evidence.evidence import gather
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.pool import Pool
from gauger.engine.exchange.signature import K_MIN
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population

# The campaign's accounts at each provider.
PARTS = (slice(0, SENT), slice(SENT, SENT + 40), slice(SENT + 40, SENT + 50))
ASKED = ("alpaca", "evol")  # found least surely, and surely
_CROWD = POISONED[1]


@dataclass(frozen=True)
class Passed:
    """What one provider made of what it was sent."""

    seed: int
    attack: str
    provider: int  # 1 to 3; 1 again where the ring closes
    sent: str  # of whom: the campaign, or a poisoned signature
    behind: int  # accounts behind what it was sent; 0 where nothing was
    behind_honest: int  # of those
    accounts: int  # of the campaign here
    found: int  # of those, by all evidence
    honest: int
    flagged: int  # of those, by all evidence
    flagged_alone: int  # by what was sent alone


@dataclass(frozen=True)
class Sent:
    """A signature on its way, and who is behind it."""

    finding: SharedFinding | None
    accounts: int = 0
    honest: int = 0


def ring(providers: Sequence[Provider], seed: int) -> Iterator[Passed]:
    """Each attack round the ring, then a signature that the first made of an honest crowd of its own."""
    for attack in ASKED:
        yield from _round(providers, seed, attack, Sent(None))
    crowd = Sent(poisoned(providers[0])[_CROWD], SENT, SENT)
    yield from _round(providers, seed, ASKED[0], crowd)


def _round(providers: Sequence[Provider], seed: int, attack: str, given: Sent) -> Iterator[Passed]:
    name = "the campaign" if given.finding is None else _CROWD
    order = (*enumerate(providers), (0, providers[0])) if given.finding is None else (*enumerate(providers),)[1:]
    for place, provider in order:
        planted = replace(ATTACKS[attack], name=f"ring-{attack}", accounts=PARTS[-1].stop)
        own = weighed(provider.attacked(planted, seed, PARTS[place]))
        honest = weighed(provider.honest)
        today = concatenate([honest, own])
        is_planted = np.arange(len(today)) >= len(honest)
        findings = () if given.finding is None else (given.finding,)
        found = gather(today, provider.reference, provider.secret.key, SETTINGS, findings)
        flagged = found.probability < SETTINGS.alarm_level
        yield Passed(
            seed=seed,
            attack=attack,
            provider=place + 1,
            sent=name,
            behind=given.accounts,
            behind_honest=given.honest,
            accounts=len(own),
            found=int(flagged[is_planted].sum()),
            honest=len(honest),
            flagged=int(flagged[~is_planted].sum()),
            flagged_alone=_alone(today, ~is_planted, provider, findings),
        )
        given = _passed_on(today, flagged, is_planted, provider, name)


def _alone(today: Population, honest: np.ndarray, provider: Provider, findings: tuple[SharedFinding, ...]) -> int:
    """Honest accounts flagged by what was sent alone."""
    if not findings:
        return 0
    pool = Pool(today, weighed(provider.reference), provider.secret.key, SETTINGS, shared=findings)
    return int((pool.known_elsewhere.tails[0, : len(today)][honest] < SETTINGS.alarm_level).sum())


def _passed_on(today: Population, flagged: np.ndarray, planted: np.ndarray, provider: Provider, name: str) -> Sent:
    """The signature of what a provider flags; none of fewer accounts than a signature needs."""
    if flagged.sum() < K_MIN:
        return Sent(None)
    finding = shared(name, today.select(flagged), provider)
    return Sent(finding, int(flagged.sum()), int((flagged & ~planted).sum()))
