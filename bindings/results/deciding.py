"""``gauger decide``: what a person decides of a finding, kept in the state directory, and told to hosts at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.batch.upkeep import opened
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.findings.decisions import HONEST, UNDONE, Decisions, Entry
from gauger.engine.plan.published import closed_beside
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_findings import load_findings
from gauger.engine.serving.published import republish
from gauger.results.run import Run, read_run

WHY_MOST, WHO_MOST = 2_000, 200  # characters
_OWN_SHARE = 0.95  # of a family's calls, those of the finding: it is the finding's own
_NOBODY = np.zeros(0, np.uint64)


def decide(out: Path, state: Path, finding: int, decision: str, why: str, who: str) -> Entry:
    """Keep what somebody decided of a finding of a run, and return the entry.

    decision : "campaign", "honest" or "unsure"; why, who : at most 2,000 and 200 characters, not empty
    Raises GaugerError where the run has no such finding, StateError where it is of another state directory, and
    StateLockedError while another process writes to it.
    """
    run, directory = read_run(out), opened(state)
    row = _row(run, directory, finding)
    wanted = run.accounts.filter(pc.equal(run.accounts["campaign_id"], finding))
    members = hash_column(directory.secret.key, wanted["account_id"].combine_chunks())

    def made(before: Decisions) -> tuple[Entry, np.ndarray]:
        standing = before.standing().get(finding)
        entry = Entry(
            number=len(before.entries) + 1,
            campaign_id=finding,
            decision=decision,
            why=_told("why", why, WHY_MOST),
            who=_told("who", who, WHO_MOST),
            at=time.time_ns() // 1_000,
            day=row["ended_at"].date().isoformat(),
            # What gauger said before anybody told it.
            assessment=row["assessment"] if standing is None else standing.assessment,
            probability=row["probability"],
            accounts=row["accounts"],
            families=_own_families(run, row) if decision == HONEST else (),
        )
        return entry, members

    return _kept(directory, made)


def undo(state: Path, finding: int, why: str, who: str) -> Entry:
    """Let the decision on a finding hold no more; the one before it holds again. Returns the entry that says so.

    Raises StateError where nothing was decided of that finding.
    """
    directory = opened(state)

    def made(before: Decisions) -> tuple[Entry, np.ndarray]:
        standing = before.standing().get(finding)
        if standing is None:
            raise StateError(f"{state}: no decision on finding {finding} holds; gauger state decisions lists them")
        entry = Entry(
            number=len(before.entries) + 1,
            campaign_id=finding,
            decision=UNDONE,
            why=_told("why", why, WHY_MOST),
            who=_told("who", who, WHO_MOST),
            at=time.time_ns() // 1_000,
            day=standing.day,
            assessment=standing.assessment,
            probability=standing.probability,
            accounts=standing.accounts,
        )
        return entry, _NOBODY

    return _kept(directory, made)


def tell_hosts(published: Path, state: Path, entry: Entry) -> bool:
    """Say a decision in a file of verdicts that hosts ask, and in that of the closed day; whether the finding is there.

    An honest finding's accounts are told of no more; a finding is called what was decided. Raises InputError where
    there is no such file.
    """
    directory = opened(state)
    standing = directory.decisions().standing().get(entry.campaign_id)
    assessment = entry.assessment if standing is None or standing.decision != "campaign" else "campaign"
    honest = standing is not None and standing.decision == HONEST
    closed = closed_beside(published)
    try:
        told = [
            republish(path, directory.secret, entry.campaign_id, None if honest else assessment)
            for path in (published, *([closed] if closed.exists() else []))
        ]
    except OSError as error:
        raise InputError(f"{published}: cannot be read or replaced ({error.strerror})") from None
    return any(told)


def listed(state: Path) -> list[dict[str, Any]]:
    """All entries, oldest first, and whether each holds."""
    decisions = opened(state).decisions()
    holding = {entry.number for entry in decisions.standing().values()}
    return [
        {**entry, "at": pa.scalar(entry["at"], pa.timestamp("us", "UTC")).as_py(), "holds": entry["number"] in holding}
        for entry in decisions.record()
    ]


def _row(run: Run, directory: StateDirectory, finding: int) -> dict[str, Any]:
    """The finding's row. Raises as ``decide``."""
    if run.manifest.get("key_id") != directory.secret.key_id:
        raise StateError(
            f"{directory.path}: of key {directory.secret.key_id}, and {run.folder} was scored with key "
            f"{run.manifest.get('key_id')}; give the --state it was scored with"
        )
    found: list[dict[str, Any]] = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], finding)).to_pylist()
    if not found:
        there = ", ".join(map(str, run.campaigns["campaign_id"].to_pylist())) or "none"
        raise InputError(f"{run.folder}: no finding {finding}; there are: {there}")
    if all(one.campaign_id != finding for one in load_findings(directory).seen):
        raise StateError(
            f"{directory.path}: knows no finding {finding}; score the log with --state, so that findings keep their "
            "numbers from day to day"
        )
    return found[0]


def _own_families(run: Run, row: dict[str, Any]) -> tuple[int, ...]:
    """Ids of its families that hardly anybody else used, ascending; negative ids are good for one run only."""
    listed = pa.array([one for one in row["families"] if one > 0], pa.int64())
    ours = pc.field("family_id").isin(listed) & (pc.field("campaign_id") == row["campaign_id"])
    sent = run.calls().to_table(columns=["family_id"], filter=ours).group_by("family_id").aggregate([([], "count_all")])
    of_family = dict(zip(*(run.families[name].to_pylist() for name in ("family_id", "calls")), strict=True))
    pairs = zip(sent["family_id"].to_pylist(), sent["count_all"].to_pylist(), strict=True)
    return tuple(sorted(number for number, calls in pairs if calls >= _OWN_SHARE * of_family[number]))


def _told(name: str, text: str, most: int) -> str:
    told = " ".join(text.split())
    if not told or len(told) > most:
        raise InputError(f"{name}: say it in 1 to {most:,} characters; it has {len(told):,}")
    return told


def _kept(directory: StateDirectory, made: Callable[[Decisions], tuple[Entry, np.ndarray]]) -> Entry:
    with directory.writing() as writing:
        before = directory.decisions()
        entry, members = made(before)
        writing.save_decisions(before.with_entry(entry, members))
    return entry
