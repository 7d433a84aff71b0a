"""The engine: what a run finds, one row back for each given, and what is kept."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.intake.parts import Failed, Part, Refused, Taken
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.results import tables
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.worlds import CAMPAIGN_ACCOUNTS as CAMPAIGN
from tests.engine.worlds import CANARY, DAY, Call, saved_bytes, taking
from tests.engine.worlds import ENGINE_SETTINGS as SETTINGS

# What a run finds


def test_the_planted_campaign_is_found_and_told(whole: Result) -> None:
    assert whole.reference_days == ["2026-11-12"]
    assert whole.reference_accounts == 260
    (campaign,) = whole.campaigns.to_pylist()
    assert campaign["assessment"] == "campaign"
    assert campaign["accounts"] >= 0.9 * CAMPAIGN
    rows = whole.accounts.to_pylist()
    members = {row["account_id"] for row in rows if row["campaign_id"] == campaign["campaign_id"]}
    # One honest account in a hundred is flagged here; one that lies in the direction of the campaign joins it.
    assert sum(name.startswith("campaign-") for name in members) >= 0.95 * len(members)
    assert {row["account_id"] for row in rows if row["flagged"]} >= members
    (template,) = [row for row in whole.families.to_pylist() if row["kind"] == "template"]
    assert template["family_id"] in campaign["families"]
    assert template["accounts"] == CAMPAIGN
    assert template["evidence"] > 10


def test_tables_have_the_schemas_of_the_contract(whole: Result, calls: list[Call]) -> None:
    assert whole.calls.schema.equals(tables.CALLS)
    assert whole.families.schema.equals(tables.FAMILIES)
    assert whole.campaigns.schema.equals(tables.CAMPAIGNS)
    assert whole.calls.num_rows == len(calls)
    assert whole.accounts.num_rows == len({one["account_id"] for one in calls})
    assert whole.calls.column("novelty").null_count == 0


def texts_in(table: pa.Table) -> str:
    columns = [name for name in table.schema.names if name != "template"]
    return str(table.select(columns).to_pylist())


def test_no_prompt_text_is_in_any_table(whole: Result) -> None:
    for table in (whole.calls, whole.accounts, whole.families, whole.campaigns):
        assert CANARY not in texts_in(table).lower()
    assert CANARY not in str(whole.missing_evidence)


# Observing


def test_one_row_comes_back_for_each_given_with_a_reason_where_it_was_refused() -> None:
    engine = Engine(secret=worlds.SECRET)
    given = pa.record_batch(
        {
            "start_time": pa.array([DAY, None, DAY, DAY, DAY]),
            "account_id": ["a", "b", None, "d", "a"],
            "prompt_text": ["same old story", "x", "y", "", "Same old story "],
        }
    )
    found = engine.observe(given)
    assert found.schema.names == ["reason", "family_id", "exact_repeats", "novelty", "account_evidence"]
    assert found.column("reason").to_pylist() == [
        None, "start_time is missing", "account_id is missing", "prompt is empty", None,
    ]  # fmt: skip
    assert found.column("exact_repeats").to_pylist() == [2, None, None, None, 2]
    for name in ("novelty", "account_evidence"):
        assert found.column(name).null_count == 5
    assert found.column("family_id").to_pylist() == [None, None, None, None, 1]  # a repeat is a family at once
    assert engine.observe(given).column("exact_repeats").to_pylist() == [4, None, None, None, 4]


def test_a_part_that_cannot_be_read_fails_and_the_rest_goes_on() -> None:
    good = worlds.batch([worlds.call("a", "text", 0), worlds.call("b", "text", 0)])
    parts = [Part(good.drop_columns(["account_id"]), 0, np.arange(2)), Part(good, 1, np.arange(2))]
    engine = Engine(secret=worlds.SECRET)
    failed, taken = list(engine.observe_parts(parts))
    assert isinstance(failed, Failed)
    assert (failed.file, failed.rows.tolist()) == (0, [0, 1])
    assert "account_id" in failed.message
    assert taken == Taken(1, 2)
    assert engine.finish().calls.column("file").to_pylist() == [1, 1]


def test_a_batch_may_be_empty_or_all_wrong() -> None:
    engine = Engine(secret=worlds.SECRET)
    batch = worlds.batch([worlds.call("a", "", 0), worlds.call("", "text", 0)])
    assert engine.observe(batch).column("reason").null_count == 0
    assert engine.observe(batch.slice(0, 0)).num_rows == 0
    result = engine.finish()
    assert [getattr(result, name).num_rows for name in ("calls", "accounts", "families", "campaigns")] == [0] * 4


def test_rows_numbered_in_order_of_arrival_are_never_numbered_twice() -> None:
    """Also when a refused row came before them."""
    engine = Engine(secret=worlds.SECRET)
    good, bad = worlds.call("a", "text", 0), worlds.call("", "text", 0)
    for calls in ([bad, good, good], [good, bad, good], [good]):
        worlds.observing(calls, engine)
    assert engine.finish().calls.column("row").to_pylist() == [1, 2, 3, 5, 6]


def test_after_a_finish_families_and_evidence_are_known_at_once(
    calls: list[Call], directory: Path, whole: Result
) -> None:
    engine = taking(Engine(directory, settings=SETTINGS, streaming=0), calls, range(len(calls)))
    engine.finish()
    found = engine.observe(worlds.batch(calls[:50]))
    of_row = {(row["file"], row["row"]): row["family_id"] for row in whole.calls.to_pylist()}
    of_account = dict(
        zip(*(whole.accounts.column(name).to_pylist() for name in ("account_id", "evidence")), strict=True)
    )
    assert found.column("family_id").to_pylist() == [of_row[row % 2, row // 2] for row in range(50)]
    assert found.column("account_evidence").to_pylist() == [of_account[one["account_id"]] for one in calls[:50]]


def test_parts_report_refused_rows_by_file_and_row() -> None:
    good, bad = worlds.call("a", "text", 0), worlds.call("", "text", 0)
    parts = [
        Part(worlds.batch([good, bad, good]), 0, np.asarray([5, 7, 9])),
        Part(worlds.batch([bad]), 3, np.asarray([4])),
    ]
    refused = [item for item in Engine(secret=worlds.SECRET).observe_parts(parts) if isinstance(item, Refused)]
    assert [(item.file, item.rows.tolist(), item.reasons) for item in refused] == [
        (0, [7], ["account_id is missing"]),
        (3, [4], ["account_id is missing"]),
    ]


@pytest.mark.parametrize("missing", ["start_time", "account_id", "prompt_text"])
def test_a_batch_without_a_required_column_is_an_input_error(missing: str) -> None:
    batch = worlds.batch([worlds.call("a", "text", 0)]).drop_columns([missing])
    with pytest.raises(InputError, match=missing):
        Engine(secret=worlds.SECRET).observe(batch)


def test_text_and_token_ids_never_mix_and_a_refused_batch_leaves_no_trace(tmp_path: Path) -> None:
    engine = Engine(secret=worlds.SECRET)
    engine.observe(worlds.batch([worlds.call("a", "some text here", 0)]))
    before = saved_bytes(engine, tmp_path / "before")
    ids = pa.record_batch({"start_time": pa.array([DAY]), "account_id": ["a"], "prompt_token_ids": [[1, 2, 3]]})
    with pytest.raises(StateError, match="token ids"):
        engine.observe(ids)
    assert saved_bytes(engine, tmp_path / "after") == before


def test_token_ids_alone_are_scored() -> None:
    random = np.random.default_rng(4)
    frame = random.integers(0, 50_000, 30).tolist()
    prompts = [frame + random.integers(0, 50_000, 100).tolist() for _ in range(30)]
    engine = Engine(secret=worlds.SECRET)
    engine.observe(
        pa.record_batch(
            {
                "start_time": pa.array([DAY] * 30),
                "account_id": [f"a{row % 6}" for row in range(30)],
                "prompt_token_ids": pa.array(prompts, pa.list_(pa.int32())),
            }
        )
    )
    result = engine.finish()
    assert result.families.column("kind").to_pylist() == ["template"]
    assert result.accounts.column("elicitation_share").null_count == len(result.accounts)


# Merging and keeping


def test_engines_of_other_keys_or_settings_do_not_merge() -> None:
    engine = Engine(secret=worlds.SECRET)
    with pytest.raises(StateError, match="different keys"):
        engine.merge(Engine())
    with pytest.raises(StateError, match="different settings"):
        engine.merge(Engine(secret=worlds.SECRET, settings=Settings(calls_min=9)))


def test_loading_needs_the_key_it_was_saved_with(calls: list[Call], tmp_path: Path) -> None:
    taking(Engine(secret=worlds.SECRET), calls, range(20)).save(tmp_path / "saved")
    with pytest.raises(StateError, match="key"):
        Engine.load(tmp_path / "saved")
    assert Engine.load(tmp_path / "saved", secret=worlds.SECRET).finish().calls.num_rows == 20


def test_committing_needs_a_directory_and_a_finish(calls: list[Call], tmp_path: Path) -> None:
    in_memory = taking(Engine(), calls, range(20))
    in_memory.finish()
    for engine in (in_memory, taking(Engine(tmp_path / "state"), calls, range(20))):
        with pytest.raises(StateError, match="commit"):
            engine.commit()


def test_a_committed_day_is_a_reference_without_its_suspects(
    calls: list[Call], directory: Path, whole: Result, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    shutil.copytree(directory, path)
    engine = taking(Engine(path, settings=SETTINGS), calls, range(len(calls)))
    engine.finish()
    assert engine.commit() == ["2026-11-20"]
    reference = StateDirectory(path).reference((DAY + timedelta(days=7)).date(), SETTINGS)
    assert reference.days == ["2026-11-12", "2026-11-20"]
    rows = whole.accounts.to_pylist()
    kept = {row["account_id"] for row in rows if not row["flagged"] and row["calls"] >= SETTINGS.calls_min}
    assert set(reference.population.account_ids) - {f"account-1-{i}" for i in range(260)} == kept
    assert len(kept) < len(rows)


def test_known_families_come_back_in_a_later_run(calls: list[Call], directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "state"
    shutil.copytree(directory, path)
    first = taking(Engine(path, settings=SETTINGS), calls, range(0, len(calls), 2))
    ids = {row["kind"]: row["family_id"] for row in first.finish().families.to_pylist()}
    first.commit()
    second = taking(Engine(path, settings=SETTINGS), calls, range(1, len(calls), 2))
    again = {row["kind"]: row["family_id"] for row in second.finish().families.to_pylist()}
    assert again["template"] == ids["template"]


def test_a_family_keeps_its_id_from_day_to_day(tmp_path: Path) -> None:
    """Three days, each with new members of the same near-duplicate, template and exact families, and one of its own."""
    words, frame = worlds.Words(41), worlds.Words(42).some(25)
    head = words.text(60)
    ids: list[dict[str, int]] = []
    for day in range(3):
        engine = Engine(tmp_path / "state")
        own = worlds.Words(50 + day)
        texts = {f"near {row}": own.edited(head, 1) for row in range(7)}  # one more would be a template
        texts |= {f"frame {row}": " ".join(frame) + "\n" + own.text(20, 30) for row in range(20)}
        texts |= {f"repeat {row}": "good morning" for row in range(6)}
        alone = own.text(50)
        texts |= {f"today {row}": own.edited(alone, 1) for row in range(7)}
        calls = [
            worlds.call(name.split()[0], text, row, day=DAY + timedelta(days=day))
            for row, (name, text) in enumerate(texts.items())
        ]
        parts = [Part(worlds.batch(worlds.shuffled(calls, day)), 0, np.arange(len(calls)))]
        list(engine.observe_parts(parts))
        result = engine.finish()
        engine.commit()
        of_account: dict[str, set[int]] = {}
        for row in result.calls.to_pylist():
            of_account.setdefault(row["account_id"], set()).add(row["family_id"])
        assert all(len(found) == 1 for found in of_account.values())
        ids.append({name: found.pop() for name, found in of_account.items()})
    for name in ("near", "frame", "repeat"):
        assert len({found[name] for found in ids}) == 1, name
    assert len({found["today"] for found in ids}) == 3
    assert len({family for found in ids for family in found.values()}) == 6
