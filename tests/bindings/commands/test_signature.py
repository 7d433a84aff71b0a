"""The commands: what they pass on, what they print, and JSON."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from gauger.commands.main import main
from gauger.engine.common.settings import Settings
from gauger.engine.exchange.encoding import to_bytes
from gauger.engine.exchange.state import Matched
from gauger.exchange import sharing
from gauger.exchange.sharing import Alike, Answer
from tests.engine.exchange.test_encoding import MEMBER, made

CONTENT = to_bytes(made(), MEMBER)


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["signature", *args])


def test_joining_makes_a_state_with_the_consortiums_key(tmp_path: Path) -> None:
    result = run("join", str(tmp_path / "state"), "--key", str(tmp_path / "key"), "--json")
    assert result.exit_code == 0
    made_up = json.loads(result.output)
    assert (tmp_path / "state" / "key").read_text().strip().endswith((tmp_path / "key").read_text().strip())
    assert made_up["consortium"] not in (tmp_path / "key").read_text()


def test_export_writes_bytes_or_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple] = []
    monkeypatch.setattr(sharing, "export", lambda *given: asked.append(given) or (made(), CONTENT))
    path = tmp_path / "finding.sig"
    result = run("export", "day", "--finding", "3", "--state", "s", "--to", str(path))
    assert asked == [(Path("day"), 3, Path("s"), None, 10)]
    assert path.read_bytes() == CONTENT
    assert "3 centroids" in result.output
    bundled = run("export", "day", "--finding", "3", "--state", "s", "--k", "12", "--key", "k", "--stix")
    assert asked[-1] == (Path("day"), 3, Path("s"), Path("k"), 12)
    assert json.loads(bundled.output)["type"] == "bundle"


@pytest.mark.parametrize("more", [("--k", "9"), ("--finding", "0"), ()])
def test_bad_usage(more: tuple[str, ...]) -> None:
    assert run("export", "day", "--state", "s", *more).exit_code == 2


def test_match_names_accounts_escaped_and_all_of_them_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = [Alike(f"\x1b[31m{number}", 3.5) for number in range(25)]
    found = Matched(date(2026, 11, 20), ["2026-11-12"], 4_000, ["a"] * 90, np.zeros((1, 90)))
    asked: list[tuple] = []
    told = [Answer(made(), alike, [(7, 5)])]
    monkeypatch.setattr(sharing, "answers", lambda *given: asked.append(given) or (found, told))
    result = run("match", "one", "two", "--state", "s", "--out", "day", "--alarm-level", "0.01")
    assert asked == [((Path("one"), Path("two")), Path("s"), Path("day"), Settings(alarm_level=0.01))]
    assert "25 of 90 accounts of 2026-11-20 are like it" in result.output
    assert "and 5 accounts more" in result.output
    assert "family 7 has 5 of its 5 hashes" in result.output
    assert "Ranked among 4,000 accounts of 1 day, at 0.01" in result.output
    assert "\x1b" not in result.output
    data = json.loads(run("match", "one", "--state", "s", "--json").output)
    assert len(data["signatures"][0]["alike"]) == 25


def test_score_weighs_signatures_only_with_a_state() -> None:
    result = CliRunner().invoke(main, ["score", "log", "--out", "o", "--signature", "one"])
    assert result.exit_code == 2
    assert "--signature needs --state" in result.output
