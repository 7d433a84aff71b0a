"""What the page says of each finding when it is opened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.findings.weights import INTERCEPT, WEIGHTS
from gauger.report import narrative, summary
from gauger.report.members import Members, floats
from gauger.report.packing import Floats
from gauger.report.parts import Integers, Part, parts_of
from gauger.results.run import Run
from gauger.text import families, formats, words

_FAMILIES_SHOWN = 10
_FAMILIES_CROSSED, _ACCOUNTS_CROSSED = 8, 24
_TEMPLATE_LONGEST = 400
_COMPARED = (
    "addresses_per_call",
    "networks_per_call",
    "user_agents_per_call",
    "component_accounts_log2",
    "synchrony_networks",
    "account_age_days",
    "hour_entropy",
    "gap_variation",
)


def details(run: Run, rows: Sequence[dict[str, Any]], members: Members) -> tuple[list[dict[str, Any]], Integers]:
    """Return each of ``rows`` as the page's script shows it, ready to read, and the part of every account."""
    labels = np.full(members.table.num_rows, -1, np.int64)
    split: list[list[Part]] = []
    used: list[list[tuple[int, int, int]]] = []
    for row in rows:
        first, last = members.bounds[row["campaign_id"]]
        parts, labels[first:last] = parts_of(members, first, last)
        split.append(parts)
        used.append(_used(members, first, last))
    wanted = {family for mine in used for family, _, _ in mine[:_FAMILIES_SHOWN]}
    known = _families(run, wanted)
    others, scored = _others(run), summary.whole(run.manifest.get("scored"), 0)
    made = []
    for row, parts, mine in zip(rows, split, used, strict=True):
        first, last = members.bounds[row["campaign_id"]]
        calls = floats(members.table["calls"].slice(first, last - first))
        made.append(
            _heading(row)
            | {
                "first": first,
                "last": last,
                "story": narrative.story(row, calls, parts, scored),
                "sure": narrative.sure(row),
                "honest": narrative.honest(row),
                "checks": narrative.checks(row, parts),
                "parts": [narrative.named(part, number) for number, part in enumerate(parts)],
                "facts": _facts(row),
                "reasons": _reasons(row["reasons"] or []),
                "families": [
                    _family(known[one[0]], one, row["calls"]) for one in mine[:_FAMILIES_SHOWN] if one[0] in known
                ],
                "families_left_out": max(0, len(mine) - _FAMILIES_SHOWN),
                "allowed": formats.percent(row["allowed_share"]) if row["allowed_share"] else None,
                "crossed": _crossed(members, first, last, mine),
                "compared": _compared(run, members, first, last, others),
            }
        )
    return made, labels


def _heading(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["campaign_id"],
        "assessment": row["assessment"] or "not assessed",
        "probability": words.sure(row["probability"]),
        "evidence": formats.evidence(row["evidence"]),
        "odds": formats.evidence_odds(row["evidence"]),
        "accounts": row["accounts"],
        "calls": row["calls"],
        "links": row["links"] or [],
        "started": formats.when(row["started_at"]),
        "ended": formats.when(row["ended_at"]),
        "hour": row["started_at"].hour if row["started_at"] else 0,
        "hourly": row["hourly_calls"] or [],
        "present": row["present"] or [],
        "lacking": row["lacking"] or [],
    }


def _facts(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The facts with what they add to the log-odds and could add at most; where they start is the first."""
    facts = row["facts"] or []
    if not facts:
        return []
    start = [{"sentence": "Before any fact: few odd groups are one hidden actor", "side": "start", "adds": INTERCEPT}]
    told = []
    for fact in facts:
        sentence, _, side = words.fact(fact).rpartition(": ")
        most = WEIGHTS.get(fact["fact"], (None, 0.0))[0]
        told.append({"sentence": sentence, "side": side, "adds": fact["log_odds"] or 0.0, "most": most})
    return [*start, *told]


def _reasons(reasons: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [
        [words.statistic(one["statistic"]), formats.value(one["value"]), formats.tail_odds(one["tail_probability"])]
        for one in reasons
    ]


def _used(members: Members, first: int, last: int) -> list[tuple[int, int, int]]:
    """Families of the accounts: id, calls of these accounts in it, and how many of them; busiest first."""
    here = members.families_of(first, last)
    inside = members.in_family[here]
    ids, code = np.unique(members.family[here][inside], return_inverse=True)
    calls = np.bincount(code, members.calls[here][inside], minlength=len(ids)).astype(np.int64)
    accounts = np.bincount(code, minlength=len(ids))
    order = np.lexsort((ids, -calls))
    return [(int(ids[at]), int(calls[at]), int(accounts[at])) for at in order]


def _families(run: Run, wanted: set[int]) -> dict[int, dict[str, Any]]:
    ids = pa.array(sorted(wanted), run.families["family_id"].type)
    return {row["family_id"]: row for row in run.families.filter(pc.is_in(run.families["family_id"], ids)).to_pylist()}


def _family(row: dict[str, Any], own: tuple[int, int, int], calls_of_finding: int) -> dict[str, Any]:
    _, calls, accounts = own
    return {
        "id": row["family_id"],
        "kind": words.family_kind(row["kind"]),
        "allowed": bool(row["allowed"]),
        "evidence": formats.evidence(row["evidence"]),
        "calls": calls,
        "calls_of_all": row["calls"],
        "share": calls / row["calls"] if row["calls"] else None,
        "of_finding": formats.percent(calls / calls_of_finding) if calls_of_finding else "",
        "accounts": accounts,
        "accounts_of_all": row["accounts"],
        "template": formats.shorten(row["template"], _TEMPLATE_LONGEST) if row["template"] else None,
        "says": families.sentences(row),
        "coverage": row["grid_coverage"],
        "slots": row["slot_values"] or [],
        "evenness": row["slot_evenness"] or [],
    }


def _crossed(members: Members, first: int, last: int, used: list[tuple[int, int, int]]) -> dict[str, Any] | None:
    """Calls of some accounts in the families that most of them share; a family of one account links nobody."""
    shared = sorted((one for one in used if one[2] > 1), key=lambda one: (-one[2], -one[1], one[0]))
    shown = [family for family, _, _ in shared[:_FAMILIES_CROSSED]]
    if not shown:
        return None
    here = members.families_of(first, last)
    within = members.in_family[here] & np.isin(members.family[here], shown)
    users = np.unique(members.member[here][within])
    picked = users[np.unique(np.linspace(0, len(users) - 1, min(_ACCOUNTS_CROSSED, len(users))).astype(int))]
    rows = []
    for at in picked.tolist():
        mine = members.families_of(at, at + 1)
        inside = members.in_family[mine]
        counts = dict(zip(members.family[mine][inside].tolist(), members.calls[mine][inside].tolist(), strict=True))
        rows.append([at, *(counts.get(family, 0) for family in shown)])
    rows.sort(key=lambda row: [-calls for calls in row[1:]])
    return {
        "families": shown,
        "rows": rows,
        "users": len(users),
        "accounts": last - first,
        "more": len(shared) - len(shown),
    }


def _others(run: Run) -> dict[str, float]:
    """Medians among accounts that are neither flagged nor in a finding."""
    listed = pc.or_kleene(pc.fill_null(run.accounts["flagged"], False), pc.is_valid(run.accounts["campaign_id"]))
    rest = run.accounts.filter(pc.invert(listed))
    return {name: median(floats(rest[name])) for name in run.statistics}


def median(values: Floats) -> float:
    """Return the median of what is known, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _compared(run: Run, members: Members, first: int, last: int, others: dict[str, float]) -> list[list[str]]:
    rows = []
    for name in _COMPARED:
        if name not in others:
            continue
        mine = median(floats(members.table[name].slice(first, last - first)))
        if np.isfinite(mine):
            rows.append([words.statistic(name), formats.value(mine), formats.value(others[name])])
    return rows
