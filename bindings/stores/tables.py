"""Tables of a lakehouse: the files that hold what is in a Delta or an Iceberg table now.

``delta:PLACE`` and ``iceberg:CATALOG.SPACE.TABLE``. Their libraries say which files those are, and they are read as
Parquet. Where they do not hold what is in the table (rows deleted beside them, columns renamed since), it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gauger.engine.common.errors import InputError
from gauger.stores.objects import said, shown
from gauger.stores.urls import LOCAL, local_path, scheme_of

DELTA, ICEBERG = "delta:", "iceberg:"
_DELTA_LOG, _ICEBERG_LOG = "_delta_log", "metadata"
_ICEBERG_HEAD = ".metadata.json"
_UNREAD = ("deletionVectors", "columnMapping")


def is_table(place: str | Path) -> bool:
    """Whether a place names a table."""
    return str(place).startswith((DELTA, ICEBERG))


def refuse_table(folder: Path, inside: list[str]) -> None:
    """Raise InputError where a folder with these folders inside is that of a table: its files hold old rows, too."""
    if _DELTA_LOG in inside:
        raise _is_a_table(str(folder), _DELTA_LOG)
    if _ICEBERG_LOG in inside and any(folder.joinpath(_ICEBERG_LOG).glob(f"*{_ICEBERG_HEAD}")):
        raise _is_a_table(str(folder), _ICEBERG_LOG)


def refuse_object(place: str, below: Sequence[str]) -> None:
    """The same, for an object below a place in a store."""
    for at, folder in enumerate(below[:-1]):
        if folder == _DELTA_LOG or (folder == _ICEBERG_LOG and below[-1].endswith(_ICEBERG_HEAD)):
            raise _is_a_table("/".join([place, *below[:at]]), folder)


def _is_a_table(place: str, log: str) -> InputError:
    kind, given, extra = ("a Delta", f"{DELTA}{place}", "delta")
    if log == _ICEBERG_LOG:
        kind, given, extra = "an Iceberg", f"{ICEBERG}CATALOG.SPACE.TABLE", "iceberg"
    files = "whose files hold replaced and deleted rows as well"
    return InputError(f"{place}: {kind} table, {files}; give {given} (pip install 'gauger[{extra}]')")


def files_of(place: str) -> Iterator[str | Path]:
    """The files of a table as it is now, as paths and URLs. Raises InputError where they cannot be told."""
    found = _of_delta(place.removeprefix(DELTA)) if place.startswith(DELTA) else _of_iceberg(place)
    for uri in sorted(found):
        yield local_path(uri) if scheme_of(uri) == LOCAL else uri


def _of_delta(place: str) -> list[str]:
    named = f"{DELTA}{shown(place)}"
    try:
        from deltalake import DeltaTable
    except ImportError:
        raise InputError(f"{named}: Delta tables need deltalake: pip install 'gauger[delta]'") from None
    try:
        table = DeltaTable(place)
        features = table.protocol().reader_features or []
        mode = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    except Exception as error:  # of its own kinds
        raise InputError(f"{named}: {said(error)}") from None
    if used := [one for one in _UNREAD if one in features] or (["columnMapping"] if mode != "none" else []):
        raise InputError(f"{named}: uses {used[0]}, which is not read here; write what is to be scored into another")
    return list(table.file_uris())


def _of_iceberg(place: str) -> list[str]:
    try:
        from pyiceberg.catalog import load_catalog
    except ImportError:
        raise InputError(f"{place}: Iceberg tables need pyiceberg: pip install 'gauger[iceberg]'") from None
    catalog, _, name = place.removeprefix(ICEBERG).partition(".")
    try:
        with ExitStack() as opened:
            found = load_catalog(catalog)
            opened.callback(getattr(found, "close", lambda: None))
            table = found.load_table(name)
            tasks = list(table.scan().plan_files())
            schemas = list(table.schemas().values())
    except Exception as error:  # of its own kinds
        raise InputError(f"{place}: {said(error)}") from None
    if any(task.delete_files for task in tasks):
        raise InputError(f"{place}: rows were deleted beside its files, which is not read here; rewrite its data files")
    if renamed := _renamed(schemas):
        raise InputError(f"{place}: the column {renamed} was renamed, which is not read here; rewrite its data files")
    return [task.file.file_path for task in tasks]


def _renamed(schemas: list[Any]) -> str | None:
    """A column that had another name once: older files still have it under that."""
    names: dict[int, str] = {}
    for schema in schemas:
        for column in schema.fields:
            if names.setdefault(column.field_id, column.name) != column.name:
                return str(column.name)
    return None
