"""``gauger.toml``: which one counts, what it gives, and what is refused."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gauger.commands.main import main
from gauger.commands.settings_file import defaults_of, place_of, read_settings
from gauger.engine.common.errors import InputError


def defaults(path: Path, text: str) -> dict:
    path.write_text(text)
    return defaults_of(main, read_settings(path), path)


def test_an_option_of_all_and_of_one_command(tmp_path: Path) -> None:
    found = defaults(
        tmp_path / "gauger.toml", '[all]\nstate = "s"\n[score]\nalarm-level = 0.01\n[state.list]\nstate = "other"\n'
    )
    assert found["score"] == {"state": "s", "alarm_level": 0.01}
    assert found["state"]["list"] == {"state": "other"}
    assert found["state"]["check"] == {"state": "s"}
    assert found["plan"] == {}


def test_an_option_that_is_called_otherwise_inside(tmp_path: Path) -> None:
    assert defaults(tmp_path / "gauger.toml", '[bench]\ninput = "log"\n')["bench"] == {"source": "log"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[all]\nstat = 1", "no command has the option stat"),
        ("state = 1", "write options of all commands under"),
        ("[scor]\nstate = 's'", "no command is called scor"),
        ("[score]\ncolour = 'red'", "score has no option colour"),
        ("state = ", "is not TOML"),
    ],
)
def test_what_no_command_has_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        defaults(tmp_path / "gauger.toml", text)


def test_a_file_that_is_named_and_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="GAUGER_CONFIG"):
        read_settings(tmp_path / "none")


def test_a_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gauger.toml"
    path.touch()
    true = Path.stat

    def of_another(self: Path, **given: Any) -> Any:
        found = true(self, **given)
        return SimpleNamespace(st_uid=4_711) if self == path else found

    monkeypatch.setattr(Path, "stat", of_another)
    with pytest.raises(InputError, match="belongs to another user"):
        read_settings(path)


def test_the_variable_then_this_folder_then_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAUGER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert place_of() is None
    of_user = tmp_path / "home" / "gauger" / "gauger.toml"
    of_user.parent.mkdir(parents=True)
    of_user.touch()
    assert place_of() == of_user
    (tmp_path / "gauger.toml").touch()
    assert place_of() == Path("gauger.toml")
    monkeypatch.setenv("GAUGER_CONFIG", "named")
    assert place_of() == Path("named")
