"""Paths of commands: what has to lie on this machine."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gauger.commands.main import main


@pytest.mark.parametrize("option", ["--state", "--work", "--publish", "--allow"])
def test_what_has_to_lie_on_this_machine_is_refused_elsewhere(tmp_path: Path, option: str) -> None:
    result = CliRunner().invoke(
        main, ["score", str(tmp_path), "--out", str(tmp_path / "out"), option, "s3://id:word@b/x"]
    )
    assert result.exit_code == 2
    assert "has to lie on this machine" in result.output
    assert "word" not in result.output
    assert list(tmp_path.iterdir()) == []
