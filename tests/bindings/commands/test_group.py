"""How results are said: for a person, as JSON, or not at all."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gauger.commands.group import Group, note, progress_bar, say
from gauger.commands.main import main


def tried() -> None:
    with progress_bar() as progress:
        progress("reading", 0, 2)
        progress("weighing", 1, 2)
    note("beside")
    say("for a person", {"number": 1, "odd": float("nan")})


@pytest.fixture
def group() -> Group:
    group = Group("group")
    group.command("tried")(tried)
    return group


def said(group: Group, *flags: str) -> tuple[str, str]:
    result = CliRunner().invoke(group, ["tried", *flags])
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_for_a_person(group: Group) -> None:
    assert said(group) == ("beside\nfor a person\n", "")


def test_quiet(group: Group) -> None:
    assert said(group, "--quiet") == ("", "")


def test_json_and_nothing_else(group: Group) -> None:
    out, error = said(group, "--json")
    assert (json.loads(out), error) == ({"number": 1, "odd": None}, "")


def test_verbose_tells_stages(group: Group) -> None:
    _, error = said(group, "--verbose")
    assert re.fullmatch(r"gauger: reading: \d+\.\d s\ngauger: weighing: \d+\.\d s\n", error)


def commands(group: click.Group, names: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found = []
    for name, command in group.commands.items():
        inside = (*names, name)
        found += commands(command, inside) if isinstance(command, click.Group) else [(inside, command)]
    return found


@pytest.mark.parametrize(
    ("names", "command"), commands(main), ids=lambda given: " ".join(given) if isinstance(given, tuple) else ""
)
def test_every_command_has_the_manners(names: tuple[str, ...], command: click.Command) -> None:
    assert {"json", "quiet", "verbose"} <= {param.name for param in command.params}


def test_plan_as_json() -> None:
    result = CliRunner().invoke(main, ["plan", "--json"])
    assert {"name", "over", "needs", "gives"} <= json.loads(result.stdout)["stages"][0].keys()


def test_made_files_as_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["simulate", "--out", str(tmp_path), "--calls", "500", "--json"])
    assert all(Path(path).exists() for path in json.loads(result.stdout)["files"])
