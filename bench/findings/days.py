"""Days with one planted kind each, scored; what became of it is a row of ``bench/results/findings.jsonl``."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.detection.world import World
from bench.findings.kinds import Kind
from bench.world.cohorts import PLANTED
from gauger.engine.findings.verdicts import CAMPAIGN
from gauger.engine.results import tables

# What a log may have less of: every column, or time, account, address and text alone; then with no prompt in common
# with the reference.
_CONTENT = ("start_time", "account_id", "client_address", "prompt_text")
VIEWS: dict[str, dict[str, Any]] = {
    "all columns": {},
    "content": {"columns": _CONTENT},
    "content, new text": {"columns": _CONTENT, "disjoint_text": True},
    "content, five languages more": {"columns": _CONTENT, "languages": True},
}
_OWN_MIN = 0.5  # share of a finding's accounts that are of the planted kind


@dataclass(frozen=True)
class Seen(World):
    """A world of whose logs some columns are there."""

    columns: tuple[str, ...] | None = None

    def built(self, *arguments: Any, **keywords: Any) -> tuple[Path, Path]:
        """As in ``World``; the columns go once, when a day was built."""
        day, truth = super().built(*arguments, **keywords)
        mark = truth.with_name("columns")
        if self.columns is not None and not mark.exists():
            for path in [*day.glob("*.parquet"), *truth.parent.glob("reference/*.parquet")]:
                pq.write_table(pq.read_table(path, columns=list(self.columns)), path)
            mark.touch()
        return day, truth


def measure(world: Seen, view: str, kind: Kind) -> dict[str, Any]:
    """The day with a kind: accounts weighed and flagged, of the kind and others, and the findings of the kind."""
    (honest, _), own = world.honest(), [] if kind.campaign is None else [kind.campaign]
    cohorts = [one for one in (None if own else kind.name, kind.beside) if one in PLANTED]
    logs, told = [honest], tables.TRUTH.empty_table()
    if own or cohorts:
        added, truth = world.added(kind.name, own, cohorts)
        logs, told = [honest, added], pq.read_table(truth)
    world.state()
    with tempfile.TemporaryDirectory(prefix=".scored-", dir=world.runs) as scratch:
        out = Path(scratch) / "out"
        world.score(logs, out)
        accounts = pq.read_table(out / "accounts.parquet", columns=["account_id", "evidence", "flagged", "campaign_id"])
        findings = pq.read_table(out / "campaigns.parquet").to_pylist()
    ids, guilty = accounts["account_id"].cast(pa.string()), pc.is_valid(told["campaign"])
    planted = pc.is_in(ids, value_set=(told.filter(guilty) if own else told)["account_id"].combine_chunks())
    rest = told.filter(pc.invert(guilty)) if own else told.slice(0, 0)
    beside = pc.is_in(ids, value_set=rest["account_id"].combine_chunks())
    weighed = pc.is_valid(accounts["evidence"])
    flagged = pc.fill_null(accounts["flagged"], False)

    def count(*masks: Any) -> int:
        mask = masks[0]
        for other in masks[1:]:
            mask = pc.and_(mask, other)
        return int(pc.sum(mask).as_py() or 0)

    other = pc.invert(pc.or_(planted, beside))
    found, accused, others = [], 0, Counter[str]()
    for row in findings:
        members = pc.fill_null(pc.equal(accounts["campaign_id"], row["campaign_id"]), False)
        own_accounts = count(members, planted)
        accused += count(members, beside) if row["assessment"] == CAMPAIGN else 0
        if own_accounts >= _OWN_MIN * row["accounts"]:
            kept = ("accounts", "calls", "evidence", "assessment", "probability", "explanation", "facts", "present")
            found.append({name: row[name] for name in kept} | {"own": own_accounts})
        else:
            others[row["assessment"]] += 1
    return {
        "seed": world.seed,
        "view": view,
        "kind": kind.name,
        "group": kind.group,
        "campaign": kind.campaign is not None,
        "planted": count(planted),
        "beside": count(beside),
        "beside_accused": accused,
        "weighed": count(planted, weighed),
        "flagged": count(planted, flagged),
        "honest_weighed": count(other, weighed),
        "honest_flagged": count(other, flagged),
        "findings": found,
        "other_findings": dict(others),
    }
