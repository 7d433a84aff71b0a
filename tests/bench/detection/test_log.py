"""The log of the detection bench."""

import json

from bench.detection import log as detection_log
from bench.detection.rungs import CLEAN, TOGETHER
from tests.bench.outcomes import outcome


def row(part: str, seed: int, name: str, calls: int = 10, commit: str = "a") -> detection_log.Row:
    return detection_log.row(part, seed, name, calls, commit, {})


def test_latest_takes_the_newest_of_the_size_measured_last() -> None:
    rows = [
        row("recall", 1, "alpaca", calls=10, commit="old"),
        row("recall", 1, "alpaca", calls=20, commit="small"),
        row("size", 1, "alpaca", calls=20),
        row("recall", 1, "alpaca", calls=10, commit="new"),
        row("recall", 2, "alpaca", calls=10, commit="new"),
    ]
    found = detection_log.latest(rows, "recall")
    assert [(one["seed"], one["commit"]) for one in found] == [(1, "new"), (2, "new")]
    assert detection_log.latest(rows, "stream") == []


def test_outcomes_survive_the_log() -> None:
    for name in (CLEAN, "alpaca", TOGETHER):
        one = outcome(3, name, flagged=0.25, honest=7)
        assert detection_log.unpacked(json.loads(json.dumps(detection_log.packed(one)))) == one
