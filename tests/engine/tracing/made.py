"""Canaries made for tests, and texts that have or lack them."""

from random import Random

from gauger.engine.tracing.commitments import Canaries

WORDS = tuple(
    f"{a}{b}{c}{d}" for a in "bdfg" for b in "aeiou" for c in "klmnrst" for d in ("am", "en", "id", "on", "us")
)


def canaries(seed: int = 1, campaign: int = 7, slots: int = 40, candidates: int = 64) -> Canaries:
    """Canaries of a seed."""
    return Canaries(campaign, "2026-11-01T08:00:00Z", slots, candidates, seed.to_bytes(32, "big"), WORDS)


def listed(seed: int = 1, slots: int = 40, candidates: int = 16) -> Canaries:
    """Canaries of a list of pairs."""
    pairs = tuple(f"{first} {second}" for first in WORDS[:30] for second in WORDS[30:60])
    return Canaries(7, "2026-11-01T08:00:00Z", slots, candidates, seed.to_bytes(32, "big"), pairs, True)


def honest(number: int, length: int, seed: int = 3) -> list[str]:
    """Texts of the same words, drawn with unequal frequencies: they have pairs by chance."""
    random = Random(seed)
    weights = [1 / (place + 1) for place in range(len(WORDS))]
    return [" ".join(random.choices(WORDS, weights, k=length)) for _ in range(number)]
