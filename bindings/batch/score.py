"""``gauger score``: the batch job. Log files in, tables of findings out."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.batch import outputs, templates
from gauger.batch.allow_list import load_allow_list
from gauger.batch.one_writer import one_writer, place_of
from gauger.engine.common import threads
from gauger.engine.common.errors import GaugerError, InputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.engine import Engine
from gauger.engine.intake.parts import Failed, Part, Refused, Taken
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.results import tables
from gauger.engine.results.result import Result
from gauger.kernels.warm import warmup
from gauger.logs.columns import ColumnMap, load_column_map
from gauger.logs.readers import discover, read
from gauger.text.formats import visible

Progress = Callable[[str, int, int], None]  # stage, done, total (0 = not known)


@dataclass
class Input:
    """One input file and what became of its rows."""

    path: Path
    bytes: int = 0
    sha256: str | None = None
    rows: int = 0
    scored: int = 0
    quarantined: int = 0
    error: str | None = None

    def record(self) -> dict[str, Any]:
        """As the manifest shows it."""
        return {
            "path": visible(str(self.path)),  # a file name need not be text
            "bytes": self.bytes,
            "sha256": self.sha256,
            "rows": self.rows,
            "scored": self.scored,
            "quarantined": self.quarantined,
            "error": None if self.error is None else visible(self.error),
        }


@dataclass
class Run:
    """A finished run."""

    out: Path
    inputs: list[Input]
    manifest: dict[str, Any]
    result: Result
    errors: list[str] = field(default_factory=list)  # one line a file that failed
    warnings: list[str] = field(default_factory=list)  # what was asked for and came to nothing


class _Quarantine:
    """Rows that could not be scored, in the order they were met."""

    def __init__(self) -> None:
        self.files: list[int] = []
        self.rows: list[int] = []
        self.reasons: list[str] = []

    def add(self, file: int, rows: Sequence[int], reasons: Sequence[str]) -> None:
        self.files += [file] * len(rows)
        self.rows += rows
        self.reasons += reasons

    def table(self) -> pa.Table:
        columns = {"file": self.files, "row": self.rows, "reason": self.reasons}
        return pa.table(columns, schema=tables.QUARANTINE).sort_by([("file", "ascending"), ("row", "ascending")])


def default_secret() -> Secret:
    """The user's own key, for runs without a state directory: $XDG_STATE_HOME/gauger/key.

    A key that stays makes a rerun give the same bytes. Where it cannot be kept, the run uses a random one.
    """
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    try:
        (base / "gauger").mkdir(parents=True, exist_ok=True, mode=0o700)
        return Secret.from_file(base / "gauger" / "key")
    except (OSError, GaugerError):
        return Secret.random()


def _refuse_own_files(paths: Sequence[Path], out: Path, state: Path | None) -> None:
    """Raise InputError for an input that the run itself would replace, or that an earlier one wrote."""
    ours = [out / name for name in (outputs.CALLS, *outputs.TABLES)] + ([] if state is None else [state])
    for path in paths:
        for place in ours:
            if path.resolve().is_relative_to(place.resolve()):
                raise InputError(f"{path}: belongs to what gauger writes in {place}; keep logs elsewhere")


def _check_name(path: Path) -> None:
    """Raise InputError for a file name that is not text: Arrow cannot open it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"{path}: its name is not UTF-8; rename the file") from None


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(
    inputs: list[Input], column_map: ColumnMap, quarantine: _Quarantine, progress: Progress | None
) -> Iterator[Part]:
    """Every chunk of every file that can be read; files that cannot are marked, and the others go on."""
    total = sum(item.bytes for item in inputs)
    before = 0
    for number, item in enumerate(inputs):
        try:
            _check_name(item.path)
            for chunk in read(item.path, column_map):
                if item.error is not None:  # the engine could not admit an earlier chunk
                    break
                item.rows += chunk.batch.num_rows + len(chunk.broken)
                item.quarantined += len(chunk.broken)
                quarantine.add(number, [row for row, _ in chunk.broken], [reason for _, reason in chunk.broken])
                if chunk.batch.num_rows:
                    yield Part(chunk.batch, number, chunk.rows)
        except InputError as error:
            item.error = str(error)
        before += item.bytes
        if progress is not None:
            progress("reading", before, total)


def _ingest(
    engine: Engine, inputs: list[Input], column_map: ColumnMap, quarantine: _Quarantine, progress: Progress | None
) -> None:
    for event in engine.observe_parts(_parts(inputs, column_map, quarantine, progress)):
        item = inputs[event.file]
        if isinstance(event, Taken):
            item.scored += event.rows
        elif isinstance(event, Refused):
            item.quarantined += len(event.rows)
            quarantine.add(event.file, event.rows.tolist(), event.reasons)
        elif isinstance(event, Failed):
            item.error = item.error or f"{item.path}: {event.message}"
            item.quarantined += len(event.rows)
            quarantine.add(event.file, event.rows.tolist(), ["its columns cannot be read as calls"] * len(event.rows))
    for item in inputs:
        assert item.rows == item.scored + item.quarantined, f"{item.path}: rows went missing"


@one_writer
def score(
    sources: Sequence[str | Path],
    out: Path,
    *,
    state: Path | StateDirectory | None = None,
    columns: str | None = None,
    allow: Path | None = None,
    workers: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Run:
    """Score log files and write the findings to ``out``.

    state : the state directory; one opened to replace days replaces those that are kept already
    allow : TOML file of an allow-list
    Raises GaugerError (AllowListError, InputError, ColumnMapError, StateError) when nothing can be done at all; files
    that fail while others go on are in ``Run.errors``.
    """
    column_map = load_column_map(columns)
    allowed = None if allow is None else load_allow_list(allow)
    paths = discover(sources)
    _refuse_own_files(paths, out, place_of(state))
    settings = settings or Settings()
    workers = workers or os.cpu_count() or 1
    secret = None if state is not None else default_secret()
    warmup(None if progress is None else partial(progress, "compiling"))
    started = time.perf_counter()
    engine = Engine(state, settings=settings, workers=workers, secret=secret, allow=allowed)
    outputs.begin(out)  # after all that can be refused: it ends the earlier run
    inputs = [Input(path, path.stat().st_size) for path in paths]
    quarantine = _Quarantine()
    with threads.beside() as start:
        digests = [start(_digest, path) for path in paths]
        _ingest(engine, inputs, column_map, quarantine, progress)
        for item, digest in zip(inputs, digests, strict=True):
            item.sha256 = digest.result() if digest.exception() is None else None
    seconds = {"ingest": time.perf_counter() - started}
    _tell(progress, "weighing")
    mark = time.perf_counter()
    result = engine.finish()
    seconds |= {"weigh": time.perf_counter() - mark, **result.seconds}
    mark = time.perf_counter()
    _tell(progress, "writing")
    _write(
        out,
        inputs,
        result,
        quarantine,
        lambda: templates.render(result.families, result.calls, paths, column_map, settings.k_anonymity),
    )
    if state is not None and result.calls.num_rows:
        engine.commit()
    seconds["write"] = time.perf_counter() - mark
    mark = time.perf_counter()
    if state is not None:
        _tell(progress, "checking")
    rate = engine.false_positives()
    seconds["check"] = time.perf_counter() - mark
    seconds["total"] = time.perf_counter() - started
    manifest = _manifest(engine, inputs, result, seconds, settings)
    manifest["false_positive_rate"] = rate.record()
    outputs.write_manifest(out, manifest)
    warnings = [*([] if result.allowed is None else result.allowed.warnings()), *engine.warnings]
    return Run(out, inputs, manifest, result, [item.error for item in inputs if item.error is not None], warnings)


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress(stage, 0, 0)


def _write(
    out: Path, inputs: list[Input], result: Result, quarantine: _Quarantine, families: Callable[[], pa.Table]
) -> None:
    """Write all tables; ``families`` looks at the log once more, while the others are compressed."""
    with threads.beside() as start:
        rendered = start(families)
        file = result.calls.column("file").to_numpy()
        for number in range(len(inputs)):
            low, high = np.searchsorted(file, [number, number + 1])
            outputs.write_table(out / outputs.CALLS / f"{number:05d}.parquet", result.calls.slice(low, high - low))
        contents = (result.accounts, rendered.result(), result.campaigns, quarantine.table())
    for name, table in zip(outputs.TABLES, contents, strict=True):
        outputs.write_table(out / name, table)


def _hourly(engine: Engine, result: Result) -> dict[str, Any] | None:
    """Calls of each UTC hour, and those of flagged accounts among them."""
    ledger = engine.state.ledger.rows
    if len(ledger) == 0:
        return None
    hours = ledger["time"] // HOUR_US
    flagged = set(result.accounts.filter(result.accounts.column("flagged")).column("account_id").to_pylist())
    names = engine.state.accounts.account_ids
    bad = np.asarray([name in flagged for name in names], bool)[ledger["account"]]
    start = int(hours.min())
    # A log with one stray timestamp must not make a list of a million hours.
    span = min(int(hours.max()) - start + 1, 24 * 62)
    inside = hours - start < span
    return {
        "start": datetime.fromtimestamp(start * 3600, UTC).isoformat(),
        "calls": np.bincount(hours[inside] - start, minlength=span).tolist(),
        "flagged_calls": np.bincount((hours - start)[inside & bad], minlength=span).tolist(),
    }


def _manifest(
    engine: Engine, inputs: list[Input], result: Result, seconds: dict[str, float], settings: Settings
) -> dict[str, Any]:
    from gauger import __version__

    rows = sum(item.rows for item in inputs)
    scored = sum(item.scored for item in inputs)
    times = engine.state.ledger.rows["time"]
    window = (
        [datetime.fromtimestamp(int(time) / 1e6, UTC).isoformat() for time in (times.min(), times.max())]
        if len(times)
        else None
    )
    reference = {
        "days": result.reference_days,
        "accounts": result.reference_accounts,
        "left_out": result.reference_left_out,
    }
    return {
        "gauger": __version__,
        "inputs": [item.record() for item in inputs],
        "rows": rows,
        "scored": scored,
        "quarantined": sum(item.quarantined for item in inputs),
        "accounts": result.accounts.num_rows,
        "flagged_accounts": int(np.sum(result.accounts.column("flagged").to_numpy())),
        "families": result.families.num_rows,
        "findings": result.campaigns.num_rows,
        "window": None if window is None else {"start": window[0], "end": window[1]},
        "reference": reference if result.reference_accounts else None,
        "missing_evidence": result.missing_evidence,
        "drift": None if result.drift is None else result.drift.record(),
        "allow": None if result.allowed is None else result.allowed.record(),
        "alarm_level": settings.alarm_level,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "calls_per_second": round(scored / seconds["total"], 1),
        "key_id": engine.secret.key_id,
        "hourly_calls": _hourly(engine, result),
        "state_bytes": engine.state.nbytes(),
        "state_held": engine.held(),
        "versions": {"pyarrow": pa.__version__, "numpy": np.__version__},
    }
