"""Findings as a bundle of STIX 2.1 (OASIS): who says so, what was seen, which accounts, and the techniques of ATLAS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from gauger.exports.findings import PRODUCT, TECHNIQUES, Exported, uid_of

_BORN = "2026-01-01T00:00:00.000Z"  # of what does not depend on a run, so that it has one version
_ATLAS = "https://atlas.mitre.org/techniques/"


def bundle(findings: Sequence[Exported]) -> dict[str, Any]:
    """All of them in one bundle; each object is in it once."""
    objects = {one["id"]: one for one in _objects(findings)}
    return {"type": "bundle", "id": f"bundle--{uid_of('bundle', *sorted(objects))}", "objects": list(objects.values())}


def _objects(findings: Sequence[Exported]) -> Iterator[dict[str, Any]]:
    yield _object("identity", PRODUCT, _BORN, name=PRODUCT, identity_class="system")
    for finding in findings:
        accounts = [_account(finding.key_id, one.account_id) for one in finding.named]
        yield from accounts
        yield from _finding(finding, [one["id"] for one in accounts])


def _account(key_id: str, account_id: str) -> dict[str, Any]:
    name = f"user-account--{uid_of(key_id, account_id)}"
    return {"type": "user-account", "spec_version": "2.1", "id": name, "user_id": account_id}


def _finding(finding: Exported, accounts: list[str]) -> Iterator[dict[str, Any]]:
    first, last = _moment(finding.started_at), _moment(finding.ended_at)
    seen = _object(
        "observed-data", finding.uid, last,
        first_observed=first, last_observed=last, number_observed=min(finding.calls, 999_999_999), object_refs=accounts,
    )  # fmt: skip
    description = "; ".join(finding.present) or finding.explanation or finding.title
    told: dict[str, Any] = {"name": finding.title, "description": description, "confidence": finding.percent}
    yield seen
    if finding.assessment != "campaign":
        yield _object(
            "grouping", finding.uid, last, context="suspicious-activity", object_refs=[seen["id"], *accounts], **told
        )
        return
    campaign = _object("campaign", finding.uid, last, first_seen=first, last_seen=last, **told)
    yield campaign
    yield _object(
        "sighting", finding.uid, last, sighting_of_ref=campaign["id"], observed_data_refs=[seen["id"]],
        first_seen=first, last_seen=last, count=min(finding.calls, 999_999_999),
    )  # fmt: skip
    for uid, name in TECHNIQUES.items():
        reference = {"source_name": "mitre-atlas", "external_id": uid, "url": f"{_ATLAS}{uid}"}
        technique = _object("attack-pattern", uid, _BORN, name=name, external_references=[reference])
        yield technique
        yield _object(
            "relationship", f"{finding.uid} {uid}", last,
            relationship_type="uses", source_ref=campaign["id"], target_ref=technique["id"],
        )  # fmt: skip


def _object(kind: str, key: str, modified: str, **more: Any) -> dict[str, Any]:
    creator = {} if kind == "identity" else {"created_by_ref": f"identity--{uid_of('identity', PRODUCT)}"}
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uid_of(kind, key)}",
        "created": _BORN,
        "modified": modified,
        **creator,
        **more,
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
