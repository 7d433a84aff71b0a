"""``gauger signature``: joining a consortium, handing over a finding, and weighing what another provider found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from gauger.batch.upkeep import opened
from gauger.engine.common import threads
from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import evidence
from gauger.engine.evidence.known_elsewhere import SHARED_MOST
from gauger.engine.exchange.encoding import MAGIC, from_bytes
from gauger.engine.exchange.frames import held_by, sketch
from gauger.engine.exchange.signature import HOURS, K_MIN, FindingSignature
from gauger.engine.exchange.state import Matched, match, signature_of
from gauger.engine.findings.decisions import CAMPAIGN
from gauger.engine.reference.directory import StateDirectory
from gauger.exchange.stix import DOCUMENT_BYTES_MAX, content_of
from gauger.kernels.warm import warmup
from gauger.results.run import Run, read_run
from gauger.text.formats import visible

_FRAME_SHARE_MIN = 0.1  # of a signature's hashes, that a family has to have before it is told


def join(state: Path, key: Path, own: Secret | None = None) -> StateDirectory:
    """Make a state directory of a member of the consortium whose key is in a file, which is made if missing.

    own : the provider's own secret; a random one unless given
    Raises StateError where the state directory is there already: what it keeps was measured with its own key.
    """
    if (state / "key").exists():
        raise StateError(
            f"{state}: is there already, and what it keeps was measured without the consortium's key; "
            "join with a new directory, and score the last weeks into it"
        )
    return StateDirectory(state, (own or Secret.random()).joined(_plain(key)))


def _plain(key: Path) -> Secret:
    """The consortium's key. Raises StateError for the key file of a member, which holds its own secret too."""
    found = Secret.from_file(key)
    if found.consortium_id is not None:
        raise StateError(f"{key}: this is a member's key, which no other may see; give the consortium's alone")
    return found


def export(
    out: Path, finding: int, state: Path, key: Path | None = None, k: int = K_MIN
) -> tuple[FindingSignature, bytes]:
    """The signature of a finding of a run, and its bytes.

    key : file of the consortium's key; StateError where the state directory was joined with another
    Raises GaugerError where the run has no such finding, it is no campaign, or it has too few accounts.
    """
    run, directory = read_run(out), opened(state)
    if key is not None and not key.is_file():
        raise StateError(f"{key}: there is no such key file")
    if key is not None and Secret.random().joined(_plain(key)).consortium_id != directory.secret.consortium_id:
        raise StateError(f"{state}: was not joined with the key in {key}; what it measured is of no use to its members")
    row = _campaign(run, directory, finding)
    named = zip(*(run.families[name].to_pylist() for name in ("family_id", "template")), strict=True)
    templates = [template for family, template in named if template and family in (row["families"] or ())]
    frames = sketch(templates, directory.secret) if directory.secret.consortium_id else np.zeros(0, np.uint64)
    warmup()
    hours = _hours(row["started_at"], row["hourly_calls"])
    return signature_of(directory, finding, Settings(), frames, hours, k)


def _campaign(run: Run, directory: StateDirectory, finding: int) -> dict[str, Any]:
    """The row of a finding that is a campaign, or that a person decided is one."""
    if run.manifest.get("key_id") != directory.secret.key_id:
        raise StateError(f"{directory.path}: {run.folder} was not scored with this state directory")
    rows = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], finding)).to_pylist()
    if not rows:
        raise InputError(f"{run.folder}: there is no finding {finding}")
    confirmed = {entry.campaign_id for entry in directory.decisions().that_hold(CAMPAIGN)}
    if rows[0]["assessment"] != CAMPAIGN and finding not in confirmed:
        raise InputError(
            f"finding {finding} is assessed as {visible(rows[0]['assessment'])}; what is handed to others has to be a "
            "campaign, or decided to be one (gauger decide)"
        )
    return rows[0]


def _hours(started: datetime, hourly: Sequence[int] | None) -> np.ndarray:
    """Calls by hour of the day, 255 in the busiest; uint8[HOURS]."""
    calls = np.zeros(HOURS)
    first = started.astimezone(UTC).hour
    np.add.at(calls, (first + np.arange(len(hourly or ()))) % HOURS, hourly or ())
    return np.rint(255 * calls / max(1.0, calls.max())).astype(np.uint8)


def read_signature(path: Path, secret: Secret) -> FindingSignature:
    """Read a signature from a file: its bytes, or a bundle of STIX with one. Raises InputError for anything else."""
    try:
        content = read_bounded(path, DOCUMENT_BYTES_MAX)
        return from_bytes(content if content.startswith(MAGIC) else content_of(content), secret)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read_signatures(paths: Sequence[Path], secret: Secret) -> list[FindingSignature]:
    """Read several, each once. Raises InputError for what is none, one that is given twice, and too many."""
    found = {}
    if len(paths) > SHARED_MOST:
        raise InputError(f"{len(paths)} signatures; at most {SHARED_MOST} are weighed at once")
    for path in paths:
        one = read_signature(path, secret)
        if one.name in found:
            raise InputError(f"{path}: the same signature is given twice")
        found[one.name] = one
    return list(found.values())


def weighing(directory: StateDirectory, paths: Sequence[Path]) -> StateDirectory:
    """A state directory whose runs weigh these signatures, too. Raises InputError as ``read_signatures``."""
    directory.shared = tuple(one.finding for one in read_signatures(paths, directory.secret))
    return directory


@dataclass(frozen=True)
class Alike:
    """An account that is like a signature."""

    account_id: str
    evidence: float


@dataclass(frozen=True)
class Answer:
    """What one signature says of this provider's accounts."""

    signature: FindingSignature
    alike: list[Alike]  # below the alarm level, the most alike first
    families: list[tuple[int, int]]  # families of the run that hold its frames: number, and hashes of them


def answers(
    signatures: Sequence[Path], state: Path, out: Path | None, settings: Settings
) -> tuple[Matched, list[Answer]]:
    """Weigh the accounts of a kept day against signatures.

    out : a run of this state, whose day is taken and whose families are looked at; None: the newest kept day
    Raises GaugerError as ``read_signature`` and ``engine.exchange.state.match``.
    """
    directory = opened(state)
    read = read_signatures(signatures, directory.secret)
    run = None if out is None else read_run(out)
    warmup()
    with threads.use(os.cpu_count() or 1):
        found = match(directory, read, settings, None if run is None else _day_of(run, directory))
    told = []
    for one, tails in zip(read, found.tails, strict=True):
        rows = np.flatnonzero(tails < settings.alarm_level)
        rows = rows[np.argsort(tails[rows], kind="stable")]
        alike = [Alike(found.account_ids[row], float(evidence(tails[row]))) for row in rows.tolist()]
        told.append(Answer(one, alike, _families(run, one, directory.secret)))
    return found, told


def _day_of(run: Run, directory: StateDirectory) -> date:
    """The last kept day of a run. Raises StateError where it is of another state or none of its days is kept."""
    if run.manifest.get("key_id") != directory.secret.key_id:
        raise StateError(f"{directory.path}: {run.folder} was not scored with this state directory")
    window = run.manifest.get("window") or {}
    within = [day for day in directory.days() if window and window["start"][:10] <= f"{day}" <= window["end"][:10]]
    if not within:
        raise StateError(f"{directory.path}: no day of {run.folder} is kept")
    return within[-1]


def _families(run: Run | None, found: FindingSignature, secret: Secret) -> list[tuple[int, int]]:
    if run is None or not len(found.frames):
        return []
    told = []
    for number, template in zip(*(run.families[name].to_pylist() for name in ("family_id", "template")), strict=True):
        held = held_by(found.frames, template or "", secret)
        if held >= max(1, _FRAME_SHARE_MIN * len(found.frames)):
            told.append((number, held))
    return sorted(told, key=lambda one: (-one[1], one[0]))
