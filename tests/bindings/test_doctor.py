"""``gauger doctor``: what it finds wrong, and that it leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gauger import doctor
from gauger.commands.main import main
from gauger.engine.reference.directory import StateDirectory
from gauger.simulate import SimulatedPaths, simulate


def checks(*flags: str) -> tuple[int, dict[str, dict]]:
    result = CliRunner().invoke(main, ["doctor", "--json", *flags])
    return result.exit_code, {one["name"]: one for one in json.loads(result.stdout)["checks"]}


@pytest.fixture
def _no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_self_test", lambda: (doctor.GOOD, "left out"))


def test_a_sound_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    state = tmp_path / "state"
    StateDirectory(state)
    code, found = checks("--state", str(state), "--work", str(tmp_path))
    assert (code, [one["name"] for one in found.values() if one["state"] == "bad"]) == (0, [])
    assert "planted template found" in found["self-test"]["said"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"], "it made a key"


@pytest.mark.usefixtures("_no_test")
def test_what_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_KEY", "0011")
    code, found = checks("--state", str(tmp_path / "none"), "--work", str(tmp_path / "nowhere"))
    assert code == 1
    assert {name for name, one in found.items() if one["state"] == "bad"} == {"disk", "key", "state"}
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("_no_test")
def test_a_library_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    true = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.1" if name == "numba" else true(name))
    assert "numba 0.1 is not >=" in checks()[1]["versions"]["said"]


def test_a_self_test_that_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def honest(*given: Any, **named: Any) -> SimulatedPaths:
        return simulate(*given, **{**named, "campaigns": []})

    monkeypatch.setattr(doctor, "simulate", honest)
    code, found = checks()
    assert (code, found["self-test"]["state"]) == (1, "bad")
    assert "was not found" in found["self-test"]["said"]
