"""A finding as every format takes it, with names that stay the same however often it is exported."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow.compute as pc

from gauger.results.run import Run

CAMPAIGN = "campaign"
ACCOUNTS_MOST = 1_000  # named in one event; a table names all
PRODUCT = "gauger"
# What a campaign does, in the words of MITRE ATLAS.
TECHNIQUES = {
    "AML.T0024.002": "Extract AI Model",
    "AML.T0008.005": "AI Service Proxies",
    "AML.T0040": "AI Model Inference API Access",
}
_SPACE = uuid.UUID("5c0a7c1c-6c1f-5f0e-9a52-0c1f3f6b7d10")


@dataclass(frozen=True)
class Member:
    """An account of a finding."""

    account_id: str
    calls: int
    evidence: float | None


@dataclass(frozen=True)
class Exported:
    """A finding and its accounts, the oddest first."""

    uid: str  # of the finding, the same on later days
    key_id: str
    version: str  # of gauger
    number: int
    assessment: str
    probability: float | None
    evidence: float | None
    calls: int
    started_at: datetime
    ended_at: datetime
    explanation: str | None
    links: list[str]
    present: list[str]
    families: list[int]
    is_new: bool  # found for the first time
    members: list[Member]

    @property
    def title(self) -> str:
        """What was found, in a line without anything that an account wrote."""
        what = "campaign of accounts that act as one" if self.assessment == CAMPAIGN else self.assessment
        return f"Finding {self.number}: {what}, {len(self.members):,} accounts, {self.calls:,} calls"

    @property
    def percent(self) -> int:
        """The probability as a whole number of hundredths; 0 where there is none."""
        return round(100 * (self.probability or 0))

    @property
    def named(self) -> list[Member]:
        """The accounts that an event names."""
        return self.members[:ACCOUNTS_MOST]


def uid_of(*parts: object) -> str:
    """A name that depends on its parts only (RFC 9562, UUID version 5)."""
    return str(uuid.uuid5(_SPACE, "\n".join(map(str, parts))))


def exported(run: Run, assessments: set[str] | None) -> Iterator[Exported]:
    """The findings of a run with one of some assessments, or with any; the strongest first, as in the run."""
    accounts = run.accounts.select(["account_id", "calls", "evidence", "campaign_id"])
    accounts = accounts.sort_by([("evidence", "descending"), ("account_id", "ascending")])
    key_id = str(run.manifest.get("key_id", ""))
    for row in run.campaigns.to_pylist():
        if assessments is not None and row["assessment"] not in assessments:
            continue
        own = accounts.filter(pc.equal(accounts["campaign_id"], row["campaign_id"])).to_pylist()
        since = row["first_seen_on"] or row["started_at"]
        yield Exported(
            uid=uid_of(key_id, row["campaign_id"], since.isoformat()),
            key_id=key_id,
            version=str(run.manifest.get("gauger", "")),
            number=row["campaign_id"],
            assessment=row["assessment"],
            probability=row["probability"],
            evidence=row["evidence"],
            calls=row["calls"],
            started_at=row["started_at"].astimezone(UTC),
            ended_at=row["ended_at"].astimezone(UTC),
            explanation=row["explanation"],
            links=row["links"] or [],
            present=row["present"] or [],
            families=row["families"] or [],
            is_new=(row["days_seen"] or 1) <= 1,
            members=[Member(one["account_id"], one["calls"], one["evidence"]) for one in own],
        )
