"""A kept day on disk: nobody but the key and its owner can read whose it is, and days of earlier versions are read."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.reference.kept_days import REFERENCE, account_ids, parts_of, read_population
from gauger.engine.state.storage import FORMATS
from tests.engine import calls
from tests.engine.reference.filled import DAY, PEOPLE, as_before, filled, ids_in_clear
from tests.engine.worlds import DAY as SECOND

DAYS = (DAY, SECOND.date())


def test_no_account_can_be_read_without_the_key(tmp_path: Path) -> None:
    directory = filled(tmp_path)
    content = calls.legible_bytes(tmp_path)
    for day in DAYS:
        names = directory.part(day, REFERENCE).account_ids
        assert names
        assert not any(name.encode() in content for name in names)


def test_only_their_owner_may_read_what_is_kept(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        filled(tmp_path / "state")
    finally:
        os.umask(before)
    modes = {place: stat.S_IMODE(place.stat().st_mode) for place in [tmp_path / "state", *tmp_path.glob("state/**/*")]}
    assert len(modes) > 20
    assert {mode for place, mode in modes.items() if place.is_dir()} == {0o700}
    assert {mode for place, mode in modes.items() if place.is_file()} == {0o600}


def test_what_an_earlier_version_left_open_is_closed_by_the_next_commit(tmp_path: Path) -> None:
    directory = filled(tmp_path)
    for folder in (tmp_path / "parts", tmp_path / "days"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    with directory.writing() as writing:
        writing.save_check(DAY, {"accounts": 1, "flagged": 0, "alarm_level": 0.001})
        assert stat.S_IMODE((tmp_path / "days").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "parts").stat().st_mode) == 0o700


def test_days_with_ids_in_clear_are_read_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ids_in_clear(monkeypatch):
        as_before(filled(tmp_path).path)
    directory, sealed = filled(tmp_path / "new"), PEOPLE.account_ids[0].encode()
    assert sealed in calls.legible_bytes(tmp_path / "days")
    found, expected = (one.part(DAYS[1], REFERENCE) for one in (type(directory)(tmp_path), directory))
    assert found.account_ids == expected.account_ids
    np.testing.assert_array_equal(found.sums, expected.sums)
    folder = tmp_path / "days" / str(DAYS[1])
    assert account_ids(folder, REFERENCE, directory.secret) == set(expected.account_ids)


def test_an_earlier_version_refuses_sealed_ids_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = filled(tmp_path)
    monkeypatch.setitem(FORMATS, "day", dict.fromkeys(FORMATS["day"], 1))
    with pytest.raises(StateError, match=r"accounts.arrow: table format 2, this version reads up to 1"):
        directory.part(DAY, REFERENCE)


def test_the_same_day_is_kept_in_the_same_bytes(tmp_path: Path) -> None:
    names = [{part.folder for part in filled(tmp_path / name).kept().commit.parts.values()} for name in ("a", "b")]
    assert names[0] == names[1]


def test_names_of_another_key_are_refused(tmp_path: Path) -> None:
    directory = filled(tmp_path)
    with directory.kept().commit.reading(f"days/{DAY}") as (folder, _):
        assert parts_of(folder)
        with pytest.raises(StateError, match="not kept under this key"):
            read_population(folder, REFERENCE, calls.SECRET)
