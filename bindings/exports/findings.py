"""A finding as every format takes it, with names that stay the same however often it is exported."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import NamedTuple

import pyarrow.compute as pc

from gauger.engine.common.errors import InputError
from gauger.engine.findings.verdicts import CAMPAIGN, VERDICTS
from gauger.results.run import Run
from gauger.text.formats import visible

ACCOUNTS_MOST = 1_000  # named in one event, and bytes of their names; a table names all
NAMES_BYTES_MOST = 512 << 10  # with it an event stays below the megabyte that hosted receivers take
NAME_MOST = 1_024  # characters: fields of the Elastic Common Schema are not searched beyond
PRODUCT = "gauger"
_DIGEST = 16  # hexadecimal digits that tell long names apart


class Technique(NamedTuple):
    """A technique of MITRE ATLAS; ``parent`` is what it is a part of."""

    uid: str
    name: str
    parent: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://atlas.mitre.org/techniques/{self.uid}"


# What a campaign does.
TECHNIQUES = (
    Technique("AML.T0024.002", "Extract AI Model", ("AML.T0024", "Exfiltration via AI Inference API")),
    Technique("AML.T0008.005", "AI Service Proxies", ("AML.T0008", "Acquire Infrastructure")),
    Technique("AML.T0040", "AI Model Inference API Access"),
)
_SPACE = uuid.UUID("5c0a7c1c-6c1f-5f0e-9a52-0c1f3f6b7d10")


@dataclass(frozen=True)
class Member:
    """An account of a finding."""

    account_id: str
    calls: int
    evidence: float | None

    @property
    def name(self) -> str:
        """The account id as an event names it: a long one is cut, and ends in its hash."""
        if len(self.account_id) <= NAME_MOST:
            return self.account_id
        digest = hashlib.sha256(self.account_id.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
        tail = f"...sha256:{digest}"
        return self.account_id[: NAME_MOST - len(tail)] + tail


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
    since: datetime  # when it was found first, or its first call where days are not kept
    started_at: datetime
    ended_at: datetime
    explanation: str | None
    links: list[str]
    present: list[str]
    families: list[int]
    is_new: bool  # found for the first time
    members: list[Member]

    @property
    def is_campaign(self) -> bool:
        """Whether one actor is probably behind it."""
        return self.assessment == CAMPAIGN

    @property
    def title(self) -> str:
        """What was found, in a line without anything that an account wrote."""
        what = "campaign of accounts that act as one" if self.is_campaign else self.assessment
        return f"Finding {self.number}: {what}, {len(self.members):,} accounts, {self.calls:,} calls"

    @property
    def percent(self) -> int:
        """The probability as a whole number of hundredths; 0 where there is none."""
        return round(100 * (self.probability or 0))

    @property
    def description(self) -> str:
        """Why it is a finding: the signs of coordination, else what else explains it, else what it is."""
        return "; ".join(self.present) or self.explanation or self.title

    @cached_property
    def named(self) -> list[str]:
        """The accounts that an event names; at least one where there is any."""
        names: list[str] = []
        size = 0
        for member in self.members[:ACCOUNTS_MOST]:
            size += len(member.name.encode(errors="surrogatepass"))
            if names and size > NAMES_BYTES_MOST:
                break
            names.append(member.name)
        return names


def uid_of(*parts: object) -> str:
    """A name that depends on its parts only (RFC 9562, UUID version 5)."""
    return str(uuid.uuid5(_SPACE, "\n".join(map(str, parts))))


def chosen(names: str) -> Collection[str]:
    """The assessments of a list with commas, or every one for ``all``. Raises InputError for a name that is none."""
    if names.strip() == "all":
        return VERDICTS
    asked = list(filter(None, map(str.strip, names.split(","))))
    strange = [one for one in asked if one not in VERDICTS]
    if strange or not asked:
        told = f"{visible(strange[0])} is no assessment" if strange else "no assessment is given"
        raise InputError(f"--assessed: {told}; there are {', '.join(VERDICTS)}, and all")
    return asked


def exported(run: Run, assessments: Collection[str] | None) -> Iterator[Exported]:
    """The findings of a run with one of some assessments, or with any; the strongest first, as in the run."""
    accounts = run.accounts.select(["account_id", "calls", "evidence", "campaign_id"])
    accounts = accounts.sort_by([("evidence", "descending"), ("account_id", "ascending")])
    key_id = str(run.manifest.get("key_id", ""))
    for row in run.campaigns.to_pylist():
        if assessments is not None and row["assessment"] not in assessments:
            continue
        own = accounts.filter(pc.equal(accounts["campaign_id"], row["campaign_id"])).to_pylist()
        since = row["first_seen_on"] or row["started_at"]  # the same on later days, where days are kept
        yield Exported(
            uid=uid_of(key_id, row["campaign_id"], since.isoformat()),
            key_id=key_id,
            version=str(run.manifest.get("gauger", "")),
            number=row["campaign_id"],
            assessment=row["assessment"],
            probability=row["probability"],
            evidence=row["evidence"],
            calls=row["calls"],
            since=_instant(since),
            started_at=row["started_at"].astimezone(UTC),
            ended_at=row["ended_at"].astimezone(UTC),
            explanation=row["explanation"],
            links=row["links"] or [],
            present=row["present"] or [],
            families=row["families"] or [],
            is_new=(row["days_seen"] or 1) <= 1,
            members=[Member(one["account_id"], one["calls"], one["evidence"]) for one in own],
        )


def _instant(moment: date) -> datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)
