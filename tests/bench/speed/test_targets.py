"""Targets: what is compared with what, and the verdicts."""

from __future__ import annotations

import pytest

from bench.speed.targets import AIM_MET, MET, MISSED, TARGETS, UNKNOWN, Target
from tests.bench.rows import row


def test_verdicts() -> None:
    floor, cap = Target("a", lambda row, corpus: 0.0, 10, 12), Target("b", lambda row, corpus: 0.0, 6, 3, is_cap=True)
    assert [floor.verdict(value) for value in (9.9, 10, 12, None)] == [MISSED, MET, AIM_MET, UNKNOWN]
    assert [cap.verdict(value) for value in (6.1, 6, 3)] == [MISSED, MET, AIM_MET]
    assert (floor.wanted(10), cap.wanted(6), cap.wanted(None)) == (">= 10 x", "<= 6 x", "-")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_target_is_found_in_a_row_and_missed_without_it(target: Target) -> None:
    assert target.measured(row()) is not None
    assert target.measured({}) is None


def test_values() -> None:
    values = {target.name: (target.measured(row()), target.verdict(target.measured(row()))) for target in TARGETS}
    assert values["MinHash from text, faster than datasketch (sha1)"] == (160.0, AIM_MET)
    assert values["... than rensa R-MinHash"] == (9.0, MISSED)
    assert values["... its time over rensa Rho's, both using every shingle"] == (1.25, MET)
    assert values["the whole pass over the byte scan"] == (100.0, MET)
    assert values["`gauger score` over pyarrow reading the same columns"] == (5.5, MET)
    assert values["HyperLogLog: largest RMS error over theory"] == (0.125, MET)
    assert values["MinHash: largest RMSE over theory"][0] == pytest.approx(1.05)
