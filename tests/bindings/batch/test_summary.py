"""The summary: what a person reads first, on one screen and harmless."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from gauger.batch.score import Input, Run, score
from gauger.batch.summary import summary
from gauger.engine.results import tables
from gauger.engine.results.result import Result
from tests.bindings import traffic

MANIFEST: dict[str, Any] = {
    "rows": 12_345,
    "scored": 12_000,
    "quarantined": 345,
    "seconds": {"total": 2.0},
    "calls_per_second": 6_000.0,
    "accounts": 1_200,
    "flagged_accounts": 30,
    "alarm_level": 0.001,
    "reference": {"accounts": 4_000, "days": ["2026-11-08", "2026-11-09"]},
    "missing_evidence": [],
}
FINDING: dict[str, Any] = {
    "campaign_id": 1,
    "accounts": 1_500,
    "calls": 39_000,
    "evidence": 41.6,
    "links": ["content", "template family"],
    "assessment": "campaign",
    "probability": 0.97,
    "present": ["regular pace (variation of gaps): median 0.1, others 0.8", "shared client address: 100%"],
}


def run_of(findings: list[dict[str, Any]], errors: list[str] | None = None, **manifest: Any) -> Run:
    nothing = [schema.empty_table() for schema in (tables.ACCOUNTS_HEAD, tables.FAMILIES)]
    others = [schema.empty_table() for schema in (tables.RANKS, tables.EDGES, tables.NEIGHBOURS_HEAD)]
    result = Result(*nothing, pa.Table.from_pylist(findings, tables.CAMPAIGNS), *others, [], [], 0)
    return Run(Path("out"), [Input(Path("log"))], MANIFEST | manifest, result, errors or [])


def test_the_numbers_of_a_run() -> None:
    lines = summary(run_of([FINDING])).splitlines()
    assert lines[0] == "Calls      12,345 in = 12,000 scored + 345 quarantined (2.0 s, 6,000 calls/s)"
    assert lines[1] == "Accounts   1,200, 30 flagged at 0.001"
    assert lines[2] == "Reference  4,000 accounts of 2026-11-08, 2026-11-09"
    assert lines[-1] == "Written to out"


def test_what_was_left_out_is_no_fault() -> None:
    line = summary(run_of([], rows=12_400, left_out={"tool": 50, "embedding": 5})).splitlines()[0]
    assert line.startswith("Calls      12,400 in = 12,000 scored + 55 left out + 345 quarantined (")


def test_what_is_allowed_is_said() -> None:
    assert "Allowed" not in summary(run_of([FINDING]))
    lines = summary(run_of([FINDING], allow={"families": [3, 8]})).splitlines()
    assert lines[3] == "Allowed    2 families on the allow-list: no evidence, no reason of a finding"


def test_a_finding_has_its_two_best_reasons() -> None:
    first = "campaign         0.97    1,500    39,000       42  template family; regular pace"
    assert first in summary(run_of([FINDING]))
    text = summary(run_of([FINDING | {"links": ["content"], "evidence": None}]))
    assert "39,000      n/a  alike in content; regular pace" in text


def test_no_findings_and_no_reference() -> None:
    text = summary(run_of([], reference=None, missing_evidence=["no reference of earlier days yet: none"]))
    assert "No findings." in text
    assert "Reference  none" in text
    assert "Missing    no reference of earlier days yet: none" in text


def test_only_ten_findings_are_listed() -> None:
    lines = summary(run_of([FINDING | {"campaign_id": number} for number in range(1, 14)])).splitlines()
    assert sum("39,000" in line for line in lines) == 10
    assert "and 3 more in campaigns.parquet" in "\n".join(lines)


def test_files_that_failed_are_counted_and_a_hostile_name_is_written_out() -> None:
    assert summary(run_of([], ["a: bad"])).endswith("1 file could not be read:")
    assert summary(run_of([], ["a: bad", "b: bad"])).endswith("2 files could not be read:")
    run = run_of([])
    run.out = Path("out\x1b[2J\nNo findings at all")
    assert summary(run).endswith(r"Written to out\x1b[2J\nNo findings at all")


def test_a_run_of_one_s_own(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 5, 1)), tmp_path / "log.parquet")
    text = summary(score([log], tmp_path / "out", state=tmp_path / "state"))
    assert "25 in = 25 scored + 0 quarantined" in text
    assert "Accounts   5, 0 flagged" in text


def test_the_measured_false_positive_rate_is_said() -> None:
    rate = {"measured": 0.0012, "low": 0.0004, "high": 0.003, "accounts": 4_000, "flagged": 5, "held_out": ["a", "b"]}
    said = "0.12 % flagged (0.04 to 0.30 % with 95 % confidence): 5 of 4,000 accounts of 2 clean days held out"
    for record, sentence in (
        (rate, said),
        (
            rate | {"measured": None, "held_out": [], "reason": "one day only"},
            "share flagged not measured: one day only",
        ),
    ):
        assert summary(run_of([FINDING], false_positive_rate=record)).splitlines()[3] == f"Honest     {sentence}"
