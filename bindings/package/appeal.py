"""``gauger appeal``: one account, for whoever answers its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from gauger.engine.common.settings import Settings
from gauger.report import narrative
from gauger.report.explain import explain
from gauger.results.run import Run, read_run
from gauger.text import formats, words

_MIDDLE = 0.9  # of a finding's accounts: who lies outside in a statistic is unlike most of them
_SHOWN = 8


def appeal(out: Path, account_id: str) -> tuple[str, dict[str, Any]]:
    """What speaks for and against an account, in words and as plain values.

    Raises GaugerError where the run has no such account; the message then names the nearest ones.
    """
    why = explain(out, account=account_id)
    run = read_run(out)
    row = run.accounts.filter(pc.equal(run.accounts["account_id"], account_id)).to_pylist()[0]
    if row["campaign_id"] is None:
        told = {"account_id": account_id, "flagged": row["flagged"], "finding": None}
        return "\n".join([why, *_alone(run, row)]) + "\n", told
    finding = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], row["campaign_id"])).to_pylist()[0]
    unlike = unlike_the_others(run, row)
    without = without_it(run, row, finding)
    lines = [
        why,
        "How sure",
        *_listed([*narrative.sure(finding), "That is of the finding. How well this account fits in is below."]),
        "How it fits in",
        *_listed(_fits(run, unlike)),
        "What would be honest",
        *_listed([narrative.honest(finding)]),
        "The finding without it",
        *_listed(_said(without, finding)),
    ]
    told = {"account_id": account_id, "flagged": row["flagged"], "finding": finding["campaign_id"],
            "probability": finding["probability"], "unlike": unlike, "without": without}  # fmt: skip
    return "\n".join(lines) + "\n", told


def unlike_the_others(run: Run, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Statistics in which an account lies outside the middle nine tenths of its finding's accounts, farthest first."""
    members = run.accounts.filter(pc.equal(run.accounts["campaign_id"], row["campaign_id"]))
    found = []
    for name in run.statistics:
        values = np.asarray(members[name].drop_null(), np.float64)
        if row[name] is None or len(values) < 2 / (1 - _MIDDLE):
            continue
        low, middle, high = np.quantile(values, [(1 - _MIDDLE) / 2, 0.5, (1 + _MIDDLE) / 2])
        if not low <= row[name] <= high:
            width = max(float(high - low), 1e-12)
            beyond = max(low - row[name], row[name] - high) / width
            spread = {"low": float(low), "median": float(middle), "high": float(high)}
            found.append({"statistic": name, "value": row[name], **spread, "widths_beyond": float(beyond)})
    return sorted(found, key=lambda one: (-one["widths_beyond"], one["statistic"]))


def without_it(run: Run, row: dict[str, Any], finding: dict[str, Any]) -> dict[str, Any]:
    """The finding's numbers with the account left out, as far as they follow from the tables."""
    others = run.accounts.filter(
        pc.and_(
            pc.equal(run.accounts["campaign_id"], row["campaign_id"]),
            pc.not_equal(run.accounts["account_id"], row["account_id"]),
        )
    )
    return {
        "accounts": others.num_rows,
        "calls": (finding["calls"] or 0) - (row["calls"] or 0),
        "flagged": int(pc.sum(others["flagged"]).as_py() or 0),
        "stands": others.num_rows >= Settings.campaign_accounts_min,
    }


def _fits(run: Run, unlike: list[dict[str, Any]]) -> list[str]:
    known = len(run.statistics)
    if not unlike:
        return [f"in none of {known} statistics does it lie outside the middle nine tenths of the finding's accounts"]
    lines = [
        f"in {len(unlike)} of {known} statistics it lies outside the middle nine tenths of the finding's accounts; "
        f"by chance one in ten would"
    ]
    for one in unlike[:_SHOWN]:
        low, high = formats.value(one["low"]), formats.value(one["high"])
        lines.append(f"{words.statistic(one['statistic'])}: {formats.value(one['value'])}, theirs {low} to {high}")
    return lines


def _said(without: dict[str, Any], finding: dict[str, Any]) -> list[str]:
    size = f"{formats.plural(without['accounts'], 'account')} and {formats.plural(without['calls'], 'call')}"
    if not without["stands"]:
        return [f"{size} remain, fewer than a finding has: it would not be raised"]
    return [
        f"{size} remain, {without['flagged']:,} of them flagged: the finding stands without it",
        "its probability and signs are of many accounts, and one hardly moves them; gauger verify computes them anew "
        "from a log without the account",
    ]


def _alone(run: Run, row: dict[str, Any]) -> list[str]:
    if not row["flagged"]:
        return ["It is not flagged and in no finding: this run gives no reason to act on it."]
    chance = run.alarm_level * run.accounts.num_rows
    flagged = int(np.sum(run.accounts["flagged"].to_numpy() & run.accounts["campaign_id"].is_null().to_numpy()))
    return [
        "How sure",
        *_listed(
            [
                f"it is flagged alone: about {formats.plural(round(chance), 'honest account')} of "
                f"{run.accounts.num_rows:,} would be by chance, and {flagged:,} are",
                "an account alone is no reason to act",
            ]
        ),
    ]


def _listed(lines: list[str]) -> list[str]:
    return [*(f"  - {formats.visible(line)}" for line in lines if line), ""]
