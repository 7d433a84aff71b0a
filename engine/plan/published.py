"""What is published of a finished run, for hosts to ask: accounts, links and families, each with its finding.

A link or a family names a finding only where the finding has it nearly for itself: a new account that uses it is told
by it, and an honest one that meets it must not be.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.families.frames import FRAME_ARRAYS, NO_FRAMES
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.finish import Finished
from gauger.engine.results.result import Result
from gauger.engine.serving.published import Finding, Published, joined, publish, sorted_accounts
from gauger.engine.state.links import ADDRESS

EXPIRES_SECONDS = 48 * 3_600.0
_SHARE_MIN = 0.95  # of the accounts of a link or a family, those that are in one finding
_LINK_ACCOUNTS_MIN, _FAMILY_ACCOUNTS_MIN = 2, 20
_PROMPTS_MAX, _FRAMES_MAX = 1_000_000, 50_000


def publish_run(path: Path, finished: Finished, secret: Secret, words: WordSketch | None, last: int) -> None:
    """Publish the verdicts of a run.

    words : of the reference, against which hosts measure novelty; None without one
    last : call of the run, microseconds. Raises OSError where the file cannot be written.
    """
    accounts, day = finished.result.accounts, finished.day
    names = accounts.column("account_id").to_pylist()
    finding = _rows_of(accounts.column("campaign_id"), finished.result.campaigns)
    evidence, flagged = (accounts.column(name).to_numpy() for name in ("evidence", "flagged"))
    arrays = sorted_accounts(secret, names, finding, evidence, flagged)
    # An account with few calls is in no finding yet: it speaks neither for nor against one.
    asked = np.isnan(evidence) if np.isnan(evidence).all() else ~np.isnan(evidence)
    arrays |= _links(finished, finding, asked) | _families(finished, finding, asked)
    findings = _findings(finished.result)
    if (before := _before(path, secret)) is not None:
        arrays = joined(arrays, before, len(findings))
        findings += before.findings
    as_of = min(last / 1e6, time.time())  # whatever a clock in the log says
    head = {
        "as_of": as_of,
        "published": time.time(),
        "expires": as_of + EXPIRES_SECONDS,
        "accounts": len(arrays["account_hashes"]),
        "gram_width": day.settings.gram_width,
        "alarm_level": finished.result.alarm_level,
        "reference_days": [str(one) for one in finished.result.reference_days],
        "findings": [one._asdict() for one in findings],
        "words": 0 if words is None else words.total,
    }
    if words is not None:
        arrays |= {"word_counts": words.counts, "word_registers": words.registers}
    publish(path, head, arrays, secret)


def closed_beside(path: Path) -> Path:
    """Where the verdicts of the last closed day are, beside those of a day that is not over."""
    return path.with_name(f"{path.name}.closed")


def _before(path: Path, secret: Secret) -> Published | None:
    """What was published of the last closed day; None where there is none, or it is too old or cannot be read."""
    try:
        found = Published(closed_beside(path), secret)
    except (OSError, StateError):
        return None
    return found if found.head["expires"] > time.time() else None


def _rows_of(ids: pa.ChunkedArray, campaigns: pa.Table) -> np.ndarray:
    """Row of each account's finding, -1 for none; int32."""
    rows = {number: row for row, number in enumerate(campaigns.column("campaign_id").to_pylist())}
    return np.asarray([rows.get(number, -1) for number in ids.to_pylist()], np.int32)


def _findings(result: Result) -> list[Finding]:
    rows: list[dict[str, Any]] = result.campaigns.select(Finding._fields).to_pylist()
    return [Finding(**row) for row in rows]


def _owned(thing: np.ndarray, finding: np.ndarray, least: int) -> Mapping[int, int]:
    """Things that one finding has nearly for itself, with the finding.

    thing, finding : int64, one entry an account that has the thing, each pair once; finding -1 = the account is in none
    """
    things, place, users = np.unique(thing, return_inverse=True, return_counts=True)
    pairs, counts = np.unique(place[finding >= 0] * (1 << 32) + finding[finding >= 0], return_counts=True)
    of = pairs >> 32
    kept = (counts >= least) & (counts >= _SHARE_MIN * users[of])
    return dict(zip(things[of[kept]].tolist(), (pairs[kept] & 0xFFFFFFFF).tolist(), strict=True))


def _links(finished: Finished, finding: np.ndarray, asked: np.ndarray) -> dict[str, np.ndarray]:
    """Client addresses that at least two accounts of a finding used, and hardly anybody else; asked : bool[accounts]"""
    accounts = finished.day.people.accounts
    kept = (accounts.link_channel == ADDRESS) & asked[accounts.link_owner]
    owned = _owned(accounts.link_value[kept], finding[accounts.link_owner[kept]].astype(np.int64), _LINK_ACCOUNTS_MIN)
    return {
        "link_hashes": np.asarray(list(owned), np.uint64),
        "link_finding": np.asarray(list(owned.values()), np.int32),
    }


def _families(finished: Finished, finding: np.ndarray, asked: np.ndarray) -> dict[str, np.ndarray]:
    """Prompts and frames of families that nearly only a finding sends; asked : bool[accounts], who counts.

    All frames go along where one of them does: which frame a prompt holds depends on the others.
    """
    families, members = finished.families, finished.spread.members
    row = families.of_group[members.group]
    there = (row >= 0) & asked[members.account]
    pairs = np.unique(row[there] * len(finding) + members.account[there])
    owned = _owned(pairs // len(finding), finding[pairs % len(finding)].astype(np.int64), _FAMILY_ACCOUNTS_MIN)
    of_family = np.full(len(families) + 1, -1, np.int32)  # the last is that of prompts in none
    of_family[list(owned)] = list(owned.values())
    of_family[np.flatnonzero(families.allowed)] = -1
    of_prompt = of_family[families.of_prompt]
    chosen = np.flatnonzero(of_prompt >= 0)[:_PROMPTS_MAX]
    hashes = finished.day.prompts.hashes[chosen, 0]
    order = np.argsort(hashes, kind="stable")
    frames, of_frame = families.matcher.frames, of_family[families.of_frame]
    if len(frames) > _FRAMES_MAX or not (of_frame >= 0).any():
        frames, of_frame = NO_FRAMES, np.zeros(0, np.int32)
    return {
        "prompt_hashes": hashes[order],
        "prompt_finding": of_prompt[chosen][order],
        "frame_finding": of_frame,
        **{f"frames {name}": getattr(frames, name) for name in FRAME_ARRAYS},
    }
