"""A run in numbers, read back by Prometheus' own parser."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from gauger.engine.common.errors import GaugerError
from gauger.engine.findings.verdicts import VERDICTS
from gauger.engine.results import tables
from gauger.exports import metrics
from gauger.results.run import Run
from tests.bindings.exports.made_up import HOSTILE, made_up

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "exports.md"
MANIFEST = {
    "gauger": '1.0"\n\\', "rows": 12, "scored": 10, "accounts": 4, "flagged_accounts": 2, "quarantined": 2,
    "families": 3, "alarm_level": 0.001, "seconds": {"ingest": 0.5, "total": 8.7},
    "window": {"start": "2026-03-16T00:00:00+00:00", "end": "2026-03-17T00:00:00+00:00"},
    "reference": {"days": ["2026-03-14", "2026-03-15"], "accounts": 9},
    "drift": {
        "unlike": ["38% of today's accounts are new"], "content": {"today": -0.1, "reference_days": None},
        "new_accounts": {"today": 0.4, "reference_days": 0.1}, "returning_accounts": {"weighed": 5, "flagged": 0},
        "statistics": {"hour_entropy": {"today": 0.3, "reference_days": float("nan")}},
    },
    "false_positive_rate": {"expected": 0.001, "measured": 0.002, "low": 0.0, "high": 0.01, "held_out": ["x"]},
}  # fmt: skip


def run(**changed: Any) -> Run:
    reasons = ["prompt is empty"] * 2 + [f"column c{number} is {one!r}" for number, one in enumerate("x" * 30)]
    rows = [{"file": 0, "row": row, "account_id": None, "reason": reason} for row, reason in enumerate(reasons)]
    return replace(
        made_up(("campaign", "campaign", "shared tool")),
        manifest={**MANIFEST, **changed},
        quarantine=pa.Table.from_pylist(rows, tables.QUARANTINE),
    )


def read(given: Run) -> dict[tuple[str, ...], float]:
    """Values by name and the values of labels, in the order of the labels' names."""
    families = list(parsed(metrics.text(given).decode()))
    assert all(one.documentation and one.type == "gauge" for one in families)
    return {
        (one.name, *dict(sorted(one.labels.items())).values()): one.value
        for family in families
        for one in family.samples
    }


def test_what_is_said_of_a_run() -> None:
    found = read(run())
    wanted = {
        ("info", '1.0"\n\\'): 1, ("rows",): 12, ("calls",): 10, ("accounts",): 4, ("flagged_accounts",): 2,
        ("quarantined_calls",): 2, ("quarantined_calls_by_reason", "prompt is empty"): 2, ("alarm_level",): 0.001,
        ("duration_seconds", "total"): 8.7, ("window_end_timestamp_seconds",): 1773705600,
        ("findings", "campaign"): 2, ("findings", "shared tool"): 1, ("findings", "unclear"): 0,
        ("finding_accounts", "campaign"): 2 * len(HOSTILE), ("finding_calls", "campaign"): 52 * len(HOSTILE),
        ("reference_days",): 2, ("reference_accounts",): 9, ("drift_warnings",): 1, ("content_drift", "today"): -0.1,
        ("new_accounts_ratio", "reference_days"): 0.1, ("returning_accounts", "weighed"): 5,
        ("statistic_drift", "today", "hour_entropy"): 0.3, ("false_positive_ratio", "high"): 0.01,
    }  # fmt: skip
    assert {name: found.get((f"gauger_run_{name[0]}", *name[1:])) for name in wanted} == wanted
    assert ("gauger_run_content_drift", "reference_days") not in found, "what is not known is not zero"
    assert ("gauger_run_statistic_drift", "reference_days", "hour_entropy") not in found
    assert {name[1] for name in found if name[0] == "gauger_run_findings"} == set(VERDICTS)


def test_reasons_beyond_the_commonest_are_one() -> None:
    counted = {name[1]: value for name, value in read(run()).items() if name[0].endswith("_by_reason")}
    assert len(counted) == 21
    assert sum(counted.values()) == 32


def test_no_account_and_nothing_that_one_wrote() -> None:
    text = metrics.text(run()).decode()
    assert not any(name in text for name in HOSTILE if len(name) > 2)


@pytest.mark.parametrize("strange", [None, 7, "text", [], {"days": 7, "unlike": 7, "statistics": 7, "start": 7}])
def test_a_manifest_that_says_less(strange: Any) -> None:
    found = read(run(**dict.fromkeys(["window", "reference", "drift", "false_positive_rate", "seconds"], strange)))
    assert found[("gauger_run_calls",)] == 10
    assert ("gauger_run_reference_accounts",) not in found


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(GaugerError, match=r"pip install 'gauger\[serve\]'"):
        metrics.text(run())


def test_the_guide_names_them_all() -> None:
    named = set(re.findall(r"`(gauger_run_\w+)", GUIDE.read_text()))
    assert named == {name for name, *_ in read(run())}
