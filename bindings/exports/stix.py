"""Findings as a bundle of STIX 2.1 (OASIS): who says so, what was seen, which accounts, and the techniques of ATLAS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from gauger.exports.findings import PRODUCT, TECHNIQUES, Exported, uid_of

_BORN = "2026-01-01T00:00:00.000Z"  # of what does not depend on a run, so that it has one version


def bundle(findings: Sequence[Exported]) -> dict[str, Any]:
    """All of them in one bundle; each object is in it once."""
    objects = {one["id"]: one for one in _objects(findings)}
    return {"type": "bundle", "id": f"bundle--{uid_of('bundle', *sorted(objects))}", "objects": list(objects.values())}


def _objects(findings: Sequence[Exported]) -> Iterator[dict[str, Any]]:
    yield _object("identity", PRODUCT, (_BORN, _BORN), name=PRODUCT, identity_class="system")
    for finding in findings:
        accounts = [_account(finding.key_id, name) for name in finding.named]
        yield from accounts
        yield from _finding(finding, [one["id"] for one in accounts])


def _account(key_id: str, name: str) -> dict[str, Any]:
    return {
        "type": "user-account",
        "spec_version": "2.1",
        "id": f"user-account--{uid_of(key_id, name)}",
        "user_id": name,
    }


def _finding(finding: Exported, accounts: list[str]) -> Iterator[dict[str, Any]]:
    first, last = _moment(finding.started_at), _moment(finding.ended_at)
    versions = _moment(finding.since), last
    seen = _object(
        "observed-data", finding.uid, versions,
        first_observed=first, last_observed=last, number_observed=min(finding.calls, 999_999_999), object_refs=accounts,
    )  # fmt: skip
    told: dict[str, Any] = {
        "name": finding.title, "description": finding.description, "confidence": finding.percent,
    }  # fmt: skip
    yield seen
    if not finding.is_campaign:
        yield _object(
            "grouping",
            finding.uid,
            versions,
            context="suspicious-activity",
            object_refs=[seen["id"], *accounts],
            **told,
        )
        return
    campaign = _object("campaign", finding.uid, versions, first_seen=first, last_seen=last, **told)
    yield campaign
    yield _object(
        "sighting", finding.uid, versions, sighting_of_ref=campaign["id"], observed_data_refs=[seen["id"]],
        first_seen=first, last_seen=last, count=min(finding.calls, 999_999_999),
    )  # fmt: skip
    for one in TECHNIQUES:
        reference = {"source_name": "mitre-atlas", "external_id": one.uid, "url": one.url}
        technique = _object("attack-pattern", one.uid, (_BORN, _BORN), name=one.name, external_references=[reference])
        yield technique
        yield _object(
            "relationship", f"{finding.uid} {one.uid}", versions,
            relationship_type="uses", source_ref=campaign["id"], target_ref=technique["id"],
        )  # fmt: skip


def _object(kind: str, key: str, versions: tuple[str, str], **more: Any) -> dict[str, Any]:
    """versions : when its first and this version were made"""
    created, modified = versions
    creator = {} if kind == "identity" else {"created_by_ref": f"identity--{uid_of('identity', PRODUCT)}"}
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uid_of(kind, key)}",
        "created": created,
        "modified": modified,
        **creator,
        **more,
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
