"""A spool in place of a log: the same tables, findings that hosts can ask for, and a day that is not over."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gauger.batch.score import Run, score
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import SHORT_LINES, Settings
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take
from gauger.host.verdicts import FAMILY, MEMBER, NOTHING, Verdicts
from tests.bindings import traffic

ROWS = [*traffic.honest(150, 8, 1), *traffic.campaign(25, 12, 2)]
LOCAL = Local(workers=1)


def spool(folder: Path, rows: Iterable[Mapping[str, Any]], secret: Secret, hosts: int = 8) -> None:
    """What so many hosts would have left of calls, each a few dozen at a time."""
    for host in range(hosts):
        files = Spooling(folder, secret, Settings(), Limits())
        own = [take(row)[0] for row in list(rows)[host::hosts]]
        for start in range(0, len(own), 37):
            became = files.write(own[start : start + 37])
            assert became.recorded == len(own[start : start + 37])
        files.complete({})


@pytest.fixture(scope="module")
def secret() -> Secret:
    return Secret(b"0123456789abcdef")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, secret: Secret) -> dict[str, Run]:
    """The same calls as a log, and as a spool of eight hosts; each with a state of its own under one key."""
    folder = tmp_path_factory.mktemp("spool")
    log = traffic.write(traffic.table(ROWS), folder / "log.parquet")
    spool(folder / "hosts", ROWS, secret)
    found = {}
    for name, source in (("log", log), ("spool", folder / "hosts")):
        state = StateDirectory(folder / f"state-{name}", secret)
        local = dataclasses.replace(LOCAL, publish=folder / f"verdicts-{name}")
        found[name] = score([source], folder / name, state=state, local=local)
    return found


def test_the_tables_are_those_of_the_log(runs: dict[str, Run]) -> None:
    log, recorded = (traffic.tables_of(run.out) for run in runs.values())
    assert recorded["accounts"].equals(log["accounts"])
    assert recorded["campaigns"].equals(log["campaigns"])
    assert recorded["campaigns"].num_rows == 1
    without = [name for name in log["families"].column_names if name != "template"]  # a spool holds no text to show
    assert recorded["families"].select(without).equals(log["families"].select(without))
    assert recorded["families"].column("template").null_count == recorded["families"].num_rows
    assert runs["spool"].manifest["scored"] == runs["log"].manifest["scored"] == len(ROWS)
    assert (runs["spool"].errors, runs["spool"].doubts) == ([], [])
    traffic.check_accounts_of_rows(runs["spool"].out)


def test_no_text_is_in_a_spool_or_in_verdicts(runs: dict[str, Run]) -> None:
    folder = runs["spool"].out.parent
    content = b"".join(path.read_bytes() for path in [*(folder / "hosts").iterdir(), folder / "verdicts-spool"])
    for row in ROWS[::50]:
        assert row["prompt_text"].encode() not in content
        assert row["prompt_text"][:25].encode() not in content
        assert row["client_address"].encode() not in content


@pytest.mark.parametrize("source", ["log", "spool"])
def test_what_was_found_is_published(runs: dict[str, Run], secret: Secret, source: str) -> None:
    """Without a reference, too: then findings have no evidence, and are named all the same."""
    found = Verdicts.open(runs[source].out.parent / f"verdicts-{source}", key=secret)
    campaigns = traffic.tables_of(runs[source].out)["campaigns"].to_pylist()
    for row in ROWS[::40]:
        verdict = found.of(row["account_id"])
        assert verdict.tier == (MEMBER if row["account_id"].startswith("mule") else NOTHING)
        if verdict.finding is not None:
            assert verdict.finding.campaign_id == campaigns[0]["campaign_id"]
            assert verdict.finding.assessment == campaigns[0]["assessment"]


def test_a_new_account_is_told_by_what_it_sends(runs: dict[str, Run], secret: Secret) -> None:
    found = Verdicts.open(runs["log"].out.parent / "verdicts-log", key=secret)
    fresh = [row["prompt_text"] for row in traffic.campaign(3, 4, 77)]
    assert [found.of(f"new-{place}", None, text).tier for place, text in enumerate(fresh)] == [FAMILY] * len(fresh)
    honest = [row["prompt_text"] for row in traffic.honest(40, 2, 78)]
    assert {found.of("new", None, text).tier for text in honest} == {NOTHING}
    assert found.of("new", None, "\ud800").tier == NOTHING


def test_a_day_that_is_not_over_keeps_its_numbers_and_is_no_reference(tmp_path: Path, secret: Secret) -> None:
    log = traffic.write(traffic.table(ROWS), tmp_path / "log.parquet")
    state = StateDirectory(tmp_path / "state", secret)
    provisional = dataclasses.replace(LOCAL, provisional=True)
    runs = [score([log], tmp_path / "out", state=state, local=provisional) for _ in range(2)]
    assert state.days() == []
    numbers = [run.result.campaigns.column("campaign_id").to_pylist() for run in runs]
    assert numbers == [[1], [1]]
    last = score([log], tmp_path / "out", state=state, local=LOCAL)
    assert last.result.campaigns.column("campaign_id").to_pylist() == [1]
    assert [str(day) for day in state.days()] == [str(traffic.DAY.date())]


def test_a_file_that_was_changed_is_an_error_of_that_file(tmp_path: Path, secret: Secret) -> None:
    spool(tmp_path / "spool", ROWS[:200], secret, hosts=2)
    first, _ = sorted((tmp_path / "spool").iterdir())
    content = bytearray(first.read_bytes())
    content[-200] ^= 1
    first.write_bytes(content)
    run = score([tmp_path / "spool"], tmp_path / "out", state=StateDirectory(tmp_path / "state", secret), local=LOCAL)
    (error,) = run.errors
    assert error.startswith(str(first))
    assert "changed" in error
    assert 100 <= run.manifest["scored"] < 200
    assert [item.error is None for item in run.inputs] == [False, True]


def test_texts_and_token_ids_and_other_grams_are_not_mixed(tmp_path: Path, secret: Secret) -> None:
    spool(tmp_path / "spool", ROWS[:60], secret, hosts=1)
    ids = [{**row, "prompt_text": None, "prompt_token_ids": [1, 2, 3, number]} for number, row in enumerate(ROWS[:30])]
    spool(tmp_path / "spool" / "ids", ids, secret, hosts=1)
    state = StateDirectory(tmp_path / "state", secret)
    run = score([tmp_path / "spool"], tmp_path / "out", state=state, local=LOCAL)
    assert run.manifest["scored"] == 60  # files in the order of their names
    assert "score the two apart" in run.errors[0]
    whole = score([tmp_path / "spool" / "ids"], tmp_path / "ids", state=state, local=LOCAL)
    assert whole.manifest["scored"] == 30
    run = score([tmp_path / "spool" / "ids"], tmp_path / "short", state=state, local=LOCAL, settings=SHORT_LINES)
    assert "--short-lines" in run.errors[0]


def test_copies_of_one_file_are_read_once(tmp_path: Path, secret: Secret) -> None:
    spool(tmp_path / "spool", ROWS[:60], secret, hosts=1)
    (whole,) = (tmp_path / "spool").iterdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / whole.name).write_bytes(whole.read_bytes()[:-900])
    state = StateDirectory(tmp_path / "state", secret)
    run = score([tmp_path / "spool", tmp_path / "other"], tmp_path / "out", state=state, local=LOCAL)
    assert run.manifest["scored"] == 60
    (error,) = run.errors
    assert "the same as" in error


def test_asked_for_recorded_calls_a_log_is_refused(tmp_path: Path, secret: Secret) -> None:
    spool(tmp_path / "spool", ROWS[:60], secret, hosts=1)
    log = traffic.write(traffic.table(ROWS[60:90]), tmp_path / "spool" / "2026-11-16-x.parquet")
    state, local = StateDirectory(tmp_path / "state", secret), dataclasses.replace(LOCAL, recorded=True)
    run = score([tmp_path / "spool"], tmp_path / "out", state=state, local=local)
    assert run.manifest["scored"] == 60
    assert run.errors == [f"{log}: is no file of a spool"]
