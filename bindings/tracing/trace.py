"""Tracing a suspect: all tests that were asked for, corrected together, and the sentences somebody can be held to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gauger.engine.tracing import canaries, watermarks
from gauger.engine.tracing.canaries import CanaryTest
from gauger.engine.tracing.commitments import stamp
from gauger.engine.tracing.correction import holm
from gauger.engine.tracing.responses import Lead
from gauger.engine.tracing.watermarks import Watermark, WatermarkTest
from gauger.engine.tracing.words import words_of
from gauger.text.formats import plural
from gauger.timestamps.authority import Stamp
from gauger.tracing import files, outputs
from gauger.tracing.files import Committed
from gauger.tracing.outputs import Records

_REDRAWN_SAID = -3.0  # log10: a bound above says too little to be said


@dataclass(frozen=True)
class Suspect:
    """Outputs of a model, and where in a record they are (None: at the usual names)."""

    inputs: Sequence[str | Path]
    field: str | None = None
    token_field: str | None = None


@dataclass(frozen=True)
class Traced:
    """What was tested; the log10 probability of each corrected for all that were, or could have been, tested."""

    found: Sequence[CanaryTest | WatermarkTest]
    tests: int
    level: float
    records: Mapping[str, Records]  # of the outputs: read for their text, and for their token ids
    stamps: Mapping[str, Stamp]  # by the SHA-256 that was committed to

    @property
    def adjusted(self) -> list[float]:
        """Of each test."""
        return holm([one.log10_probability for one in self.found], self.tests)

    def data(self) -> dict[str, Any]:
        """The same for JSON; pairs that were found are left out, as they are secret."""
        rows: dict[str, list[dict[str, Any]]] = {"canaries": [], "watermarks": []}
        for test, adjusted in zip(self.found, self.adjusted, strict=True):
            row = asdict(test)
            row.pop("found", None)
            row["log10_probability_if_redrawn"] = test.log10_if_redrawn
            if isinstance(test, CanaryTest):
                stamped = self.stamps.get(test.sha256)
                row["stamped"] = None if stamped is None else stamp(stamped.time)
            row |= {"log10_adjusted": adjusted, "adjusted": 10**adjusted, "shown": self._is_shown(adjusted)}
            rows["canaries" if isinstance(test, CanaryTest) else "watermarks"].append(row)
        records = {name: asdict(one) for name, one in self.records.items()}
        return {"level": self.level, "tests": self.tests, "records": records, **rows, "sentences": self.sentences()}

    def _is_shown(self, log10_adjusted: float) -> bool:
        return log10_adjusted <= math.log10(self.level)

    def sentences(self) -> list[str]:
        """What can be said of each test, limits included; then what was not examined."""
        said = [self._said(test, adjusted) for test, adjusted in zip(self.found, self.adjusted, strict=True)]
        return [*said, *dict.fromkeys(filter(None, map(str, self.records.values())))]

    def _said(self, test: CanaryTest | WatermarkTest, adjusted: float) -> str:
        if isinstance(test, WatermarkTest):
            said, redone, marked = _of_watermark(test), "the key been chosen", "this watermark"
        else:
            said = _of_canaries(test, self.stamps.get(test.sha256))
            redone, marked = "the lottery been drawn", "these pairs"
        said += f" with probability {_probability(test.log10_probability)}"
        said += f", {_probability(adjusted)} when corrected for {self.tests:,} tests (Holm)." if self.tests > 1 else "."
        if not self._is_shown(adjusted):
            return f"{said} That shows nothing; it does not show that the outputs are free of what was served, either."
        redrawn = test.log10_if_redrawn
        if redrawn < _REDRAWN_SAID:
            said += f" Had {redone} 2^64 times and the best kept, it would be at most {_probability(redrawn)}."
        return (
            f"{said} So the outputs depend on text that was served with {marked}; by what way it got there is not said."
        )


def read_committed(
    paths: Sequence[Path],
    commitments: Sequence[Path],
    obtained: datetime | None = None,
    authority: Path | None = None,
) -> list[Committed]:
    """Canaries held against their commitments, before any output is read.

    commitments : none, or one for each; authority : certificates of who stamped them, None where that is not asked
    """
    places: list[Path | None] = [*commitments] or [None] * len(paths)
    return [files.committed(path, place, obtained, authority) for path, place in zip(paths, places, strict=True)]


def trace(
    suspect: Suspect,
    committed: Sequence[Committed],
    watermark: Watermark | None = None,
    served: Sequence[str | Path] = (),
    tests: int = 0,
    level: float = 1e-3,
) -> Traced:
    """Test outputs for canaries and a watermark.

    served : logs of what was answered, whose contexts alone count for the watermark; none for all
    tests : how many were or could have been made, where that is more; level : the error rate allowed
    """
    found: list[CanaryTest | WatermarkTest] = []
    records: dict[str, Records] = {}
    if committed:
        records["text"] = Records()
        searches = [canaries.Search(one.canaries) for one in committed]
        for text in outputs.texts(suspect.inputs, suspect.field, records["text"]):
            words = words_of(text)
            for search in searches:
                search.add(words)
        found += [canaries.weigh(search) for search in searches]
    if watermark is not None:
        answered = outputs.token_ids(served, suspect.token_field) if served else None
        records["token_ids"] = Records()
        tokens = outputs.token_ids(suspect.inputs, suspect.token_field, records["token_ids"])
        found.append(watermarks.weigh(watermark, tokens, answered))
    stamps = {one.canaries.digest(): one.stamp for one in committed if one.stamp is not None}
    return Traced(found, max(tests, len(found)), level, records, stamps)


def lead_sentence(finding: int, lead: Lead) -> str:
    """What can be said of responses: how alike, beside the controls, and that it proves nothing."""
    return (
        f"Responses of finding {finding}: {plural(lead.outputs, 'output')} contain {_share(lead.member_share)} of "
        f"the five-word sequences that {plural(lead.members, 'account')} of it were answered, and "
        f"{_share(lead.control_share)} of those of {plural(lead.controls, 'control')}; an account of the "
        "finding has more than a control in "
        f"{_share(lead.above)} of pairs, where half would be chance. This is a lead and no proof: models answer alike."
    )


def _share(share: float) -> str:
    return "none" if math.isnan(share) else f"{share:.1%}"


def _of_canaries(test: CanaryTest, stamped: Stamp | None) -> str:
    vouched = "" if stamped is None else f", for which {stamped.authority} vouches on {stamp(stamped.time)}"
    return (
        f"Campaign {test.campaign}: {test.pairs:,} word pairs and {test.decoys:,} decoys were drawn by lot and "
        f"committed to on {test.committed} (SHA-256 {test.sha256}){vouched}. Of the pairs {test.hits:,} occur in the "
        f"{plural(test.distinct_outputs, 'different output')} examined, of the decoys {test.decoy_hits:,}. Were the "
        f"outputs independent of what was served, {test.expected:.2g} of the pairs would be expected, and so many "
        "or more"
    )


def _of_watermark(test: WatermarkTest) -> str:
    where = " whose context was served" if test.only_served else ""
    return (
        f"Watermark {test.scheme} (SHA-256 {test.fingerprint}): in {plural(test.windows, 'different window')} of tokens"
        f"{where}, out of {plural(test.outputs, 'output')}, the score is {test.score:,.0f}. Were the outputs "
        f"independent of the key, {test.expected:,.0f} would be expected, and such a score or a higher one"
    )


def _probability(log10: float) -> str:
    """A probability, as few digits as it deserves."""
    if log10 == -math.inf:
        return "0"
    if log10 >= -4:
        return f"{10**log10:.2g}"
    exponent = math.floor(log10)
    return f"{10 ** (log10 - exponent):.1f}e{exponent}"
