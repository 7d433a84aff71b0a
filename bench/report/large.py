"""A made-up run with as many findings and flagged accounts as asked, in the columns of a real one."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from gauger.engine.findings.verdicts import VERDICTS
from gauger.engine.findings.weights import WEIGHTS
from gauger.engine.results import tables
from gauger.engine.statistics.registry import STATISTICS

START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
LINKS = ("content", "template family", "client address", "payment", "network and hour")


def write(out: Path, findings: int, flagged: int, others: int, seed: int = 1) -> Path:
    """Write the tables of a run whose ``flagged`` accounts are in ``findings`` of uneven size; 1 % are in none."""
    random = np.random.default_rng(seed)
    (out / "calls").mkdir(parents=True)
    weights = random.pareto(1.2, findings) + 0.2
    sizes = np.maximum(5, (weights / weights.sum() * 0.99 * flagged).astype(int))
    sizes = np.minimum.accumulate(np.sort(sizes)[::-1])
    sizes[0] += int(0.99 * flagged) - sizes.sum()
    accounts = _accounts(random, sizes, flagged, others)
    pq.write_table(accounts, out / "accounts.parquet")
    pq.write_table(_calls(random, accounts, findings), out / "calls" / "00000.parquet")
    pq.write_table(_families(random, 4 * findings), out / "families.parquet")
    pq.write_table(_campaigns(random, sizes), out / "campaigns.parquet")
    pq.write_table(tables.QUARANTINE.empty_table(), out / "quarantine.parquet")
    pq.write_table(tables.RANKS.empty_table(), out / "ranks.parquet")
    calls = int(np.sum(accounts["calls"]))
    manifest = {
        "rows": calls,
        "scored": calls,
        "hourly_calls": {"start": START.isoformat(), "calls": [calls // 24] * 24, "flagged_calls": [calls // 99] * 24},
        "reference": {"days": ["2026-11-12"], "accounts": 50_000},
    }
    (out / "manifest.json").write_bytes(orjson.dumps(manifest))
    return out


def _accounts(random: np.random.Generator, sizes: np.ndarray, flagged: int, others: int) -> pa.Table:
    number = flagged + others
    finding = np.full(number, -1)
    finding[: sizes.sum()] = np.repeat(np.arange(len(sizes)), sizes)
    names = sorted(STATISTICS)
    odd = np.arange(number) < flagged
    reasons = [
        [
            {"statistic": names[(at + one) % len(names)], "value": float(value), "tail_probability": float(value) / 4e3}
            for one, value in enumerate(random.random(5))
        ]
        for at in range(flagged)
    ]
    columns: dict[str, Any] = {
        "account_id": [f"acct_{value:016x}" for value in random.integers(0, 2**63, number)],
        "calls": random.geometric(1 / 30, number),
    }
    columns |= {name: random.gamma(2.0, 0.4, number) for name in names}
    columns |= {
        "conformity": pa.nulls(number, pa.float64()),
        "evidence": np.where(odd, 3 + random.exponential(0.6, number), random.exponential(0.4, number).clip(0, 2.9)),
        "flagged": odd,
        "campaign_id": pa.array(finding, pa.int64(), mask=finding < 0),
        "decision": pa.nulls(number, pa.string()),
        "map_x": random.normal(0, 1, number) + finding % 7,
        "map_y": random.normal(0, 1, number) + finding % 5,
        "reasons": pa.array(reasons + [[]] * others, pa.list_(tables.REASON)),
    }
    return pa.table(columns)


def _calls(random: np.random.Generator, accounts: pa.Table, findings: int) -> pa.Table:
    number = accounts.num_rows
    finding = np.asarray(accounts["campaign_id"].fill_null(0))
    who = np.tile(np.arange(number), 10)
    family = 4 * finding[who] + random.integers(0, 4, len(who))
    columns = {
        "account_id": accounts["account_id"].take(pa.array(who)),
        "family_id": pa.array(family, pa.int64(), mask=random.random(len(who)) < 0.3),
    }
    return pa.table({name: pa.nulls(len(who), tables.CALLS.field(name).type) for name in tables.CALLS.names} | columns)


def _families(random: np.random.Generator, number: int) -> pa.Table:
    columns = {
        "family_id": range(number),
        "kind": ["template"] * number,
        "calls": random.integers(100, 100_000, number),
        "accounts": random.integers(5, 5_000, number),
        "distinct_prompts": random.integers(5, 5_000, number),
        "slot_values": [[50, 40, 900]] * number,
        "slot_evenness": [[0.99, 0.98, 0.7]] * number,
        "grid_coverage": random.random(number),
        "largest_account_share": random.random(number),
        "template": [
            f"you are expert {one} . solve [...1] step by step , then {one} [...2]" * 4 for one in range(number)
        ],
    }
    return pa.table({name: pa.nulls(number) for name in tables.FAMILIES.names} | columns, tables.FAMILIES)


def _campaigns(random: np.random.Generator, sizes: np.ndarray) -> pa.Table:
    sentence = "shared client address: 100% of its accounts share one with another of them; 0% of other accounts do"
    rows = []
    for finding, size in enumerate(sizes.tolist()):
        values = random.random(len(WEIGHTS))
        rows.append(
            {
                "campaign_id": finding,
                "accounts": size,
                "calls": 30 * size,
                "evidence": float(random.exponential(20)),
                "links": list(LINKS[: 1 + finding % len(LINKS)]),
                "started_at": START,
                "ended_at": START + dt.timedelta(hours=24),
                "families": list(range(4 * finding, 4 * finding + 4)),
                "assessment": VERDICTS[finding % len(VERDICTS)],
                "probability": float(random.random()),
                "explanation": "new population",
                "facts": [
                    {"fact": name, "value": value, "measured": value, "log_odds": value * weight, "sentence": sentence}
                    for (name, (weight, _)), value in zip(WEIGHTS.items(), values.tolist(), strict=True)
                ],
                "reasons": [{"statistic": "hour_entropy", "value": 0.9, "tail_probability": 1e-4}] * 6,
                "present": [sentence] * 8,
                "lacking": [sentence] * 4,
                "hourly_calls": random.integers(0, 90, 24).tolist(),
            }
        )
    return pa.Table.from_pylist(rows, tables.CAMPAIGNS)
