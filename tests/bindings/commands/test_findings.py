"""Commands on findings: a decision, one line of what follows, JSON; packages as somebody would use them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gauger
from gauger.commands.main import main
from gauger.engine.findings.decisions import Entry
from gauger.package.chain import write
from gauger.results import deciding
from tests.bindings.package.packed import Packed, made
from tests.bindings.timestamps.authorities import authority, needs_openssl, serving

ENTRY = Entry(3, 2, "honest", "why", "who", 0, "2026-11-20", "campaign", 0.9, 40)
FINDING = ["decide", "day", "--finding", "2", "--why", "w", "--state", "s"]


def run(*args: str) -> Result:
    return CliRunner().invoke(main, [*FINDING, *args])


def plainly(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
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


@needs_openssl
def test_a_stamped_package(tmp_path: Path) -> None:
    write(tmp_path / "package", {"finding.json": b"{}"}, None)
    own = authority(tmp_path / "authority")
    asked = ("verify", tmp_path / "package", "--authority", own.certificates)
    missing = plainly(*asked)
    assert (missing.exit_code, "chain.json.tsr: cannot be read" in missing.stderr) == (1, True)
    with serving(own) as (url, _):
        assert plainly("stamp", tmp_path / "package", "--by", url).output.endswith("chain.json.tsr: the time stamp\n")
    told = plainly(*asked)
    assert told.exit_code == 0
    assert "by CN=Tests" in told.output
    assert json.loads(plainly(*asked, "--json").stdout)["stamped"].endswith("+00:00")
    assert "its time stamp was not checked" in plainly("verify", tmp_path / "package").output
    other = authority(tmp_path / "other")
    assert plainly("verify", tmp_path / "package", "--authority", other.certificates).exit_code == 1


def test_pack_verify_change_and_appeal(tmp_path: Path) -> None:
    packed: Packed = made(tmp_path)
    to = tmp_path / "again"
    assert plainly("package", packed.out, "--finding", 1, "--to", to).output.endswith(f"in {to}, not signed\n")
    told = json.loads(plainly("verify", packed.package, "--public-key", packed.public, "--json").stdout)
    assert told["whole"]
    assert told["computed"] is None
    assert "it is not signed" in plainly("verify", to).output
    again = plainly("verify", to, "--log", packed.log, "--state", packed.state, "--workers", 1)
    assert again.exit_code == 0
    assert again.output.endswith(" values computed again, 0 differ\n")
    (to / "README.txt").write_text("changed")
    changed = plainly("verify", to)
    assert (changed.exit_code, changed.stdout) == (1, "")
    assert "README.txt: is not what was packed" in changed.stderr
    accounts = gauger.read_run(packed.out).accounts.to_pylist()
    name = next(one["account_id"] for one in accounts if one["campaign_id"] == 1)
    assert json.loads(plainly("appeal", packed.out, "--account", name, "--json").stdout)["finding"] == 1
    assert "The finding without it" in plainly("appeal", packed.out, "--account", name).output
