"""The command ``gauger columns``: its words and its exit codes."""

from pathlib import Path

import orjson
from click.testing import CliRunner

from gauger.commands.main import main

CALL = {"start_time": 1_795_000_000, "account_id": "a", "prompt_text": "Why?"}


def test_exit_code_and_text(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(orjson.dumps(CALL))
    sound = CliRunner().invoke(main, ["columns", str(path)])
    assert (sound.exit_code, sound.output.splitlines()[0][:18]) == (0, "columns: canonical")
    shown = CliRunner().invoke(main, ["columns", str(path), "--show-text"])
    assert "'Why?'" in shown.output
    path.write_bytes(orjson.dumps({"a": 1}))
    assert CliRunner().invoke(main, ["columns", str(path)]).exit_code == 1


def test_bad_usage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(orjson.dumps(CALL))
    result = CliRunner().invoke(main, ["columns", str(path), "--columns", "litelm"])
    assert result.exit_code == 2
    assert "did you mean litellm?" in result.output
    assert CliRunner().invoke(main, ["columns", str(tmp_path / "none.jsonl")]).exit_code == 2
