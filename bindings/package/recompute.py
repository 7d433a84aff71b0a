"""Numbers of a package, computed again from the log and held against it, value by value."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.batch.origin import code_digest
from gauger.batch.score import score
from gauger.batch.upkeep import opened
from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import default_secret
from gauger.engine.common.settings import Settings
from gauger.engine.findings.decisions import Decisions
from gauger.engine.plan.local import Local
from gauger.engine.reference.commits import DECISIONS
from gauger.engine.reference.directory import StateDirectory
from gauger.exchange.sharing import weighing
from gauger.package.chain import PackageError
from gauger.package.contents import TABLES, origin, rows_of
from gauger.results.run import Run, read_run

_DOCUMENT_BYTES_MAX = 1 << 26
_TABLE_BYTES_MAX = 1 << 32  # in memory, once read
_SHOWN = 20  # differences
# What follows from the log and the reference; libraries and the place of files may differ.
_COMPARED = (
    "rows", "scored", "quarantined", "left_out", "columns", "accounts", "flagged_accounts", "families", "findings",
    "window", "reference", "missing_evidence", "drift", "alarm_level",
)  # fmt: skip
_KEYS = {
    "accounts": ("account_id",),
    "ranks": ("account_id", "statistic"),
    "families": ("family_id",),
    "calls": ("file", "row"),
}


@dataclass
class Compared:
    """What came of it."""

    values: int = 0  # held against each other
    different: int = 0
    differences: list[str] = field(default_factory=list)  # the first of them, a line each
    notes: list[str] = field(default_factory=list)  # what was not the same to begin with

    def add(self, where: str, packed: Any, computed: Any) -> None:
        """Hold one value against another; numbers must be equal to the last bit."""
        self.values += 1
        if orjson.dumps(packed, option=orjson.OPT_SORT_KEYS) != orjson.dumps(computed, option=orjson.OPT_SORT_KEYS):
            self.differ(where, packed, computed)

    def differ(self, where: str, packed: Any, computed: Any) -> None:
        """Note a difference."""
        self.different += 1
        if len(self.differences) < _SHOWN:
            self.differences.append(f"{where}: {packed!r} in the package, {computed!r} computed")


@dataclass(frozen=True)
class Again:
    """How the run is to be made again."""

    logs: list[Path]
    state: Path | None = None  # it was scored with; nothing is written to it
    columns: str | None = None
    allow: Path | None = None
    workers: int | None = None
    signatures: Sequence[Path] = ()  # of other providers, that it was scored with


def recompute(folder: Path, again: Again) -> Compared:
    """Score the logs again as they were scored, and compare each number of the finding.

    folder : a package that was checked. Raises PackageError where it holds what cannot be read, InputError where the
    key or the state is another, and GaugerError as ``score``.
    """
    packed = _document(folder / "package.json")
    found = Compared()
    with tempfile.TemporaryDirectory(prefix="gauger-verify-") as place:
        run = _scored(packed, again, Path(place), found)
        number = _number_of(folder, packed, run)
        if number is None:
            found.differ("finding", packed["finding"], None)
            return found
        computed = origin(run, number)
        for name in _COMPARED:
            found.add(f"package.json {name}", packed.get(name), computed.get(name))
        tables = rows_of(run, number)
        row = run.campaigns.filter(pc.equal(run.campaigns["campaign_id"], number)).to_pylist()[0]
        plain = orjson.loads(orjson.dumps(row))
        for name, value in _document(folder / "finding.json").items():
            found.add(f"finding.json {name}", value, plain.get(name))
        for name in TABLES:
            _compare(found, name, _table(folder / "tables" / f"{name}.parquet"), tables[name])
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(read_bounded(path, _DOCUMENT_BYTES_MAX))
    except (OSError, ValueError):
        raise PackageError(f"{path.name}: cannot be read") from None
    if not isinstance(document, dict):
        raise PackageError(f"{path.name}: is not as gauger writes it")
    return document


def _table(path: Path) -> pa.Table:
    try:
        file = pq.ParquetFile(path)
        size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
        if size > _TABLE_BYTES_MAX:
            raise PackageError(f"{path.name}: {size:,} bytes once it is read, more than {_TABLE_BYTES_MAX:,}")
        return file.read()
    except (OSError, pa.ArrowException):
        raise PackageError(f"{path.name}: cannot be read") from None


def _scored(packed: dict[str, Any], again: Again, place: Path, found: Compared) -> Run:
    if packed.get("code") != code_digest():
        found.notes.append(f"packed by gauger {packed.get('gauger')} of other code than this one")
    state = None if again.state is None else _as_it_was(again.state, packed, place / "state", found)
    directory = None if state is None else weighing(StateDirectory(state), again.signatures)
    secret = default_secret() if directory is None else directory.secret
    if secret.key_id != packed.get("key_id"):
        raise InputError(
            f"the finding is of key {packed.get('key_id')}, and the key here is {secret.key_id}: "
            "give the --state it was scored with, or its key in GAUGER_KEY_FILE"
        )
    named = _signatures(packed)
    if named != ([] if directory is None else sorted(finding.name for finding in directory.shared)):
        told = ", ".join(named) or "none"
        raise InputError(f"the finding was scored with other signatures than given with --signature: {told}")
    score(
        again.logs,
        place / "out",
        state=directory,
        columns=again.columns,
        allow=again.allow,
        settings=_settings(packed),
        local=Local(work=place / "work", workers=again.workers),
    )
    run = read_run(place / "out")
    here, there = ([one.get("sha256") for one in origin["inputs"]] for origin in (origin(run, 0), packed))
    if sorted(map(str, here)) != sorted(map(str, there)):
        found.notes.append("the log is another: its files have other digests")
    return run


def _signatures(packed: dict[str, Any]) -> list[str]:
    """Names of the signatures that were weighed, sorted."""
    given: Any = packed.get("signatures") or []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise PackageError("package.json: its signatures are not as gauger writes them")
    return sorted(given)


def _settings(packed: dict[str, Any]) -> Settings:
    given: Any = packed.get("settings")
    known = {one.name: type(getattr(Settings(), one.name)) for one in fields(Settings)}
    if not isinstance(given, dict) or set(given) != set(known):
        raise PackageError("package.json: its settings are of another version of gauger")
    if any(not isinstance(value, list if known[name] is tuple else known[name] | int) for name, value in given.items()):
        raise PackageError("package.json: its settings are not as gauger writes them")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings(**values)


def _as_it_was(state: Path, packed: dict[str, Any], copy: Path, found: Compared) -> Path:
    """A copy of a state directory with what it kept when the run began, as far as it still does."""
    began = packed.get("state")
    if not isinstance(began, dict) or not isinstance(began.get("parts"), dict):
        raise InputError("the finding was scored without a state directory: leave --state out")
    opened(state)
    shutil.copytree(state, copy, copy_function=_linked, ignore=shutil.ignore_patterns("lock"))
    directory, parts = StateDirectory(copy), began["parts"]
    decisions = directory.decisions()
    with directory.writing() as writing:
        for name, part in writing.commit.parts.items():
            if (name.startswith(("days/", "checks/")) and parts.get(name) != part.digest) or name == DECISIONS:
                writing.drop(name)
    if count := int(began.get("decisions") or 0):
        with directory.writing() as writing:
            kept = decisions.entries[:count]
            writing.save_decisions(Decisions(kept, {one.number: decisions.members[one.number] for one in kept}))
    there = directory.kept().commit.parts
    gone = sorted(name for name in parts if name not in there)
    if gone:
        found.notes.append(f"the state keeps no more what it kept then: {', '.join(gone[:5])}")
    return copy


def _linked(source: str, target: str) -> None:
    """Parts never change, so that the same bytes serve; what is replaced or written to is copied."""
    if "/parts/" in source:
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


def _number_of(folder: Path, packed: dict[str, Any], run: Run) -> int | None:
    """The finding's number in the run made again: that of the same accounts."""
    wanted = set(_table(folder / "tables" / "accounts.parquet")["account_id"].to_pylist())
    shared = {
        number: len(wanted & set(rows_of(run, number)["accounts"]["account_id"].to_pylist()))
        for number in run.campaigns["campaign_id"].to_pylist()
    }
    best = max(shared, key=lambda number: (shared[number], number == packed["finding"]), default=None)
    return best if best is not None and shared[best] else None


def _compare(found: Compared, name: str, packed: pa.Table, computed: pa.Table) -> None:
    if not packed.schema.equals(computed.schema) or packed.num_rows != computed.num_rows:
        found.differ(name, f"{packed.num_rows} rows, {packed.num_columns} columns",
                     f"{computed.num_rows} rows, {computed.num_columns} columns")  # fmt: skip
        return
    for column in packed.schema.names:
        left, right = packed[column].combine_chunks(), computed[column].combine_chunks()
        found.values += len(left)
        if _same(left, right):
            continue
        for row, (one, other) in enumerate(zip(left.to_pylist(), right.to_pylist(), strict=True)):
            if repr(one) != repr(other):
                which = ", ".join(str(packed[key][row]) for key in _KEYS[name])
                found.differ(f"{name} {which} {column}", one, other)


def _same(left: pa.Array, right: pa.Array) -> bool:
    if left.type != right.type or not left.is_null().equals(right.is_null()):
        return False
    if pa.types.is_floating(left.type):
        bits = f"u{left.type.bit_width // 8}"
        one, other = (np.asarray(values.fill_null(0.0)).view(bits) for values in (left, right))
        return bool(np.array_equal(one, other))
    return bool(left.equals(right))
