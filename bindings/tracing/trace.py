"""Tracing a suspect: all tests that were asked for, corrected together, and the sentences somebody can be held to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gauger.engine.tracing.canaries import CanaryTest, Search, weigh
from gauger.engine.tracing.commitments import Canaries
from gauger.engine.tracing.correction import holm
from gauger.engine.tracing.words import words_of
from gauger.text.formats import plural
from gauger.tracing import files, outputs


@dataclass(frozen=True)
class Suspect:
    """Outputs of a model, and what is known of them."""

    inputs: Sequence[str | Path]
    field: str | None = None
    obtained: datetime | None = None


@dataclass(frozen=True)
class Traced:
    """What was tested, with the probability of each test corrected for all of them (log10)."""

    canaries: list[CanaryTest] = field(default_factory=list)
    adjusted: list[float] = field(default_factory=list)
    tests: int = 0
    level: float = 1e-3

    def data(self) -> dict[str, Any]:
        """The same for JSON; words of pairs that were found are left out, as the pairs are secret."""
        rows = []
        for test, adjusted in zip(self.canaries, self.adjusted, strict=True):
            row = asdict(test)
            del row["found"]
            row["probability"] = 10**test.log10_probability
            row["log10_probability_if_redrawn"] = test.log10_if_redrawn
            rows.append(row | {"log10_adjusted": adjusted, "adjusted": 10**adjusted, "shown": self._is_shown(adjusted)})
        return {"level": self.level, "tests": self.tests, "canaries": rows, "sentences": self.sentences()}

    def _is_shown(self, log10_adjusted: float) -> bool:
        return log10_adjusted <= math.log10(self.level)

    def sentences(self) -> list[str]:
        """What can be said of each test, limits included."""
        return [
            _canary_sentence(test, adjusted, self._is_shown(adjusted), self.tests)
            for test, adjusted in zip(self.canaries, self.adjusted, strict=True)
        ]


def read_committed(
    paths: Sequence[Path], commitments: Sequence[Path], obtained: datetime | None = None
) -> list[Canaries]:
    """Canaries held against their commitments, before any output is read; commitments : none, or one for each."""
    places: list[Path | None] = [*commitments] or [None] * len(paths)
    return [files.committed(path, place, obtained) for path, place in zip(paths, places, strict=True)]


def trace(suspect: Suspect, canaries: Sequence[Canaries], tests: int, level: float) -> Traced:
    """Test outputs for canaries. tests : how many sets were committed in all, where these are not all of them."""
    searches = [Search(one) for one in canaries]
    for text in outputs.texts(suspect.inputs, suspect.field):
        words = words_of(text)
        for search in searches:
            search.add(words)
    found = [weigh(search) for search in searches]
    number = max(tests, len(found))
    return Traced(found, holm([one.log10_probability for one in found], number), number, level)


def _canary_sentence(test: CanaryTest, adjusted: float, shown: bool, tests: int) -> str:
    said = (
        f"Campaign {test.campaign}: {test.pairs:,} word pairs and {test.decoys:,} decoys were drawn by lot and "
        f"committed to on {test.committed} (SHA-256 {test.sha256}). Of the pairs {test.hits:,} occur in the "
        f"{plural(test.distinct_outputs, 'different output')} examined, of the decoys {test.decoy_hits:,}; were the "
        f"outputs independent of what was served, {test.expected:.2g} of the pairs would be expected, and so many or "
        f"more with probability {_probability(test.log10_probability)}"
    )
    said += f", {_probability(adjusted)} when corrected for {tests:,} tests (Holm)." if tests > 1 else "."
    if not shown:
        return f"{said} That shows nothing; it does not show that the outputs are free of what was served, either."
    redrawn = test.log10_if_redrawn
    if redrawn < -3:
        said += (
            f" Had the lottery been drawn 2^64 times and the best draw kept, it would be below {_probability(redrawn)}."
        )
    return (
        f"{said} So the outputs depend on text that was served with these pairs; by what way it got there is not said."
    )


def _probability(log10: float) -> str:
    """A probability, as few digits as it deserves."""
    if log10 == -math.inf:
        return "0"
    if log10 >= -4:
        return f"{10**log10:.2g}"
    exponent = math.floor(log10)
    return f"{10 ** (log10 - exponent):.1f}e{exponent}"
