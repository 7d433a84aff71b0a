"""What people decide of a finding, from one day to the next, through the whole engine."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gauger.engine.common.hashing import hash_column
from gauger.engine.engine import Engine
from gauger.engine.findings.decisions import CAMPAIGN, HONEST, UNDONE, UNSURE, Decisions, Entry
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_days import FOUND
from gauger.engine.reference.upkeep import forget
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.worlds import Call


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, calls: list[Call], directory: Path) -> Path:
    """The state after a day on which the campaign was found as finding 1."""
    path = Path(shutil.copytree(directory, tmp_path_factory.mktemp("decided") / "state"))
    engine = worlds.observing(calls, Engine(path, settings=worlds.ENGINE_SETTINGS, streaming=0))
    assert engine.finish().campaigns["campaign_id"].to_pylist() == [1]
    engine.commit()
    return path


def decided(kept: Path, path: Path, decision: str, families: tuple[int, ...] = ()) -> Path:
    """A copy of the state in which somebody decided that of finding 1."""
    directory = StateDirectory(Path(shutil.copytree(kept, path)))
    names = [f"campaign-{number}" for number in range(worlds.CAMPAIGN_ACCOUNTS)]
    members = hash_column(directory.secret.key, pa.array(names))
    entry = Entry(1, 1, decision, "why", "who", 1_790_000_000_000_000, "2026-11-20", "campaign", 0.9, 40, families)
    with directory.writing() as writing:
        writing.save_decisions(Decisions().with_entry(entry, members))
    return path


def tomorrow(calls: list[Call], *, renamed: str = "campaign", calls_each: int = 99) -> list[Call]:
    """The same calls a day later; the campaign's accounts under another name, or with fewer calls."""
    found, sent = [], dict[str, int]()
    for call in calls:
        name = call["account_id"].replace("campaign", renamed)
        sent[name] = sent.get(name, 0) + 1
        if renamed not in name or sent[name] <= calls_each:
            found.append(call | {"account_id": name, "start_time": call["start_time"] + timedelta(days=1)})
    return found


def weighed(state: Path, calls: list[Call]) -> Result:
    return worlds.finished(calls, Engine(state, settings=worlds.ENGINE_SETTINGS, streaming=0))


def score_and_keep(state: Path, calls: list[Call]) -> None:
    directory = StateDirectory(state, replace_days=True)
    engine = worlds.observing(calls, Engine(directory, settings=worlds.ENGINE_SETTINGS, streaming=0))
    engine.finish()
    engine.commit()


def flagged(result: Result) -> set[str]:
    return {
        name.partition("-")[0] for name in result.accounts.filter(result.accounts["flagged"])["account_id"].to_pylist()
    }


def plain(result: Result) -> list[Any]:
    return [result.accounts, result.families, result.campaigns]


def test_the_campaign_is_raised_again_where_nobody_decides(kept: Path, calls: list[Call]) -> None:
    result = weighed(kept, tomorrow(calls))
    assert result.campaigns["campaign_id"].to_pylist() == [1]
    assert result.decided is None


@pytest.mark.parametrize("renamed", ["campaign", "tool"])
def test_what_is_honest_is_not_raised_again_by_the_same_accounts_or_by_others(
    kept: Path, tmp_path: Path, calls: list[Call], renamed: str
) -> None:
    result = weighed(decided(kept, tmp_path / "s", HONEST), tomorrow(calls, renamed=renamed))
    assert result.campaigns.num_rows == 0
    assert renamed not in flagged(result)
    assert result.reference_accounts == 300


def test_an_honest_finding_does_not_hide_another_one(kept: Path, tmp_path: Path, calls: list[Call]) -> None:
    words = worlds.Words(7, language=2)
    frame = " ".join(words.some(20))
    others = [
        worlds.call(f"other-{account}", f"{frame}\n- {words.text(30, 60)}", second, day=worlds.DAY + timedelta(days=1))
        for account in range(30)
        for second in range(account * 7, 86_000, 15_000)
    ]
    result = weighed(decided(kept, tmp_path / "s", HONEST), [*tomorrow(calls), *others])
    assert result.campaigns["campaign_id"].to_pylist() == [2]
    assert "campaign" not in flagged(result)
    named = result.accounts.filter(pc.equal(result.accounts["campaign_id"], 2))["account_id"].to_pylist()
    assert {name.partition("-")[0] for name in named} == {"other"}


def test_its_families_are_allowed(kept: Path, tmp_path: Path, calls: list[Call]) -> None:
    (number,) = weighed(kept, tomorrow(calls)).campaigns["families"].to_pylist()[0][:1]
    result = weighed(decided(kept, tmp_path / "s", HONEST, (number,)), tomorrow(calls))
    allowed = result.families.filter(result.families["allowed"])
    assert allowed["family_id"].to_pylist() == [number]
    assert allowed["evidence"].to_pylist() == [None]


def test_accounts_of_a_confirmed_campaign_are_named_whatever_is_found_of_them(
    kept: Path, tmp_path: Path, calls: list[Call]
) -> None:
    """With three calls each there is no evidence on them: nothing is raised of its own."""
    thin = tomorrow(calls, calls_each=3)
    assert weighed(kept, thin).campaigns.num_rows == 0
    result = weighed(decided(kept, tmp_path / "s", CAMPAIGN), thin)
    (row,) = result.campaigns.to_pylist()
    assert (row["campaign_id"], row["accounts"], row["assessment"]) == (1, 40, "campaign")
    assert (row["decision"], row["decided_on"], row["evidence"]) == (CAMPAIGN, date(2026, 9, 21), None)
    named = result.accounts.filter(pc.equal(result.accounts["decision"], CAMPAIGN))
    assert named.num_rows == 40
    assert set(named["campaign_id"].to_pylist()) == {1}
    assert all(named["flagged"].to_pylist())
    assert result.decided is not None
    assert result.decided["confirmed_accounts"] == 40


def test_unsure_changes_nothing_but_is_told(kept: Path, tmp_path: Path, calls: list[Call]) -> None:
    before, after = weighed(kept, tomorrow(calls)), weighed(decided(kept, tmp_path / "s", UNSURE), tomorrow(calls))
    assert after.accounts.equals(before.accounts)
    assert after.campaigns["decision"].to_pylist() == [UNSURE]
    names = ["decision", "decided_on"]
    assert after.campaigns.drop_columns(names).equals(before.campaigns.drop_columns(names))


@pytest.mark.parametrize("decision", [HONEST, CAMPAIGN])
def test_undone_is_as_if_nobody_had_decided(kept: Path, tmp_path: Path, calls: list[Call], decision: str) -> None:
    """A day that was kept while it held is as it was then, until it is scored again."""
    state, plainly = decided(kept, tmp_path / "s", decision), Path(shutil.copytree(kept, tmp_path / "p"))
    score_and_keep(state, tomorrow(calls))
    directory = StateDirectory(state)
    with directory.writing() as writing:
        before = directory.decisions()
        undone = replace(before.entries[0], number=2, decision=UNDONE)
        writing.save_decisions(before.with_entry(undone, np.zeros(0, np.uint64)))
    for path in (state, plainly):
        score_and_keep(path, tomorrow(calls))
    last = [call | {"start_time": call["start_time"] + timedelta(days=8)} for call in tomorrow(calls)]
    one, other = weighed(state, last), weighed(plainly, last)
    assert one.reference_days == other.reference_days == ["2026-11-12", "2026-11-20", "2026-11-21"]
    assert [table.equals(same) for table, same in zip(plain(one), plain(other), strict=True)] == [True] * 3


def test_who_is_forgotten_is_in_no_decision(kept: Path, tmp_path: Path, calls: list[Call]) -> None:
    state = StateDirectory(decided(kept, tmp_path / "s", CAMPAIGN))
    assert "decisions" in forget(state, "campaign-3")
    result = weighed(state.path, tomorrow(calls, calls_each=3))
    assert result.campaigns["accounts"].to_pylist() == [39]
    found = state.part(worlds.DAY.date(), FOUND)
    assert found is not None
    assert sorted(found.account_ids) == sorted(f"campaign-{number}" for number in range(40) if number != 3)
