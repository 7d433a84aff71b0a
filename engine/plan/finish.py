"""Finishing a run: everything in a state is weighed, joined into findings and written down as tables.

population ─ evidence against the reference ─┐
prompts ─ families ──────────────────────────┴─ findings, numbered ─ tables
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.common.stopwatch import Stopwatch
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.evidence.relations import complete
from gauger.engine.families.allow_list import AllowList, apply_allow_list
from gauger.engine.families.families import Claims, find_families
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.finding import Finding
from gauger.engine.findings.findings import Calls, find_findings
from gauger.engine.findings.known import KnownFindings
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.reference.directory import Reference
from gauger.engine.reference.drift import measure_drift
from gauger.engine.reference.retention import substantial
from gauger.engine.results.result import Result, account_table, call_table, family_table, finding_table, membership
from gauger.engine.serving.snapshot import Snapshot, snapshot_of
from gauger.engine.state.state import State
from gauger.engine.statistics.population import Population, population_of


def day_of(microseconds: int) -> date:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).date()


def first_day(times: np.ndarray) -> date:
    """The earliest UTC day that holds at least one call in a hundred: a stray clock must not choose the reference."""
    days, calls = np.unique(times // DAY_US, return_counts=True)
    return day_of(int(days[substantial(calls)][0]) * DAY_US)


@dataclass
class Known:
    """What earlier runs left, and what this one adds: families are numbered in place."""

    families: KnownFamilies
    findings: KnownFindings
    claims: Claims | None = None  # ids that the stream gave out since


@dataclass(frozen=True)
class Finished:
    """A finished run: its tables, and what is needed to answer, to keep the day and to go on."""

    result: Result
    snapshot: Snapshot
    population: Population
    family_of_call: np.ndarray  # int64, of each call of the ledger
    flagged: frozenset[str]  # accounts that no reference must hold
    lone: frozenset[str]  # those of them that are part of no finding


def finish(
    state: State,
    known: Known,
    reference_of: Callable[[date], tuple[Reference | None, str | None]],
    allow: AllowList | None,
) -> Finished:
    """Weigh everything in a state.

    reference_of : the reference of a day; where there is none, perhaps a sentence that says why
    """
    watch, settings = Stopwatch(), state.settings
    times = state.ledger.rows["time"]  # read here: what waits to be put in place is put there by one thread
    day = first_day(times) if len(times) else None
    # Families need the accounts last of all, and evidence no families: each has stretches only one core works on.
    with threads.beside(2) as start:
        populating = start(population_of, state)
        grouping = start(find_families, state, lambda: populating.result()[1], known.families, known.claims)
        chosen, why_none = (None, None) if day is None else reference_of(day)
        today, account_rows = populating.result()
        watch.lap("population")
        reference = None if chosen is None else chosen.population
        weighed = gather_decontaminated(today, reference, state.secret.key, settings)
        watch.lap("evidence")
        families, allowed = apply_allow_list(allow, grouping.result(), state, known.families.ids)
        watch.lap("families")
    evidence = weighed.evidence if why_none is None else replace(weighed.evidence, missing=[why_none])
    today, evidence = complete(today, evidence, state, account_rows, families)
    compared = reference if evidence.reference_accounts else None
    calls = Calls(account_rows[state.ledger.rows["account"]], times, families.of_call, families.repeats_of_call)
    findings = find_findings(today, compared, evidence, families, calls, settings)
    if day is not None:
        findings, known.findings = known.findings.number(findings, today, day, state.secret.key)
    watch.lap("campaigns")
    accounts = account_table(today, compared, evidence, findings, settings)
    family_rows = family_table(families, calls, evidence, settings, "client_address" in state.columns)
    result = Result(
        calls=call_table(state.ledger.rows, calls, today, evidence, families, findings),
        accounts=accounts,
        families=family_rows,
        campaigns=finding_table(findings),
        missing_evidence=evidence.missing,
        reference_days=[] if chosen is None else chosen.days,
        reference_accounts=evidence.reference_accounts,
        reference_left_out=len(weighed.left_out),
        allowed=allowed,
        drift=None if chosen is None or day is None else measure_drift(day, today, chosen, evidence, settings),
        seconds=watch.seconds,
    )
    snapshot = snapshot_of(state.prompts.rows["hash"].copy(), families, family_rows, accounts)
    return Finished(result, snapshot, today, families.of_call, *_flagged(today, evidence, findings, settings))


def _flagged(
    today: Population, evidence: Evidence, findings: list[Finding], settings: Settings
) -> tuple[frozenset[str], frozenset[str]]:
    """Flagged accounts, and those of them in no finding.

    Findings made without a reference flag nobody: an honest app would go missing from its own baseline.
    """
    flagged = np.flatnonzero(evidence.probability < settings.alarm_level)
    lone = flagged[membership(findings, len(today))[flagged] < 0]
    names = (frozenset(today.account_ids[row] for row in rows.tolist()) for rows in (flagged, lone))
    return next(names), next(names)
