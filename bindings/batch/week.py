"""``gauger week``: the last seven kept days weighed together, for campaigns too thin for any one day."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.batch import outputs
from gauger.engine.common import threads
from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import evidence as evidence_of
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.retention import newest
from gauger.engine.reference.weeks import Week, weigh_week
from gauger.engine.results import tables
from gauger.engine.results.result import fact_row
from gauger.kernels.warm import warmup
from gauger.text.formats import plural, value, visible

ACCOUNTS, FINDINGS = "week_accounts.parquet", "week_findings.parquet"
SCHEMAS = {
    "week_accounts": pa.schema(
        [
            ("account_id", pa.string()),
            ("calls", pa.int64()),
            ("evidence", pa.float64()),
            ("flagged", pa.bool_()),
            ("finding", pa.int64()),
        ]
    ),
    "week_findings": pa.schema(
        [
            ("finding", pa.int64()),
            ("campaign_id", pa.int64()),
            ("accounts", pa.int64()),
            ("calls", pa.int64()),
            ("evidence", pa.float64()),
            ("assessment", pa.string()),
            ("probability", pa.float64()),
            ("explanation", pa.string()),
            ("facts", pa.list_(tables.FACT)),
            ("present", pa.list_(pa.string())),
            ("lacking", pa.list_(pa.string())),
        ]
    ),
}


def week(
    state: Path, out: Path, *, last: date | None = None, workers: int | None = None, settings: Settings | None = None
) -> Week:
    """Weigh the week up to ``last`` (default: the newest kept day) and write its two tables to ``out``.

    Raises StateError when the state keeps no day of it, StateLockedError while somebody else writes to it.
    """
    if not state.is_dir():
        raise StateError(f"{state}: no such state directory; score days with --state first")
    warmup()
    settings = settings or Settings()
    directory = StateDirectory(state)
    last = last or newest(directory.days())
    if last is None:
        raise StateError(f"{state}: no day is kept; score days with --state first")
    with threads.use(workers or os.cpu_count() or 1):
        found = weigh_week(directory, last, settings)
    out.mkdir(parents=True, exist_ok=True)
    accounts, findings = _tables(found, settings)
    outputs.write_result(out / ACCOUNTS, accounts)
    outputs.write_result(out / FINDINGS, findings)
    return found


def _tables(found: Week, settings: Settings) -> tuple[pa.Table, pa.Table]:
    people, probability = found.population, found.evidence.probability
    number = np.zeros(len(people), np.int64)
    rows = []
    for place, finding in enumerate(found.findings, 1):
        members = finding.members
        number[members] = place
        rows.append(
            {
                "finding": place,
                "campaign_id": finding.campaign_id,
                "accounts": len(members),
                "calls": finding.calls,
                "evidence": finding.evidence,
                "assessment": finding.verdict,
                "probability": finding.probability,
                "explanation": finding.explanation,
                "facts": [fact_row(fact) for fact in finding.facts],
                "present": [sign.sentence for sign in finding.signs if sign.present],
                "lacking": [sign.sentence for sign in finding.signs if not sign.present],
            }
        )
    strength = evidence_of(probability)
    accounts = pa.table(
        {
            "account_id": pa.array(people.account_ids, pa.string()),
            "calls": pa.array(people.calls),
            "evidence": pa.array(strength, mask=np.isnan(strength)),
            "flagged": pa.array(probability < settings.alarm_level),
            "finding": pa.array(number, mask=number == 0),
        },
        schema=SCHEMAS["week_accounts"],
    )
    return accounts, pa.Table.from_pylist(rows, SCHEMAS["week_findings"])


def to_text(found: Week, settings: Settings | None = None) -> str:
    """The week in words, for a terminal."""
    level = (settings or Settings()).alarm_level
    flagged = int(np.sum(found.evidence.probability < level))
    lines = [
        f"Week       {plural(len(found.days), 'day')} up to {found.days[-1]}",
        f"Accounts   {len(found.population):,}, {flagged:,} flagged at {value(level)}",
        f"Reference  {found.evidence.reference_accounts:,} accounts of {plural(len(found.reference_days), 'day')}",
    ]
    lines += [f"Missing    {visible(sentence)}" for sentence in found.evidence.missing]
    for place, finding in enumerate(found.findings, 1):
        signs = "; ".join(sign.sentence.split(":")[0] for sign in finding.signs if sign.present)
        who = f"{finding.verdict} #{finding.campaign_id}: {plural(len(finding.members), 'account')}"
        sure = f"probability {finding.probability:.2f}, evidence {finding.evidence:.0f}"
        lines.append(f"Finding {place:>3}  {who}, {sure}: {signs}")
    return "\n".join(lines if found.findings else [*lines, "No findings."])
