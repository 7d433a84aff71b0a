"""A made-up run of 20,000 accounts, some of whose names are attacks on the reader."""

import datetime as dt
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from gauger.engine.findings.verdicts import VERDICTS
from gauger.engine.results import tables

ACCOUNTS = 20_000
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example/","open")',
    "\x1b]0;owned\x07\x1b[2Jterminal",
    "admin\u202egnp.exe\u202c",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "line\nbreak\r\n2026-11-20 INFO all clear",
    "x" * 5_000,
]
SIZES = {0: 480, 1: 260, 2: 120, 3: 60, 4: 40, 5: 25, 6: 22, 7: 21}
ASSESSED = [VERDICTS[kind] for kind in (0, 0, 1, 0, 2, 3, 4, 5)]
STATISTICS = {
    "today_share_50": (0.30, 0.08, 0.62),
    "today_share_20": (0.31, 0.08, 0.70),
    "hour_entropy": (0.62, 0.15, 0.20),
    "gap_variation": (1.80, 0.50, -1.40),
    "addresses_per_call": (0.12, 0.05, 0.30),
    "a_statistic_nobody_described": (5000.0, 900.0, 3000.0),
}


def reason(statistic: str, value: float, tail_probability: float | None) -> dict[str, object]:
    return {"statistic": statistic, "value": value, "tail_probability": tail_probability}


def accounts_table(accounts: int, sizes: dict[int, int]) -> pa.Table:
    """``accounts`` accounts, the first ones in campaigns of ``sizes``, then twenty flagged ones in none."""
    random = np.random.default_rng(7)
    campaign = np.full(accounts, -1)
    members = np.repeat(list(sizes), list(sizes.values())).astype(int)
    campaign[: len(members)] = members
    joined = campaign >= 0
    evidence = random.exponential(1 / np.log(10), accounts)
    evidence = np.where(joined, 3.2 + random.gamma(2.0, 0.7, accounts), np.minimum(evidence, 2.9))
    evidence[len(members) : len(members) + 20] = 3.4
    evidence[: len(HOSTILE)] = np.where(joined[: len(HOSTILE)], 9.5, 1.0)  # so that their names are shown
    flagged = evidence >= 3
    angle = 2.4 * campaign
    reasons = [reason("today_share_50", 0.94, 1 / 3200), reason("gap_variation", 0.21, 0.004)]
    columns: dict[str, object] = {
        "account_id": [*HOSTILE, *(f"acct-{index:06d}" for index in range(accounts))][:accounts],
        "calls": random.geometric(1 / 20, accounts),
    }
    for name, (mean, spread, shift) in STATISTICS.items():
        column = random.normal(mean, spread, accounts) + shift * joined
        columns[name] = pa.array(column, pa.float64(), mask=random.random(accounts) < 0.1)
    columns["payment_fan_out"] = pa.nulls(accounts, pa.float64())
    columns |= {
        "conformity": pa.nulls(accounts, pa.float64()),
        "evidence": pa.array(evidence, mask=np.arange(accounts) % 101 == 100),
        "flagged": flagged,
        "campaign_id": pa.array(campaign, pa.int64(), mask=~joined),
        "decision": pa.array(["campaign" if number == 3 else None for number in campaign.tolist()], pa.string()),
        "map_x": random.normal(0, 1, accounts) * np.where(joined, 0.3, 1.5) + 4 * joined * np.cos(angle),
        "map_y": random.normal(0, 1, accounts) * np.where(joined, 0.3, 1.5) + 4 * joined * np.sin(angle),
        "reasons": pa.array([reasons if odd else [] for odd in flagged], pa.list_(tables.REASON)),
    }
    return pa.table(columns)


def families_table(families: int) -> pa.Table:
    templates = [
        "you are an expert [...] . solve the following [...] step by step and end with final answer : [...]",
        "=cmd|' /C calc'!A0 [...]",
        "</code><script>fetch('//evil.example')</script> [...] \u202e reversed \x1b[31m red",
        "translate [...] into [...] " + "and explain every choice of words " * 40,
        None,
    ]
    ids = range(families)
    columns = {
        "family_id": ids,
        "kind": [tables.FAMILY_KINDS[index % 3] for index in ids],
        "calls": [30_000 // (index + 1) for index in ids],
        "accounts": [900 // (index + 1) + 2 for index in ids],
        "client_addresses": [1_000 // (index + 1) if index % 2 else None for index in ids],
        "first_seen": [START] * families,
        "last_seen": [START + dt.timedelta(hours=20)] * families,
        "distinct_prompts": [20_000 // (index + 1) for index in ids],
        "account_gini": [0.3 if index % 5 else None for index in ids],
        "hourly_calls": [[3, 0, 40] if index % 4 else None for index in ids],
        "slot_values": [[50, 50] if index % 3 == 0 else None for index in ids],
        "grid_coverage": [0.25 if index % 3 == 0 else None for index in ids],
        "allowed": [index == 2 for index in ids],
        "template": [templates[index % len(templates)] for index in ids],
    }
    missing = {name: pa.nulls(families) for name in tables.FAMILIES.names}
    return pa.table(missing | columns, tables.FAMILIES)


def campaigns_table(sizes: dict[int, int]) -> pa.Table:
    shape = np.sin(np.linspace(0, 3, 22))
    reasons = [reason("union_similarity", 0.0131, 1e-40), reason("today_share_50", 0.94, 1 / 3200)]
    common = {
        "started_at": START + dt.timedelta(minutes=5),
        "ended_at": START + dt.timedelta(hours=21, minutes=47),
        "reasons": [*reasons, reason("volume_evenness", 0.97, None)],
        "present": ["Its accounts send almost equal numbers of calls.", "No call is in a conversation."],
        "lacking": ["Addresses are not shared: <b>none</b> \u202e seen.", "Account ages are not available."],
    }
    rows = [
        {
            "campaign_id": campaign,
            "accounts": size,
            "calls": size * 26,
            "evidence": 41.3 - 4 * campaign,
            "links": ["content", "timing", "client addresses"][: 1 + campaign % 3],
            "families": list(range(campaign, campaign + 14)) if campaign % 2 == 0 else [],
            "assessment": ASSESSED[campaign % len(ASSESSED)],
            "probability": 0.9,
            "explanation": "new population",
            "facts": [
                {
                    "fact": "dealt",
                    "value": value,
                    "measured": 0.01,
                    "log_odds": 2.0,
                    "sentence": f"<b>dealt</b> {value}",
                }
                for value in (0.9, 0.5, 0.1, None)
            ],
            "hourly_calls": np.round(size * 1.6 * shape).astype(int).tolist(),
        }
        for campaign, size in sizes.items()
    ]
    return pa.Table.from_pylist([row | common for row in rows], tables.CAMPAIGNS)


def manifest(accounts: int, flagged: int) -> dict[str, object]:
    day = [int(16_666 + 12_000 * np.sin((hour - 6) / 24 * 6.28)) for hour in range(24)]
    counts = {"rows": 400_123, "scored": 400_000, "quarantined": 123}
    whole = {"path": "logs/day.parquet", "sha256": "ab" * 32, "bytes": 91_000_000, "error": None} | counts
    broken = {"path": "<script>.jsonl", "sha256": None, "bytes": 10, "error": "not a JSONL file: \x1b[31mred"}
    start = START.isoformat()
    return counts | {
        "gauger": "0.1.0",
        "inputs": [whole, broken],
        "accounts": accounts,
        "flagged_accounts": flagged,
        "window": {"start": start, "end": "2026-11-21T00:00:00+00:00"},
        "reference": {"days": ["2026-11-11", "2026-11-12", "2026-11-13"], "accounts": 54_000},
        "missing_evidence": ["Payment fingerprints are absent, so accounts cannot be joined by payment."],
        "warnings": [f"{number} of 9 <b>rows</b> refused \x1b[2J" for number in range(25)],
        "alarm_level": 0.001,
        "false_positive_rate": {"expected": 0.001},
        "calls_per_second": 28_000.0,
        "key_id": "k-7f3a",
        "hourly_calls": {"start": start, "calls": day, "flagged_calls": [calls // 12 for calls in day]},
    }


def calls_table(accounts: pa.Table, families: int) -> pa.Table:
    """Two calls of each account in the family of its finding, one in family 0, one in none."""
    ids, campaign = accounts["account_id"], np.asarray(accounts["campaign_id"].fill_null(1))
    own, number = campaign % max(1, families), len(campaign)
    family = np.concatenate([own, own, np.zeros(number, int), np.zeros(number, int)])
    columns: dict[str, object] = {
        "account_id": pa.chunked_array([chunk for _ in range(4) for chunk in ids.chunks]),
        "family_id": pa.array(family, pa.int64(), mask=np.arange(4 * number) >= (3 if families else 0) * number),
    }
    return pa.table(
        {name: pa.nulls(4 * number, tables.CALLS.field(name).type) for name in tables.CALLS.names} | columns
    )


def write_run(out: Path, accounts: int = ACCOUNTS, sizes: dict[int, int] = SIZES, families: int = 400) -> Path:
    (out / "calls").mkdir(parents=True)
    table = accounts_table(accounts, sizes)
    pq.write_table(table, out / "accounts.parquet")
    pq.write_table(calls_table(table, families), out / "calls" / "00000.parquet")
    pq.write_table(families_table(families), out / "families.parquet")
    pq.write_table(campaigns_table(sizes), out / "campaigns.parquet")
    reasons = ["start_time is not a time"] * 120 + ["<script>bad()</script>"] * 3
    quarantine = pa.table(
        {"file": [0] * 123, "row": range(123), "account_id": [None] * 123, "reason": reasons}, tables.QUARANTINE
    )
    pq.write_table(quarantine, out / "quarantine.parquet")
    pq.write_table(tables.RANKS.empty_table(), out / "ranks.parquet")
    (out / "manifest.json").write_bytes(orjson.dumps(manifest(accounts, int(np.sum(table["flagged"])))))
    return out


def write_empty_run(out: Path) -> Path:
    """A run whose inputs held nothing, and whose manifest says as little as can be."""
    out.mkdir()
    statistic = pa.field("today_share_50", pa.float64())
    schemas = {
        "accounts": pa.schema([*tables.ACCOUNTS_HEAD, statistic, *tables.ACCOUNTS_TAIL]),
        "families": tables.FAMILIES,
        "campaigns": tables.CAMPAIGNS,
        "ranks": tables.RANKS,
        "quarantine": tables.QUARANTINE,
    }
    for name, schema in schemas.items():
        pq.write_table(schema.empty_table(), out / f"{name}.parquet")
    (out / "manifest.json").write_bytes(b'{"reference": null}')
    return out
