"""``gauger doctor``: whether this machine can do the work, one check a line, and a small run whose result is known."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from packaging.requirements import Requirement

from gauger.batch.outputs import CALLS
from gauger.batch.score import score
from gauger.engine.common import memory
from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import KEY, KEY_FILE, Secret, given_secret
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.upkeep import damage
from gauger.kernels.warm import warmup
from gauger.simulate import CampaignSpec, simulate
from gauger.text.formats import plural

GOOD, DOUBTFUL, BAD = "good", "doubtful", "bad"
_MEMORY_LEAST, _DISK_LEAST = 2 * memory.GIB, 5 * memory.GIB  # a day of a few million calls
_CALLS, _ACCOUNTS, _SEED = 4_000, 60, 7  # of the small run: its honest calls, and the accounts of its campaign
_FOUND_LEAST = 0.95


@dataclass(frozen=True)
class Check:
    """What was looked at."""

    name: str
    state: str  # good, doubtful: it works, but not well; bad: it does not work
    said: str  # what was found, and what to do


def examined(state: Path | None, work: Path | None) -> Iterator[Check]:
    """Each check as it is done. Nothing is left behind, and no state directory or key is made.

    state : a state directory to read whole; work : where work files would go, else the system's temporary folder
    """
    yield _guarded("versions", _versions)
    yield _guarded("processor", _processor)
    yield _guarded("memory", _memory)
    yield _guarded("disk", lambda: _disk(work or Path(tempfile.gettempdir())))
    yield _guarded("kernels", _kernels)
    yield _guarded("key", _key)
    if state is not None:
        yield _guarded("state", lambda: _state(state))
    yield _guarded("self-test", _self_test)


def _guarded(name: str, look: Callable[[], tuple[str, str]]) -> Check:
    try:
        return Check(name, *look())
    except (GaugerError, OSError) as error:
        return Check(name, BAD, str(error))


def _versions() -> tuple[str, str]:
    wrong, found = [], []
    for line in metadata.requires("gauger") or ():
        wanted = Requirement(line)
        if wanted.marker is not None:
            continue  # of an extra
        version = metadata.version(wanted.name)
        found.append(f"{wanted.name} {version}")
        if not wanted.specifier.contains(version, prereleases=True):
            wrong.append(f"{wanted.name} {version} is not {wanted.specifier}")
    if wrong:
        return BAD, f"{'; '.join(wrong)}: install gauger again"
    return GOOD, f"gauger {metadata.version('gauger')}, Python {platform.python_version()}, {', '.join(found)}"


def _processor() -> tuple[str, str]:
    cores = len(os.sched_getaffinity(0))
    said = f"{platform.machine()}, {plural(cores, 'core')} of {os.cpu_count()} may be used"
    return (GOOD if cores > 1 else DOUBTFUL), said + ("" if cores > 1 else "; two or more are twice as fast")


def _memory() -> tuple[str, str]:
    free = memory.free()
    said = f"{memory.shown(free)} free; a run takes half of it unless --memory says"
    return (GOOD, said) if free >= _MEMORY_LEAST else (DOUBTFUL, f"{said}; {memory.shown(_MEMORY_LEAST)} are better")


def _disk(folder: Path) -> tuple[str, str]:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"gauger")
    free = shutil.disk_usage(folder).free
    said = f"{memory.shown(free)} free in {folder}; a million calls need some 2 GB of work files"
    return (GOOD, said) if free >= _DISK_LEAST else (DOUBTFUL, said)


def _kernels() -> tuple[str, str]:
    done = warmup()
    if done.problem is not None:
        return DOUBTFUL, f"the cache cannot be used, each start compiles for a minute: {done.problem}"
    return GOOD, f"{done.kernels} ready in {done.seconds:.1f} s, {done.compiled} compiled now; cache {done.directory}"


def _key() -> tuple[str, str]:
    file = os.environ.get(KEY_FILE)
    if file and not os.path.lexists(file):
        return DOUBTFUL, f"{KEY_FILE} names {file}, which is not there: the next run makes it"
    given = given_secret()
    if given is not None:
        return GOOD, f"{given.key_id}, from {' and '.join(name for name in (KEY_FILE, KEY) if os.environ.get(name))}"
    own = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "gauger" / "key"
    if not own.exists():
        return GOOD, "none given: a state directory has its own, and a run without one makes the user's"
    return GOOD, f"{Secret.from_file(own).key_id}, the user's own; a state directory has its own"


def _state(folder: Path) -> tuple[str, str]:
    if not (folder / "key").exists():
        return BAD, f"{folder}: no such state directory; score days with --state first"
    directory = StateDirectory(folder)
    wrong = damage(directory)
    if wrong:
        return BAD, f"{plural(len(wrong), 'part')} damaged: gauger state check --state {folder} says what that costs"
    parts = len(directory.kept().commit.parts)
    return GOOD, f"{plural(parts, 'part')} read and whole, key {directory.secret.key_id}"


def _fresh(folder: Path, workers: int) -> StateDirectory:
    return StateDirectory(folder / f"state-{workers}", Secret(bytes(range(16))))


def _largest(out: Path, truth: Path) -> int:
    """How many planted accounts the family has that has most of them."""
    told = pq.read_table(truth)
    planted = told.filter(pc.is_valid(told["campaign"]))["account_id"]
    calls = pq.read_table(out / CALLS, columns=["account_id", "family_id"])
    theirs = calls.filter(pc.and_(pc.is_in(calls["account_id"], planted), pc.is_valid(calls["family_id"])))
    families = theirs.group_by("family_id").aggregate([("account_id", "count_distinct")])
    return pc.max(families["account_id_count_distinct"]).as_py() or 0


def _self_test() -> tuple[str, str]:
    """A planted campaign must be found, and two runs with other threads must agree."""
    with tempfile.TemporaryDirectory(prefix="gauger-") as name:
        folder = Path(name)
        plan = [CampaignSpec("template", _ACCOUNTS, 20)]
        paths = simulate(folder / "logs", calls=_CALLS, campaigns=plan, seed=_SEED, reference_calls=500)
        one, other = (
            score([paths.day], folder / f"out-{workers}", state=_fresh(folder, workers), local=Local(workers=workers))
            for workers in (1, 2)
        )
        found = _largest(folder / "out-1", paths.truth)
    if found < _FOUND_LEAST * _ACCOUNTS:
        return BAD, f"the template of {_ACCOUNTS} planted accounts was not found: install gauger again, and report it"
    mine, others = one.result, other.result
    if not (mine.families.equals(others.families) and mine.campaigns.equals(others.campaigns)):
        return BAD, "one thread and two give different tables: this processor or a library computes wrongly"
    return GOOD, f"{one.manifest['scored']:,} calls scored twice, the planted template found, both runs alike"
