"""The commands: canaries are drawn once, and a suspect is traced in words and in JSON."""

import json
import sys
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gauger.commands.main import main
from gauger.host.policy import ALLOWED, MARK, Decision
from tests.bindings.timestamps.authorities import authority, needs_openssl, serving
from tests.engine.tracing.made import WORDS, honest

HOOK = Path(__file__).parents[3] / "examples" / "canaries" / "hook.py"
MARKED = Decision(MARK, MARK, "rule 1")


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in args])


@pytest.fixture
def canaries(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    made = run("canary", "new", "--campaign", 7, "--words", tmp_path / "words.txt", "--to", tmp_path / "c.json",
               "--pairs", 40, "--decoys", 63)  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "publish it before anything is served" in made.output
    return tmp_path / "c.json"


@pytest.fixture
def hook() -> Any:
    spec = spec_from_file_location("hook", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("hook", None)


def test_what_the_hook_places_is_traced(canaries: Path, hook: Any, tmp_path: Path) -> None:
    marker = hook.Marker(canaries)
    answers = [f"{text.capitalize()} ends. Another begins. {text[:20]}" for text in honest(30, 20)]
    served = [marker.placed(MARKED, f"r{number}", text) for number, text in enumerate(answers)]
    (tmp_path / "o.txt").write_text("\n".join(served))
    told = run("trace", tmp_path / "o.txt", "--canaries", canaries)
    assert told.exit_code == 0, told.output
    assert "So the outputs depend on text that was served with these pairs" in told.output
    found = json.loads(run("trace", tmp_path / "o.txt", "--canaries", canaries, "--json").output)
    assert found["canaries"][0]["shown"]
    assert found["canaries"][0]["log10_probability"] < -15


@needs_openssl
def test_a_stamped_commitment_is_said_with_its_time(canaries: Path, tmp_path: Path) -> None:
    own, today = authority(tmp_path / "authority"), datetime.now(UTC).date().isoformat()
    (tmp_path / "o.txt").write_text("\n".join(honest(30, 20)))
    asked = ("trace", tmp_path / "o.txt", "--canaries", canaries, "--authority", own.certificates)
    without = run(*asked)
    assert without.exit_code == 2
    assert "commitment.json.tsr: cannot be read (No such file" in without.output
    with serving(own) as (url, _):
        assert run("stamp", tmp_path / "c.commitment.json", "--by", url).exit_code == 0
    told = run(*asked)
    assert told.exit_code == 0, told.output
    assert f"for which CN=Tests vouches on {today}" in told.output
    assert json.loads(run(*asked, "--json").output)["canaries"][0]["stamped"] is not None
    late = run(*asked, "--obtained", today)
    assert late.exit_code == 2
    assert "after the outputs were obtained" in late.output


def test_the_hook_leaves_others_and_machines_alone(canaries: Path, hook: Any) -> None:
    marker = hook.Marker(canaries)
    text = "This is said first. This is said next."
    assert marker.placed(ALLOWED, "r", text) == text
    assert marker.asked(ALLOWED, "r") == ""
    for answer in (
        '{"a": "Said first. Then next."}',
        "Said first. Then:\n```\ncode\n```",
        "Once",
        "<p>First one. Then</p>",
    ):
        assert marker.placed(MARKED, "r", answer) == answer
    marked = marker.placed(MARKED, "r", text)
    assert marked != text
    assert marker.placed(MARKED, "r", marked) == marked
    assert " ".join(read_pair(canaries, "r")) in marker.asked(MARKED, "r")


def read_pair(path: Path, response_id: str) -> tuple[str, str]:
    from gauger.tracing.files import read_canaries

    return read_canaries(path).pair_for(response_id)


def test_canaries_are_not_drawn_again_over_those_there(canaries: Path) -> None:
    again = run("canary", "new", "--campaign", 7, "--words", canaries.parent / "words.txt", "--to", canaries)
    assert again.exit_code == 2


def test_bad_usage(canaries: Path) -> None:
    assert "give --canaries, --watermark or --responses" in run("trace", "o.txt").output
    assert "goes with --watermark" in run("trace", "o.txt", "--canaries", canaries, "--served", "s").output
    assert run("trace", "o.txt", "--canaries", canaries, "--commitment", "a", "--commitment", "b").exit_code == 2
    assert run("trace", "o.txt", "--canaries", canaries, "--obtained", "2020-01-01").exit_code == 2


def test_a_watermark_is_traced(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(f'scheme = "tournament"\nkey = "{"0" * 32}"\n')
    (tmp_path / "w.toml").chmod(0o600)
    (tmp_path / "o.jsonl").write_text(json.dumps({"ids": list(range(500))}))
    told = run("trace", tmp_path / "o.jsonl", "--watermark", tmp_path / "w.toml", "--token-field", "ids", "--json")
    assert told.exit_code == 0, told.output
    (row,) = json.loads(told.output)["watermarks"]
    assert (row["windows"], row["expected"], row["shown"]) == (496, 496 * 15, False)
