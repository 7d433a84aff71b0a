"""The command: one way to say it, one line of what follows, and JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gauger.commands.main import main
from gauger.engine.findings.decisions import Entry
from gauger.results import deciding

ENTRY = Entry(3, 2, "honest", "why", "who", 0, "2026-11-20", "campaign", 0.9, 40)
FINDING = ["decide", "day", "--finding", "2", "--why", "w", "--state", "s"]


def run(*args: str) -> Result:
    return CliRunner().invoke(main, [*FINDING, *args])


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    found: list[tuple] = []

    def decide(*given: object) -> Entry:
        found.append(given)
        return ENTRY

    monkeypatch.setattr(deciding, "decide", decide)
    monkeypatch.setattr(deciding, "undo", decide)
    monkeypatch.setattr(deciding, "tell_hosts", lambda *given: found.append(given) or False)
    return found


def test_a_decision(asked: list[tuple]) -> None:
    result = run("--as", "honest", "--who", "anna")
    assert result.exit_code == 0
    assert asked == [(Path("day"), Path("s"), 2, "honest", "w", "anna")]
    assert result.output.startswith("Decision 3: finding 2, 40 accounts: honest\n")


def test_json_is_the_entry(asked: list[tuple]) -> None:
    assert json.loads(run("--undo", "--who", "anna", "--json").output)["number"] == 3
    assert asked == [(Path("s"), 2, "w", "anna")]


def test_hosts_are_told_where_asked(asked: list[tuple]) -> None:
    assert "has no such finding" in run("--as", "honest", "--who", "a", "--published", "v").output
    assert asked[-1] == (Path("v"), Path("s"), ENTRY)


@pytest.mark.parametrize("args", [(), ("--as", "honest", "--undo"), ("--as", "guilty")])
def test_anything_else_is_bad_usage(args: tuple[str, ...], asked: list[tuple]) -> None:
    assert run(*args).exit_code == 2
    assert asked == []
