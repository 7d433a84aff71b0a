"""The bench of single statistics: thresholds, tails, its page; and that the page lists what the registry holds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bench.pages.markdown import between, filled
from bench.statistics import page as statistics_page
from bench.statistics.alone import CAMPAIGNS, SEED, alone, every, main, recall
from bench.statistics.page import LISTED, MEASURED, Alone, Day, Tail, listed, measured
from gauger.engine.statistics.registry import STATISTICS

PAGE = Path(__file__).parents[3] / "docs" / "statistics.md"
HONEST = np.arange(1_000, dtype=np.float64)


def test_the_page_lists_what_the_registry_holds() -> None:
    assert between(PAGE.read_text(), LISTED) == listed(), "run python -m bench.statistics.alone --list --write PAGE"
    for name in STATISTICS:
        assert f"| `{name}` |" in listed()


def test_the_page_was_measured() -> None:
    part = between(PAGE.read_text(), MEASURED)
    assert f"Seed {SEED}," in part
    shown = {line.split("`")[1] for line in part.splitlines() if line.startswith("| `")}
    assert shown == set(STATISTICS)
    assert all(name in part for name in CAMPAIGNS)


def test_recall_is_of_what_lies_beyond_the_rate() -> None:
    campaign = np.array([997.5, 998.5, 999.5, math.nan])
    assert recall(HONEST, campaign, 0.001) == 0.5  # one of a thousand honest ones may lie beyond: 999 does
    assert recall(HONEST, campaign, 0.01) == 0.75
    assert recall(HONEST, np.array([998.0]), 0.001) == 0.0  # ties are not beyond


def test_honest_accounts_without_the_statistic_are_passed_over() -> None:
    few = np.concatenate([HONEST[:5], np.full(995, math.nan)])
    assert recall(few, np.array([-1.0, math.nan]), 0.01) == 0.5
    assert recall(few, np.array([3.5, 2.0]), 0.001) == 0.5


def test_tails_are_looked_at_apart() -> None:
    assert alone(HONEST, np.array([-5.0, 2_000.0, 3_000.0, 500.0])) == Alone(Tail(0.5, 0.5), Tail(0.25, 0.25))
    assert alone(HONEST, np.full(4, math.nan)) == Alone(None, None)


def test_only_honest_accounts_with_enough_calls_set_the_threshold() -> None:
    accounts = pa.table(
        {
            "account_id": ["a", "b", "c", "d"],
            "calls": [9, 9, 2, 9],
            "calls_log2": [1.0, 2.0, 99.0, 3.0],
            "evidence": [0.1, 0.2, None, 5.0],
        }
    )
    truth = pa.table({"account_id": ["a", "b", "c", "d"], "campaign": pa.array([None, None, None, "x"], pa.string())})
    found, honest, planted = every(accounts, truth)
    assert (honest, planted) == (2, 1)
    assert set(found) == {"calls_log2", "evidence"}
    assert found["calls_log2"] == Alone(Tail(1.0, 1.0), Tail(0.0, 0.0))


def test_the_measured_part_counts_what_is_weak() -> None:
    strong, weak = Alone(Tail(0.7, 0.9), Tail(0.0, 0.0)), Alone(Tail(0.0, 0.02), Tail(0.0, 0.01))
    found = {
        "alpaca": {"calls_log2": weak, "hour_entropy": strong, "evidence": strong, "error_share": Alone(None, None)}
    }
    text = measured(Day(21, 60_000, 1_542, {"alpaca": 500}, found), "the command")
    assert "| `hour_entropy` | ↑ 70 / 90 ↓ 0 / 0 |" in text
    assert "| `error_share` | - |" in text
    assert "**evidence** (all together) | ↑ 70 / 90 |" in text
    assert "Of 2 statistics that are available here, 1 never reach 10 %" in text
    assert text.index("`hour_entropy`") < text.index("`calls_log2`")


def test_pages_are_filled_between_their_marks() -> None:
    page = f"before\n{LISTED[0]}\nold\n{LISTED[1]}\nafter\n"
    assert filled(page, LISTED, "new") == f"before\n{LISTED[0]}\n\nnew\n\n{LISTED[1]}\nafter\n"
    assert between(filled(page, LISTED, "new"), LISTED) == "new"
    with pytest.raises(ValueError, match="the page lacks"):
        filled(page, MEASURED, "new")


def test_the_list_needs_no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path / "absent"))
    page = tmp_path / "page.md"
    page.write_text("\n".join((*LISTED, *MEASURED)))
    main(["--list", "--write", str(page)])
    assert between(page.read_text(), LISTED) == statistics_page.listed()
    main(["--write", str(page)])
    assert between(page.read_text(), MEASURED) == ""
