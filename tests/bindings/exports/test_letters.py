"""Dead letters: kept for their owner alone, one for each record, and read back as they were."""

from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError
from gauger.exports.formats import Record
from gauger.exports.letters import letters, put_aside


def test_put_aside_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "dead"
    records = [Record("a-1", b"one\n"), Record("a-1", b"the same finding a day later\n"), Record("../up", b"\xff")]
    assert list(put_aside(records, folder, "hec")) == records
    put_aside(records, folder, "hec")
    found = letters(folder, "hec")
    assert sorted(one.data for one in found) == sorted(one.data for one in records)
    assert {one.uid for one in found} == {"a-1", "---up"}
    assert {path.parent for path in found.values()} == {folder}
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 3


def test_letters_of_another_format_are_not_sent(tmp_path: Path) -> None:
    put_aside([Record("a", b"{}")], tmp_path, "hec")
    with pytest.raises(InputError, match="holds no letters of the format ocsf"):
        letters(tmp_path, "ocsf")
