"""The commands of ``gauger state``: what they say, and their exit codes."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gauger.commands.main import main
from gauger.commands.state import state_commands
from gauger.engine.reference.directory import StateDirectory
from tests.engine.reference.filled import DAY, filled


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return filled(tmp_path / "state").path


def invoke(*arguments: Any) -> Result:
    result = CliRunner().invoke(main, ["state", *map(str, arguments)], prog_name="gauger")
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    return result


@pytest.mark.parametrize("command", sorted(state_commands.commands))
def test_help_has_an_example(command: str) -> None:
    assert f"  gauger state {command} --state state" in invoke(command, "--help").stdout.partition("Example")[2]


@pytest.mark.parametrize("command", ["list", "check", "prune", "forget --account a"])
def test_a_state_that_is_not_there(command: str, tmp_path: Path) -> None:
    result = invoke(*command.split(), "--state", tmp_path / "nothing")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no such state directory" in result.stderr


def test_listing_checking_and_forgetting(state: Path) -> None:
    assert f"Day        {DAY} 8 accounts" in invoke("list", "--state", state).stdout
    assert invoke("check", "--state", state).stdout == "6 parts read and whole, 0 damaged\n"
    name = StateDirectory(state).part(DAY, "").account_ids[0]
    assert "removed from" in invoke("forget", "--state", state, "--account", name).stdout


def test_damage_is_exit_code_1(state: Path) -> None:
    folder = state / StateDirectory(state).kept().commit.parts["families"].folder
    (folder / "families.arrow").write_bytes(b"")
    result = invoke("check", "--state", state)
    assert (result.exit_code, result.stdout) == (1, "5 parts read and whole, 1 damaged\n")
    assert "families of earlier days get new ids" in result.stderr
    assert invoke("prune", "--state", state, "--damaged").stdout.splitlines() == ["removed families", "1 part removed"]
    assert invoke("check", "--state", state).exit_code == 0


def test_pruning_by_date_or_retention(state: Path) -> None:
    assert invoke("prune", "--state", state).stdout == "0 parts removed\n"
    assert invoke("prune", "--state", state, "--retention-days", 8).stdout == "0 parts removed\n"
    assert f"removed days/{DAY}\n" in invoke("prune", "--state", state, "--before", "2026-11-13").stdout
    assert len(StateDirectory(state).days()) == 1


def test_a_state_that_somebody_writes_to(state: Path) -> None:
    with StateDirectory(state).writing():
        result = invoke("prune", "--state", state)
        assert (result.exit_code, "is writing to this state; try again" in result.stderr) == (1, True)
        assert invoke("list", "--state", state).exit_code == 0
