"""What the manifest says of decisions."""

from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.findings.decisions import CAMPAIGN, HONEST, UNDONE, Decisions, Entry, settle
from gauger.engine.findings.finding import Finding
from gauger.engine.results.decided import decided_record, precision

FIRST = Entry(1, 7, HONEST, "our own", "anna", 1_800_014_400_000_000, "2027-01-14", "campaign", 0.9, 2)
MEMBERS = np.asarray([1, 2], np.uint64)


def test_nothing_decided_says_nothing() -> None:
    nothing = settle([], Decisions(), MEMBERS)
    assert decided_record(Decisions(), nothing, np.full(2, None, object)) is None
    undone = Decisions().with_entry(FIRST, MEMBERS).with_entry(replace(FIRST, number=2, decision=UNDONE), MEMBERS[:0])
    assert decided_record(undone, nothing, np.full(2, None, object)) is None


def test_what_came_of_it() -> None:
    decisions = Decisions().with_entry(FIRST, MEMBERS)
    settled = settle([Finding(np.asarray([0, 1]), campaign_id=7, calls=30)], decisions, MEMBERS)
    record = decided_record(decisions, settled, np.asarray([HONEST, CAMPAIGN], object))
    assert record is not None
    assert record["not_raised"] == [{"campaign_id": 7, "accounts": 2, "calls": 30, "decided_on": "2027-01-15"}]
    assert record["confirmed_accounts"] == 1
    assert [row["honest"] for row in record["precision"]] == [1]


def test_precision_is_by_month_and_by_what_gauger_called_it() -> None:
    month = 31 * 86_400_000_000
    said = [("campaign", CAMPAIGN, 0), ("campaign", CAMPAIGN, 0), ("campaign", HONEST, 0), ("unclear", "unsure", 0),
            ("campaign", CAMPAIGN, month)]  # fmt: skip
    rows = precision(
        [replace(FIRST, assessment=called, decision=decided, at=FIRST.at + later) for called, decided, later in said]
    )
    assert [(row["month"], row["assessment"], row["campaign"], row["honest"], row["unsure"]) for row in rows] == [
        ("2027-01", "campaign", 2, 1, 0),
        ("2027-01", "unclear", 0, 0, 1),
        ("2027-02", "campaign", 1, 0, 0),
    ]
    assert rows[0]["share"] == pytest.approx(2 / 3)
    assert rows[0]["low"] == pytest.approx(0.0943, abs=1e-4)  # R: binom.test(2, 3)
    assert rows[0]["high"] == pytest.approx(0.9916, abs=1e-4)
    assert (rows[1]["share"], rows[1]["low"]) == (None, None)
