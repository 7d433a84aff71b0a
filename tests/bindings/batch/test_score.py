"""The batch job: exact accounts of rows, the same bytes however it is run, and what a state directory remembers."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gauger.batch.score import score
from gauger.batch.summary import summary
from gauger.engine.common.errors import ColumnMapError, InputError
from gauger.engine.common.secret import Secret, default_secret
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_days import REFERENCE
from tests.bindings import traffic

SEPARATE = ("file", "row")  # the columns in which several files differ from one


@dataclass(frozen=True)
class World:
    """A state directory that knows two old days, a day with a campaign, and that day's run."""

    state: Path
    calls: pa.Table
    day: Path
    out: Path

    def state_copy(self, folder: Path) -> Path:
        """The state as it was before the day."""
        return Path(shutil.copytree(self.state, folder / "state"))


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one test without a state directory share a key, and none is left behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    for back in (7, 8):
        rows = traffic.honest(150, 8, back, traffic.DAY - dt.timedelta(days=back))
        path = traffic.write(traffic.table(rows), folder / f"{back}.parquet")
        score([path], folder / f"out-{back}", state=folder / "state", settings=traffic.SETTINGS)
    calls = traffic.table(traffic.honest(150, 8, 1) + traffic.campaign(40, 10, 2))
    day = traffic.write(calls, folder / "day.parquet")
    built = World(folder / "state", calls, day, folder / "out")
    score([day], built.out, state=built.state_copy(folder / "day-state"), settings=traffic.SETTINGS)
    return built


def deal(calls: pa.Table, folder: Path, hands: int, suffix: str = ".parquet") -> list[Path]:
    """The calls in ``hands`` files, each in order of time."""
    owner = np.random.default_rng(0).integers(0, hands, calls.num_rows)
    parts = [(calls.filter(pa.array(owner == hand)), folder / f"part-{hand}{suffix}") for hand in range(hands)]
    return [traffic.write(*part) for part in parts]


def sorted_calls(out: Path) -> pa.Table:
    """The calls table without file and row, in an order of its own."""
    calls = traffic.tables_of(out)["calls"].drop_columns(list(SEPARATE))
    return calls.sort_by([(name, "ascending") for name in calls.schema.names])


# Accounts of rows


def test_a_run_accounts_for_every_row_and_keeps_to_its_schemas(world: World) -> None:
    traffic.check_accounts_of_rows(world.out)
    traffic.check_schemas(world.out)
    document = traffic.manifest(world.out)
    assert document["rows"] == document["scored"] == world.calls.num_rows
    assert document["inputs"][0]["bytes"] == world.day.stat().st_size
    assert len(document["inputs"][0]["sha256"]) == 64


def test_a_run_of_nothing_keeps_to_its_schemas(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    run = score([empty], tmp_path / "out", state=tmp_path / "state")
    traffic.check_accounts_of_rows(run.out)
    traffic.check_schemas(run.out)
    assert run.errors == []
    assert run.manifest["rows"] == 0


def test_calls_are_in_input_order(world: World) -> None:
    calls = traffic.tables_of(world.out)["calls"]
    assert calls["row"].to_pylist() == list(range(world.calls.num_rows))
    assert calls["account_id"].to_pylist() == world.calls["account_id"].to_pylist()


def test_refused_rows_are_named_with_a_reason(tmp_path: Path) -> None:
    rows = traffic.honest(5, 4, 1)
    rows[3] |= {"account_id": ""}
    rows[8] |= {"prompt_text": None}
    log = traffic.write(pa.Table.from_pylist(rows, schema=traffic.SCHEMA), tmp_path / "log.parquet")
    run = score([log], tmp_path / "out", state=tmp_path / "state")
    traffic.check_accounts_of_rows(run.out)
    refused = {row.pop("row"): row for row in traffic.tables_of(run.out)["quarantine"].to_pylist()}
    assert refused == {
        3: {"file": 0, "account_id": None, "reason": "account_id is missing"},
        8: {"file": 0, "account_id": rows[8]["account_id"], "reason": "prompt is missing"},
    }


def test_prompts_of_no_byte_ten_megabytes_and_no_text(tmp_path: Path) -> None:
    rows = traffic.honest(5, 6, 1)
    rows[0] |= {"prompt_text": ""}
    rows[1] |= {"prompt_text": "pudding custard " * 625_000}
    rows[2] |= {"prompt_text": " \n"}
    rows[3] |= {"prompt_text": "?!"}
    rows[4] |= {"prompt_text": "\0"}
    calls = pa.Table.from_pylist(rows, schema=traffic.SCHEMA)
    raw = [(text or "").encode() for text in calls["prompt_text"].to_pylist()]
    raw[5] = b"broken \xff\xfe text"
    place = calls.schema.get_field_index("prompt_text")
    log = traffic.write(calls.set_column(place, "prompt_text", pa.array(raw, pa.binary())), tmp_path / "log.parquet")
    run = score([log], tmp_path / "out", state=tmp_path / "state")
    traffic.check_accounts_of_rows(run.out)
    refused = {row["row"]: row["reason"] for row in traffic.tables_of(run.out)["quarantine"].to_pylist()}
    assert set(refused) == {0, 5}
    assert refused[0] == "prompt is empty"
    assert "UTF-8" in refused[5]


@pytest.mark.parametrize("damage", ["zero bytes", "half a file", "no columns", "other content"])
def test_one_bad_file_does_not_cost_the_good_ones(damage: str, tmp_path: Path) -> None:
    calls = traffic.table(traffic.honest(12, 6, 1))
    good = deal(calls, tmp_path / "logs", 3)
    bad = tmp_path / "logs" / "part-1x.parquet"
    shutil.copy(good[0], bad)
    if damage == "zero bytes":
        bad.write_bytes(b"")
    elif damage == "half a file":
        bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    elif damage == "no columns":
        pq.write_table(pa.table({"colour": ["red", "blue"]}), bad)
    else:
        ids = calls.drop_columns("prompt_text").append_column("prompt_token_ids", pa.array([[1, 2]] * calls.num_rows))
        traffic.write(ids, bad)
    run = score([tmp_path / "logs"], tmp_path / "out")
    traffic.check_accounts_of_rows(run.out)
    assert len(run.errors) == 1
    assert run.errors[0].startswith(f"{bad}: ")
    assert run.manifest["scored"] == calls.num_rows
    score(good, tmp_path / "clean")
    assert traffic.tables_of(run.out)["accounts"].equals(traffic.tables_of(tmp_path / "clean")["accounts"])


def test_a_file_whose_name_is_not_text_is_reported(tmp_path: Path) -> None:
    good = traffic.write(traffic.table(traffic.honest(5, 5, 1)), tmp_path / "logs" / "good.jsonl")
    shutil.copy(good, tmp_path / "logs" / os.fsdecode(b"b\xffd.jsonl"))
    run = score([tmp_path / "logs"], tmp_path / "out", state=tmp_path / "state")
    assert run.manifest["scored"] == 25
    assert len(run.errors) == 1
    assert "rename" in run.errors[0]
    assert "b\\udcffd.jsonl" in traffic.manifest(run.out)["inputs"][0]["path"]


@pytest.mark.parametrize("place", ["calls", "accounts.parquet", "state"])
def test_what_the_run_would_replace_is_refused_as_input(place: str, tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 5, 1)), tmp_path / "log.parquet")
    target = tmp_path / place if place.endswith(".parquet") else tmp_path / place / "log.parquet"
    target.parent.mkdir(exist_ok=True)
    shutil.copy(log, target)
    with pytest.raises(InputError, match="keep logs elsewhere"):
        score([target], tmp_path, state=tmp_path / "state")
    assert target.read_bytes() == log.read_bytes()


def test_what_is_refused_leaves_the_earlier_run_alone(world: World, tmp_path: Path) -> None:
    out = Path(shutil.copytree(world.out, tmp_path / "out"))
    before = traffic.parquet_bytes(out)
    with pytest.raises(InputError):
        score([tmp_path / "nothing.parquet"], out)
    with pytest.raises(ColumnMapError):
        score([world.day], out, columns="no-such-map")
    assert traffic.parquet_bytes(out) == before
    assert traffic.manifest(out) == traffic.manifest(world.out)


def test_a_shorter_run_into_the_same_folder_leaves_nothing_of_the_longer(tmp_path: Path) -> None:
    parts = deal(traffic.table(traffic.honest(8, 6, 1)), tmp_path / "logs", 3)
    score(parts, tmp_path / "out", state=tmp_path / "state")
    score(parts[:1], tmp_path / "out", state=tmp_path / "state")
    assert [path.name for path in (tmp_path / "out" / "calls").iterdir()] == ["00000.parquet"]


# The same bytes


@pytest.mark.parametrize("suffix", [suffix for suffix in traffic.FORMATS if suffix != ".parquet"])
def test_every_format_says_the_same(suffix: str, tmp_path: Path) -> None:
    calls = traffic.table(traffic.honest(25, 6, 1) + traffic.campaign(25, 6, 2))
    names = ("log.parquet", f"log{suffix}")
    expected, found = (score([traffic.write(calls, tmp_path / name)], tmp_path / f"out-{name}").out for name in names)
    traffic.check_accounts_of_rows(found)
    for name, table in traffic.tables_of(expected).items():
        assert traffic.tables_of(found)[name].equals(table), name


def test_several_files_are_one(world: World, tmp_path: Path) -> None:
    parts = deal(world.calls, tmp_path, 3)
    run = score(parts, tmp_path / "out", state=world.state_copy(tmp_path), settings=traffic.SETTINGS)
    traffic.check_accounts_of_rows(run.out)
    for name in ("accounts", "families", "campaigns"):
        assert traffic.tables_of(run.out)[name].equals(traffic.tables_of(world.out)[name]), name
    assert sorted_calls(run.out).equals(sorted_calls(world.out))


@pytest.mark.parametrize("workers", [1, 8])
def test_any_number_of_workers_gives_the_same_bytes(workers: int, world: World, tmp_path: Path) -> None:
    parts = deal(world.calls, tmp_path, 7)
    runs = []
    for number in (workers, 2):
        (folder := tmp_path / f"{number}-workers").mkdir()
        state = world.state_copy(folder)
        score(parts, folder / "out", state=state, settings=traffic.SETTINGS, local=Local(workers=number))
        kept = {path.relative_to(state): path.read_bytes() for path in state.rglob("*.arrow")}
        runs.append((traffic.parquet_bytes(folder / "out"), kept))
    assert runs[0] == runs[1]


_SCORE_ALONE = """
import sys
from pathlib import Path
from gauger.batch.score import score
from gauger.engine.plan.local import Local
from tests.bindings import traffic
score([sys.argv[1]], Path(sys.argv[2]), state=Path(sys.argv[3]), settings=traffic.SETTINGS, local=Local(workers=1))
"""


def test_the_threads_of_linear_algebra_change_no_byte(world: World, tmp_path: Path) -> None:
    """NumPy's BLAS takes as many threads as the machine has cores: a bigger machine must not say otherwise."""
    written = []
    for threads in ("1", "2"):
        (folder := tmp_path / threads).mkdir()
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        command = [sys.executable, "-c", _SCORE_ALONE, world.day, folder / "out", world.state_copy(folder)]
        environment = traffic.environment(tmp_path) | dict.fromkeys(names, threads)
        subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[3])
        written.append(traffic.parquet_bytes(folder / "out"))
    assert written[0] == written[1]


def test_a_rerun_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    state = world.state_copy(tmp_path)
    outs = [tmp_path / "first", tmp_path / "second"]
    for out in outs:
        score([world.day], out, state=state, settings=traffic.SETTINGS)
    assert traffic.parquet_bytes(outs[0]) == traffic.parquet_bytes(outs[1])
    assert traffic.parquet_bytes(outs[0]) == traffic.parquet_bytes(world.out)


def test_a_rerun_without_a_state_uses_the_users_own_key(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.campaign(25, 6, 2)), tmp_path / "log.parquet")
    runs = [score([log], tmp_path / name) for name in ("first", "second")]
    assert traffic.parquet_bytes(runs[0].out) == traffic.parquet_bytes(runs[1].out)
    assert runs[0].manifest["key_id"] == runs[1].manifest["key_id"] == default_secret().key_id
    assert (tmp_path / "xdg" / "gauger" / "key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_kept_is_random(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    first, second = default_secret(), default_secret()
    assert isinstance(first, Secret)
    assert first.key_id != second.key_id


# What a state directory remembers


def test_the_first_run_says_which_evidence_is_missing(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "log.parquet")
    run = score([log], tmp_path / "out", state=tmp_path / "state")
    assert traffic.manifest(run.out)["reference"] is None
    assert any("no reference" in sentence for sentence in traffic.manifest(run.out)["missing_evidence"])
    assert traffic.tables_of(run.out)["accounts"]["evidence"].null_count == 5
    assert traffic.tables_of(run.out)["calls"]["novelty"].null_count == 30


def test_old_days_become_the_reference_and_find_the_campaign(world: World) -> None:
    document, found = traffic.manifest(world.out), traffic.tables_of(world.out)
    assert document["reference"] == {"days": ["2026-11-08", "2026-11-09"], "accounts": 300, "left_out": 0}
    rate = document["false_positive_rate"]
    assert rate["held_out"] == ["2026-11-09"]
    assert rate["low"] <= rate["measured"] == rate["flagged"] / rate["accounts"] <= rate["high"]
    assert document["drift"]["new_accounts"]["today"] is not None
    campaign = found["campaigns"].to_pylist()[0]
    assert (campaign["first_seen_on"], campaign["days_seen"]) == (traffic.DAY.date(), 1)
    assert document["missing_evidence"] == []
    assert found["accounts"]["evidence"].null_count == 0
    assert found["calls"]["novelty"].null_count == 0
    flagged = set(found["accounts"].filter(found["accounts"]["flagged"])["account_id"].to_pylist())
    mules = {name for name in world.calls["account_id"].to_pylist() if name.startswith("mule")}
    assert mules <= flagged
    assert document["flagged_accounts"] == len(flagged) < 60
    assert sum(document["hourly_calls"]["calls"]) == world.calls.num_rows
    assert sum(document["hourly_calls"]["flagged_calls"]) >= 400


def test_days_younger_than_the_lag_are_not_used(world: World, tmp_path: Path) -> None:
    state = world.state_copy(tmp_path)
    for back in (1, 6):
        rows = traffic.honest(30, 6, 90 + back, traffic.DAY - dt.timedelta(days=back))
        score([traffic.write(traffic.table(rows), tmp_path / f"{back}.parquet")], tmp_path / "young", state=state)
    run = score([world.day], tmp_path / "out", state=state, settings=traffic.SETTINGS)
    assert run.manifest["reference"]["days"] == ["2026-11-08", "2026-11-09"]
    assert {day.isoformat() for day in StateDirectory(state).days()} == {
        "2026-11-08", "2026-11-09", "2026-11-10", "2026-11-15", "2026-11-16",
    }  # fmt: skip


def test_flagged_accounts_are_not_kept_in_the_day(world: World, tmp_path: Path) -> None:
    state = world.state_copy(tmp_path)
    score([world.day], tmp_path / "out", state=state, settings=traffic.SETTINGS)
    accounts = traffic.tables_of(tmp_path / "out")["accounts"]
    kept = set(StateDirectory(state).part(dt.date(2026, 11, 16), REFERENCE).account_ids)
    clean = accounts.filter(pc.invert(accounts["flagged"]))["account_id"].to_pylist()
    assert kept == set(clean)


def test_a_family_keeps_its_id_from_day_to_day(tmp_path: Path) -> None:
    ids = []
    for day in (0, 1):
        rows = traffic.campaign(25, 6, day, traffic.DAY + dt.timedelta(days=day)) + traffic.honest(10, 6, day)
        log = traffic.write(traffic.table(rows), tmp_path / f"{day}.parquet")
        run = score([log], tmp_path / f"out-{day}", state=tmp_path / "state")
        families = traffic.tables_of(run.out)["families"].to_pylist()
        ids.append([row["family_id"] for row in families if row["accounts"] == 25])
    assert len(ids[0]) == 1
    assert ids[0] == ids[1]


# Records that come again


def test_a_record_that_is_delivered_again_counts_once(world: World, tmp_path: Path) -> None:
    """In a file behind the others: the tables are those of the log without it, and its rows are accounted for."""
    ids = pa.array([f"response-{row % 9}" for row in range(world.calls.num_rows)])
    calls = world.calls.append_column("response_id", ids)
    day = traffic.write(calls, tmp_path / "day.parquet")
    again = traffic.write(calls.slice(300, 500), tmp_path / "later.parquet")
    once = score([day], tmp_path / "once", state=world.state_copy(tmp_path / "a"), settings=traffic.SETTINGS)
    run = score([day, again], tmp_path / "twice", state=world.state_copy(tmp_path / "b"), settings=traffic.SETTINGS)
    found = traffic.parquet_bytes(run.out)
    later = pq.read_table(pa.BufferReader(found.pop("calls/00001.parquet")))
    assert found == traffic.parquet_bytes(once.out)
    assert later.num_rows == 0
    assert run.manifest["left_out"] == {"delivered again": 500}
    assert [item["left_out"] for item in run.manifest["inputs"]] == [0, 500]
    for name in ("scored", "columns", "window", "hourly_calls", "accounts", "warnings"):
        assert run.manifest[name] == once.manifest[name], name
    assert f"= {world.calls.num_rows:,} scored + 500 left out + 0 quarantined" in summary(run)
