"""Findings ready to show: each campaign with its first accounts and its families, ranked by evidence."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gauger.results.run import Run

ACCOUNTS_SHOWN = 25
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
    details = []
    for row in rows:
        members = accounts.get(row["campaign_id"], [])
        ids = row["families"] or []
        found = [families[family_id] for family_id in ids if family_id in families]
        found.sort(key=lambda family: (-family["calls"], family["family_id"]))
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
