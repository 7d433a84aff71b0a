"""The tables of a finished run, as Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.schema import TIMESTAMP
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import evidence as evidence_of
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.allow_list import Allowed
from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.families.known import KINDS
from gauger.engine.findings.finding import Fact, Finding
from gauger.engine.findings.ranks import account_reasons, ranks_of
from gauger.engine.reference.drift import Drift
from gauger.engine.results import tables
from gauger.engine.results.graph import edge_table, neighbour_table
from gauger.engine.statistics.population import Population


@dataclass(frozen=True)
class Result:
    """What a run found. The tables are those ``gauger score`` writes.

    seconds : of ``finish``, stage after stage: families, evidence (with decontamination of the reference), campaigns
        (with relational statistics and verdicts)
    """

    accounts: pa.Table
    families: pa.Table
    campaigns: pa.Table
    ranks: pa.Table
    edges: pa.Table
    neighbours: pa.Table
    missing_evidence: list[str]
    reference_days: list[str]
    reference_accounts: int
    allowed: Allowed | None = None  # what the allow-list came to
    reference_left_out: int = 0  # accounts of the reference that belong to a group of today's: see ``decontamination``
    drift: Drift | None = None  # today against the reference; None without one
    alarm_level: float = Settings.alarm_level  # accounts below it are flagged
    level_raised: str | None = None  # why that is not the level asked for, in a sentence
    decided: dict[str, Any] | None = None  # what people decided and what came of it; None where nobody did
    seconds: dict[str, float] = field(default_factory=dict)
    calls: pa.Table = field(default_factory=tables.CALLS.empty_table)  # where they are not written unit by unit


def _nullable(values: np.ndarray) -> pa.Array:
    """Float column with null for NaN, and 0 for -0.0, which readers would show with its sign."""
    return pa.array(values + 0.0, pa.float64(), mask=np.isnan(values))


def _lists(offsets: np.ndarray, values: pa.Array, known: np.ndarray) -> pa.ListArray:
    """One list a row, null where it is not known (those must be empty)."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values, mask=pa.array(~known))


def _ids(rows: np.ndarray, ids: np.ndarray) -> pa.Array:
    """ids[rows] with null for -1."""
    none = rows < 0
    values = np.zeros(len(rows), np.int64) if len(ids) == 0 else ids[np.where(none, 0, rows)]
    return pa.array(values, pa.int64(), mask=none)


def membership(findings: list[Finding], accounts: int) -> np.ndarray:
    """Finding (0-based) of each account, -1 for none; int64."""
    member = np.full(accounts, -1, np.int64)
    for number, finding in reversed(list(enumerate(findings))):
        member[finding.members] = number
    return member


def campaign_ids(findings: list[Finding]) -> np.ndarray:
    """The number of each finding: its own, or its rank where nobody numbered them; int64."""
    return np.asarray([finding.campaign_id or rank for rank, finding in enumerate(findings, 1)], np.int64)


def account_tables(
    today: Population,
    reference: Population | None,
    evidence: Evidence,
    findings: list[Finding],
    flagged: np.ndarray,
    decided: np.ndarray,
) -> dict[str, pa.Table]:
    """All tables of accounts by their names; arguments as of ``account_table``."""
    return {
        "accounts": account_table(today, reference, evidence, findings, flagged, decided),
        "ranks": rank_table(today, reference, evidence, findings),
        "edges": edge_table(today, evidence),
        "neighbours": neighbour_table(today, evidence),
    }


def account_table(
    today: Population,
    reference: Population | None,
    evidence: Evidence,
    findings: list[Finding],
    flagged: np.ndarray,
    decided: np.ndarray,
) -> pa.Table:
    """accounts.parquet: one row an account, in order of id. flagged : bool[n]; decided : object[n]"""
    member = membership(findings, len(today))
    strength = evidence_of(evidence.probability)
    explained = np.flatnonzero(flagged | (member >= 0) | (strength >= 2.0))
    reasons: list[list[dict[str, float | str | None]]] = [[] for _ in range(len(today))]
    ranks = None if reference is None else ranks_of(today, reference, evidence, explained)
    for row, found in zip(explained.tolist(), account_reasons(ranks, evidence, explained), strict=True):
        reasons[row] = [_reason(*reason) for reason in found]
    axes = _map(evidence, findings)
    statistics = {**today.statistics, **evidence.shares, **evidence.relational}
    columns = {"account_id": pa.array(today.account_ids, pa.string()), "calls": pa.array(today.calls)}
    columns |= {name: _nullable(values) for name, values in statistics.items()}
    columns |= {
        "conformity": _nullable(evidence_of(evidence.parts.get("conformity", np.full(len(today), np.nan)))),
        "evidence": _nullable(strength),
        "flagged": pa.array(flagged),
        "campaign_id": _ids(member, campaign_ids(findings)),
        "decision": pa.array(decided.tolist(), pa.string()),
        "map_x": _nullable(axes[:, 0]),
        "map_y": _nullable(axes[:, 1]),
        "reasons": pa.array(reasons, pa.list_(tables.REASON)),
    }
    return pa.table(columns)


def rank_table(
    today: Population, reference: Population | None, evidence: Evidence, findings: list[Finding]
) -> pa.Table:
    """ranks.parquet: every statistic of each account in a finding, and where it stands; none without a reference."""
    member = membership(findings, len(today))
    rows = np.flatnonzero(member >= 0)
    if reference is None or not len(rows):
        return tables.RANKS.empty_table()
    ranks, parts = ranks_of(today, reference, evidence, rows), evidence.parts
    known = ~np.isnan(ranks.values)
    nothing = np.full((len(parts), len(rows)), np.nan)  # of parts only their tail probabilities are kept
    tails = np.concatenate([np.where(known, ranks.tails, np.nan), *(one[None, rows] for one in parts.values())])
    sizes = np.append(ranks.null_sizes, np.full(len(parts), evidence.reference_accounts))
    count = len(tails)

    def counted(of: np.ndarray) -> pa.Array:
        return _nullable(np.concatenate([np.where(known, of, np.nan), nothing]).T.reshape(-1)).cast(pa.int64())

    names = pa.array(today.account_ids, pa.string()).take(pa.array(rows))
    each = pa.array(np.repeat(np.arange(len(rows)), count))
    return pa.table(
        {
            "account_id": names.take(each),
            "campaign_id": pa.array(np.repeat(campaign_ids(findings)[member[rows]], count)),
            "statistic": pa.array([*ranks.names, *parts] * len(rows), pa.string()),
            "value": _nullable(np.concatenate([ranks.values, nothing]).T.reshape(-1)),
            "at_least": counted(ranks.at_least),
            "at_most": counted(ranks.at_most),
            "null_size": pa.array(np.tile(sizes, len(rows))),
            "tail_probability": _nullable(tails.T.reshape(-1)),
        },
        schema=tables.RANKS,
    )


def _reason(statistic: str, value: float, tail_probability: float) -> dict[str, float | str | None]:
    tail = None if np.isnan(tail_probability) else tail_probability
    return {"statistic": statistic, "value": None if np.isnan(value) else value, "tail_probability": tail}


def _map(evidence: Evidence, findings: list[Finding]) -> np.ndarray:
    """Coordinates for the neighbourhood map, float64[n, 2]: the two directions in which findings lie apart.

    NaN for accounts whose vectors are not held: of a large day all that are neither flagged nor learnt from.

    Principal axes of all accounts would show how honest accounts differ; those of the findings' centroids show what
    sets findings apart from them and from one another. With fewer than two findings the accounts' own axes fill up.
    """
    vectors = evidence.vectors
    known = np.flatnonzero(np.any(vectors != 0, axis=1))
    result = np.full((len(evidence.probability), 2), np.nan)
    if len(known) < 3 or vectors.shape[1] < 2:
        return result
    members = [evidence.places(finding.members) for finding in findings[:12]]
    centroids = [vectors[rows].mean(axis=0) * np.sqrt(len(rows)) for rows in members]
    spread = np.cov(vectors[known].T.astype(np.float64))
    own = np.linalg.eigh(spread)[1][:, ::-1][:, :2].T
    rows = np.concatenate([np.asarray(centroids).reshape(-1, vectors.shape[1]), 1e-3 * own])
    axes = np.linalg.svd(rows.astype(np.float64), full_matrices=False)[2][:2]
    # The sign of an axis is arbitrary: findings lie to the positive side.
    axes *= np.where(rows.sum(axis=0) @ axes.T < 0, -1.0, 1.0)[:, None]
    result[evidence.vector_rows[known]] = vectors[known] @ axes.T
    return result


def family_table(families: Families, strength: np.ndarray, *, addresses: bool) -> pa.Table:
    """families.parquet; templates are filled in by the batch job, which can read the prompts again.

    strength : float64[f], evidence of each; addresses : whether calls say from where
    """
    names = np.asarray(KINDS, object)
    said, slots = families.descriptors, families.slots
    framed = families.kinds == TEMPLATE
    return pa.table(
        {
            "family_id": pa.array(families.ids, pa.int64()),
            "kind": pa.array(names[families.kinds], pa.string()),
            "calls": pa.array(families.calls, pa.int64()),
            "accounts": pa.array(families.accounts, pa.int64()),
            "client_addresses": pa.array(families.addresses, pa.int64())
            if addresses
            else pa.nulls(len(families), pa.int64()),
            "first_seen": pa.array(families.first_seen, pa.int64()).cast(TIMESTAMP),
            "last_seen": pa.array(families.last_seen, pa.int64()).cast(TIMESTAMP),
            "distinct_prompts": pa.array(families.prompts, pa.int64()),
            "largest_account_share": _nullable(said.largest_account_share),
            "account_gini": _nullable(said.account_gini),
            "account_gini_chance": _nullable(said.account_gini_chance),
            "hour_calls_median": _nullable(said.hour_calls_median),
            "hour_calls_peak": _nullable(said.hour_calls_peak).cast(pa.int64()),
            "burstiness": _nullable(said.burstiness),
            "hourly_calls": _lists(said.hourly_offsets, pa.array(said.hourly), np.diff(said.hourly_offsets) > 0),
            "frame_group": pa.array(families.frame_groups, mask=families.frame_groups == 0),
            "slots": pa.array(np.diff(slots.offsets), mask=~framed),
            "slot_values": _lists(slots.offsets, pa.array(slots.values), framed),
            "slot_evenness": _lists(slots.offsets, _nullable(slots.evenness), framed),
            "grid_coverage": _nullable(slots.coverage),
            "elicitation_share": _nullable(said.elicitation),
            "reasoning_share": _nullable(said.reasoning),
            "rubric_share": _nullable(said.rubrics),
            "data_set_share": _nullable(said.data_sets),
            "evidence": _nullable(strength),
            "allowed": pa.array(families.allowed),
            "template": pa.nulls(len(families), pa.string()),
        },
        schema=tables.FAMILIES,
    )


def fact_row(fact: Fact) -> dict[str, Any]:
    """A fact as the tables have it."""
    value, measured = (None if np.isnan(number) else float(number) for number in (fact.value, fact.measured))
    return {
        "fact": fact.name,
        "value": value,
        "measured": measured,
        "log_odds": fact.weight,
        "sentence": fact.sentence,
    }


def finding_table(findings: list[Finding]) -> pa.Table:
    """campaigns.parquet, strongest first."""
    rows = []
    for number, finding in zip(campaign_ids(findings).tolist(), findings, strict=True):
        rows.append(
            {
                "campaign_id": number,
                "accounts": len(finding.members),
                "calls": finding.calls,
                "evidence": None if np.isnan(finding.evidence) else finding.evidence,
                "links": list(finding.links),
                "started_at": finding.started_at,
                "ended_at": finding.ended_at,
                "families": finding.families,
                "allowed_share": None if np.isnan(finding.allowed_share) else finding.allowed_share,
                "assessment": finding.verdict,
                "probability": finding.probability,
                "explanation": finding.explanation,
                "facts": [fact_row(fact) for fact in finding.facts],
                "reasons": [_reason(*reason) for reason in finding.reasons],
                "present": [sign.sentence for sign in finding.signs if sign.present],
                "lacking": [sign.sentence for sign in finding.signs if not sign.present],
                "hourly_calls": finding.hourly,
                "first_seen_on": finding.history[0][0] if finding.history else None,
                "days_seen": len(finding.history) or None,
                "returning_accounts": finding.returning_accounts if finding.history else None,
                "decision": finding.decision or None,
                "decided_on": finding.decided_on,
                "history": [dict(zip(("day", "accounts", "calls"), entry, strict=True)) for entry in finding.history],
            }
        )
    return pa.Table.from_pylist(rows, schema=tables.CAMPAIGNS)


@dataclass(frozen=True)
class CallRows:
    """Rows of the calls table, in any order: what is written of each call."""

    file: np.ndarray  # int32[c]
    row: np.ndarray  # int64[c]
    identity: np.ndarray  # uint64[c], to tell rows of one number apart
    account: np.ndarray  # int64[c], row of the accounts
    family: np.ndarray  # int64[c], row of the families, -1 = none
    repeats: np.ndarray  # int32[c], calls of the run with the same prompt
    novelty: np.ndarray  # float32[c]
    evidence: np.ndarray  # float64[c]

    def select(self, kept: np.ndarray) -> CallRows:
        """The rows of a boolean mask."""
        return CallRows(*(getattr(self, one.name)[kept] for one in fields(self)))

    @classmethod
    def together(cls, parts: Sequence[CallRows]) -> CallRows:
        """Rows of several units."""
        names = [one.name for one in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Naming:
    """What numbers in ``CallRows`` stand for."""

    account_ids: pa.Array
    families: Families
    member: np.ndarray  # int64[accounts], finding of each account, -1 = none
    numbers: np.ndarray  # int64[findings]

    def table(self, calls: CallRows, order: np.ndarray) -> pa.Table:
        """Some of the rows, int64, in the order given, as calls/*.parquet has them."""
        family, account = calls.family[order], calls.account[order]
        kinds = pa.array([*KINDS, "single"], pa.string())
        kind = np.append(self.families.kinds, 3)[family].astype(np.int32)
        return pa.table(
            {
                "file": pa.array(calls.file[order]),
                "row": pa.array(calls.row[order]),
                "account_id": self.account_ids.take(pa.array(account)),
                "family_id": _ids(family, self.families.ids),
                "family_kind": kinds.take(pa.array(kind)),
                "exact_repeats": pa.array(calls.repeats[order], pa.int64()),
                "novelty": _nullable(calls.novelty[order].astype(np.float64)),
                "evidence": _nullable(calls.evidence[order]),
                "campaign_id": _ids(self.member[account], self.numbers),
            },
            schema=tables.CALLS,
        )


def in_order(calls: CallRows) -> np.ndarray:
    """Order of the calls table: by file and row."""
    return np.lexsort((calls.identity, calls.row, calls.file))
