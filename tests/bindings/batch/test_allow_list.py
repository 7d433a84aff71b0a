"""``gauger score --allow``: files, and what becomes of a vendor's app and of a campaign beside it."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gauger.batch.allow_list import load_allow_list
from gauger.batch.score import Run, score
from gauger.commands.main import main
from gauger.engine.common.errors import AllowListError
from tests.bindings import traffic

SECRET = "zyxquartz"
APP = "You are the help desk of Acorn Bicycles; answer in one short paragraph and never promise a refund. Question: "
CAMPAIGN = 40
VENDOR = 30


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "allow.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# Files


def test_a_file_has_ids_examples_and_example_files(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "one.txt").write_text("a whole\nprompt\n")
    path = write(tmp_path, 'ids = [3, 5]\nexamples = ["b", """\nc"""]\nexample_files = ["prompts/one.txt"]')
    allow = load_allow_list(path)
    assert (list(allow.ids), list(allow.examples)) == ([3, 5], ["b", "c", "a whole\nprompt"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'examples = ["{SECRET}"', r"not valid TOML \(at end of document\); write: ids = "),
        (f'examples = [{SECRET}]', r"not valid TOML \(at line 1, column 13\); write: ids = "),
        (f'examples = ["a"]\nexamples = ["{SECRET}"]', r"not valid TOML .*; write: "),
        (b"examples = ['\xff']", "not UTF-8"),
        ("", "is empty; write: "),
        ("id = [3]", "unknown key id; an allow-list has ids, examples, example_files"),
        (f'"{SECRET} and more words" = 3', "unknown key; an allow-list has"),
        ("ids = 3", "ids must be a list of whole numbers"),
        ('ids = ["3"]', "ids must be a list of whole numbers"),
        ("ids = [true]", "ids must be a list of whole numbers"),
        ("ids = [-3]", "good for one run only: allow it by an example"),
        (f'examples = "{SECRET}"', "examples must be a list of texts in quotes"),
        ('examples = [" "]', "example 1 is empty"),
        ("example_files = [1]", "example_files must be a list of names of files"),
        ('example_files = ["none.txt"]', r"none.txt: the example file cannot be read \(No such file"),
        ('example_files = ["."]', "the example file cannot be read"),
    ],
)  # fmt: skip
def test_a_broken_file_is_usage_and_says_what_to_do(text: str | bytes, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(AllowListError, match=problem) as caught:
        load_allow_list(path)
    assert SECRET not in str(caught.value)
    log = traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "log.parquet")
    result = invoke("score", log, "--out", tmp_path / "out", "--state", tmp_path / "state", "--allow", path)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert SECRET not in result.output
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_is_usage(tmp_path: Path) -> None:
    with pytest.raises(AllowListError, match="cannot be read"):
        load_allow_list(tmp_path / "none.toml")


def test_an_example_that_is_no_text_or_too_long(tmp_path: Path) -> None:
    path = write(tmp_path, 'example_files = ["e"]')
    (tmp_path / "e").write_bytes(b"\xff")
    with pytest.raises(AllowListError, match="not UTF-8"):
        load_allow_list(path)
    (tmp_path / "e").write_bytes(b"x" * ((1 << 24) + 1))
    with pytest.raises(AllowListError, match="at most 16 MiB"):
        load_allow_list(path)


# End to end


def invoke(*arguments: Any) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="gauger")
    assert isinstance(result.exception, SystemExit | None)
    return result


def day(folder: Path) -> Path:
    """A vendor's app with a key for each of its shops, and a campaign with another template."""
    rows = traffic.honest(120, 8, 1)
    rows += traffic.campaign(VENDOR, 8, 5, frame=APP, name="shop") + traffic.campaign(CAMPAIGN, 10, 2)
    return traffic.write(traffic.table(rows), folder / "day.parquet")


def findings(out: Path) -> list[dict[str, Any]]:
    return traffic.tables_of(out)["campaigns"].to_pylist()


def family_of(out: Path, account: str) -> int:
    """The family most of an account's calls are in."""
    calls = traffic.tables_of(out)["calls"].to_pylist()
    ids = [row["family_id"] for row in calls if row["account_id"] == account]
    return max(set(ids), key=ids.count)


def members(out: Path, finding: dict[str, Any]) -> set[str]:
    rows = traffic.tables_of(out)["accounts"].to_pylist()
    return {row["account_id"].split("-")[0] for row in rows if row["campaign_id"] == finding["campaign_id"]}


@pytest.mark.parametrize("by", ["id", "example", "file"])
def test_a_vendors_app_is_no_finding_any_more_and_the_campaign_still_is(by: str, tmp_path: Path) -> None:
    """Without a reference every widely shared template of coordinated accounts is a finding."""
    log, out, state = day(tmp_path), tmp_path / "out", tmp_path / "state"
    assert invoke("score", log, "--out", out, "--state", state).exit_code == 0
    assert sorted(map(str, (members(out, finding) for finding in findings(out)))) == ["{'mule'}", "{'shop'}"]
    app, mine = family_of(out, "shop-001"), family_of(out, "mule-001")

    # The example is no prompt of the log: it has the app's frame, and words of its own.
    example = f"{APP}{SECRET} wheels for {SECRET} tandems, and where do I get them?"
    (tmp_path / "prompt.txt").write_text(example + "\n")
    text = {"id": f"ids = [{app}]", "example": f"examples = ['{example}']", "file": "example_files = ['prompt.txt']"}
    result = invoke("score", log, "--out", out, "--state", state, "--allow", write(tmp_path, text[by]))
    assert result.exit_code == 0
    assert "kept already and left as they were" in result.stderr  # of the first run; nothing else is said
    assert result.stderr.count("warning") == 1
    (finding,) = findings(out)
    assert members(out, finding) == {"mule"}
    assert (finding["families"], finding["links"][:2]) == ([mine], ["content", "template family"])
    rows = {row["family_id"]: row for row in traffic.tables_of(out)["families"].to_pylist()}
    assert [number for number, row in rows.items() if row["allowed"]] == [app]
    assert rows[app]["accounts"] == VENDOR
    assert rows[app]["template"].startswith("You are the help desk of Acorn Bicycles; answer")
    record = traffic.manifest(out)["allow"]
    assert record["families"] == [app]
    assert len(record["examples"]) == (by != "id")

    said = [result.output, invoke("report", out).output]
    said += [invoke("explain", out, "--family", number).output for number in (app, mine)]
    assert "On the allow-list" in said[2]
    assert "Findings that use it" not in said[2]
    assert "Findings that use it" in said[3]
    assert SECRET not in "".join(said)
    assert SECRET.encode() not in traffic.everything_written(out) + traffic.everything_written(state)


def scored(log: Path, folder: Path, allow: Path | None = None) -> Run:
    return score([log], folder / "out", state=folder / "state", settings=traffic.SETTINGS, allow=allow)


def test_with_a_reference_accounts_stay_flagged_for_what_they_say(tmp_path: Path) -> None:
    """The app's accounts are as new as before; its family is no link, no family and no evidence of their finding."""
    for back in (7, 8):
        rows = traffic.honest(150, 8, back, traffic.DAY - dt.timedelta(days=back))
        scored(traffic.write(traffic.table(rows), tmp_path / f"{back}.parquet"), tmp_path)
    log = day(tmp_path)
    plain = scored(log, tmp_path)
    before = {row["account_id"]: row["evidence"] for row in plain.result.accounts.to_pylist()}
    app = family_of(tmp_path / "out", "shop-001")
    assert any(app in row["families"] for row in findings(tmp_path / "out"))
    assert plain.manifest["allow"] is None

    run = scored(log, tmp_path, write(tmp_path, f"ids = [{app}, 1000]"))
    assert {row["account_id"]: row["evidence"] for row in run.result.accounts.to_pylist()} == before
    (row,) = (row for row in run.result.families.to_pylist() if row["family_id"] == app)
    assert (row["evidence"], row["allowed"]) == (None, True)
    found = findings(tmp_path / "out")
    assert {"mule"} <= set().union(*(members(tmp_path / "out", finding) for finding in found))
    for finding in found:
        assert app not in finding["families"]
        if members(tmp_path / "out", finding) == {"shop"}:
            assert "template family" not in finding["links"]
            assert finding["allowed_share"] > 0.9
    unknown, kept = run.warnings
    assert "no family 1000" in unknown
    assert "kept already" in kept


def test_an_unknown_id_is_a_warning_on_standard_error(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "log.parquet")
    allow = write(tmp_path, f"ids = [12]\nexamples = ['{SECRET} said the fox to the hen']")
    result = invoke("score", log, "--out", tmp_path / "out", "--state", tmp_path / "state", "--allow", allow)
    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    assert first.startswith("gauger: warning: allow-list: there is no family 12")
    assert second.startswith("gauger: warning: allow-list: example 1 is in no family")
    assert SECRET not in result.output
    assert traffic.manifest(tmp_path / "out")["allow"]["unmatched_examples"] == [1]
