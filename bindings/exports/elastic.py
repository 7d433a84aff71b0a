"""Findings as alerts of the Elastic Common Schema; what it has no field for stands under ``gauger``."""

from __future__ import annotations

from typing import Any

from gauger.exports.findings import PRODUCT, TECHNIQUES, Exported

_VERSION = "8.17.0"


def document(finding: Exported) -> dict[str, Any]:
    """One alert."""
    threat = {"framework": "MITRE ATLAS", "technique": {"id": list(TECHNIQUES), "name": list(TECHNIQUES.values())}}
    return {
        "@timestamp": finding.ended_at.isoformat(),
        "ecs": {"version": _VERSION},
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "id": finding.uid,
            "provider": PRODUCT,
            "module": PRODUCT,
            "dataset": f"{PRODUCT}.finding",
            "start": finding.started_at.isoformat(),
            "end": finding.ended_at.isoformat(),
            "risk_score": finding.percent,
            "reason": "; ".join(finding.present) or finding.explanation or finding.title,
        },
        "message": finding.title,
        "observer": {"product": PRODUCT, "vendor": PRODUCT, "type": "detector", "version": finding.version},
        "rule": {"name": finding.assessment, "category": "model distillation", "uuid": finding.uid},
        "related": {"user": [one.account_id for one in finding.named]},
        **({"threat": threat} if finding.assessment == "campaign" else {}),
        "gauger": {
            "finding": finding.number,
            "assessment": finding.assessment,
            "probability": finding.probability,
            "evidence": finding.evidence,
            "accounts": len(finding.members),
            "accounts_named": len(finding.named),
            "calls": finding.calls,
            "links": finding.links,
            "honest_explanation": finding.explanation,
            "key_id": finding.key_id,
        },
    }
