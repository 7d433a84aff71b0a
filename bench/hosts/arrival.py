"""What is known when a call arrives: the demo's day streamed through a spool, weighed every few minutes.

Each call is asked about the moment it comes, by account, address and prompt, from what was published by then.
"""

import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.batch.score import score
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take
from gauger.host.verdicts import FAMILY, LINK, MEMBER, NOTHING, Verdicts

_NAMED = (MEMBER, LINK, FAMILY)


def measure(demo: Path, minutes: float) -> dict[str, Any]:
    """demo : what ``make demo`` left; minutes : between two weighings"""
    (log,) = (demo / "logs" / "day").glob("*.parquet")
    truth = {row["account_id"]: row for row in pq.read_table(demo / "logs" / "truth.parquet").to_pylist()}
    calls = pq.read_table(log).sort_by("start_time")
    shift = datetime.now(UTC) - pc.max(calls.column("start_time")).as_py()
    key = Secret.from_file(demo / "state" / "key")
    asked: Counter[tuple[str, str]] = Counter()
    touched: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = StateDirectory(demo / "state")
        files, verdicts, started = Spooling(folder / "spool", key, Settings(), Limits()), None, time.monotonic()
        for start, part in _slices(calls, minutes):
            if verdicts is not None:
                _ask(verdicts, part, truth, asked, touched)
            files.write([take(row)[0] for row in part.to_pylist()])
            files.complete({})
            local = Local(publish=folder / f"verdicts-{start:%H%M}", provisional=True, fresh=True)
            score([folder / "spool"], folder / "out", state=state, local=local)
            verdicts = Verdicts.open(folder / f"verdicts-{start:%H%M}", key=key)
            if verdicts.published is not None:
                verdicts._expires += shift.total_seconds()
            print(f"{start:%H:%M} {sum(asked.values()):,} asked", flush=True)
        seconds = time.monotonic() - started
    return _said(asked, touched, truth) | {"minutes": minutes, "seconds": round(seconds)}


def _slices(calls: pa.Table, minutes: float) -> Any:
    """The calls of each stretch of time, in order."""
    times = calls.column("start_time")
    start, end = pc.min(times).as_py(), pc.max(times).as_py()
    while start <= end:
        until = start + timedelta(minutes=minutes)
        low, high = (pa.scalar(one, times.type) for one in (start, until))
        part = calls.filter(pc.and_(pc.greater_equal(times, low), pc.less(times, high)))
        if part.num_rows:
            yield start, part
        start = until


def _ask(verdicts: Verdicts, part: pa.Table, truth: Any, asked: Counter[tuple[str, str]], touched: set[str]) -> None:
    columns = (part.column(name).to_pylist() for name in ("account_id", "client_address", "prompt_text"))
    for account, address, prompt in zip(*columns, strict=True):
        verdict = verdicts.of(account, address, prompt)
        who = truth[account]["campaign"] or truth[account]["kind"]
        asked[who, verdict.tier if verdict.tier in _NAMED else NOTHING] += 1
        if verdict.tier in _NAMED and truth[account]["campaign"] is None:
            touched.add(account)


def _said(asked: Counter[tuple[str, str]], touched: set[str], truth: Any) -> dict[str, Any]:
    """Shares of calls named on arrival, by campaign, and how."""
    total: Counter[str] = Counter()
    for (who, _), number in asked.items():
        total[who] += number
    campaigns = sorted({row["campaign"] for row in truth.values() if row["campaign"]} & total.keys())
    named = sum(asked[who, tier] for who in campaigns for tier in _NAMED)
    return {
        "campaigns": {
            who: {"calls": total[who], **{tier: round(asked[who, tier] / total[who], 4) for tier in _NAMED}}
            for who in campaigns
        },
        "named": round(named / max(1, sum(total[who] for who in campaigns)), 4),
        "honest_accounts": sum(row["campaign"] is None for row in truth.values()),
        "honest_named": len(touched),
        "people_named": sum(truth[account]["kind"] == "person" for account in touched),
        "people": sum(row["kind"] == "person" for row in truth.values()),
    }
