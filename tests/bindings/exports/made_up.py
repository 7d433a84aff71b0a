"""A finished run with findings whose accounts have hostile names, made without scoring."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from gauger.engine.results import tables
from gauger.results.run import Run

HOSTILE = [
    '=cmd|"/C calc"!A0',
    "@SUM(1)",
    "a\nb,c",
    '"quoted"',
    "\u202egnp",
    "<script>",
    "-1",
    "+2",
    "\t=1",
    "x" * 1_000,
    "\n=1",
    "＝1",
    "a;=1",
    "nul\x00 escape\x1b[31m delete\x7f",
    "\ufffe\U0010ffff",
    "${jndi:ldap://x}{{7*7}}",
]
START, END = datetime(2026, 3, 16, 1, tzinfo=UTC), datetime(2026, 3, 16, 23, 59, 59, 123456, tzinfo=UTC)


def made_up(
    assessments: tuple[str, ...] = ("campaign", "unclear"), accounts: list[str] | None = None, years_ago: int = 0
) -> Run:
    """A run with a finding of each assessment, of all accounts in turn."""
    start, end = (moment.replace(year=moment.year - years_ago) for moment in (START, END))
    names = accounts or HOSTILE
    campaigns = [
        {
            "campaign_id": number, "accounts": len(names), "calls": 26 * len(names), "evidence": 12.5,
            "links": ["content"], "started_at": start, "ended_at": end, "families": [3], "assessment": assessment,
            "probability": 0.98, "explanation": "a shared tool", "facts": [], "reasons": [],
            "present": ["regular pace: median 0.3, others 1.9"], "lacking": [], "days_seen": number,
        }
        for number, assessment in enumerate(assessments, 1)
    ]  # fmt: skip
    rows = [
        {
            "account_id": f"{name}{'' if number == 1 else number}", "calls": 26, "evidence": float(place % 5),
            "flagged": True, "campaign_id": number,
        }
        for number in range(1, len(assessments) + 1)
        for place, name in enumerate(names)
    ]  # fmt: skip
    accounts_schema = pa.schema([*tables.ACCOUNTS_HEAD, *tables.ACCOUNTS_TAIL])
    return Run(
        Path("out"),
        {"gauger": "0.1.0", "key_id": "0011223344556677"},
        pa.Table.from_pylist(rows, accounts_schema),
        tables.FAMILIES.empty_table(),
        pa.Table.from_pylist(campaigns, tables.CAMPAIGNS),
        tables.RANKS.empty_table(),
        tables.QUARANTINE.empty_table(),
    )
