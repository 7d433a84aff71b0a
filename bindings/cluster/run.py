"""A run on many machines: the order of its steps, whoever runs them. Nothing here grows with calls or accounts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from gauger.batch import outputs
from gauger.batch.inputs import Input
from gauger.cluster.day import STATE, TABLES, Weigh, packed
from gauger.cluster.inputs import beginning, refuse_unfit
from gauger.cluster.tasks import Runner
from gauger.engine.cluster import steps
from gauger.engine.cluster.pieces import PART_BYTES, Piece
from gauger.engine.cluster.telling import told, untold
from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret, default_secret
from gauger.engine.common.settings import Settings
from gauger.engine.common.shards import SHARDS, units_of
from gauger.engine.plan.keep import days_of
from gauger.engine.plan.stored import calls_of_panes
from gauger.engine.reference.commits import read_commit
from gauger.engine.reference.directory import StateDirectory, directory_of
from gauger.engine.segments.segment import Account
from gauger.engine.segments.work import Work
from gauger.exchange.sharing import weighing
from gauger.kernels.warm import warmup
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.detection import detect
from gauger.logs.readers import survey
from gauger.stores.objects import shown
from gauger.stores.results import folder_for
from gauger.stores.urls import scheme_of

_DAYS_MAX = 128  # of a run, those with the most calls, may be kept: more do not hold one call in a hundred


@dataclass(frozen=True)
class Found:
    """What is to be read."""

    inputs: list[Input]
    column_map: ColumnMap
    left_out: int  # files that are not read
    complaints: list[str]  # of those that may hold calls


@dataclass(frozen=True)
class Result:
    """Where the findings of a run are, and what its manifest says."""

    out: str
    manifest: dict[str, Any]
    errors: list[str]  # one line a file that failed or was left out


def looked_up(sources: Sequence[str | Path], columns: str | None) -> Found:
    """The files of some sources. Raises InputError and ColumnMapError as ``gauger score``."""
    # A task runs in a folder of its own, in which a relative path means something else.
    found = survey([one if scheme_of(one) else Path(one).absolute() for one in sources])
    if not found.files:
        raise InputError("nothing to read: no file was given that may be a log")
    picked = detect(found.files) if columns is None else None
    column_map = load_column_map(picked or columns)
    inputs = [Input(path, path.stat().st_size) for path in found.files]
    refuse_unfit(column_map, inputs)
    return Found(inputs, column_map, len(found.left_out), found.complaints())


def secret_of(state: StateDirectory | None, secret: Secret | None) -> Secret:
    """The secret of a run: its state's, else the one given, else the environment's or the user's own."""
    return state.secret if state is not None else secret or default_secret()


def run(
    runner_of: Callable[[Secret], Runner],
    found: Found,
    out: str | Path,
    *,
    state: str | Path | StateDirectory | None,
    secret: Secret | None,
    settings: Settings,
    signatures: Sequence[str | Path] = (),
) -> Result:
    """Score logs on many machines and write the findings to ``out``; see ``gauger.spark.score``."""
    directory = None if state is None else directory_of(state, secret)
    if signatures:
        if directory is None:
            raise InputError("signatures of other providers are weighed with a state directory")
        weighing(directory, [Path(path) for path in signatures])
    key = secret_of(directory, secret)
    warmup()
    with ExitStack() as stack:
        folder = stack.enter_context(folder_for(out, outputs.MANIFEST, (outputs.FEATURES,)))
        # Nothing is gone on with here, but two runs into one place would be.
        work = stack.enter_context(closing(Work(folder.parent / f".{folder.name}.work", {"cluster": shown(out)})))
        if directory is not None:
            stack.enter_context(directory.writing())
        outputs.begin(folder)
        runner = runner_of(key)
        stack.callback(runner.done)
        weighed = _steps(runner, found, directory, key, settings)
        manifest = _receive(runner.collected(weighed, TABLES), folder)
        if directory is not None:
            _adopt(runner.collected(weighed, STATE), directory)
        outputs.write_manifest(folder, manifest)
        work.finish()
    errors = [item["error"] for item in manifest["inputs"] if item["error"] is not None]
    return Result(shown(out), manifest, [*errors, *found.complaints])


def _steps(runner: Runner, found: Found, directory: StateDirectory | None, key: Secret, settings: Settings) -> Any:
    begun = beginning(found.inputs, found.column_map, key, settings)
    words = None
    if directory is not None and begun.novelty_day is not None:
        known = directory.words(date.fromisoformat(begun.novelty_day), settings)
        words = None if known is None else runner.share(steps.words_as_bytes(known))
    measured = runner.measured(steps.Measure(settings, begun.novelty_day, begun.content, words))
    total = Account()
    for piece in runner.collected(measured, steps.SUMMARY):
        total.add(untold(piece.data))
    units = units_of(total.scored)
    fold = steps.Fold(settings, units, told(total), _days(total, settings))
    folded = runner.grouped([(measured, steps.CALLS)], units, fold)
    gather = steps.Gather(units)
    gathered = runner.grouped([(measured, steps.PROMPTS), (folded, steps.AGAIN)], units, gather)
    counts = {piece.shard: int(piece.data) for piece in runner.collected(gathered, steps.COUNT)}
    needed = _first_units(counts, settings.template_sample)
    learnt = runner.alone([(gathered, steps.DISTINCT)], steps.Learn(settings), below=needed)
    matching = b"".join(
        piece.data for piece in sorted(runner.collected(learnt, steps.MATCHING), key=lambda one: one.part)
    )
    shared = runner.share(matching)
    # Shards of what was gathered are units already: each is matched where it lies.
    matched = runner.grouped([(gathered, steps.DISTINCT)], SHARDS, steps.Match(shared), moves=False)
    paths = [str(item.path) for item in found.inputs]
    kept = None if directory is None else runner.share(packed(directory))
    elsewhere = () if directory is None else directory.shared
    weigh = Weigh(settings, units, paths, found.column_map, kept, found.left_out, elsewhere)
    given = [(measured, steps.ACCOUNT), (measured, steps.WORDS), (folded, steps.FOLDED), (folded, steps.TAKEN_BACK)]
    return runner.alone([*given, (matched, steps.MATCHED), (learnt, steps.MATCHING)], weigh)


def _first_units(counts: dict[int, int], size: int) -> int:
    """How many units hold so many prompts, from the first on."""
    for number, unit in enumerate(sorted(counts), 1):
        size -= counts[unit]
        if size <= 0:
            return number
    return len(counts)


def _days(total: Account, settings: Settings) -> tuple[tuple[int, ...], ...]:
    """Panes of each UTC day that may be kept, where there are several days."""
    panes, calls = days_of(calls_of_panes(total.hours, settings), settings)
    most = sorted(calls, key=lambda day: (-calls[day], day))[:_DAYS_MAX]
    return tuple(tuple(panes[day]) for day in sorted(most)) if len(panes) > 1 else ()


def _receive(pieces: Iterator[Piece], folder: Path) -> dict[str, Any]:
    """Write files as their pieces come, in any order; the manifest, without which a run did not happen."""
    manifest: dict[int, bytes] = {}
    seen: set[str] = set()
    for piece in pieces:
        if piece.name == outputs.MANIFEST:
            manifest[piece.part] = piece.data
            continue
        path = folder / piece.name
        if piece.name not in seen:
            path.unlink(missing_ok=True)  # of an earlier run
            seen.add(piece.name)
        _put(path, piece)
    found: dict[str, Any] = orjson.loads(b"".join(manifest[part] for part in sorted(manifest)))
    return found


def _put(path: Path, piece: Piece) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666), "wb") as file:
        file.seek(piece.part * PART_BYTES)
        file.write(piece.data)


def _adopt(pieces: Iterator[Piece], directory: StateDirectory) -> None:
    """Keep what the last task kept in its copy of the state directory."""
    with tempfile.TemporaryDirectory(prefix="gauger-") as name:
        copy = Path(name)
        for piece in pieces:
            _put(copy / piece.name, piece)
        key_id = directory.secret.key_id
        if any(copy.iterdir()):
            with directory.writing() as writing:
                writing.adopt(read_commit(directory.path, key_id), read_commit(copy, key_id))
