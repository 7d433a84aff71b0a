"""The commands, one after the other, as somebody would use them."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

import gauger
from gauger.commands.main import main
from tests.bindings.package.packed import Packed, made


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_pack_verify_change_and_appeal(tmp_path: Path) -> None:
    packed: Packed = made(tmp_path)
    to = tmp_path / "again"
    assert run("package", packed.out, "--finding", 1, "--to", to).output.endswith(f"in {to}, not signed\n")
    told = json.loads(run("verify", packed.package, "--public-key", packed.public, "--json").stdout)
    assert told["whole"]
    assert told["computed"] is None
    assert "it is not signed" in run("verify", to).output
    again = run("verify", to, "--log", packed.log, "--state", packed.state, "--workers", 1)
    assert again.exit_code == 0
    assert again.output.endswith(" values computed again, 0 differ\n")
    (to / "README.txt").write_text("changed")
    changed = run("verify", to)
    assert (changed.exit_code, changed.stdout) == (1, "")
    assert "README.txt: is not what was packed" in changed.stderr
    accounts = gauger.read_run(packed.out).accounts.to_pylist()
    name = next(one["account_id"] for one in accounts if one["campaign_id"] == 1)
    assert json.loads(run("appeal", packed.out, "--account", name, "--json").stdout)["finding"] == 1
    assert "The finding without it" in run("appeal", packed.out, "--account", name).output
