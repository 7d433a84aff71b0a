"""``bench/results/detection.jsonl``: what was measured, one row of JSON a scored day, only ever added to.

A row has the part of the bench, the seed, the day's name, its honest calls, the commit, and figures. The page is made
of the newest row of each day, so the parts may be run one at a time, on days of different sizes.
"""

import dataclasses
from collections.abc import Sequence

from bench.detection.rungs import Outcome
from bench.pages.history import RESULTS, Row
from gauger.batch.evaluate import BenignKind, Evaluation, TrueCampaign

LOG = RESULTS / "detection.jsonl"


def row(part: str, seed: int, name: str, calls: int, commit: str, figures: Row) -> Row:
    """One row."""
    return {"part": part, "seed": seed, "name": name, "calls": calls, "commit": commit, **figures}


def latest(rows: Sequence[Row], part: str) -> list[Row]:
    """The newest row of each seed and day of a part, of the day size measured last, in the order first measured."""
    own = [one for one in rows if one["part"] == part]
    size = own[-1]["calls"] if own else 0
    newest = {(one["seed"], one["name"]): one for one in own if one["calls"] == size}
    return list(newest.values())


def packed(outcome: Outcome) -> Row:
    """An outcome as figures of a row."""
    return {"outcome": dataclasses.asdict(outcome)}


def unpacked(figures: Row) -> Outcome:
    """The outcome of a row."""
    stored = figures["outcome"]
    evaluations = {name: _evaluation(stored[name]) for name in ("everyone", "busy")}
    return Outcome(**(stored | evaluations))


def _evaluation(stored: Row) -> Evaluation:
    parts = {
        "campaigns": [TrueCampaign(**one) for one in stored["campaigns"]],
        "benign": [BenignKind(**one) for one in stored["benign"]],
    }
    return Evaluation(**(stored | parts))
