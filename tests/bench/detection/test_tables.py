"""The tables of the page, cell by cell."""

from __future__ import annotations

from bench.detection import tables
from bench.detection.rungs import CLEAN, TOGETHER, rung
from tests.bench.outcomes import outcome


def test_a_cell_is_a_median_with_its_spread_in_the_place_of_its_rung() -> None:
    outcomes = [
        outcome(seed, rung("t0", 80), flagged=share, exact=share / 2) for seed, share in ((5, 0.5), (6, 0.75), (7, 1.0))
    ]
    row, goal = "| t0 (many templates) | - | - |", "99 / 97 / 50, aim 60"
    assert f"{row} 75.0 (50.0-100.0) | - | {goal} |" in tables.grid(outcomes, tables.flagged, "")
    assert f"{row} 37.5 (25.0-50.0) | - | {goal} |" in tables.grid(outcomes, tables.exact, "")
    assert "37.5" not in tables.grid(outcomes, tables.exact, "disguised")
    row = next(line for line in tables.details(outcomes).splitlines() if line.startswith("| t0_padded_80"))
    assert "| 500 | 75.0 (50.0-100.0) | 72.7-77.1 | 37.5 (25.0-50.0) |" in row
    assert "| 3 campaign | 100 / 100 |" in row


def test_sizes_volumes_and_traces_find_their_rungs() -> None:
    small = [outcome(5, rung("tasks", 80, accounts=20), flagged=0.25)]
    assert "| 20 | - | - | - | 25.0 |" in tables.sizes(small, tables.flagged)
    few = [outcome(5, rung("alpaca", calls=5), flagged=0.125)]
    assert "| 5 | 12.5 | - | - | - |" in tables.volumes(few, tables.flagged)
    beat = [outcome(5, rung("t0", 80, "machine"), flagged=0.375)]
    assert "| an even beat | - / - / - | - / - / 37.5 | - / - / - |" in tables.traces(beat, tables.flagged)


def test_evasion_has_ways_and_unseen_sets() -> None:
    found = tables.evasion([outcome(5, "alpaca_burnt_padded_80", flagged=0.5), outcome(5, "camel", flagged=0.25)])
    assert "thrown away | - / 500 | - | - | 50.0 | 100.0 |" in found
    assert "in one sentence) | 500 / - | 25.0 | 100.0 | - | - |" in found


def test_cost_is_calls_per_useful_call_where_half_is_found() -> None:
    assert tables.cost({0.0: 1.0, 0.5: 1.0, 0.9: 0.0}) == ("70 %", "3.3")
    assert tables.cost({0.0: 1.0, 0.9: 0.8}) == ("> 90 %", "> 10.0")
    assert tables.cost({0.0: 0.1}) == ("0 %", "1.0")
    assert tables.cost({}) == ("-", "-")
    day = [outcome(5, rung("alpaca", padding), flagged=share) for padding, share in ((50, 1.0), (90, 0.0))]
    assert "| alpaca (no template) | 70 % | 3.3 |" in tables.costs(day, "")


def test_honest_tables() -> None:
    clean = [outcome(6, CLEAN, honest=6)]
    assert "| 6 | 1,000 | 1,000 | 6 | 0.60 | 0.60 | 0.28-1.30 | none |" in tables.clean_days(clean)
    together = [outcome(6, TOGETHER, honest=3)]
    assert "| person | 1,000 | 6 (0.60 %) | 0 | 0.30 % | 0.00 % |" in tables.kinds(clean, together)
    assert "- Seed 6: 1 campaign; campaign precision 100 %, campaign recall 100 %" in tables.together_days(together)
    assert tables.throughput(clean).startswith("1 runs of `gauger score`, whole: median 5,000 calls/s")
    assert (tables.count([]), tables.count([3, 1_000]), tables.rate(1, 0)) == ("-", "3-1,000", 0.0)
