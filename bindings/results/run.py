"""A finished run's output directory, read back: what report, explain and exports start from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch.outputs import read_manifest
from gauger.engine.common.errors import GaugerError
from gauger.engine.results import tables

_DEFAULT_ALARM_LEVEL = 0.001


@dataclass(frozen=True)
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
    quarantine: pa.Table

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


def read_run(out: Path) -> Run:
    """Read the output directory of a finished run.

    Raises:
        GaugerError: there is no manifest (the run did not finish), or a table is missing, unreadable or
            lacks a column.
    """
    accounts_schema = pa.schema([*tables.ACCOUNTS_HEAD, *tables.ACCOUNTS_TAIL])
    return Run(
        folder=out,
        manifest=read_manifest(out),
        accounts=_read_table(out, "accounts", accounts_schema),
        families=_read_table(out, "families", tables.FAMILIES),
        campaigns=_read_table(out, "campaigns", tables.CAMPAIGNS),
        quarantine=_read_table(out, "quarantine", tables.QUARANTINE),
    )


def _read_table(out: Path, name: str, schema: pa.Schema) -> pa.Table:
    path = out / f"{name}.parquet"
    try:
        # Without partitioning=None a folder named "day=1" above the file would become a column.
        table = pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        raise GaugerError(f"{path} is missing: score again") from None
    except (OSError, pa.ArrowException) as error:
        raise GaugerError(f"{path} cannot be read ({type(error).__name__}): score again") from None
    missing = [column for column in schema.names if column not in table.column_names]
    if missing:
        raise GaugerError(f"{path} lacks {', '.join(missing)}: it is of another version, score again")
    return table
