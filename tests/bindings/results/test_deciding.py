"""Decisions on a run: what is kept of them, what hosts are told, and whose they cannot be."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

import gauger
from gauger.batch.score import score
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.plan.local import Local
from gauger.engine.plan.published import closed_beside
from gauger.engine.reference.directory import StateDirectory
from gauger.host.verdicts import MEMBER, NOTHING, Verdicts
from gauger.results.deciding import WHY_MOST, decide, listed, tell_hosts, undo
from gauger.simulate import CampaignSpec, simulate


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day whose template is a finding, its state and the verdicts published of it."""
    folder = tmp_path_factory.mktemp("decided")
    paths = simulate(
        folder / "logs", calls=2_000, seed=3, campaigns=[CampaignSpec("template", 30, 20)], reference_days=0
    )
    score([paths.day], folder / "out", state=folder / "state", local=Local(publish=folder / "verdicts"))
    return folder


@pytest.fixture
def place(scored: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scored, tmp_path / "place"))


def test_a_decision_is_kept_with_who_why_and_when(place: Path) -> None:
    run = gauger.read_run(place / "out")
    (number,) = run.campaigns["campaign_id"].to_pylist()
    entry = decide(place / "out", place / "state", number, "honest", "our  own\ntool", "anna")
    assert (entry.number, entry.why, entry.who, entry.decision) == (1, "our own tool", "anna", "honest")
    assert entry.accounts == run.campaigns["accounts"].to_pylist()[0]
    assert entry.assessment == run.campaigns["assessment"].to_pylist()[0]
    assert entry.families == tuple(sorted(run.campaigns["families"].to_pylist()[0]))
    (told,) = listed(place / "state")
    assert told["holds"]
    assert abs((datetime.now(UTC) - told["at"]).total_seconds()) < 60
    directory = StateDirectory(place / "state")
    assert len(directory.decisions().members[1]) == entry.accounts


def test_a_family_that_others_use_too_is_not_the_findings_own(place: Path) -> None:
    """Half of the finding's accounts are somebody else's in the run: then half of the calls are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in (place / "out" / "calls").glob("*.parquet"):
        calls = pq.read_table(path)
        numbers = [None if row % 2 else value for row, value in enumerate(calls["campaign_id"].to_pylist())]
        at = calls.schema.get_field_index("campaign_id")
        pq.write_table(calls.set_column(at, "campaign_id", pa.array(numbers, pa.int64())), path)
    assert decide(place / "out", place / "state", 1, "honest", "w", "a").families == ()


def test_the_next_run_does_not_raise_what_is_honest(place: Path) -> None:
    day = place / "logs" / "day"
    decide(place / "out", place / "state", 1, "honest", "w", "a")
    again = score([day], place / "again", state=place / "state")
    assert again.result.campaigns.num_rows == 0
    assert again.manifest["decisions"]["precision"][0]["honest"] == 1
    undo(place / "state", 1, "mistaken", "b")
    assert score([day], place / "again", state=place / "state").result.campaigns["campaign_id"].to_pylist() == [1]
    assert [(one["decision"], one["holds"]) for one in listed(place / "state")] == [
        ("honest", False),
        ("undone", False),
    ]


def test_a_second_decision_remembers_what_gauger_said(place: Path) -> None:
    out, state = place / "out", place / "state"
    first = decide(out, state, 1, "campaign", "w", "a")
    score([place / "logs" / "day"], out, state=state)
    assert gauger.read_run(out).campaigns["assessment"].to_pylist() == ["campaign"]
    second = decide(out, state, 1, "unsure", "w", "a")
    assert (second.number, second.assessment) == (2, first.assessment)
    assert [one["holds"] for one in listed(state)] == [False, True]
    assert undo(state, 1, "w", "a").number == 3
    assert [one["holds"] for one in listed(state)] == [True, False, False]


def test_hosts_are_told_at_once(place: Path) -> None:
    key, published = place / "state" / "key", place / "verdicts"
    accounts = gauger.read_run(place / "out").accounts
    name = next(row["account_id"] for row in accounts.to_pylist() if row["campaign_id"] == 1)

    def asked() -> tuple[str, str | None]:
        verdict = Verdicts.open(published, key=key).of(name)
        return verdict.tier, verdict.finding and verdict.finding.assessment

    before = asked()
    assert before[0] == MEMBER
    assert tell_hosts(published, place / "state", decide(place / "out", place / "state", 1, "campaign", "w", "a"))
    assert asked() == (MEMBER, "campaign")
    assert tell_hosts(published, place / "state", undo(place / "state", 1, "w", "a"))
    assert asked() == before
    shutil.copy(published, closed_beside(published))
    assert tell_hosts(published, place / "state", decide(place / "out", place / "state", 1, "honest", "w", "a"))
    assert asked() == (NOTHING, None)
    assert closed_beside(published).read_bytes() == published.read_bytes()
    with pytest.raises(InputError, match="cannot be read or replaced"):
        tell_hosts(place / "none", place / "state", undo(place / "state", 1, "w", "a"))


@pytest.mark.parametrize(("why", "who"), [("", "a"), (" \n", "a"), ("x" * (WHY_MOST + 1), "a"), ("w", "")])
def test_somebody_must_say_why(place: Path, why: str, who: str) -> None:
    with pytest.raises(InputError, match=r"say it in 1 to"):
        decide(place / "out", place / "state", 1, "honest", why, who)
    assert listed(place / "state") == []


def test_findings_that_are_not_there(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finding 7; there are: 1"):
        decide(place / "out", place / "state", 7, "honest", "w", "a")
    with pytest.raises(StateError, match="no decision on finding 1 holds"):
        undo(place / "state", 1, "w", "a")
    with pytest.raises(StateError, match="no such state directory"):
        decide(place / "out", tmp_path / "none", 1, "honest", "w", "a")
    assert not (tmp_path / "none").exists()


def test_a_run_of_another_state(place: Path, tmp_path: Path) -> None:
    """Of another key, or of the same key and never scored with it."""
    StateDirectory(tmp_path / "same")
    with pytest.raises(StateError, match="knows no finding 1"):
        decide(place / "out", tmp_path / "same", 1, "honest", "w", "a")
    (place / "state" / "key").write_text("0" * 32)
    shutil.rmtree(tmp_path / "same")
    StateDirectory(tmp_path / "same")
    (tmp_path / "same" / "key").write_text("1" * 32)
    with pytest.raises(StateError, match="give the --state it was scored with"):
        decide(place / "out", tmp_path / "same", 1, "honest", "w", "a")
