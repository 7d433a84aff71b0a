"""Results of commands as JSON, of a small chain of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gauger.commands.main import main
from tests.bindings import traffic


def told(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_results_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    sim, day, state = tmp_path / "sim", tmp_path / "day", tmp_path / "state"
    made = told("simulate", "--out", sim, "--campaign", "template:40:15", "--calls", 1500, "--seed", 3)["files"]
    assert all(Path(path).exists() for path in made)
    assert told("columns", sim / "day")["is_sound"]
    told("score", sim / "reference", "--out", tmp_path / "week", "--state", state)
    scored = told("score", sim / "day", "--out", day, "--state", state)
    assert scored["manifest"]["scored"] == traffic.manifest(day)["scored"]
    assert scored["findings"][0].keys() >= {"campaign_id", "assessment", "probability", "accounts", "facts"}
    assert told("evaluate", day, "--truth", sim / "truth.parquet")["campaigns"][0]["accounts"] == 40
    assert told("explain", day, "--campaign", 1)["campaign"]["campaign_id"] == 1
    assert {part["name"] for part in told("state", "list", "--state", state)["parts"]} >= {"campaigns", "families"}
