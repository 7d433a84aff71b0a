"""Looking after a state: damage is named with what it costs, and what is to go leaves nothing behind."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.commits import CHECKS
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_days import LONE, REFERENCE, THIN
from gauger.engine.reference.kept_families import save_families
from gauger.engine.reference.kept_findings import load_findings, save_findings
from gauger.engine.reference.upkeep import damage, entries, forget, prune
from gauger.engine.state import storage
from gauger.engine.statistics.background import background_of, folds_of
from gauger.engine.statistics.population import Population
from tests.engine import calls, worlds
from tests.engine.reference.filled import DAY, as_before, filled, ids_in_clear, known_families, known_findings, put_all

PARTS = ("campaigns", f"checks/{DAY}", f"days/{DAY}", f"days/{worlds.DAY.date()}", "decisions", "families")


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    return filled(tmp_path / "state")


def folder_of(directory: StateDirectory, name: str) -> Path:
    return directory.path / directory.kept().commit.parts[name].folder


def test_what_is_kept_is_listed(directory: StateDirectory) -> None:
    found, leftover = entries(directory)
    assert tuple(entry.name for entry in found) == PARTS
    assert leftover == 0
    files = [file for file in (directory.path / "parts").rglob("*") if file.is_file()]
    assert sum(entry.bytes for entry in found) == sum(file.stat().st_size for file in files)
    assert [entry.rows for entry in found] == [2, 0, 0, 0, 0, 2]
    (directory.path / "parts" / ".days-2026-11-30.new").mkdir()
    (directory.path / "parts" / ".days-2026-11-30.new" / "accounts.arrow").write_bytes(b"12345")
    assert entries(directory)[1] == 5


def test_a_whole_state_has_no_damage(directory: StateDirectory) -> None:
    assert damage(directory) == {}
    as_before(directory.path)
    assert damage(StateDirectory(directory.path)) == {}


@pytest.mark.parametrize("harm", ["cut", "flipped", "gone", "manifest", "folder"])
@pytest.mark.parametrize("name", PARTS)
def test_damage_names_the_part_and_what_it_costs(directory: StateDirectory, name: str, harm: str) -> None:
    folder = folder_of(directory, name)
    file = min(folder.glob("*.arrow"), default=folder / "manifest.json")
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    elif harm == "flipped":
        file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    elif harm == "gone":
        file.unlink()
    elif harm == "manifest":
        (folder / "manifest.json").write_bytes(b"{}")
    else:
        folder.rename(folder.with_name("elsewhere"))
    found = damage(directory)
    assert list(found) == [name]
    assert found[name].startswith(f"{directory.path}: {name} is damaged (")
    assert "; without it " in found[name]
    assert "\n" not in found[name]


@pytest.mark.parametrize("name", PARTS)
def test_one_can_go_on_without_a_damaged_part_and_no_id_comes_twice(directory: StateDirectory, name: str) -> None:
    (folder_of(directory, name) / "manifest.json").unlink()
    assert prune(directory, damaged=True) == [name]
    assert damage(directory) == {}
    assert directory.families().next_id == load_findings(directory).next_id == 3
    assert len(directory.days()) == (1 if name.startswith("days") else 2)
    with directory.writing() as writing:
        put_all(writing, 5)


def test_a_part_of_a_later_version_is_told_and_not_removed(
    directory: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(storage.FORMATS, "families", {"families": 9})
        with directory.writing() as writing:
            save_families(writing, known_families(3))
    with pytest.raises(StateError, match=r"families\.arrow: table format 9, this version reads up to 1"):
        directory.families()
    monkeypatch.setattr(storage, "FORMAT", 3)
    assert all("state format 2, this version reads 3" in sentence for sentence in damage(directory).values())
    assert prune(directory, damaged=True) == []


def test_where_nothing_says_which_ids_were_given_one_cannot_go_on(directory: StateDirectory) -> None:
    (as_before(directory.path) / "families" / "manifest.json").write_bytes(b"{")
    with pytest.raises(StateError, match="nothing says which ids of families were given"):
        prune(StateDirectory(directory.path), damaged=True)


def test_days_before_one_go_with_what_was_noted_of_them(directory: StateDirectory) -> None:
    assert prune(directory, before=DAY) == []
    assert prune(directory, before=DAY + timedelta(days=1)) == [f"checks/{DAY}", f"days/{DAY}"]
    assert directory.days() == [worlds.DAY.date()]
    assert directory.kept().commit.days(CHECKS) == []
    assert not list((directory.path / "parts").glob("*2026-11-12*"))


def test_old_days_and_those_in_the_future_go_by_retention(directory: StateDirectory) -> None:
    with directory.writing() as writing:
        for day in (date(2100, 1, 1), DAY - timedelta(days=90)):
            writing.save_day(
                day, worlds.kept(worlds.population(1, 8, 6), worlds.ENGINE_SETTINGS, writing.secret), WordSketch()
            )
    gone = prune(directory, retention_days=90)
    assert gone == [f"days/{DAY - timedelta(days=90)}", "days/2100-01-01"]
    assert prune(directory, retention_days=8) == []
    assert prune(directory, retention_days=7) == [f"checks/{DAY}", f"days/{DAY}"]


# Forgetting

GONE, SETTINGS = "account-3", replace(calls.SETTINGS, calls_min=5)


def people(seed: int) -> Population:
    found = worlds.population(seed, 8, 6)
    links = (np.arange(8), np.zeros(8, np.uint8), np.arange(8).astype(np.uint64) + np.uint64(1000))
    found = replace(found, link_owner=links[0], link_channel=links[1], link_value=links[2])
    return replace(found, account_ids=[f"account-{row}" for row in range(8)])


def kept_everywhere(path: Path) -> StateDirectory:
    """The account in the reference of one day, among the lone of another, the thin of a third, and in a campaign."""
    directory = StateDirectory(path)
    hashed = int(hash_column(directory.secret.key, pa.array([GONE], pa.string()))[0])
    with directory.writing() as writing:
        everybody = people(1)
        there = np.asarray([name == GONE for name in everybody.account_ids])
        words = WordSketch(total=7)
        words.counts[0, 0] = 3
        writing.save_day(DAY, worlds.kept(everybody, SETTINGS, writing.secret), words)
        kept = worlds.kept(everybody, SETTINGS, writing.secret, flagged=there, lone=there)
        writing.save_day(DAY + timedelta(days=1), kept, words)
        few = replace(everybody, calls=np.where(there, 4, everybody.calls))
        writing.save_day(DAY + timedelta(days=2), worlds.kept(few, SETTINGS, writing.secret), words)
        writing.save_day(
            DAY + timedelta(days=3), worlds.kept(everybody.select(~there), SETTINGS, writing.secret), words
        )
        save_findings(writing, known_findings(2, frozenset({7, hashed})))
    return directory


@pytest.mark.parametrize("earlier", [False, True])
def test_a_forgotten_account_leaves_nothing_behind(
    tmp_path: Path, earlier: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if earlier:
        with ids_in_clear(monkeypatch):
            directory = kept_everywhere(tmp_path)
        directory = StateDirectory(as_before(tmp_path))
    else:
        directory = kept_everywhere(tmp_path)
    days = [DAY + timedelta(days=age) for age in range(4)]
    before = {day: directory.part(day, REFERENCE) for day in days}
    assert (GONE.encode() in calls.legible_bytes(tmp_path)) == earlier
    changed = forget(directory, GONE)
    assert changed == [*(f"days/{day}" for day in days[:3]), "campaigns"]
    assert GONE.encode() not in calls.legible_bytes(tmp_path)
    assert forget(directory, GONE) == []
    assert [set(one.members) for one in load_findings(directory).seen] == [{7}] * 2
    for day in days:
        for part in (REFERENCE, LONE, THIN):
            assert GONE not in directory.part(day, part).account_ids
        left = directory.part(day, REFERENCE)
        expected = before[day].select(np.asarray([name != GONE for name in before[day].account_ids]))
        for name in ("calls", "sums", "sample_owner", "sample_identity", "link_owner", "link_value"):
            np.testing.assert_array_equal(getattr(left, name), getattr(expected, name), err_msg=name)
        assert left.account_ids == expected.account_ids
        folds = folds_of(left.account_ids, directory.secret.key)[left.sample_owner]
        again = background_of(left.sample_features, left.sample_row, folds)
        np.testing.assert_array_equal(left.background.count, again.count)
        np.testing.assert_array_equal(left.background.total, again.total)
    words = directory.words(DAY + timedelta(days=10), SETTINGS)
    assert (words.total, words.counts[0, 0]) == (28, 12)
    assert damage(directory) == {}


def test_an_account_that_was_never_there_changes_nothing(directory: StateDirectory) -> None:
    before = directory.kept()
    assert forget(directory, "nobody") == []
    assert directory.kept() == before


def test_a_damaged_day_cannot_be_searched_and_nothing_is_forgotten(tmp_path: Path) -> None:
    directory = kept_everywhere(tmp_path)
    folder = folder_of(directory, f"days/{DAY + timedelta(days=3)}")
    (folder / "accounts.arrow").write_bytes(b"")
    before = directory.kept()
    with pytest.raises(StateError, match="is damaged"):
        forget(directory, GONE)
    assert directory.kept() == before
