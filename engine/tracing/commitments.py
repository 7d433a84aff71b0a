"""Commitments: a hash that is published before anything is served, and what opens it.

The opening is the canonical JSON of everything the lottery follows from (ASCII, keys sorted, no spaces), seed included.
Its SHA-256 is the commitment. The seed has 256 random bits, so the hash gives nothing away (it hides), and a second
opening would be a collision (it binds): Brassard, Chaum and Crepeau, "Minimum disclosure proofs of knowledge", 1988.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from gauger.engine.common.errors import InputError
from gauger.engine.tracing import lottery
from gauger.engine.tracing.words import is_pair, is_word

FORMAT, COMMITMENT_FORMAT = "gauger canaries 1", "gauger commitment 1"
DRAWS_LOG10 = 64 * math.log10(2)  # of a provider who draws, or tries keys, until he likes what comes
_SKEW = timedelta(minutes=10)  # between two clocks
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Canaries:
    """The canaries of a campaign, with the secret that they follow from. ``repr`` shows no secret."""

    campaign: int
    created: str  # UTC, as 2026-12-01T12:00:00Z
    slots: int
    candidates: int
    seed: bytes
    words: tuple[str, ...]  # or pairs of them, as "harbour lattice", where these are listed
    is_listed: bool = False

    def __repr__(self) -> str:
        return f"Canaries(campaign={self.campaign}, created={self.created!r}, slots={self.slots})"

    @cached_property
    def vocabulary(self) -> list[str]:
        """The words that the numbers of the lot are of."""
        return sorted({word for pair in self.words for word in pair.split(" ")}) if self.is_listed else [*self.words]

    @cached_property
    def lot(self) -> lottery.Lot:
        """What was drawn."""
        if not self.is_listed:
            return lottery.draw(self.seed, len(self.words), self.slots, self.candidates)
        number = {word: place for place, word in enumerate(self.vocabulary)}
        pairs = np.array([[number[word] for word in pair.split(" ")] for pair in self.words], np.int64)
        return lottery.draw_listed(self.seed, pairs, self.slots, self.candidates)

    @cached_property
    def served(self) -> list[tuple[str, str]]:
        """The pair of each slot that is served."""
        said = self.vocabulary
        return [(said[first], said[second]) for first, second in self.lot.served_pairs.tolist()]

    def pair_for(self, response_id: str) -> tuple[str, str]:
        """The pair that a response carries; the same id, the same pair."""
        return self.served[lottery.slot_of(self.seed, response_id, self.slots)]

    def opening(self) -> dict[str, Any]:
        """What opens the commitment."""
        return {
            "format": FORMAT,
            "campaign": self.campaign,
            "created": self.created,
            "slots": self.slots,
            "candidates": self.candidates,
            "seed": self.seed.hex(),
            "words": list(self.words),
            "listed": self.is_listed,
        }

    def digest(self) -> str:
        """The commitment: SHA-256 of the canonical opening, in hexadecimal digits."""
        return hashlib.sha256(canonical(self.opening())).hexdigest()

    def commitment(self) -> dict[str, Any]:
        """What is published."""
        public = {"campaign": self.campaign, "created": self.created, "slots": self.slots}
        return {"format": COMMITMENT_FORMAT, **public, "candidates": self.candidates, "sha256": self.digest()}


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document: ASCII, keys sorted, no spaces."""
    return json.dumps(document, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def stamp(time: datetime) -> str:
    """A time as it is committed to: UTC, whole seconds."""
    return time.astimezone(UTC).strftime(_TIME)


def opened(document: Any, place: str) -> Canaries:
    """The canaries of a secret file. Raises InputError, beginning with ``place``, for anything else."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{place}: no file of canaries; gauger canary new writes one")
    words, is_listed = document.get("words"), document.get("listed")
    is_entry = is_pair if is_listed else is_word
    numbers: list[Any] = [document.get(name) for name in ("campaign", "slots", "candidates")]
    try:
        seed = bytes.fromhex(document["seed"])
        moment(document["created"])
        if not isinstance(words, list) or len(set(words)) != len(words) or not all(map(is_entry, words)):
            raise ValueError("its words are no list of different words or pairs")
        if not isinstance(is_listed, bool):
            raise ValueError("listed is true or false")
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            raise ValueError("campaign, slots and candidates are whole numbers")
        found = Canaries(numbers[0], document["created"], numbers[1], numbers[2], seed, tuple(words), is_listed)
        served = found.served
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error) if type(error) is ValueError else "something is missing or of another type"
        raise InputError(f"{place}: not sound ({reason}); take the copy that was kept") from None
    if document.get("served") != [list(pair) for pair in served]:
        raise InputError(
            f"{place}: the pairs named as served are not those that were drawn; take the copy that was kept"
        )
    return found


def moment(text: str) -> datetime:
    """The time of a stamp. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("a time is text")
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def check(canaries: Canaries, commitment: Any, place: str, now: datetime, obtained: datetime | None = None) -> None:
    """Hold canaries against what was published, before any output is looked at.

    obtained : when the outputs were taken, where that is known
    Raises InputError, beginning with ``place``, where they are not what was committed to, or not in time.
    """
    if not isinstance(commitment, dict) or commitment.get("format") != COMMITMENT_FORMAT:
        raise InputError(f"{place}: no commitment; give the file that was published")
    if commitment != canaries.commitment():
        raise InputError(f"{place}: these canaries are not those committed to; only what is committed counts")
    created = moment(canaries.created)
    if created > now + _SKEW:
        raise InputError(f"{place}: committed on {canaries.created}, which is in the future; check the clock")
    if obtained is not None and created >= obtained:
        raise InputError(
            f"{place}: committed on {canaries.created}, after the outputs were obtained; it proves nothing"
        )
