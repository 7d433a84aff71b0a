"""Findings as events of the Open Cybersecurity Schema Framework: class 2004, Detection Finding (schema.ocsf.io)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gauger.exports.findings import PRODUCT, TECHNIQUES, Exported, Technique

_SCHEMA = "1.9.0"
_CLASS, _CREATED, _UPDATED = 2004, 1, 2
_ACCOUNT_NAME = 4  # observable type: User Name
_INFORMATIONAL, _MEDIUM, _HIGH = 1, 3, 4


def event(finding: Exported) -> dict[str, Any]:
    """One event."""
    activity = _CREATED if finding.is_new else _UPDATED
    own = finding.is_campaign
    return {
        "activity_id": activity,
        "category_uid": 2,
        "class_uid": _CLASS,
        "type_uid": 100 * _CLASS + activity,
        "severity_id": _HIGH if own else _MEDIUM if finding.assessment == "unclear" else _INFORMATIONAL,
        "status_id": 1,
        "is_alert": own,
        "time": _milliseconds(finding.ended_at),
        "start_time": _milliseconds(finding.started_at),
        "end_time": _milliseconds(finding.ended_at),
        "count": finding.calls,
        "confidence_score": finding.percent,
        "message": finding.title,
        "metadata": {
            "version": _SCHEMA,
            "uid": f"{finding.uid}-{_milliseconds(finding.ended_at)}",
            "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": finding.version},
        },
        "finding_info": {
            "uid": finding.uid,
            "title": finding.title,
            "desc": finding.description,
            "types": [finding.assessment],
            "first_seen_time": _milliseconds(finding.since),
            "last_seen_time": _milliseconds(finding.ended_at),
            **({"attacks": list(map(_attack, TECHNIQUES))} if own else {}),
        },
        "observables": [{"name": "account", "type_id": _ACCOUNT_NAME, "value": name} for name in finding.named],
        "unmapped": {
            "accounts": len(finding.members),
            "accounts_named": len(finding.named),
            "evidence": finding.evidence,
            "links": finding.links,
            "honest_explanation": finding.explanation,
            "key_id": finding.key_id,
        },
    }


def _attack(technique: Technique) -> dict[str, Any]:
    own = {"uid": technique.uid, "name": technique.name, "src_url": technique.url}
    if technique.parent is None:
        return {"technique": own}
    uid, name = technique.parent
    return {"technique": {"uid": uid, "name": name}, "sub_technique": own}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
