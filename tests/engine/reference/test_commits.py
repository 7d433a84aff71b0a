"""Commits: the file that names what is kept, and directories that had none."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import orjson
import pytest

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.commits import CURRENT, PARTS, Commit, Named, cost_of, read_commit, write_commit
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import load_findings
from gauger.engine.state.storage import sealed
from tests.engine import worlds
from tests.engine.reference.filled import DAY, as_before, filled, known_families

KEY_ID = "0011223344556677"


def test_the_round_trip(tmp_path: Path) -> None:
    parts = {
        "days/2026-11-16": Named("parts/a", "1f"),
        "families": Named("parts/b", "2e", 7),
        "checks/2026-11-16": Named("c", ""),
    }
    write_commit(Commit(tmp_path, KEY_ID, parts))
    found = read_commit(tmp_path, KEY_ID)
    assert found == Commit(tmp_path, KEY_ID, parts)
    assert found.days() == found.days("checks") == [date(2026, 11, 16)]
    assert found.ids() == ("2e", "")
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT]


def test_nothing_is_an_empty_commit(tmp_path: Path) -> None:
    assert read_commit(tmp_path, KEY_ID) == Commit(tmp_path, KEY_ID, {})


def test_every_cut_and_every_flipped_bit_is_seen(tmp_path: Path) -> None:
    write_commit(Commit(tmp_path, KEY_ID, {"families": Named("parts/b", "2e", 7)}))
    expected, content = read_commit(tmp_path, KEY_ID), (tmp_path / CURRENT).read_bytes()
    for place in range(len(content)):
        (tmp_path / CURRENT).write_bytes(content[:place])
        with pytest.raises(DamagedError, match="without it nothing that was kept can be found"):
            read_commit(tmp_path, KEY_ID)
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        (tmp_path / CURRENT).write_bytes(damaged)
        with suppress(StateError):
            assert read_commit(tmp_path, KEY_ID) == expected


def test_parts_without_a_commit_are_not_an_empty_state(tmp_path: Path) -> None:
    """Taken for one, ids would be given a second time."""
    (tmp_path / PARTS).mkdir()
    with pytest.raises(DamagedError, match="current: missing"):
        read_commit(tmp_path, KEY_ID)


def test_another_key_and_another_format_are_refused(tmp_path: Path) -> None:
    write_commit(Commit(tmp_path, KEY_ID, {}))
    with pytest.raises(StateError, match=f"made with key {KEY_ID}, but the key here is ffff"):
        read_commit(tmp_path, "ffff")
    document = orjson.loads((tmp_path / CURRENT).read_bytes()) | {"format": 9}
    document.pop("seal")
    (tmp_path / CURRENT).write_bytes(sealed(document))
    with pytest.raises(StateError, match="format 9, this version reads 1"):
        read_commit(tmp_path, KEY_ID)


def test_every_kind_of_part_says_what_it_costs() -> None:
    for name in ("days/2026-11-16", "checks/2026-11-16", "families", "campaigns"):
        assert cost_of(name).startswith("without it ")


def test_a_part_that_is_not_the_one_kept_is_damaged(tmp_path: Path) -> None:
    directory = filled(tmp_path)
    parts = directory.kept().commit.parts
    one, other = (tmp_path / parts[f"days/{day}"].folder for day in (DAY, worlds.DAY.date()))
    one.rename(tmp_path / "aside")
    other.rename(one)
    with pytest.raises(DamagedError, match="not the folder that was kept"):
        directory.part(DAY, "")


# Directories of an earlier version


def test_an_earlier_layout_is_read_as_it_is_and_taken_over_by_the_first_commit(tmp_path: Path) -> None:
    filled(tmp_path)
    expected = StateDirectory(tmp_path)
    days, known, campaigns = expected.days(), expected.families(), load_findings(expected).next_id
    as_before(tmp_path)
    for families in (known.next_id, 6):
        directory = StateDirectory(tmp_path)
        assert directory.days() == days
        assert directory.part(DAY, "") is not None
        assert directory.check(DAY) == {**directory.check(DAY), "accounts": 10, "flagged": 0}
        assert (directory.families().next_id, load_findings(directory).next_id) == (families, campaigns)
        assert (tmp_path / "days" / str(DAY)).exists()
        with directory.writing() as writing:
            save_families(writing, known_families(5))
    assert not (tmp_path / "families").exists()
    assert (tmp_path / CURRENT).exists()
    with StateDirectory(tmp_path, replace_days=True).writing() as writing:
        for day in days:
            writing.save_day(
                day, worlds.kept(worlds.population(3, 10, 6), worlds.ENGINE_SETTINGS, writing.secret), WordSketch()
            )
    assert not (tmp_path / "days").exists()
    assert StateDirectory(tmp_path).days() == days


def test_what_an_earlier_version_left_halfway(tmp_path: Path) -> None:
    """A day without a manifest did not happen; a replaced one whose replacement was killed is still there."""
    filled(tmp_path)
    as_before(tmp_path)
    for name in ("2026-11-20.bak", "notes"):
        (tmp_path / "days" / name).mkdir()
    (tmp_path / "days" / str(DAY)).rename(tmp_path / "days" / f".{DAY}.old")
    (tmp_path / "days" / str(worlds.DAY.date()) / "manifest.json").unlink()
    directory = StateDirectory(tmp_path)
    assert directory.days() == [DAY]
    assert directory.part(DAY, "") is not None
