"""ORC: the same rows as from other formats, numbered over stripes; damage is an input error."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.orc
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits

CANONICAL = load_column_map(None)


def write(path: Path, rows: int) -> Path:
    table = pa.table({"ACCOUNT_ID": [f"a{row}" for row in range(rows)], "x": range(rows), "prompt_text": ["p"] * rows})
    pyarrow.orc.write_table(table, str(path), compression="zstd", stripe_size=1_000, batch_size=64)
    return path


def test_rows_are_numbered_over_stripes(tmp_path: Path) -> None:
    path = write(tmp_path / "of no suffix", 3_000)
    assert readers.format_of(path).name == "orc"
    chunks = list(readers.read(path, CANONICAL, batch_rows=100))
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(3_000))
    accounts = [account for chunk in chunks for account in chunk.batch.column("account_id").to_pylist()]
    assert accounts == [f"a{row}" for row in range(3_000)]
    assert readers.prompts_at(path, CANONICAL, np.array([7, 2_900])) == {7: "p", 2_900: "p"}


@pytest.mark.parametrize("content", [b"", b"ORC", b"ORC and then nothing"])
def test_what_is_no_orc_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.orc"
    path.write_bytes(content)
    with pytest.raises(InputError, match="ORC file") as caught:
        list(readers.read(path, CANONICAL))
    assert str(caught.value).startswith(f"{path}: ")


def test_more_rows_than_a_log_of_that_size_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROWS_FREE", 10)
    monkeypatch.setattr(limits, "ROWS_PER_BYTE", 0)
    with pytest.raises(InputError, match="no log is that dense"):
        list(readers.read(write(tmp_path / "a.orc", 11), CANONICAL))
