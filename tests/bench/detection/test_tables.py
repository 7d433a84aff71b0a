"""The arithmetic of the page's tables: medians, places, intervals and shares."""

from typing import Any

from bench.detection import sections, tables
from bench.detection.rungs import CLEAN, TOGETHER, rung
from tests.bench.outcomes import outcome


def test_a_cell_is_a_median_with_its_spread_in_the_place_of_its_rung() -> None:
    outcomes = [
        outcome(seed, rung("t0", 80), flagged=share, exact=share / 2) for seed, share in ((5, 0.5), (6, 0.75), (7, 1.0))
    ]
    row, goal = "| t0 (many templates) | - | - |", "99 / 97 / 50, aim 60"
    assert f"{row} 75.0 (50.0-100.0) | - | {goal} |" in tables.grid(outcomes, tables.flagged, "")
    assert f"{row} 37.5 (25.0-50.0) | - | {goal} |" in tables.grid(outcomes, tables.exact, "")
    row = next(line for line in tables.details(outcomes).splitlines() if line.startswith("| t0_padded_80"))
    assert "| 500 | 75.0 (50.0-100.0) | 72.7-77.1 | 37.5 (25.0-50.0) |" in row
    assert "| 3 campaign | 100 / 100 |" in row


def test_cost_is_calls_per_useful_call_where_half_is_found() -> None:
    assert tables.cost({0.0: 1.0, 0.5: 1.0, 0.9: 0.0}) == ("70 %", "3.3")
    assert tables.cost({0.0: 1.0, 0.9: 0.8}) == ("> 90 %", "> 10.0")
    assert tables.cost({0.0: 0.1}) == ("0 %", "1.0")
    assert tables.cost({}) == ("-", "-")


def test_honest_accounts_are_counted_with_their_interval() -> None:
    clean, together = [outcome(6, CLEAN, honest=6)], [outcome(6, TOGETHER, honest=3)]
    assert "| 6 | 1,000 | 1,000 | 6 | 0.60 | 0.60 | 0.28-1.30 | none |" in tables.clean_days(clean)
    assert "| person | 1,000 | 6 (0.60 %) | 0 | 0.30 % | 0.00 % |" in tables.kinds(clean, together)
    assert "| 6 | 1 campaign | 100 | 100 | 3 of 1,000 | 0.30 |" in tables.planted_days(together)


def recall(share: float, benign: int = 5_000) -> dict[str, Any]:
    one = {"recall": share, "low": share - 0.1, "high": share + 0.1, "accounts": 500, "benign": benign}
    return {"0.001": one, "0.01": one | {"recall": share + 0.05}}


def test_baselines_are_medians_with_the_widest_interval() -> None:
    rows = [
        {"name": "alpaca", "baselines": {"PRADA": recall(share), "gauger": recall(0.8, benign)}}
        for share, benign in ((0.2, 5_000), (0.4, 6_000))
    ]
    assert "| PRADA | 30 (10-50) |" in sections.baselines(rows, 0.001)
    assert "| PRADA | 35 " in sections.baselines(rows, 0.01)
    assert sections.benign_behind(rows) == "5,000-6,000"


def test_cohorts_tell_the_accused_from_the_rest() -> None:
    def day(**assessed: int) -> dict[str, Any]:
        verdicts = {name.replace("_", " "): number for name, number in assessed.items()}
        return {"name": "new agents", "cohort": {"all": 60, "accounts": 50, "flagged": 20, "assessed": verdicts}}

    table = sections.cohorts([day(campaign=10, shared_tool=5, no_finding=35), day(shared_tool=20, no_finding=30)])
    assert "| new agents | 60 | 100 | 40.0 (30.9-49.8) | 10.0 (10) | 25 shared tool |" in table
