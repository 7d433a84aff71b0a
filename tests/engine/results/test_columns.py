"""Descriptions of columns: every column has one, and pandas is told of whole numbers with gaps."""

import pandas as pd
import pyarrow as pa
import pytest

from gauger.engine.results import tables
from gauger.engine.results.columns import COLUMNS, described


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("calls", tables.CALLS),
        ("families", tables.FAMILIES),
        ("campaigns", tables.CAMPAIGNS),
        ("quarantine", tables.QUARANTINE),
        ("ranks", tables.RANKS),
        ("edges", tables.EDGES),
        ("features", tables.FEATURE_ROWS),
    ],
)
def test_every_column_is_described_and_none_besides(name: str, schema: pa.Schema) -> None:
    told = described(name, schema)
    assert told.names == list(COLUMNS[name]) == schema.names
    assert told.types == schema.types
    assert all(field.metadata[b"description"] for field in told)


def test_a_column_that_nobody_described() -> None:
    with pytest.raises(KeyError, match="colour"):
        described("calls", pa.schema([("colour", pa.string())]))


@pytest.mark.parametrize("name", ["accounts", "neighbours"])
def test_shares_among_any_number_of_neighbours_are_described(name: str) -> None:
    """``Settings.neighbours`` are the user's."""
    schema = pa.schema([(f"today_share_{number}", pa.float64()) for number in (10, 7)])
    ten, seven = (field.metadata for field in described(name, schema))
    assert seven[b"unit"] == ten[b"unit"] == b"share"
    assert seven[b"description"] == ten[b"description"].replace(b"10 most", b"7 most")
    assert b"7 most" in seven[b"description"]
    with pytest.raises(KeyError, match="today_share_x"):
        described(name, pa.schema([("today_share_x", pa.float64())]))


def test_whole_numbers_with_gaps_stay_whole_in_pandas() -> None:
    schema = pa.schema([("file", pa.int32()), ("row", pa.int64()), ("account_id", pa.string())])
    table = pa.table([[1, None], [2**53 + 1, None], ["a", None]], schema=described("quarantine", schema))
    frame = table.to_pandas()
    assert [str(kind) for kind in frame.dtypes[:2]] == ["Int32", "Int64"]
    assert frame["row"][0] == 2**53 + 1, "not through a floating-point number"
    assert isinstance(frame.index, pd.RangeIndex)
