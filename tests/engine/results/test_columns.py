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


def test_whole_numbers_with_gaps_stay_whole_in_pandas() -> None:
    schema = pa.schema([("file", pa.int32()), ("row", pa.int64()), ("account_id", pa.string())])
    table = pa.table([[1, None], [2**53 + 1, None], ["a", None]], schema=described("quarantine", schema))
    frame = table.to_pandas()
    assert [str(kind) for kind in frame.dtypes[:2]] == ["Int32", "Int64"]
    assert frame["row"][0] == 2**53 + 1, "not through a floating-point number"
    assert isinstance(frame.index, pd.RangeIndex)
