"""The tables of a run: their schemas, their order, and null where nothing is known."""

import math

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.evidence import no_evidence
from gauger.engine.families.families import EXACT, NEAR_DUPLICATE, TEMPLATE
from gauger.engine.findings.finding import Finding, Sign
from gauger.engine.results import tables
from gauger.engine.results.result import (
    CallRows,
    Naming,
    account_table,
    campaign_ids,
    family_table,
    finding_table,
    in_order,
    membership,
    rank_table,
)
from tests.engine import worlds

SETTINGS = Settings()


def campaign(members: list[int], *, evidence: float = 12.0) -> Finding:
    signs = (
        Sign("regular", True, "regular pace: yes", 0.1, 0.01),
        Sign("shared", False, "shared address: no", 0.0),
        Sign("age", None, "young accounts: not available"),
    )
    return Finding(
        members=np.asarray(members),
        evidence=evidence,
        verdict="campaign",
        signs=signs,
        links=("content",),
        calls=40,
        families=(10, 11),
        started_at=5 * HOUR_US,
        ended_at=7 * HOUR_US,
        hourly=(30, 0, 10),
        reasons=(("union_similarity", 0.4, 0.002), ("regular", math.nan, math.nan)),
    )


def test_membership_and_the_stronger_campaign_wins() -> None:
    assert membership([campaign([1, 3]), campaign([0, 3])], 5).tolist() == [1, 0, -1, 0, -1]


def test_campaigns_are_rows_in_order_with_what_they_have_and_lack() -> None:
    table = finding_table([campaign([0, 1, 2]), campaign([3], evidence=math.nan)])
    assert table.schema.equals(tables.CAMPAIGNS)
    first, second = table.to_pylist()
    assert (first["campaign_id"], first["accounts"], first["evidence"]) == (1, 3, 12.0)
    assert (second["campaign_id"], second["accounts"], second["evidence"]) == (2, 1, None)
    assert first["present"] == ["regular pace: yes"]
    assert first["lacking"] == ["shared address: no", "young accounts: not available"]
    assert first["hourly_calls"] == [30, 0, 10]
    assert (first["ended_at"] - first["started_at"]).total_seconds() == 7_200
    assert first["reasons"] == [
        {"statistic": "union_similarity", "value": 0.4, "tail_probability": 0.002},
        {"statistic": "regular", "value": None, "tail_probability": None},
    ]


def test_no_campaigns_are_an_empty_table() -> None:
    table = finding_table([])
    assert (table.num_rows, table.schema.equals(tables.CAMPAIGNS)) == (0, True)


def accounts() -> pa.Table:
    """Six accounts: two in a campaign, one of them not flagged, one without evidence."""
    today = worlds.bare_population([9, 8, 7, 6, 5, 4], {"pace": [9.0, 0.5, math.nan, 0.4, 0.3, 0.2]})
    reference = worlds.bare_population([5] * 300, {"pace": np.linspace(0, 1, 300).tolist()})
    vectors = worlds.unit_rows(np.random.default_rng(1).normal(size=(6, 20)))
    vectors[5] = 0
    evidence = worlds.evidence([1e-4, 0.2, 5e-3, 0.4, 0.6, math.nan], vectors, vectors[:2])
    flagged = np.asarray([True, *[False] * 5])
    decided = np.asarray(["campaign", *[None] * 5], object)
    return account_table(today, reference, evidence, [campaign([0, 1])], flagged, decided)


def test_accounts_have_the_columns_of_the_contract() -> None:
    table = accounts()
    head, tail = tables.ACCOUNTS_HEAD, tables.ACCOUNTS_TAIL
    assert table.schema.names[: len(head)] == head.names
    assert table.schema.names[-len(tail) :] == tail.names
    for field in [*head, *tail]:
        assert table.schema.field(field.name).type == field.type
    statistics = table.schema.names[len(head) : -len(tail)]
    assert statistics == ["pace", "today_share_10", "today_share_50"]
    assert all(table.schema.field(name).type == pa.float64() for name in statistics)


def test_accounts_say_what_is_known_and_null_where_nothing_is() -> None:
    columns = accounts().to_pydict()
    assert columns["evidence"] == pytest.approx([*(-math.log10(one) for one in (1e-4, 0.2, 5e-3, 0.4, 0.6)), None])
    assert columns["decision"] == ["campaign", *[None] * 5]
    assert columns["flagged"] == [True, False, False, False, False, False]
    assert columns["campaign_id"] == [1, 1, None, None, None, None]
    assert columns["pace"] == [9.0, 0.5, None, 0.4, 0.3, 0.2]
    # Explained: flagged, in a campaign, or evidence of two and more.
    assert [bool(reasons) for reasons in columns["reasons"]] == [True, True, True, False, False, False]
    assert columns["reasons"][0][1]["statistic"] == "pace"
    for name in ("map_x", "map_y"):
        assert columns[name][5] is None
        assert all(value is not None and math.isfinite(value) for value in columns[name][:5])
    x = columns["map_x"]  # findings are on its positive side
    assert (x[0] + x[1]) / 2 > max(x[2:5])


def test_accounts_without_evidence_are_null_throughout() -> None:
    today = worlds.bare_population([5, 6], {"pace": [1.0, 2.0]})
    nobody = np.zeros(2, bool), np.full(2, None, object)
    table = account_table(today, None, no_evidence(today, "no reference"), [], *nobody)
    for name in ("evidence", "campaign_id", "map_x", "map_y"):
        assert table.column(name).to_pylist() == [None, None]
    assert table.column("flagged").to_pylist() == [False, False]
    assert table.column("reasons").to_pylist() == [[], []]


def test_families_without_evidence_or_addresses_say_null() -> None:
    families = worlds.families([TEMPLATE, NEAR_DUPLICATE, EXACT])
    table = family_table(families, np.full(3, math.nan), addresses=False)
    assert table.schema.equals(tables.FAMILIES)
    assert table.column("kind").to_pylist() == ["template", "near_duplicate", "exact"]
    for name in ("evidence", "client_addresses", "template"):
        assert table.column(name).to_pylist() == [None] * 3


EXPECTED_CALLS = {
    "file": [0, 0, 0, 1, 1],
    "row": [3, 4, 7, 2, 5],
    "family_id": [None, 10, None, 11, 10],
    "family_kind": ["single", "template", "single", "exact", "template"],
    "exact_repeats": [1, 3, 1, 2, 3],
    "novelty": [3.0, 4.0, None, 2.0, 1.0],
    "campaign_id": [1, 1, None, None, None],
}


def test_calls_come_in_order_of_file_and_row() -> None:
    """Five calls of three accounts in two files, out of order, in two units."""
    names = ["ann", "ben", "cat"]
    columns = {
        "file": [1, 0, 1, 0, 0],
        "row": [5, 7, 2, 3, 4],
        "identity": [1, 2, 3, 4, 5],
        "account": [0, 0, 1, 2, 2],
        "family": [0, -1, 1, -1, 0],
        "repeats": [3, 1, 2, 1, 3],
        "novelty": [1.0, math.nan, 2.0, 3.0, 4.0],
        "evidence": [1.0, 2.0, 0.7, 0.5, math.nan],
    }
    calls = CallRows(*(np.asarray(values) for values in columns.values()))
    units = [calls.select(calls.account < 2), calls.select(calls.account >= 2)]
    naming = Naming(
        pa.array(names),
        worlds.families([TEMPLATE, EXACT]),
        membership([campaign([2])], 3),
        campaign_ids([campaign([2])]),
    )
    for given in (calls, CallRows.together(units), CallRows.together(units[::-1])):
        table = naming.table(given, in_order(given))
        assert table.schema.equals(tables.CALLS)
        found = table.to_pydict()
        assert {name: found[name] for name in EXPECTED_CALLS} == EXPECTED_CALLS
        assert found["evidence"] == [0.5, None, 2.0, 0.7, 1.0]
        assert found["account_id"] == [names[row] for row in (2, 2, 0, 1, 0)]


def test_calls_of_one_row_number_are_told_apart_by_their_identity() -> None:
    identity = np.asarray([9, 3, 6], np.uint64)
    zeros = np.zeros(3, np.int64)
    calls = CallRows(zeros, zeros, identity, zeros, zeros - 1, zeros, zeros.astype(np.float32), zeros.astype(float))
    assert in_order(calls).tolist() == [1, 2, 0]


def test_ranks_say_of_each_account_in_a_finding_where_it_stands() -> None:
    today = worlds.bare_population([9, 8, 7], {"pace": [9.0, 0.5, math.nan], "other": [1.0, 2.0, 3.0]})
    reference = worlds.bare_population([5] * 4, {"pace": [0.1, 0.5, 0.6, math.nan]})
    evidence = worlds.evidence([1e-4, 0.2, 5e-3], np.zeros((3, 20)), np.zeros((2, 20)))
    table = rank_table(today, reference, evidence, [campaign([0, 2])])
    assert table.schema.equals(tables.RANKS)
    parts = list(evidence.parts)
    assert table["statistic"].to_pylist() == ["pace", *parts] * 2
    first, *others = table.to_pylist()
    assert first == {
        "account_id": "bare-0000", "campaign_id": 1, "statistic": "pace", "value": 9.0, "at_least": 0, "at_most": 3,
        "null_size": 3, "tail_probability": 0.5,
    }  # fmt: skip
    assert others[0]["value"] is others[0]["at_least"] is None
    assert (others[0]["null_size"], others[0]["tail_probability"]) == (evidence.reference_accounts, 1e-4)
    unknown = others[len(parts)]
    assert (unknown["account_id"], unknown["statistic"]) == ("bare-0002", "pace")
    assert unknown["value"] is unknown["at_least"] is unknown["tail_probability"] is None
    assert rank_table(today, None, evidence, [campaign([0])]).num_rows == 0
    assert rank_table(today, reference, evidence, []).num_rows == 0
