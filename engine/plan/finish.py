"""Finishing a run: everything in a day is weighed, joined into findings and written down as tables.

accounts ─ evidence against the reference ─┐
prompts ─ families ─ of each call ─────────┴─ findings, numbered ─ tables
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from gauger.engine.common import progress, threads
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.common.stopwatch import Stopwatch
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.relations import related
from gauger.engine.families.allow_list import Allowed, AllowList, apply_allow_list
from gauger.engine.families.families import Claims, Families, Groups, describe_groups
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.decisions import CAMPAIGN, HONEST, Decisions, Settled, settle
from gauger.engine.findings.findings import (
    call_evidence,
    family_evidence,
    find_findings,
    flagged_share,
    flagged_users,
)
from gauger.engine.findings.known import KnownFindings
from gauger.engine.intake.measuring import Measurer
from gauger.engine.plan.day import Day
from gauger.engine.plan.spread import Spread
from gauger.engine.reference.decontamination import Decontaminated, gather_decontaminated
from gauger.engine.reference.directory import Reference
from gauger.engine.reference.drift import measure_drift
from gauger.engine.reference.retention import substantial
from gauger.engine.results.decided import decided_record
from gauger.engine.results.result import (
    CallRows,
    Naming,
    Result,
    account_tables,
    campaign_ids,
    family_table,
    finding_table,
    membership,
)
from gauger.engine.statistics.people import People


def day_of(microseconds: int) -> date:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).date()


def first_day(times: np.ndarray) -> date:
    """The earliest UTC day that holds at least one call in a hundred: a stray clock must not choose the reference."""
    days, calls = np.unique(times // DAY_US, return_counts=True)
    return main_day(dict(zip(days.tolist(), calls.tolist(), strict=True)))


def main_day(calls: Mapping[int, int]) -> date:
    """The same, from the calls of each UTC day, by its number."""
    days = np.asarray(sorted(calls), np.int64)
    enough = substantial(np.asarray([calls[day] for day in days.tolist()], np.int64))
    return day_of(int(days[enough][0]) * DAY_US)


@dataclass
class Known:
    """What earlier runs left, and what this one adds: families are numbered in place."""

    families: KnownFamilies
    findings: KnownFindings
    claims: Claims | None = None  # ids that the stream gave out since
    decisions: Decisions = field(default_factory=Decisions)  # what people decided of findings
    shared: tuple[SharedFinding, ...] = ()  # findings of other providers


@dataclass(frozen=True)
class Finished:
    """A finished run: its tables, and what is needed to write its calls, to answer, to keep the day and to go on."""

    result: Result
    day: Day
    evidence: Evidence
    families: Families
    spread: Spread
    naming: Naming
    flagged: np.ndarray  # bool[accounts], that no reference must hold
    lone: np.ndarray  # bool[accounts], those of them that are part of no finding
    finding: np.ndarray  # int64[accounts], of those the finding each is part of, raised or decided honest; 0 = none

    @property
    def units(self) -> range:
        """Units of the day."""
        return range(self.day.people.units)

    def calls(self, unit: int) -> CallRows:
        """Rows of the calls table of a unit."""
        day, rows = self.day, self.day.people.rows(unit)
        calls = day.calls(unit)
        strength = np.full(len(calls), np.nan)
        if self.evidence.call_probability:
            sampled = (*day.people.sampled_of(unit), self.evidence.call_probability[unit])
            strength = call_evidence(sampled, calls.owner, calls.identity)
        return CallRows(
            calls.file,
            calls.row,
            calls.identity,
            rows[calls.owner],
            self.families.of_group[self.spread.groups[unit]],
            self.spread.repeats[unit],
            calls.novelty,
            strength,
        )


ReferenceOf = Callable[[date], tuple[Reference | None, str | None]]


def finish(
    day: Day, date_of_day: date | None, known: Known, reference_of: ReferenceOf, allow: AllowList | None
) -> Finished:
    """Weigh a day.

    date_of_day : which day it is; None without a call
    reference_of : the reference of a day; where there is none, perhaps a sentence that says why
    """
    watch, settings = Stopwatch(), day.settings
    with threads.beside() as start:
        # Frames are learnt on one thread: the reference is read beside that.
        reading = None if date_of_day is None else start(reference_of, date_of_day)
        groups = day.grouped()
    people = day.people  # folded here, when the bulk of the prompts is gone
    progress.tell("families")
    spread = Spread.over(day, groups)
    families, allowed = _described(day, groups, spread, known, allow)
    watch.lap("families")
    day.rest()
    chosen, why_none = (None, None) if reading is None else reading.result()
    reference, held = (None, None) if chosen is None else (chosen.population, chosen.held)
    if held is not None:
        settings = replace(settings, alarm_level=held.level)
    weighed = _weighed(people, chosen, day, settings, known)
    missing = [*([why_none] if why_none else weighed.evidence.missing), *([] if chosen is None else chosen.left_out)]
    evidence = replace(weighed.evidence, missing=missing)
    watch.lap("evidence")
    day.rest()
    progress.tell("findings")
    member_family = families.of_group[spread.members.group]
    evidence = replace(evidence, relational=related(people, evidence, spread.members, member_family, settings))
    more = {"family_entropy": spread.entropy(families)}
    today = replace(people.accounts, statistics=people.accounts.statistics | more)
    compared = reference if evidence.reference_accounts else None
    hashes = hash_column(day.key, names := pa.array(people.account_ids, pa.string()))
    calls, confirmed = spread.wanted(families), known.decisions.confirmed(hashes)
    found = find_findings(today, compared, evidence, families, calls, people, settings, confirmed)
    if date_of_day is not None:
        found, known.findings = known.findings.number(found, people, date_of_day, day.key)
    settled = settle(found, known.decisions, hashes)
    findings, decided = settled.raised, decided_accounts(settled, confirmed, len(names))
    flagged = (evidence.probability < settings.alarm_level) & (decided != HONEST) | (decided == CAMPAIGN)
    watch.lap("campaigns")
    users = flagged_users(member_family, spread.members.account, evidence, len(families), flagged)
    strength = family_evidence(families, users, flagged_share(evidence, flagged, settings))
    drift = None
    if chosen is not None and date_of_day is not None:
        drift = measure_drift(date_of_day, today, chosen, evidence, settings)
    result = Result(
        **account_tables(today, compared, evidence, findings, flagged, decided),
        families=family_table(families, strength, addresses=day.has_addresses),
        campaigns=finding_table(findings),
        missing_evidence=evidence.missing,
        reference_days=[] if chosen is None else chosen.days,
        reference_accounts=evidence.reference_accounts,
        reference_left_out=len(weighed.left_out),
        allowed=allowed,
        drift=drift,
        alarm_level=settings.alarm_level,
        level_raised=None if held is None else held.sentence,
        decided=decided_record(known.decisions, settled, decided),
        seconds=watch.seconds,
    )
    member = membership(findings, len(hashes))
    # Honest ones are kept apart, too. Without a reference nobody is flagged: an app would be missing from its baseline.
    kept_out = flagged | (decided == HONEST)
    part_of = np.where(kept_out, np.append(campaign_ids(found), 0)[membership(found, len(hashes))], 0)
    naming = Naming(names, families, member, campaign_ids(findings))
    return Finished(result, day, evidence, families, spread, naming, kept_out, flagged & (member < 0), part_of)


def _weighed(people: People, chosen: Reference | None, day: Day, settings: Settings, known: Known) -> Decontaminated:
    """The evidence, and which of the reference's accounts were left out."""
    reference, vouched = (None, None) if chosen is None else (chosen.population, chosen.vouched)
    return gather_decontaminated(people, reference, day.key, settings, vouched, known.shared)


def _described(
    day: Day, groups: Groups, spread: Spread, known: Known, allow: AllowList | None
) -> tuple[Families, Allowed | None]:
    """The families, allowed ones marked, and what the allow-list came to."""
    families = describe_groups(groups, spread.members, day.prompts, known.families, known.claims, day.is_text)
    allowed = None
    if allow is not None:
        measurer, ids = Measurer.of(day.secret, day.settings), known.families.ids
        families, allowed = apply_allow_list(allow, families, day.prompts, measurer, is_text=day.is_text, known=ids)
    decided = np.isin(families.ids, known.decisions.honest_families())
    return replace(families, allowed=families.allowed | decided), allowed


def decided_accounts(settled: Settled, confirmed: Mapping[int, np.ndarray], accounts: int) -> np.ndarray:
    """What was decided of each account's finding, object[accounts]; None where nothing counts today."""
    decided = np.full(accounts, None, object)
    for finding in settled.honest:
        decided[finding.members] = HONEST
    for rows in confirmed.values():
        decided[rows] = CAMPAIGN
    return decided
