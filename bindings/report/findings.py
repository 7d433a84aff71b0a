"""Findings ready to show: each campaign with its first accounts and its families, ranked by evidence."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gauger.results.run import Run

ACCOUNTS_SHOWN = 25  # without a script
_ACCOUNTS_MOST = 150_000
FAMILIES_SHOWN = 5

_ACCOUNT_COLUMNS = ["account_id", "calls", "evidence", "campaign_id"]


def ranked(run: Run) -> list[dict[str, Any]]:
    """Return the rows of ``campaigns.parquet``: by probability times size."""
    rows: list[dict[str, Any]] = run.campaigns.to_pylist()
    return sorted(rows, key=lambda row: (-(row["probability"] or 0.0) * row["accounts"], row["campaign_id"]))


def detail(run: Run, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each of ``rows`` (from ``ranked``) with what it points to.

    ``row`` is the row; ``accounts`` and ``families`` are the first rows of theirs, oddest and busiest first, and
    ``more_accounts`` and ``more_families`` count the rest.
    """
    accounts = _accounts_by_campaign(run.accounts, [row["campaign_id"] for row in rows])
    families = _families_by_id(run.families, rows)
    own = _own_calls(run)
    details = []
    for row in rows:
        members = accounts.get(row["campaign_id"], [])
        ids = row["families"] or []
        mine = own.get(row["campaign_id"], {})
        found = [{**families[one], "own_calls": mine.get(one, 0)} for one in ids if one in families]
        found.sort(key=lambda family: (-family["own_calls"], family["family_id"]))
        details.append(
            {
                "row": row,
                "accounts": members[:ACCOUNTS_SHOWN],
                "more_accounts": max(0, (row["accounts"] or len(members)) - ACCOUNTS_SHOWN),
                "families": found[:FAMILIES_SHOWN],
                "more_families": max(0, len(ids) - FAMILIES_SHOWN),
            }
        )
    return details


def accounts_as_json(run: Run) -> str:
    """All accounts of findings, and those flagged in none, by the finding's number or ``none``, for a script to show.

    A list of id, evidence and calls each, the oddest first; at most so many of all that the page stays one that opens.
    """
    table = run.accounts.select([*_ACCOUNT_COLUMNS, "flagged"])
    table = table.filter(pc.or_(table["flagged"], pc.is_valid(table["campaign_id"])))
    told: dict[str, list[tuple[str, float | None, int]]] = {}
    for one in _oddest_first(table).slice(0, _ACCOUNTS_MOST).to_pylist():
        key = "none" if one["campaign_id"] is None else str(one["campaign_id"])
        evidence = None if one["evidence"] is None else round(one["evidence"], 2)
        told.setdefault(key, []).append((one["account_id"], evidence, one["calls"]))
    return json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")  # what could end the element, or is unseen


def _own_calls(run: Run) -> dict[int, dict[int, int]]:
    """Calls of each finding's accounts in each family."""
    if not run.call_files:
        return {}
    calls = run.calls().to_table(columns=["campaign_id", "family_id"], filter=pc.field("campaign_id").is_valid())
    counted: dict[int, dict[int, int]] = {}
    for row in calls.group_by(["campaign_id", "family_id"]).aggregate([([], "count_all")]).to_pylist():
        counted.setdefault(row["campaign_id"], {})[row["family_id"]] = row["count_all"]
    return counted


def loose_accounts(run: Run) -> tuple[list[dict[str, Any]], int]:
    """Return the first flagged accounts that are in no campaign, oddest first, and how many there are."""
    table = run.accounts.select([*_ACCOUNT_COLUMNS, "flagged", "reasons"])
    loose = table.filter(pc.field("flagged") & pc.field("campaign_id").is_null())
    return _oddest_first(loose).slice(0, ACCOUNTS_SHOWN).to_pylist(), loose.num_rows


def top_families(run: Run, limit: int) -> list[dict[str, Any]]:
    """Return the ``limit`` families most worth a look: by evidence, then by accounts, then by calls."""
    order = [
        ("evidence", "descending"),
        ("accounts", "descending"),
        ("calls", "descending"),
        ("family_id", "ascending"),
    ]
    rows: list[dict[str, Any]] = run.families.sort_by(order).slice(0, limit).to_pylist()
    return rows


def _oddest_first(accounts: pa.Table) -> pa.Table:
    return accounts.sort_by([("evidence", "descending"), ("account_id", "ascending")])


def _accounts_by_campaign(accounts: pa.Table, campaign_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    members = accounts.select(_ACCOUNT_COLUMNS)
    members = members.filter(pc.is_in(members["campaign_id"], pa.array(campaign_ids, members["campaign_id"].type)))
    grouped: dict[int, list[dict[str, Any]]] = {}
    for member in _oddest_first(members).to_pylist():
        grouped.setdefault(member["campaign_id"], []).append(member)
    return grouped


def _families_by_id(families: pa.Table, rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    wanted = sorted({family_id for row in rows for family_id in row["families"] or []})
    ids = pa.array(wanted, families["family_id"].type)
    return {row["family_id"]: row for row in families.filter(pc.is_in(families["family_id"], ids)).to_pylist()}
