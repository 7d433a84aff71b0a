"""gauger.batch.evaluate against tables small enough to work out by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.batch.evaluate import Evaluation, TrueCampaign, evaluate, to_text
from gauger.engine.common.errors import InputError
from gauger.engine.results.tables import TRUTH

ACCOUNTS = {"account_id": pa.string(), "calls": pa.int64(), "evidence": pa.float64(), "flagged": pa.bool_()}
SCHEMAS = {
    "accounts": pa.schema(ACCOUNTS | {"campaign_id": pa.int64()}),
    "campaigns": pa.schema({"campaign_id": pa.int64(), "assessment": pa.string()}),
}


def write(path: Path, schema: pa.Schema, rows: list[tuple[Any, ...]]) -> Path:
    """A Parquet file from rows of tuples."""
    pq.write_table(pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema), path)
    return path


def write_run(folder: Path, accounts: list[tuple[Any, ...]], findings: list[tuple[Any, ...]]) -> None:
    """accounts.parquet and campaigns.parquet from rows of tuples."""
    for (name, schema), rows in zip(SCHEMAS.items(), (accounts, findings), strict=True):
        write(folder / f"{name}.parquet", schema, rows)


def write_truth(folder: Path, rows: list[tuple[Any, ...]]) -> Path:
    """truth.parquet from rows of tuples."""
    return write(folder / "truth.parquet", TRUTH, rows)


@pytest.fixture
def run(tmp_path: Path) -> Evaluation:
    """1000 benign accounts with evidence 0.000 ... 0.999, of which the top one is flagged; campaigns a and b.

    Campaign a: evidence 0.9985, 0.9995, null, absent. Campaign b: 5.0 and 0.99.
    """
    benign = [f"b{i}" for i in range(1000)]
    accounts: list[tuple[Any, ...]] = [
        (name, 10, i / 1000, i == 999, 7 if i >= 998 else None) for i, name in enumerate(benign)
    ]
    accounts += [
        ("a0", 20, 0.9985, True, 7),
        ("a1", 21, 0.9995, True, 7),
        ("a2", 22, None, False, 7),
        ("c0", 30, 5.0, True, 8),
        ("c1", 31, 0.99, False, 9),
        ("stranger", 1, 9.0, True, 8),
    ]
    findings = [(7, "campaign"), (8, "campaign"), (9, "shared tool")]
    write_run(tmp_path, accounts, findings)
    truth: list[tuple[Any, ...]] = [(name, None, "person") for name in benign[:990]]
    truth += [(name, None, "agent") for name in benign[990:]]
    truth += [(f"a{i}", "a", "template") for i in range(4)] + [("c0", "c", "cot"), ("c1", "c", "cot")]
    return evaluate(tmp_path, write_truth(tmp_path, truth))


def test_recall_counts_null_and_absent_as_not_found(run: Evaluation) -> None:
    # One of 1000 benign accounts may pass: the threshold is the second largest, 0.998. Ten: the eleventh, 0.989.
    assert run.campaigns == [
        TrueCampaign("a", "template", 4, 1, 0.5, 0.5, 0.5, 0.75, 63),
        TrueCampaign("c", "cot", 2, 0, 0.5, 0.5, 1.0, 1.0, 61),
    ]


def test_benign_kinds(run: Evaluation) -> None:
    assert (run.benign_accounts, run.benign_flagged) == (1000, 1)
    assert {one.kind: (one.accounts, one.flagged, one.accused) for one in run.benign} == {
        "agent": (10, 1, 2),
        "person": (990, 0, 0),
    }


def test_found_campaigns(run: Evaluation) -> None:
    seven, eight, nine = run.found
    # Three of a, two benign.
    assert seven == {
        "campaign_id": 7, "assessment": "campaign", "accounts": 5, "majority": "a", "guilty": 0.6, "precision": 0.6,
    }  # fmt: skip
    # The account that the truth does not know is left out.
    assert (eight["accounts"], eight["majority"], eight["precision"]) == (1, "c", 1.0)
    assert nine["assessment"] == "shared tool"
    assert (run.campaign_precision, run.campaign_recall) == (1.0, 1.0)
    assert (run.absent, run.unknown) == (1, 1)


def test_ties_at_the_threshold_do_not_pass(tmp_path: Path) -> None:
    accounts = [(f"b{i}", 1, 3.0 if i < 2 else 0.0, False, None) for i in range(1000)]
    write_run(tmp_path, [*accounts, ("a0", 1, 3.0, False, None)], [])
    truth = write_truth(tmp_path, [*((f"b{i}", None, "person") for i in range(1000)), ("a0", "a", "grid")])
    (campaign,) = evaluate(tmp_path, truth).campaigns
    # Two benign accounts share 3.0 and only one may pass, so 3.0 itself is not enough.
    assert (campaign.recall_at_tenth_percent, campaign.recall_at_one_percent) == (0.0, 1.0)


def test_findings_of_benign_accounts_are_wrong(tmp_path: Path) -> None:
    accounts = [("b0", 1, 2.0, True, 1), ("b1", 1, 2.0, True, 1), ("a0", 5, 2.0, True, 1), ("a1", 5, 9.0, True, 2)]
    write_run(tmp_path, accounts, [(1, "campaign"), (2, "new population"), (3, "campaign")])
    truth = write_truth(
        tmp_path, [("b0", None, "person"), ("b1", None, "classroom"), ("a0", "a", "grid"), ("a1", "a", "grid")]
    )
    result = evaluate(tmp_path, truth)
    assert [(row["majority"], row["precision"]) for row in result.found] == [(None, 0.0), ("a", 1.0), (None, 0.0)]
    assert (result.campaign_precision, result.campaign_recall) == (0.0, 0.0)
    assert [(one.kind, one.accused) for one in result.benign] == [("classroom", 1), ("person", 1)]


def test_nothing_to_take_a_share_of(tmp_path: Path) -> None:
    write_run(tmp_path, [("a0", 5, 2.0, True, None)], [])
    result = evaluate(tmp_path, write_truth(tmp_path, [("a0", "a", "grid")]))
    assert result.campaigns[0].recall_at_tenth_percent is None
    assert (result.campaign_precision, result.campaign_recall) == (None, 0.0)
    assert "measured on 0 benign accounts" in to_text(result)


def test_text_is_a_table_and_says_what_stands_behind_it(run: Evaluation) -> None:
    text = to_text(run)
    lines = text.splitlines()
    assert lines[0].split("  ")[0] == "campaign"
    assert lines[1].split() == ["a", "4", "50.0", "%", "50.0", "%", "50.0", "%", "75.0", "%", "63"]
    assert "measured on 1,000 benign accounts, so 0.1 % is 1 of them" in text
    assert "all benign: 1 of 1,000 flagged (0.10 %)" in text
    assert "1 accounts of the truth are absent from the output and count as not found" in text
    assert max(len(line) for line in lines) <= 110


def test_missing_files_and_columns_are_explained(tmp_path: Path) -> None:
    truth = write_truth(tmp_path, [("a0", "a", "grid")])
    with pytest.raises(InputError, match=r"accounts\.parquet: not found"):
        evaluate(tmp_path, truth)
    with pytest.raises(InputError, match=r"nowhere\.parquet: not found"):
        evaluate(tmp_path, tmp_path / "nowhere.parquet")
    pq.write_table(pa.table({"account_id": ["a0"], "calls": [1]}), tmp_path / "accounts.parquet")
    with pytest.raises(InputError, match="has no column evidence, flagged, campaign_id"):
        evaluate(tmp_path, truth)
    (tmp_path / "accounts.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        evaluate(tmp_path, truth)


def test_repeated_accounts_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path, [("a0", 1, 1.0, True, None)] * 2, [])
    with pytest.raises(InputError, match="appears twice"):
        evaluate(tmp_path, write_truth(tmp_path, [("a0", "a", "grid")]))
