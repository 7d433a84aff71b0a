"""``gauger state`` in words."""

from pathlib import Path

import pytest

from gauger.batch.upkeep import checked, forgotten, listed, opened, pruned
from gauger.engine.common.errors import StateError
from gauger.engine.reference.directory import StateDirectory
from tests.engine.reference.filled import DAY, filled


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return filled(tmp_path / "state").path


def test_looking_makes_no_state(tmp_path: Path) -> None:
    for ask in (listed, checked, opened):
        with pytest.raises(StateError, match="no such state directory"):
            ask(tmp_path / "state")
    with pytest.raises(StateError, match="no such state directory"):
        listed(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_list_has_days_families_campaigns_bytes_and_the_key(state: Path) -> None:
    (head, *lines) = listed(state).splitlines()
    assert head.startswith(f"State      {state}, key {StateDirectory(state).secret.key_id}, ")
    assert [line.split(",")[0] for line in lines] == [
        "Campaigns  2 campaigns",
        "Day        2026-11-12 8 accounts",
        "Day        2026-11-20 8 accounts",
        "Decisions  2 decisions",
        "Families   2 families",
    ]
    assert "held out: 0 of 10 flagged, " in lines[1]
    assert all(line.endswith(" MB") for line in (head, *lines))
    StateDirectory(state / "new")
    assert listed(state / "new").endswith("No day, family or campaign is kept.")


def test_what_is_damaged_is_said_with_its_cost(state: Path) -> None:
    assert checked(state) == ("6 parts read and whole, 0 damaged", [])
    folder = state / StateDirectory(state).kept().commit.parts[f"days/{DAY}"].folder
    (folder / "manifest.json").unlink()
    said, (wrong,) = checked(state)
    assert said == "5 parts read and whole, 1 damaged"
    assert f"days/{DAY} is damaged" in wrong
    assert f"Day        {DAY} damaged: gauger state check says what that costs" in listed(state)
    assert pruned(state, before=None, retention_days=None, damaged=True) == f"removed days/{DAY}\n1 part removed"
    assert checked(state)[1] == []


def test_what_was_forgotten_and_what_was_never_there(state: Path) -> None:
    name = StateDirectory(state).part(DAY, "").account_ids[0]
    assert forgotten(state, name).startswith(f"account {name} removed from days/{DAY}")
    assert forgotten(state, "no\nbody") == "account no\\nbody was in nothing that is kept"
