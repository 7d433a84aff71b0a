"""The accounts that the page lists: members of findings and whoever is flagged, with the families of their calls."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.engine.common.errors import GaugerError
from gauger.report.packing import Floats, packed, significant, within
from gauger.results.run import Run

Integers = npt.NDArray[np.int64]

CHUNK = 500  # accounts whose statistics are unpacked together when one of them is opened
_IDENTIFIER_BYTES_MOST = 8_000_000  # raw, of all ids together
_FAMILIES_OF_ACCOUNT = 8


@dataclass(frozen=True)
class Members:
    """Accounts by finding, strongest finding first, the oddest account of each first; then those in none.

    Attributes:
        table: their rows of ``accounts.parquet``.
        bounds: finding to the half-open range of its rows in ``table``; ``None`` for accounts in no finding.
        member, family, calls: how many calls each row of ``table`` has in each family (-1 for none), sorted by row.
    """

    table: pa.Table
    bounds: dict[int | None, tuple[int, int]]
    member: Integers
    family: Integers
    calls: Integers
    in_family: npt.NDArray[np.bool_]

    def families_of(self, first: int, last: int) -> slice:
        """Return where in ``member``, ``family`` and ``calls`` the rows ``first`` to ``last`` stand."""
        low, high = np.searchsorted(self.member, (first, last))
        return slice(int(low), int(high))

    def floats(self, name: str) -> Floats:
        """Return a numeric column as float64, NaN where it is null."""
        return floats(self.table[name])


def floats(column: pa.ChunkedArray) -> Floats:
    """Return a numeric column as float64, NaN where it is null."""
    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")), np.float64)


def members_of(run: Run, ranked: list[int]) -> Members:
    """Return the accounts of the findings ``ranked`` and all flagged ones.

    Raises:
        GaugerError: a table of calls cannot be read.
    """
    listed = pc.or_kleene(pc.fill_null(run.accounts["flagged"], False), pc.is_valid(run.accounts["campaign_id"]))
    table = run.accounts.filter(listed)
    place = pc.fill_null(pc.index_in(table["campaign_id"], pa.array(ranked, pa.int64())), len(ranked))
    order = pc.sort_indices(
        pa.table({"place": place, "evidence": table["evidence"], "account_id": table["account_id"]}),
        sort_keys=[("place", "ascending"), ("evidence", "descending"), ("account_id", "ascending")],
    )
    table = table.take(order).combine_chunks()
    places = np.asarray(place.take(order), np.int64)
    edges = np.searchsorted(places, np.arange(len(ranked) + 2))
    bounds: dict[int | None, tuple[int, int]] = {
        finding: (int(edges[at]), int(edges[at + 1])) for at, finding in enumerate(ranked)
    }
    bounds[None] = (int(edges[-2]), int(edges[-1]))
    counted = _families(run, table["account_id"]).sort_by([("member", "ascending"), ("calls", "descending")])
    family = counted["family_id"]
    return Members(
        table,
        bounds,
        np.asarray(counted["member"], np.int64),
        np.asarray(pc.fill_null(family, 0), np.int64),
        np.asarray(counted["calls"], np.int64),
        np.asarray(pc.is_valid(family), np.bool_),
    )


def _families(run: Run, ids: pa.ChunkedArray) -> pa.Table:
    """Calls of each of ``ids`` (its place) in each family, counted over the tables of calls."""
    schema = pa.schema([("member", pa.int32()), ("family_id", pa.int64()), ("calls", pa.int64())])
    parts, wanted = [schema.empty_table()], ids.combine_chunks()
    for path in run.call_files:
        try:
            table = pq.read_table(path, columns=["account_id", "family_id"], partitioning=None)
        except (OSError, pa.ArrowException, KeyError) as error:
            raise GaugerError(f"{path} cannot be read ({type(error).__name__}): score again") from None
        member = pc.index_in(table["account_id"], wanted)
        found = pa.table({"member": member, "family_id": table["family_id"]}).filter(pc.is_valid(member))
        counted = found.group_by(["member", "family_id"]).aggregate([([], "count_all")])
        parts.append(counted.rename_columns({"count_all": "calls"}).select(schema.names).cast(schema))
    whole = pa.concat_tables(parts).group_by(["member", "family_id"]).aggregate([("calls", "sum")])
    return whole.rename_columns({"calls_sum": "calls"})


def listing(members: Members, parts: Integers) -> tuple[dict[str, Any], int]:
    """Return the accounts as columns, and how many of them there is room for: ids together are bounded.

    Args:
        members: the accounts.
        parts: part of its finding that each account is in, -1 for none.
    """
    table = members.table
    room = within(np.asarray(pc.fill_null(pc.binary_length(table["account_id"]), 0), np.int64), _IDENTIFIER_BYTES_MOST)
    shown = slice(0, room)
    x, y = members.floats("map_x"), members.floats("map_y")
    return {
        "id": table["account_id"].slice(0, room).to_pylist(),
        "calls": np.asarray(pc.fill_null(table["calls"], 0), np.int64)[shown],
        "evidence": np.round(members.floats("evidence"), 2)[shown],
        "flagged": np.asarray(pc.fill_null(table["flagged"], False)).astype(np.int8)[shown],
        "part": parts[shown],
        "x": significant(x)[shown],
        "y": significant(y)[shown],
    }, room


def chunks(run: Run, members: Members, room: int, most: int) -> tuple[list[str], int]:
    """Return statistics, reasons and families of the accounts, packed by ``CHUNK``, and how many accounts have them.

    Args:
        run: the run.
        members: its accounts that are listed.
        room: how many of them there are ids of.
        most: bytes that they may take, packed.
    """
    names = run.statistics
    columns = [significant(members.floats(name)) for name in names]
    made: list[str] = []
    used = 0
    for first in range(0, room, CHUNK):
        last = min(first + CHUNK, room)
        text = packed(
            {
                "statistics": [column[first:last] for column in columns],
                "reasons": _reasons(members.table["reasons"].slice(first, last - first)),
                "families": _listed(members, first, last),
            }
        )
        used += len(text)
        if used > most:
            return made, first
        made.append(text)
    return made, room


def _reasons(column: pa.ChunkedArray) -> list[list[list[Any]]]:
    return [
        [[one["statistic"], _rounded(one["value"]), _rounded(one["tail_probability"])] for one in reasons or []]
        for reasons in column.to_pylist()
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _listed(members: Members, first: int, last: int) -> list[list[int]]:
    """For each account its busiest families and calls in them, flat; the last number counts what is left out."""
    rows = []
    for at in range(first, last):
        here = members.families_of(at, at + 1)
        inside = members.in_family[here]
        family, calls = members.family[here][inside], members.calls[here][inside]
        pairs = np.column_stack([family, calls])[:_FAMILIES_OF_ACCOUNT]
        rows.append([*pairs.ravel().tolist(), max(0, len(family) - _FAMILIES_OF_ACCOUNT)])
    return rows
