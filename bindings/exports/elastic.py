"""Findings as alerts of the Elastic Common Schema; what it has no field for stands under ``gauger``."""

from __future__ import annotations

from typing import Any

from gauger.exports.findings import PRODUCT, TECHNIQUES, Exported

_VERSION = "9.4.0"


def document(finding: Exported) -> dict[str, Any]:
    """One alert."""
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
            "reason": finding.description,
        },
        "message": finding.title,
        "observer": {"product": PRODUCT, "vendor": PRODUCT, "type": "detector", "version": finding.version},
        "rule": {"name": finding.assessment, "category": "model distillation", "uuid": finding.uid},
        "related": {"user": finding.named},
        **({"threat": _threat()} if finding.is_campaign else {}),
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


def _threat() -> dict[str, Any]:
    parts = [one for one in TECHNIQUES if one.parent is not None]
    whole = [one.parent or (one.uid, one.name) for one in TECHNIQUES]
    return {
        "framework": "MITRE ATLAS",
        "technique": {
            "id": [uid for uid, _ in whole],
            "name": [name for _, name in whole],
            "subtechnique": {
                "id": [one.uid for one in parts],
                "name": [one.name for one in parts],
                "reference": [one.url for one in parts],
            },
        },
    }
