"""What runs do to the days of a state: strays, reruns, replacing, and two runs at once."""

import datetime as dt
import multiprocessing
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from gauger.batch.score import Run, score
from gauger.commands.main import main
from gauger.engine.common.errors import StateLockedError
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_days import REFERENCE
from gauger.engine.reference.upkeep import damage
from tests.bindings import traffic

TODAY = traffic.DAY.date()


def run(folder: Path, name: str, rows: list[dict], *, replace_days: bool = False) -> Run:
    log = traffic.write(traffic.table(rows), folder / f"{name}.parquet")
    return score(
        [log], folder / "out", state=StateDirectory(folder / "state", replace_days=replace_days), local=Local(workers=1)
    )


def accounts(folder: Path) -> dict[str, int]:
    directory = StateDirectory(folder / "state")
    return {str(day): len(directory.part(day, REFERENCE)) for day in directory.days()}


def test_strays_of_older_days_replace_no_kept_day_and_make_none(tmp_path: Path) -> None:
    """Some rows of yesterday in today's log took all of yesterday's accounts away; 400 broken clocks made 396 days."""
    yesterday = traffic.DAY - dt.timedelta(days=1)
    run(tmp_path, "yesterday", traffic.honest(40, 8, 1, yesterday))
    strays = [one | {"start_time": one["start_time"] - dt.timedelta(days=1)} for one in traffic.honest(5, 1, 2)]
    broken = [
        one | {"start_time": one["start_time"] + dt.timedelta(days=67 * number)}
        for number, one in enumerate(traffic.honest(400, 1, 3), 1)
    ]
    finished = run(tmp_path, "today", [*traffic.honest(120, 8, 4), *strays, *broken])
    assert accounts(tmp_path) == {"2026-11-15": 40, "2026-11-16": 120}
    strayed, sentence = finished.warnings
    assert strayed.startswith(
        "400 calls of 400 days between 2027-01-22 and 2100-04-02 lie outside 2026-11-15 to 2026-11-16"
    )
    assert sentence.startswith("not kept, less than one call in a hundred is of these days: 2026-11-15 (5 calls), ")
    arguments = ["week", "--state", str(tmp_path / "state"), "--out", str(tmp_path / "week"), "--workers", "1"]
    assert "Week       2 days up to 2026-11-16" in CliRunner().invoke(main, arguments).output


def test_a_rerun_leaves_the_day_and_one_that_is_asked_to_replaces_it(tmp_path: Path) -> None:
    rows = traffic.honest(30, 8, 1)
    assert run(tmp_path, "whole", rows).warnings == []
    before = {path.name: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    assert "kept already" in run(tmp_path, "whole", rows).warnings[0]
    assert {path.name: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()} == before
    part = [one for one in rows if one["account_id"] in sorted({one["account_id"] for one in rows})[:9]]
    run(tmp_path, "part", part)
    assert accounts(tmp_path) == {"2026-11-16": 30}
    assert run(tmp_path, "part", part, replace_days=True).warnings == []
    assert accounts(tmp_path) == {"2026-11-16": 9}


def test_the_options_of_the_command(tmp_path: Path) -> None:
    state, rows = tmp_path / "state", traffic.honest(12, 6, 1)
    for back in (0, 40):
        old = [one | {"start_time": one["start_time"] - dt.timedelta(days=back)} for one in rows]
        traffic.write(traffic.table(old), tmp_path / f"{back}.parquet")

    def invoke(*arguments: str) -> str:
        out = ["--out", str(tmp_path / "out"), "--workers", "1"]
        result = CliRunner().invoke(main, ["score", *arguments, *out])
        return f"{result.exit_code} {result.stderr}"

    today, long_ago = str(tmp_path / "0.parquet"), str(tmp_path / "40.parquet")
    assert invoke(long_ago, "--state", str(state)) == "0 "
    assert "kept already" in invoke(long_ago, "--state", str(state))
    assert invoke(long_ago, "--state", str(state), "--replace-day") == "0 "
    assert invoke(today, "--state", str(state), "--retention-days", "40") == "0 "
    assert len(StateDirectory(state).days()) == 2
    assert "kept already" in invoke(today, "--state", str(state), "--retention-days", "39")
    assert StateDirectory(state).days() == [TODAY]
    assert invoke(today, "--replace-day").startswith("2 ")


def test_a_second_run_is_refused_at_once_by_name_and_leaves_the_earlier_output(tmp_path: Path) -> None:
    rows = traffic.honest(12, 6, 1)
    run(tmp_path, "first", rows)
    before = traffic.everything_written(tmp_path / "out")
    with StateDirectory(tmp_path / "state").writing():
        with pytest.raises(StateLockedError, match=f"process {os.getpid()} on "):
            run(tmp_path, "second", rows)
        log, out, state = (str(tmp_path / name) for name in ("first.parquet", "out", "state"))
        result = CliRunner().invoke(main, ["score", log, "--out", out, "--state", state])
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert traffic.everything_written(tmp_path / "out") == before


def one_of_a_pair(log: Path, folder: Path, name: str) -> None:
    """One run of a pair; exit code 7 when it was refused."""
    try:
        score([log], folder / name, state=folder / "state", local=Local(workers=1))
    except StateLockedError:
        os._exit(7)


def test_two_runs_at_once_give_no_id_twice_and_mix_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tests.bindings.warmed"])
    frames = ("Translate what follows into seven languages: ", "Answer in a table of two columns, and keep it short: ")
    logs = [
        traffic.write(traffic.table(traffic.campaign(25, 4, place, frame=frame)), tmp_path / f"{place}.parquet")
        for place, frame in enumerate(frames)
    ]
    for pair in range(3):
        (folder := tmp_path / str(pair)).mkdir()
        runs = [
            context.Process(target=one_of_a_pair, args=(log, folder, f"out-{place}")) for place, log in enumerate(logs)
        ]
        for one in runs:
            one.start()
        for one in runs:
            one.join()
        codes = [one.exitcode for one in runs]
        assert set(codes) <= {0, 7}
        assert 0 in codes
        for place, log in enumerate(logs):
            if codes[place] == 7:
                score([log], folder / f"out-{place}", state=folder / "state", local=Local(workers=1))
        ids = [traffic.tables_of(folder / f"out-{place}")["families"]["family_id"].to_pylist() for place in (0, 1)]
        assert sorted([*ids[0], *ids[1]]) == [1, 2]
        directory = StateDirectory(folder / "state")
        assert directory.families().ids.tolist() == [1, 2]
        assert damage(directory) == {}
