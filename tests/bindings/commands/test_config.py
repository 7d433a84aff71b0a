"""``gauger config``: flags over variables over the file, and where a value comes from."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gauger.commands.main import main


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in ("GAUGER_CONFIG", "GAUGER_STATE", "GAUGER_WEEK_STATE"):
        monkeypatch.delenv(name, raising=False)


def options(*more: str) -> dict[str, dict]:
    result = CliRunner().invoke(main, ["config", "--json", *more])
    assert result.exit_code == 0, result.output
    return {row["option"]: row for row in json.loads(result.stdout)["options"]}


def test_nothing_is_set() -> None:
    assert "nothing is set" in CliRunner().invoke(main, ["config"]).stdout
    assert options() == {}


def test_every_option_of_every_command_with_all() -> None:
    found = options("--all")
    assert found["score --alarm-level"] == {"option": "score --alarm-level", "value": 0.001, "from": "default"}
    assert {"state list --state", "policy replay --policy", "doctor --state"} <= found.keys()


def test_the_own_variable_before_the_shared_one_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("gauger.toml").write_text('[all]\nstate = "from-file"\n')
    assert options()["week --state"]["from"] == "file"
    monkeypatch.setenv("GAUGER_STATE", "shared")
    monkeypatch.setenv("GAUGER_WEEK_STATE", "own")
    found = options()
    assert found["week --state"] == {"option": "week --state", "value": "own", "from": "variable GAUGER_WEEK_STATE"}
    assert found["score --state"]["value"] == "shared"


def test_a_command_takes_what_config_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*flags: str) -> str:
        result = CliRunner().invoke(main, ["state", "list", *flags])
        assert result.exit_code == 1
        return result.stderr

    Path("gauger.toml").write_text('[all]\nstate = "from-file"\n')
    assert "from-file: no such state" in tried()
    monkeypatch.setenv("GAUGER_STATE", "from-variable")
    assert "from-variable: no such state" in tried()
    assert "from-flag: no such state" in tried("--state", "from-flag")


def test_a_file_with_a_mistake_stops_every_command_with_one_line() -> None:
    Path("gauger.toml").write_text("[all]\ncolour = 1\n")
    result = CliRunner().invoke(main, ["plan"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "gauger: gauger.toml: no command has the option colour; gauger config shows all\n"
