"""What people decided of findings, as the manifest has it: what came of it today, and how often gauger was right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gauger.engine.findings.decisions import CAMPAIGN, HONEST, Decisions, Entry, Settled
from gauger.engine.reference.held_out import binomial_interval


def decided_record(decisions: Decisions, settled: Settled, decided: np.ndarray) -> dict[str, Any] | None:
    """What the manifest says of decisions; None where none holds.

    decided : object[accounts], what was decided of each account's finding
    """
    standing = list(decisions.standing().values())
    if not standing:
        return None
    return {
        "not_raised": [
            {
                "campaign_id": finding.campaign_id,
                "accounts": len(finding.members),
                "calls": finding.calls,
                "decided_on": None if finding.decided_on is None else finding.decided_on.isoformat(),
            }
            for finding in settled.honest
        ],
        "confirmed_accounts": int(np.sum(decided == CAMPAIGN)),
        "precision": precision(standing),
    }


def precision(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """How often people agreed: by the month they decided in and by what gauger had called the finding.

    ``share`` is that of campaigns among findings decided to be a campaign or honest; ``low`` and ``high`` are Clopper
    and Pearson's exact interval of 95 % (Biometrika 1934). The findings people look at are no random sample.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.date.isoformat()[:7], entry.assessment), []).append(entry)
    rows = []
    for (month, assessment), group in sorted(groups.items()):
        campaigns, honest = (sum(one.decision == name for one in group) for name in (CAMPAIGN, HONEST))
        known = campaigns + honest
        low, high = binomial_interval(campaigns, known)
        rows.append(
            {
                "month": month,
                "assessment": assessment,
                "campaign": campaigns,
                "honest": honest,
                "unsure": len(group) - known,
                "share": campaigns / known if known else None,
                "low": low if known else None,
                "high": high if known else None,
            }
        )
    return rows
