"""``gauger score``: the batch job. Log files in, tables of findings out."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger import __version__
from gauger.batch import outputs, templates
from gauger.batch.allow_list import load_allow_list
from gauger.batch.calls import write_calls
from gauger.batch.doubts import doubts_of, filled, hidden, unread, unseen
from gauger.batch.inputs import Input, Recorded, digest, parts, settle
from gauger.batch.one_writer import one_writer, place_of
from gauger.batch.origin import code_digest
from gauger.engine.common import memory, threads
from gauger.engine.common.errors import InputError
from gauger.engine.common.progress import Progress, tell
from gauger.engine.common.progress import use as progress_to
from gauger.engine.common.secret import default_secret
from gauger.engine.common.settings import Settings
from gauger.engine.common.stopwatch import Stopwatch
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.allow_list import AllowList
from gauger.engine.intake.parts import Ended
from gauger.engine.plan.finish import Finished
from gauger.engine.plan.local import Local, LocalRun
from gauger.engine.plan.measure import Source
from gauger.engine.plan.time_axis import axis_of, hourly, window
from gauger.engine.reference.directory import StateDirectory, directory_of
from gauger.engine.results import tables
from gauger.engine.results.graph import feature_table
from gauger.engine.results.result import Result
from gauger.engine.segments.segment import Account, Tally
from gauger.engine.statistics.people import People
from gauger.kernels.warm import warmup
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.detection import detect
from gauger.logs.readers import Found, prepared, survey
from gauger.stores.elsewhere import Elsewhere
from gauger.stores.objects import shown
from gauger.stores.results import folder_for
from gauger.text.formats import visible

_WRITING_BYTES = 3 * memory.GIB // 2  # to write tables while the held-out day is weighed
_LEAST_BYTES = 3 * memory.GIB // 2  # to read and measure; what a day takes beside that is known when it is measured


@dataclass
class Run:
    """A finished run."""

    out: Path  # the folder they were written to; gone where they were put in a store
    inputs: list[Input]
    manifest: dict[str, Any]
    result: Result
    errors: list[str] = field(default_factory=list)  # one line a file that failed
    warnings: list[str] = field(default_factory=list)  # what was asked for and came to nothing
    doubts: list[str] = field(default_factory=list)  # what says that the log was not read as it was meant
    picked: str | None = None  # the shipped column map that was found to fit, where none was asked for
    place: str = ""  # where the findings are, for people


def _refuse_own_files(paths: Sequence[Path], out: Path, state: Path | None, work: Path) -> None:
    """Raise InputError for an input that the run itself would replace, or that an earlier one wrote."""
    names = (outputs.CALLS, outputs.FEATURES, *outputs.TABLES)
    ours = [out / name for name in names] + [work, *([] if state is None else [state])]
    for path in paths:
        for place in ours:
            if path.resolve().is_relative_to(place.resolve()):
                raise InputError(f"{path}: belongs to what gauger writes in {place}; keep logs elsewhere")


def _refuse_own_objects(paths: Sequence[Path], place: str) -> None:
    """The same for results in a store."""
    ours = tuple(f"{place}/{name}" for name in (f"{outputs.CALLS}/", outputs.FEATURES, *outputs.TABLES))
    for path in paths:
        if isinstance(path, Elsewhere) and str(path).startswith(ours):
            raise InputError(f"{path}: belongs to what gauger writes in {place}; keep logs elsewhere")


@one_writer
def score(
    sources: Sequence[str | Path],
    out: Path,
    *,
    state: Path | StateDirectory | None = None,
    columns: str | None = None,
    allow: Path | None = None,
    settings: Settings | None = None,
    local: Local | None = None,
    progress: Progress | None = None,
) -> Run:
    """Score logs and write the findings to ``out``: a folder, or the URL of a place in a store.

    state : the state directory; one opened to replace days replaces those that are kept already
    allow : TOML file of an allow-list
    local : how this machine is used; a run that was killed goes on where it stopped
    Raises GaugerError (AllowListError, InputError, ColumnMapError, StateError) when nothing can be done at all; files
    that fail while others go on are in ``Run.errors``.
    """
    searched = survey(sources)
    _refuse_own_objects(searched.files, shown(out))
    with folder_for(out, outputs.MANIFEST, (outputs.FEATURES,)) as folder:
        found = _scored(searched, folder, state, columns, allow, settings or Settings(), local or Local(), progress)
    found.place = shown(out)
    return found


def _scored(
    found: Found,
    out: Path,
    state: Path | StateDirectory | None,
    columns: str | None,
    allow: Path | None,
    settings: Settings,
    local: Local,
    progress: Progress | None,
) -> Run:
    """``score`` into a folder of this machine."""
    column_map = load_column_map(columns)
    allowed = None if allow is None else load_allow_list(allow)
    paths = found.files
    picked = detect(paths) if columns is None and not local.recorded else None
    if picked is not None:
        columns, column_map = picked, load_column_map(picked)
    work = local.work or out.parent / f".{out.name}.work"
    _refuse_own_files(paths, out, place_of(state), work)
    kept = default_secret() if state is None else directory_of(state)
    warmup(None if progress is None else partial(progress, "compiling"))
    with progress_to(progress), memory.use(local.memory or max(memory.free() // 2, _LEAST_BYTES)):
        memory.require(_LEAST_BYTES, "gauger score")
        inputs = [Input(path, path.stat().st_size) for path in paths]
        given = {
            "gauger": __version__,  # another version may make other units than those that are there
            "files": _identities(inputs),
            "columns": _map_of(columns),
            "allow": allow is not None,
        }
        outputs.make(out)
        run = LocalRun(work, given, settings, kept, local)
        try:
            outputs.begin(out)  # after all that can be refused: it ends the earlier run
            scoring = Scoring(out, inputs, run, local.publish, len(found.left_out))
            done = scoring.score(prepared(column_map, paths), allowed, column_map.own)
            done.picked = picked
            done.errors.extend(found.complaints())  # calls may be missing
            return done
        finally:
            run.work.close()


def _map_of(columns: str | None) -> list[str | None]:
    """What tells whether a column map is that of the run that was not finished: its name, and its content."""
    path = Path(columns or "")
    return [columns, digest(path) if path.is_file() else None]


def _identities(inputs: list[Input]) -> list[Any]:
    """What tells whether files are those of the run that was not finished."""
    return [[visible(str(item.path.absolute())), item.bytes, item.path.stat().st_mtime_ns] for item in inputs]


class Scoring:
    """One run of ``score``, stage by stage."""

    def __init__(self, out: Path, inputs: list[Input], run: LocalRun, publish: Path | None, left_out: int) -> None:
        """left_out : files of directories that are not read"""
        self._out, self._inputs, self._run, self._publish = out, inputs, run, publish
        self._left_out = left_out
        self._watch, self._started = Stopwatch(), time.perf_counter()
        self._rows = 0  # read so far

    def score(self, column_map: ColumnMap, allowed: AllowList | None, own: Sequence[str]) -> Run:
        """own : columns that the user's own map names"""
        with threads.beside() as start:
            digests = [start(digest, item.path) for item in self._inputs]
            self._measure(column_map)
            for item, found in zip(self._inputs, digests, strict=True):
                item.sha256 = found.result() if found.exception() is None else None
        return self.weigh(column_map, allowed, own)

    def weigh(self, column_map: ColumnMap, allowed: AllowList | None, own: Sequence[str]) -> Run:
        """What follows once all is measured."""
        run, inputs, watch = self._run, self._inputs, self._watch
        settle(inputs, run.account)
        watch.lap("ingest")
        finished = run.finish(allowed)
        watch.lap("weigh")
        with threads.beside(need=_WRITING_BYTES) as start:
            ahead = start(run.measure_ahead)
            unwritten = self._write(finished, column_map)
        if self._publish is not None:
            run.publish(finished, self._publish)
        doubts = doubts_of(inputs, run.account, finished, column_map, own)
        axis = axis_of(run.account)
        warnings = [] if finished.result.allowed is None else finished.result.allowed.warnings()
        warnings += [*unwritten, *hidden(finished, run.account), *unseen(run.account)]
        warnings += [*([] if axis is None else axis.warning()), *self._keep(finished, doubts)]
        watch.lap("write")
        rate = run.false_positives(ahead.result())
        watch.lap("check")
        seconds = {**watch.seconds, **finished.result.seconds, "total": time.perf_counter() - self._started}
        manifest = _manifest(run, inputs, finished, seconds)
        manifest["column_map"] = column_map.name
        manifest["files_left_out"] = self._left_out  # hidden ones, markers, and what is no log
        manifest["false_positive_rate"] = rate.record()
        manifest["warnings"] = [*doubts, *warnings]
        outputs.write_manifest(self._out, manifest)
        run.work.finish()
        errors = [item.error for item in inputs if item.error is not None]
        return Run(self._out, inputs, manifest, finished.result, errors, warnings, doubts=doubts)

    def _keep(self, finished: Finished, doubts: list[str]) -> list[str]:
        """Keep the days of a run that can be trusted; sentences say which were not."""
        run = self._run
        if not run.keeps or not run.account.scored:
            return []
        why_not = "of the warnings above" if doubts else unread(self._inputs)
        if why_not is not None and not run.is_provisional:
            return [f"not kept as reference, because {why_not}"]
        return run.keep(finished)

    def _measure(self, column_map: ColumnMap) -> None:
        """Read and measure; how much is done is told by bytes, rows being as long as those before."""
        run, sizes = self._run, [item.bytes for item in self._inputs]
        ended = [0, 0]  # bytes and rows of the files that were read to their end

        def counted() -> Iterator[Source]:
            recorded = Recorded(run.secret, run.settings, run.is_recorded)
            for part in parts(self._inputs, column_map, recorded, run.account, run.failed):
                yield part
                if isinstance(part, Ended):
                    ended[0] += sizes[part.file]
                    ended[1] = self._rows

        def told(rows: int) -> None:
            self._rows = rows
            guess = (rows - ended[1]) * ended[0] // max(1, ended[1])
            tell("reading", min(ended[0] + guess, sum(sizes)), sum(sizes))

        tell("reading", 0, sum(sizes))
        run.measure(counted(), told)

    def _write(self, finished: Finished, column_map: ColumnMap) -> list[str]:
        """Write all tables; templates look at the log once more. Sentences say what is missing of those asked for."""
        result, account, out = finished.result, self._run.account, self._out
        paths = [item.path for item in self._inputs]
        with threads.use(self._run.threads), threads.beside() as start:
            wanted = finished.spread.wanted(finished.families)
            k = self._run.settings.k_anonymity
            rendered = start(templates.render, result.families, wanted.examples, paths, column_map, k)
            files = [account.files.get(number, Tally()).next_row for number in range(len(self._inputs))]
            write_calls(out / outputs.CALLS, finished, files)
            found = {**vars(result), "families": rendered.result(), "quarantine": _quarantine(account)}
        for name in outputs.TABLES:
            outputs.write_result(out / name, found[name.removesuffix(".parquet")])
        return self._write_features(finished.day.people, finished.evidence) if self._run.writes_features else []

    def _write_features(self, people: People, evidence: Evidence) -> list[str]:
        """Write features.parquet; a sentence says whom it leaves out of those who were compared."""
        with threads.use(self._run.threads):
            found = feature_table(people, evidence)
        outputs.write_result(self._out / outputs.FEATURES, found)
        number, compared = found.num_rows, int(np.sum(~np.isnan(evidence.probability)))
        if not number:
            return [f"{outputs.FEATURES} is empty: features are of accounts that are compared with a reference"]
        if number < compared:
            whom = "on a day this large, those learnt from and those flagged"
            return [f"{outputs.FEATURES} has {number:,} of the {compared:,} accounts that were compared: {whom}"]
        return []


def _quarantine(account: Account) -> pa.Table:
    """Rows that could not be scored."""
    columns = {
        "file": account.refused_file,
        "row": account.refused_row,
        "account_id": [name or None for name in account.refused_account],
        "reason": account.refused_reason,
    }
    return pa.table(columns, schema=tables.QUARANTINE).sort_by([("file", "ascending"), ("row", "ascending")])


def _manifest(run: LocalRun, inputs: list[Input], finished: Finished, seconds: dict[str, float]) -> dict[str, Any]:
    result, account, axis = finished.result, run.account, axis_of(run.account)
    scored = sum(item.scored for item in inputs)
    reference = {
        "days": result.reference_days,
        "accounts": result.reference_accounts,
        "left_out": result.reference_left_out,
    }
    return {
        "gauger": __version__,
        "inputs": [item.record() for item in inputs],
        "rows": sum(item.rows for item in inputs),
        "scored": scored,
        "quarantined": sum(item.quarantined for item in inputs),
        "left_out": account.left_out,  # rows that are no calls, by what they are
        "columns": filled(account),
        "accounts": result.accounts.num_rows,
        "flagged_accounts": int(np.sum(result.accounts.column("flagged").to_numpy())),
        "families": result.families.num_rows,
        "findings": result.campaigns.num_rows,
        "window": window(account),
        "strays": None if axis is None else axis.record(),
        "reference": reference if result.reference_accounts else None,
        "missing_evidence": result.missing_evidence,
        "drift": None if result.drift is None else result.drift.record(),
        "allow": None if result.allowed is None else result.allowed.record(),
        "settings": asdict(run.settings),
        "code": code_digest(),
        "state": run.began,
        "decisions": result.decided,
        "signatures": run.shared,  # findings of other providers
        "alarm_level": result.alarm_level,
        "alarm_level_asked": run.settings.alarm_level,
        "alarm_level_raised": result.level_raised,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "calls_per_second": round(scored / seconds["total"], 1),
        "key_id": run.secret.key_id,
        "hourly_calls": hourly(account, finished),
        "work_bytes": run.work.nbytes(),
        "versions": {"pyarrow": pa.__version__, "numpy": np.__version__},
    }
