"""The state directory: which days serve as reference, what they keep, and that no prompt is among it."""

import itertools
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.reference.commits import Commit, Named, write_commit
from gauger.engine.reference.directory import AGE_MAX_DAYS, Kept, StateDirectory
from gauger.engine.reference.kept_days import LONE, THIN
from gauger.engine.reference.kept_families import save_families
from gauger.engine.state.checkpoint import save_state
from gauger.engine.state.links import ADDRESS, NETWORK, ORGANISATION, PAYMENT
from gauger.engine.state.state import State
from gauger.engine.state.storage import write_manifest
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from tests.engine import calls, worlds
from tests.engine.reference.filled import as_before, known_families
from tests.engine.statistics.test_population import facts

TODAY = date(2026, 11, 23)
CALLS = calls.some_calls(120, accounts=6, seed=31)
KEPT_CHANNELS = (ADDRESS, NETWORK, PAYMENT, ORGANISATION)


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


def state_in(directory: StateDirectory, seen: list[calls.Call]) -> State:
    """A state under the directory's own key."""
    return calls.fold(calls.new_state(secret=directory.secret), seen)


def keep(directory: StateDirectory, day: date, seen: list[calls.Call]) -> tuple[Population, WordSketch]:
    """Save a day of calls; returns what was given to it."""
    state = state_in(directory, seen)
    population = population_of(state)[0]
    with directory.writing() as writing:
        writing.save_day(day, worlds.kept(population, calls.SETTINGS, directory.secret), state.words)
    return population, state.words


def assert_same(left: Population, right: Population, names: tuple[str, ...]) -> None:
    for name in names:
        assert getattr(left, name).dtype == getattr(right, name).dtype
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def mark(directory: StateDirectory, days: list[date]) -> None:
    """Make these the days that are kept, as far as choosing them goes."""
    parts = {f"days/{day}": Named("nowhere", "") for day in days}
    write_commit(Commit(directory.path, directory.secret.key_id, parts))


def folder_of(directory: StateDirectory, name: str) -> Path:
    """Where a part lies."""
    return directory.path / directory.kept().commit.parts[name].folder


def naive_days(days: list[date], today: date, chosen: Settings) -> list[date]:
    """The last day of the same weekday, then the latest others until there are enough."""
    old = sorted((day for day in days if (today - day).days >= chosen.lag_days), reverse=True)
    picked = [day for day in old if day.weekday() == today.weekday()][:1]
    for day in old:
        if len(picked) < chosen.reference_days and day not in picked:
            picked.append(day)
    return sorted(picked)


@pytest.mark.parametrize("size", range(8))
def test_reference_days_are_old_enough_latest_and_one_of_the_same_weekday(tmp_path: Path, size: int) -> None:
    """All sets of days that seven ages can make; at 7 and 14 days of age they are Mondays, as today is."""
    directory = StateDirectory(tmp_path)
    for ages in itertools.combinations((3, 7, 8, 9, 14, 15, 20), size):
        days = [TODAY - timedelta(days=age) for age in ages]
        mark(directory, days)
        assert directory.days() == sorted(days)
        for wanted, lag in itertools.product(range(1, 6), (0, 7, 8)):
            chosen = Settings(reference_days=wanted, lag_days=lag)
            assert directory.reference_days(TODAY, chosen) == naive_days(days, TODAY, chosen), (ages, chosen)


def test_a_day_becomes_reference_when_it_is_as_old_as_the_lag(directory: StateDirectory) -> None:
    keep(directory, TODAY - timedelta(days=6), CALLS)
    assert directory.reference(TODAY, calls.SETTINGS) is None
    assert directory.reference(TODAY + timedelta(days=1), calls.SETTINGS).days == ["2026-11-17"]


def test_days_that_are_too_old_do_not_serve_and_that_is_said(directory: StateDirectory) -> None:
    assert directory.no_reference(TODAY, Settings()) is None
    keep(directory, TODAY - timedelta(days=AGE_MAX_DAYS + 1), CALLS)
    assert directory.reference_days(TODAY, Settings()) == []
    assert "more than 45 days old" in str(directory.no_reference(TODAY, Settings()))
    assert directory.no_reference(TODAY - timedelta(days=1), Settings()) is None
    young = TODAY - timedelta(days=3)
    for day in (TODAY - timedelta(days=AGE_MAX_DAYS), young):
        keep(directory, day, CALLS)
    assert directory.no_reference(TODAY, Settings()) is None
    assert directory.reference_days(TODAY, Settings()) == [TODAY - timedelta(days=AGE_MAX_DAYS)]


def test_a_new_directory_has_a_private_key_and_nothing_else(directory: StateDirectory) -> None:
    assert directory.days() == []
    assert directory.reference(TODAY, Settings()) is None
    assert len(directory.families().ids) == 0
    assert directory.families().next_id == 1
    assert (directory.path / "key").stat().st_mode & 0o777 == 0o600
    assert StateDirectory(directory.path).secret.key_id == directory.secret.key_id


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateError, match="cannot make the state directory"):
        StateDirectory(tmp_path / "state")


def test_a_day_comes_back_with_the_links_a_reference_is_asked_for(directory: StateDirectory) -> None:
    lone = {**CALLS[0], "row": 999, "account_id": "a lone caller"}
    whole, words = keep(directory, date(2026, 11, 16), [*CALLS, lone])
    reference = directory.reference(TODAY, calls.SETTINGS)
    population = whole.select(np.array([name != "a lone caller" for name in whole.account_ids]))  # too few calls
    assert len(population) == len(whole) - 1
    linked = np.isin(population.link_channel, KEPT_CHANNELS)
    assert set(population.link_channel.tolist()) > set(KEPT_CHANNELS)
    for name in ("link_owner", "link_channel", "link_value"):
        np.testing.assert_array_equal(getattr(reference.population, name), getattr(population, name)[linked])
    features = population.sample_features[population.sample_row]
    kept = reference.population
    np.testing.assert_array_equal(kept.sample_features, features)
    assert_same(kept, population, ("calls", "sums", "sample_owner", "sample_identity"))
    assert kept.account_ids == population.account_ids
    assert kept.statistics.keys() == population.statistics.keys()
    for name, values in population.statistics.items():
        np.testing.assert_array_equal(kept.statistics[name], values, err_msg=name)
    known = directory.words(TODAY, calls.SETTINGS)
    assert known.total == words.total
    np.testing.assert_array_equal(known.counts, words.counts)


def test_a_day_has_its_thin_and_its_lone_accounts_apart(directory: StateDirectory) -> None:
    state = state_in(directory, [*CALLS, {**CALLS[0], "row": 999, "account_id": "a lone caller"}])
    population = population_of(state)[0]
    flagged = np.array([name == "account-2" for name in population.account_ids])
    day = date(2026, 11, 16)
    kept = worlds.kept(population, calls.SETTINGS, directory.secret, flagged=flagged, lone=flagged)
    with directory.writing() as writing:
        writing.save_day(day, kept, state.words)
    thin, lone = directory.part(day, THIN), directory.part(day, LONE)
    assert thin.account_ids == ["a lone caller"]
    assert lone.account_ids == ["account-2"]
    assert lone.sums.tolist() == population.select(flagged).sums.tolist()


def test_a_day_kept_by_an_earlier_version_has_its_reference_alone(directory: StateDirectory) -> None:
    population, _ = keep(directory, date(2026, 11, 16), CALLS)
    folder = as_before(directory.path) / "days" / "2026-11-16"
    for name in ("thin_", "lone_", "background"):
        for file in folder.glob(f"{name}*"):
            file.unlink()
    write_manifest(folder, directory.secret.key_id, {"kind": "day", "accounts": 6, "words": 3})
    assert directory.part(date(2026, 11, 16), THIN) is None
    reference = directory.reference(TODAY, calls.SETTINGS)
    assert reference.population.account_ids == population.account_ids
    assert reference.population.day_of.tolist() == [0] * len(population)
    assert reference.population.background is None


def test_a_day_keeps_the_background_of_all_its_accounts(directory: StateDirectory) -> None:
    """Of the accounts only some may be kept, or chosen; the mean of their calls is everybody's."""
    settings = replace(calls.SETTINGS, reference_accounts_max=4)
    state = state_in(directory, CALLS)
    population = population_of(state)[0]
    for day in (date(2026, 11, 15), date(2026, 11, 16)):
        with directory.writing() as writing:
            writing.save_day(day, worlds.kept(population, settings, directory.secret), state.words)
    reference = directory.reference(TODAY, settings)
    assert len(reference.population) == 4 < 2 * len(population)
    background = reference.population.background
    assert background.count.sum() == 2 * len(population.sample_row)
    rows = population.sample_features[population.sample_row].astype(np.int64)
    assert np.array_equal(background.total.sum(axis=0), 2 * rows.sum(axis=0))


def test_purged_accounts_leave_nothing_behind(directory: StateDirectory) -> None:
    """What the engine does with flagged accounts: choose among the others, then save."""
    state = state_in(directory, CALLS)
    population = population_of(state)[0]
    flagged = np.array([name == "account-2" for name in population.account_ids])
    kept = worlds.kept(population, calls.SETTINGS, directory.secret, flagged=flagged)
    with directory.writing() as writing:
        writing.save_day(date(2026, 11, 16), kept, state.words)
    reference = directory.reference(TODAY, calls.SETTINGS)
    expected = facts(population.select(np.isin(population.account_ids, reference.population.account_ids)))
    for name, fact in facts(reference.population).items():
        assert fact[:5] == expected[name][:5]
    purged = set(population.sample_identity[population.sample_owner == 2].tolist())
    assert not purged & set(reference.population.sample_identity.tolist())
    assert b"account-2" not in calls.legible_bytes(directory.path / "parts")


def test_several_days_are_one_reference(directory: StateDirectory) -> None:
    days = [date(2026, 11, day) for day in (9, 12, 16)]
    parts = [keep(directory, day, CALLS[start::3]) for start, day in enumerate(days)]
    reference = directory.reference(TODAY, calls.SETTINGS)
    assert reference.days == [day.isoformat() for day in days]
    expected = concatenate([part.select(part.calls >= calls.SETTINGS.calls_min) for part, _ in parts])
    assert reference.population.account_ids == expected.account_ids
    np.testing.assert_array_equal(reference.population.sums, expected.sums)
    np.testing.assert_array_equal(reference.population.sample_owner, expected.sample_owner)
    known = directory.words(TODAY, calls.SETTINGS)
    assert known.total == sum(words.total for _, words in parts)
    np.testing.assert_array_equal(known.counts, sum(words.counts for _, words in parts))


def test_a_day_is_replaced_when_that_was_asked_for_only(directory: StateDirectory) -> None:
    population, _ = keep(directory, date(2026, 11, 16), CALLS)
    keep(directory, date(2026, 11, 16), CALLS[:60])
    assert directory.reference(TODAY, calls.SETTINGS).population.calls.tolist() == population.calls.tolist()
    fewer, _ = keep(StateDirectory(directory.path, replace_days=True), date(2026, 11, 16), CALLS[:60])
    assert (
        directory.reference(TODAY, calls.SETTINGS).population.calls.sum()
        == fewer.calls[fewer.calls >= calls.SETTINGS.calls_min].sum()
    )
    assert len(list((directory.path / "parts").iterdir())) == 1


def test_the_same_day_makes_the_same_bytes(directory: StateDirectory) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    keep(directory, date(2026, 11, 15), CALLS[::-1])
    one, other = (folder_of(directory, f"days/2026-11-{day}") for day in (15, 16))
    assert calls.file_bytes(one) == calls.file_bytes(other)


def test_a_reference_is_bounded_evenly_over_its_days(directory: StateDirectory) -> None:
    many = calls.some_calls(400, accounts=40, seed=2)
    populations = [keep(directory, date(2026, 11, day), many)[0] for day in (9, 16)]
    bounded = Settings(reference_accounts_max=20)
    reference, again = (directory.reference(TODAY, bounded) for _ in range(2))
    assert reference.population.account_ids == again.population.account_ids
    assert len(reference.population) == 20
    assert np.all(np.diff(reference.population.sample_owner) >= 0)
    halves = (reference.population.account_ids[:10], reference.population.account_ids[10:])
    for names, population in zip(halves, populations, strict=True):
        assert len(names) == len(set(names)) == 10
        assert names == [name for name in population.account_ids if name in names]


def test_a_reference_or_families_of_another_key_are_refused(directory: StateDirectory) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    with directory.writing() as writing:
        save_families(writing, known_families(5, seen_us=calls.MONDAY_US))
    (directory.path / "key").write_text("0" * 32)
    other = StateDirectory(directory.path)
    with pytest.raises(StateError, match="made with key"):
        other.reference(TODAY, calls.SETTINGS)
    with pytest.raises(StateError, match="made with key"):
        other.families()


@pytest.mark.parametrize("earlier", [False, True])
def test_a_lost_key_is_missed_and_not_made_anew(directory: StateDirectory, earlier: bool) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    if earlier:
        as_before(directory.path)
    material = (directory.path / "key").read_text()
    (directory.path / "key").unlink()
    with pytest.raises(StateError, match="the key is missing"):
        StateDirectory(directory.path)
    assert not (directory.path / "key").exists()
    restored = StateDirectory(directory.path, Secret.from_hex(material))
    assert restored.part(date(2026, 11, 16), "") is not None


@pytest.mark.parametrize("made", [False, True])
def test_a_secret_makes_the_key_of_a_new_directory_and_must_be_that_of_an_old_one(tmp_path: Path, made: bool) -> None:
    given = Secret(b"sixteen bytes ok")
    if made:
        StateDirectory(tmp_path)
        with pytest.raises(StateError, match=f"the secret given is {given.key_id}"):
            StateDirectory(tmp_path, given)
    else:
        assert StateDirectory(tmp_path, given).secret.key_id == given.key_id
        assert StateDirectory(tmp_path).secret.key_id == StateDirectory(tmp_path, given).secret.key_id == given.key_id


@pytest.mark.parametrize("name", ["accounts", "statistics", "sample", "links", "word_counts"])
def test_a_damaged_day_is_left_out_and_named_with_what_it_costs(directory: StateDirectory, name: str) -> None:
    for number in (16, 15, 14, 13, 12):
        keep(directory, date(2026, 11, number), CALLS)
    file = folder_of(directory, "days/2026-11-16") / f"{name}.arrow"
    file.write_bytes(file.read_bytes()[:-9])
    found = directory.reference(TODAY, calls.SETTINGS)
    assert found.days == ["2026-11-12", "2026-11-13", "2026-11-14", "2026-11-15"]
    (sentence,) = found.left_out
    assert f"days/2026-11-16 is damaged ({name}.arrow); without it the day is no reference and in no week" in sentence
    assert "prune --damaged" in sentence
    assert "\n" not in sentence
    assert directory.words(TODAY, calls.SETTINGS).total == 4 * keep(directory, date(2026, 11, 12), CALLS)[1].total


def test_where_all_days_are_damaged_that_is_why_there_is_no_reference(directory: StateDirectory) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    assert directory.no_reference(TODAY, calls.SETTINGS) is None
    (folder_of(directory, "days/2026-11-16") / "manifest.json").write_bytes(b"{}")
    assert directory.reference(TODAY, calls.SETTINGS) is None
    assert directory.words(TODAY, calls.SETTINGS) is None
    assert "days/2026-11-16 is damaged" in directory.no_reference(TODAY, calls.SETTINGS)


def test_a_day_that_another_commit_took_away_is_not_taken_for_damaged(directory: StateDirectory) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    asked = []

    def ask(kept: Kept) -> list[date]:
        asked.append(kept)
        if len(asked) == 1:
            keep(StateDirectory(directory.path, replace_days=True), date(2026, 11, 16), CALLS[:90])
        return kept.whole_days(TODAY, calls.SETTINGS)[0]

    assert directory.read(ask) == [date(2026, 11, 16)]
    assert len(asked) == 2


@pytest.mark.parametrize("count", [0, 1, 50])
def test_families_make_the_round_trip(directory: StateDirectory, count: int) -> None:
    """Also when others were saved before."""
    known = known_families(count, seen_us=calls.MONDAY_US)
    known.next_id = 1000
    with directory.writing() as writing:
        save_families(writing, known_families(3, 60, calls.MONDAY_US))
    with directory.writing() as writing:
        save_families(writing, known)
    found = StateDirectory(directory.path).families()
    assert found.next_id == 1000
    assert_same(found, known, ("ids", "kinds", "signatures", "last_seen"))
    assert sorted(path.name for path in directory.path.iterdir()) == ["current", "key", "lock", "parts"]


def test_what_is_read_is_of_one_commit_even_where_another_comes_between(directory: StateDirectory) -> None:
    """A reader that has its folders taken away asks again, and what it says is of the later commit throughout."""
    keep(directory, date(2026, 11, 16), CALLS)
    keep(directory, date(2026, 11, 15), CALLS[:60])
    asked = []

    def ask(kept: Kept) -> list[int]:
        asked.append(kept.days())
        first = kept.part(date(2026, 11, 15), "")
        if len(asked) == 1:
            for day in (15, 16):
                keep(StateDirectory(directory.path, replace_days=True), date(2026, 11, day), CALLS[:90])
        return [len(part.sample_row) for part in (first, kept.part(date(2026, 11, 16), ""))]

    found = directory.read(ask)
    assert len(asked) == 2
    assert found[0] == found[1]


def test_damage_is_not_taken_for_a_commit_between(directory: StateDirectory) -> None:
    keep(directory, date(2026, 11, 16), CALLS)
    shutil.rmtree(folder_of(directory, "days/2026-11-16"))
    asked = []
    with pytest.raises(DamagedError):
        directory.read(lambda kept: [asked.append(1), kept.part(date(2026, 11, 16), "")])
    assert len(asked) == 1


def test_planted_prompts_appear_in_no_file(directory: StateDirectory) -> None:
    """Nor does any word of them, in names, raw bytes or columns out of their compression."""
    canaries = ["zyxwv-canary-one", "QUETZALCOATL", "Ünmistakäble"]
    planted = [
        {**call, "prompt_text": f"please {canaries[row % 3]} the {canaries[(row + 1) % 3]} of {call['prompt_text']}"}
        for row, call in enumerate(CALLS)
    ]
    keep(directory, date(2026, 11, 16), planted)
    save_state(state_in(directory, planted), directory.path / "checkpoint")
    with directory.writing() as writing:
        save_families(writing, known_families(5, seen_us=calls.MONDAY_US))
    words = {word for call in planted for word in call["prompt_text"].split() if len(word) > 5}
    # Prompts share no word with account names, which are kept as they are.
    shown = calls.legible_bytes(directory.path)
    assert b"account-0" in shown
    forms = {form for text in canaries for form in (text, text.lower(), text.casefold().upper())}
    assert not [text for text in forms | words if text.encode() in shown]
    assert not [text for text in forms if text.encode("utf-16-le") in shown]
