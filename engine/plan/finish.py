"""Finishing a run: everything in a day is weighed, joined into findings and written down as tables.

accounts ─ evidence against the reference ─┐
prompts ─ families ─ of each call ─────────┴─ findings, numbered ─ tables
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from gauger.engine.common import progress, threads
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.common.stopwatch import Stopwatch
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.evidence.relations import related
from gauger.engine.families.allow_list import AllowList, apply_allow_list
from gauger.engine.families.families import Claims, Families, describe_groups
from gauger.engine.families.known import KnownFamilies
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
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.reference.directory import Reference
from gauger.engine.reference.drift import measure_drift
from gauger.engine.reference.retention import substantial
from gauger.engine.results.result import (
    CallRows,
    Naming,
    Result,
    account_table,
    campaign_ids,
    family_table,
    finding_table,
    membership,
)


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
    families = describe_groups(groups, spread.members, day.prompts, known.families, known.claims, day.is_text)
    allowed = None
    if allow is not None:
        measurer = Measurer.of(day.secret, settings)
        families, allowed = apply_allow_list(
            allow, families, day.prompts, measurer, is_text=day.is_text, known=known.families.ids
        )
    watch.lap("families")
    day.rest()
    chosen, why_none = (None, None) if reading is None else reading.result()
    reference, held = (None, None) if chosen is None else (chosen.population, chosen.held)
    if held is not None:
        settings = replace(settings, alarm_level=held.level)
    weighed = gather_decontaminated(people, reference, day.key, settings)
    evidence = weighed.evidence if why_none is None else replace(weighed.evidence, missing=[why_none])
    if chosen is not None:
        evidence = replace(evidence, missing=[*evidence.missing, *chosen.left_out])
    watch.lap("evidence")
    day.rest()
    progress.tell("findings")
    member_family = families.of_group[spread.members.group]
    evidence = replace(evidence, relational=related(people, evidence, spread.members, member_family, settings))
    statistics = {**people.accounts.statistics, "family_entropy": spread.entropy(families)}
    today = replace(people.accounts, statistics=statistics)
    compared = reference if evidence.reference_accounts else None
    findings = find_findings(today, compared, evidence, families, spread.wanted(families), people, settings)
    if date_of_day is not None:
        findings, known.findings = known.findings.number(findings, people, date_of_day, day.key)
    watch.lap("campaigns")
    users = flagged_users(member_family, spread.members.account, evidence, len(families), settings)
    strength = family_evidence(families, users, flagged_share(evidence, settings))
    drift = (
        None if chosen is None or date_of_day is None else measure_drift(date_of_day, today, chosen, evidence, settings)
    )
    result = Result(
        accounts=account_table(today, compared, evidence, findings, settings),
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
        seconds=watch.seconds,
    )
    member = membership(findings, len(people.calls))
    naming = Naming(pa.array(people.account_ids, pa.string()), families, member, campaign_ids(findings))
    return Finished(result, day, evidence, families, spread, naming, *_flagged(evidence, member, settings))


def _flagged(evidence: Evidence, member: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Flagged accounts, and those of them in no finding.

    Findings made without a reference flag nobody: an honest app would go missing from its own baseline.
    """
    flagged = evidence.probability < settings.alarm_level
    return flagged, flagged & (member < 0)
