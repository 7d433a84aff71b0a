"""A finished run's output directory, read back: what report, explain and exports start from."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from gauger.batch.outputs import CALLS, read_manifest
from gauger.engine.common.errors import GaugerError, InputError
from gauger.engine.results import tables
from gauger.text.formats import visible

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

_DEFAULT_ALARM_LEVEL = 0.001
_TABLES = ("accounts", "families", "campaigns", "ranks", "quarantine")  # held; those of the graph are read when asked
_GRAPH = {"edges": tables.EDGES, "neighbours": tables.NEIGHBOURS_HEAD, "features": tables.FEATURE_ROWS}
_SHOWN = {  # columns of findings, and their titles in a notebook
    "campaign_id": "finding",
    "assessment": "assessed as",
    "probability": "probability of one hidden actor",
    "accounts": "accounts",
    "calls": "calls",
    "evidence": "evidence",
    "explanation": "best honest explanation",
}
_SHOWN_MOST = 20  # findings, the strongest first


@dataclass(frozen=True, repr=False)
class Run:
    """The tables of one finished run.

    ``accounts`` holds every column of ``accounts.parquet``; ``statistics`` names those of them, all float64,
    that lie between ``calls`` and ``evidence``.
    """

    folder: Path
    manifest: dict[str, Any]
    accounts: pa.Table
    families: pa.Table
    campaigns: pa.Table
    ranks: pa.Table
    quarantine: pa.Table

    def table(self, name: str) -> pa.Table:
        """A table by its file's name: accounts, families, campaigns, ranks, edges, neighbours, features or quarantine.

        Raises InputError for another name, and GaugerError for a file that is not there or cannot be read: features
        are there where they were asked for.
        """
        if name in _GRAPH:
            return _read_table(self.folder, name, _GRAPH[name])
        if name not in _TABLES:
            raise InputError(f"{name}: no table; there are {', '.join((*_TABLES, *_GRAPH))}, and calls()")
        table: pa.Table = getattr(self, name)
        return table

    def calls(self) -> ds.Dataset:
        """The calls, row by row of the log; read as far as they are asked for."""
        return ds.dataset(self.folder / CALLS, format="parquet")

    def pandas(self, name: str) -> pd.DataFrame:
        """A table as a frame of pandas, whole numbers and truth values in its types that have gaps."""
        import pandas

        types = {pa.int32(): pandas.Int32Dtype(), pa.int64(): pandas.Int64Dtype(), pa.bool_(): pandas.BooleanDtype()}
        frame: pd.DataFrame = self.table(name).to_pandas(types_mapper=types.get)
        return frame

    def polars(self, name: str) -> pl.DataFrame:
        """A table as a frame of polars."""
        import polars

        frame = polars.from_arrow(self.table(name))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def __repr__(self) -> str:
        """The run in a line."""
        counted = ", ".join(f"{self.table(name).num_rows:,} {name}" for name in _TABLES)
        return f"<run of {self.manifest.get('scored', 0):,} calls in {self.folder}: {counted}>"

    def _repr_html_(self) -> str:
        """The run in a notebook: its line, what to read before its findings, and these."""
        shown = self.campaigns.select(list(_SHOWN)).slice(0, _SHOWN_MOST).to_pylist()
        head = "".join(f"<th>{title}</th>" for title in _SHOWN.values())
        rows = "".join(f"<tr>{''.join(f'<td>{_cell(name, row[name])}</td>' for name in _SHOWN)}</tr>" for row in shown)
        warnings = "".join(f"<li>{escape(visible(str(one)))}</li>" for one in self.manifest.get("warnings", []))
        more = self.campaigns.num_rows - len(shown)
        return (
            f"<p>{escape(repr(self))}</p>"
            + (f"<p>Read first:</p><ul>{warnings}</ul>" if warnings else "")
            + f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            + (f"<p>{more:,} weaker ones are in <code>campaigns</code>.</p>" if more else "")
        )

    @property
    def statistics(self) -> list[str]:
        """Names of the statistic columns, in the order of the file."""
        known = {*tables.ACCOUNTS_HEAD.names, *tables.ACCOUNTS_TAIL.names}
        return [
            field.name for field in self.accounts.schema if field.name not in known and pa.types.is_floating(field.type)
        ]

    @property
    def alarm_level(self) -> float:
        """The tail probability below which an account is flagged."""
        level = self.manifest.get("alarm_level")
        return float(level) if isinstance(level, int | float) and 0 < level < 1 else _DEFAULT_ALARM_LEVEL

    @property
    def has_reference(self) -> bool:
        """Whether the run was compared with older accounts."""
        return bool(self.manifest.get("reference"))

    @property
    def call_files(self) -> list[str]:
        """The per-call tables, in name order."""
        return [str(path) for path in sorted((self.folder / "calls").glob("*.parquet"))]


def read_run(out: str | Path) -> Run:
    """Read the output directory of a finished run.

    Raises:
        GaugerError: there is no manifest (the run did not finish), or a table is missing, unreadable or
            lacks a column.
    """
    accounts_schema = pa.schema([*tables.ACCOUNTS_HEAD, *tables.ACCOUNTS_TAIL])
    out = Path(out)
    return Run(
        folder=out,
        manifest=read_manifest(out),
        accounts=_read_table(out, "accounts", accounts_schema),
        families=_read_table(out, "families", tables.FAMILIES),
        campaigns=_read_table(out, "campaigns", tables.CAMPAIGNS),
        ranks=_read_table(out, "ranks", tables.RANKS),
        quarantine=_read_table(out, "quarantine", tables.QUARANTINE),
    )


def _cell(name: str, value: Any) -> str:
    if name == "campaign_id" or not isinstance(value, int | float):
        return "" if value is None else escape(visible(str(value)))
    return f"{value:,.2f}" if name == "probability" else f"{value:,.0f}"


def _read_table(out: Path, name: str, schema: pa.Schema) -> pa.Table:
    path = out / f"{name}.parquet"
    try:
        # Without partitioning=None a folder named "day=1" above the file would become a column.
        table = pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        how = " with --features" if name == "features" else ""
        raise GaugerError(f"{path} is missing: score again{how}") from None
    except (OSError, pa.ArrowException) as error:
        raise GaugerError(f"{path} cannot be read ({type(error).__name__}): score again") from None
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise GaugerError(f"{path} lacks {', '.join(missing)}: it is of another version, score again")
    return table
