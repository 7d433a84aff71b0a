"""Checkpoints: a state comes back as it went, golden ones are read forever, damaged ones are refused.

The golden folders are made by ``write_golden``; run it only for a new format, and keep the folders of the old ones:
``python -c "from tests.engine.state.test_checkpoint import write_golden; write_golden()"``.
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.state import checkpoint, storage
from gauger.engine.state.checkpoint import load_state, save_state
from gauger.engine.state.state import State
from gauger.engine.statistics.folded import population_of
from tests.engine import calls

GOLDEN = Path(__file__).parents[1] / "golden" / "format_2_contexts"
EARLIER = GOLDEN.with_name("format_2")  # without context texts
# The columns there were when the golden states were written; a state holds nothing of those that came since.
GOLDEN_COLUMNS = {
    name: tuple(column for column in columns if column != "attachments")
    for name, columns in (("text", calls.WHOLE_COLUMNS), ("token_ids", calls.ID_COLUMNS))
}
CALLS = calls.some_calls(90, days=2, seed=21)
WHOLE, SMALL = calls.bytes_of(calls.state_of(CALLS)), calls.state_of(CALLS[:20])
FILES = ("accounts", "contexts", "grams", "ledger", "links", "prompts", "sample", "word_counts", "word_registers")


def golden_calls() -> list[calls.Call]:
    """Sixty calls of three accounts on two days, by arithmetic only, so that no library can change them.

    Account "a" outgrows the sample, the links and the sparse sketches; "c" has nulls in every optional column.
    """
    made: list[calls.Call] = []
    for row in range(60):
        account = "aaaaabbc"[row % 8]
        call: calls.Call = {
            "row": row,
            "start_time": calls.MONDAY_US + row % 2 * DAY_US + row * 1_234_567_891,
            "account_id": account,
            "prompt_text": f"Question {row % 50}: explain your reasoning about lake {row * row % 97}.\nBriefly",
            "prompt_token_ids": [row % 50, 7, row * row % 97, 9],
        }
        if account != "c":
            call |= {
                "account_created_at": calls.MONDAY_US - row * DAY_US,
                "client_address": f"198.51.{row % 3}.{row % 23}",
                "conversation_id": f"conversation {row}",
                "payment_fingerprint": "card",
                "user_agent_original": "python-requests/2",
                "request_model": "large",
                "request_temperature": 0.5 * (row % 3),
                "request_choice_count": 1 + row % 2,
                "request_stream": row % 2 == 0,
                "context_texts": [f"You are a guide to lake {row % 7} and brief.", None, "Earlier turn"],
                "response_finish_reasons": ["length" if row % 5 == 0 else "stop"],
                "usage_output_tokens": 10 * row,
                "error_type": "timeout" if row == 11 else None,
                "accepted": row % 3 == 0,
            }
        made.append(call)
    return made


def load(folder: Path) -> State:
    return load_state(folder, calls.SECRET)


def write_golden(folder: Path = GOLDEN) -> None:
    """Make the golden states of this version."""
    settings = replace(calls.SETTINGS, template_sample=60_000)  # as when they were made; defaults have changed since
    for name, columns in GOLDEN_COLUMNS.items():
        save_state(calls.state_of(golden_calls(), columns, settings=settings), folder / name)


@pytest.mark.parametrize("name", GOLDEN_COLUMNS)
def test_a_golden_state_is_the_one_this_version_makes(name: str, tmp_path: Path) -> None:
    """Saved again, because the compression of another Arrow release may lay the same columns out differently."""
    write_golden(tmp_path)
    assert calls.bytes_of(load(GOLDEN / name)) == calls.file_bytes(tmp_path / name)
    for table in FILES:
        golden, made = (storage.read_table(folder / name, table) for folder in (GOLDEN, tmp_path))
        assert golden.equals(made, check_metadata=True), table


def test_a_state_of_an_earlier_format_is_refused() -> None:
    """Its signatures and features were made otherwise, and would be compared with new ones as if they were alike."""
    with pytest.raises(StateError, match="state format 1, this version reads 2"):
        load(GOLDEN.with_name("format_1") / "text")


@pytest.mark.parametrize("golden", [GOLDEN, EARLIER], ids=["this", "without contexts"])
def test_a_golden_state_says_what_it_said(golden: Path) -> None:
    """A few numbers known without running the code."""
    state = load(golden / "text")
    population, _ = population_of(state)
    assert population.account_ids == ["a", "b", "c"]
    assert population.calls.tolist() == [39, 14, 7]
    assert population.statistics["elicitation_share"].tolist() == [1.0, 1.0, 1.0]
    assert population.statistics["streamed_share"][0] == sum(row % 2 == 0 and row % 8 < 5 for row in range(60)) / 39


@pytest.mark.parametrize(
    "columns",
    [calls.TEXT_COLUMNS, calls.ID_COLUMNS, calls.BARE_COLUMNS, calls.WHOLE_COLUMNS],
    ids=["text", "ids", "bare", "whole"],
)
@pytest.mark.parametrize("count", [0, 1, 90])
def test_save_load_save_gives_the_same_bytes(tmp_path: Path, columns: tuple[str, ...], count: int) -> None:
    state = calls.fold(calls.new_state(), CALLS[:count], columns)
    before = calls.saved_bytes(state, tmp_path)
    loaded = load(tmp_path)
    assert calls.bytes_of(loaded) == before
    calls.assert_same_population(population_of(loaded)[0], population_of(state)[0])


def test_a_state_that_never_saw_a_call_comes_back(tmp_path: Path) -> None:
    before = calls.saved_bytes(calls.new_state(), tmp_path)
    loaded = load(tmp_path)
    assert calls.bytes_of(loaded) == before
    expected = calls.bytes_of(calls.state_of(CALLS, calls.ID_COLUMNS))
    assert calls.bytes_of(calls.fold(loaded, CALLS, calls.ID_COLUMNS)) == expected


def test_what_is_restored(tmp_path: Path) -> None:
    settings = Settings(sample_calls=3, neighbours=(4, 5), near_duplicate_similarity=0.65, pane_us=DAY_US // 24)
    state = calls.state_of(CALLS, calls.BARE_COLUMNS, settings=settings)
    save_state(state, tmp_path)
    loaded = load(tmp_path)
    assert loaded.settings == settings
    assert (loaded.content, loaded.columns) == ("text", set(calls.BARE_COLUMNS))
    assert loaded.words.total == state.words.total == sum(len(call["prompt_text"].split()) for call in CALLS)
    assert len(loaded.ledger.rows) == len(CALLS)


@pytest.mark.parametrize("cuts", [[0], [1], [45], [90], range(0, 90, 15)])
def test_a_loaded_state_goes_on_as_if_it_had_never_stopped(tmp_path: Path, cuts: Sequence[int]) -> None:
    save_state(calls.state_of(CALLS[: cuts[0]]), tmp_path / "state")
    for low, high in pairwise([*cuts, 90]):
        save_state(calls.fold(load(tmp_path / "state"), CALLS[low:high]), tmp_path / "state")
    assert calls.file_bytes(tmp_path / "state") == WHOLE


@pytest.mark.parametrize("turn", [1, -1])
def test_loaded_states_merge(tmp_path: Path, turn: int) -> None:
    for name, part in (("one", CALLS[:50]), ("two", CALLS[50:])):
        save_state(calls.state_of(part), tmp_path / name)
    left, right = (load(tmp_path / name) for name in ("one", "two")[::turn])
    left.merge(right)
    assert calls.bytes_of(left) == WHOLE


def test_saving_does_not_change_what_is_saved_next() -> None:
    state = calls.state_of(CALLS[:45])
    first = calls.bytes_of(state)
    assert calls.bytes_of(state) == first
    assert calls.bytes_of(calls.fold(state, CALLS[45:])) == WHOLE


def test_columns_are_of_plain_types_only(tmp_path: Path) -> None:
    save_state(calls.state_of(CALLS), tmp_path)
    assert sorted(path.stem for path in tmp_path.glob("*.arrow")) == list(FILES)
    plain = {pa.int32(), pa.int64(), pa.float64(), pa.string()}
    for name in FILES:
        schema = storage.read_table(tmp_path, name).schema
        assert all(kind in plain or pa.types.is_fixed_size_binary(kind) for kind in schema.types), schema


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    storage.write_manifest(tmp_path, calls.SECRET.key_id, {"kind": "day"})
    with pytest.raises(StateError, match=r"this is a day, not an engine state$"):
        load(tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small saved state to damage."""
    save_state(SMALL, tmp_path / "state")
    return tmp_path / "state"


def refusal(folder: Path) -> str:
    """The one line that loading the folder fails with."""
    with pytest.raises(StateError) as caught:
        load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", [*(f"{name}.arrow" for name in FILES), storage.MANIFEST])
def test_damage_is_refused_or_does_no_harm(small: Path, name: str) -> None:
    """Ten cuts and forty flipped bits of each file; bits that nothing reads (padding) may flip, no other."""
    content, expected = (small / name).read_bytes(), calls.file_bytes(small)
    for size in range(0, len(content), 1 + len(content) // 10):
        (small / name).write_bytes(content[:size])
        assert refusal(small)
    for place in range(0, len(content), 1 + len(content) // 40):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        (small / name).write_bytes(damaged)
        with suppress(StateError):
            assert calls.bytes_of(load(small)) == expected, place
    (small / name).unlink()
    message = refusal(small)
    assert name in message or name == storage.MANIFEST


def test_a_table_of_another_state_is_refused(small: Path, tmp_path: Path) -> None:
    """Whole and readable, and yet not what the manifest was written for."""
    save_state(calls.state_of(CALLS), tmp_path / "other")
    shutil.copy(tmp_path / "other" / "sample.arrow", small / "sample.arrow")
    assert refusal(small)


@pytest.mark.parametrize(
    "change", [{"settings": None}, {"settings": {"unheard_of": 1}}, {"words": "many"}, {"columns": 3}]
)
def test_a_manifest_with_something_else_in_it_is_refused(small: Path, change: dict) -> None:
    manifest = orjson.loads((small / storage.MANIFEST).read_bytes())
    (small / storage.MANIFEST).write_bytes(orjson.dumps({**manifest, **change}))
    assert refusal(small)


def without(folder: Path, name: str, *columns: str) -> None:
    """Take columns out of a saved table, as if a version had written it that did not know them."""
    manifest = storage.read_manifest(folder, calls.SECRET.key_id)
    table = storage.read_table(folder, name).drop_columns(list(columns))
    storage.write_table(folder, name, {left: table.column(left).combine_chunks() for left in table.column_names})
    content = {part: manifest[part] for part in ("kind", "settings", "content", "columns", "words")}
    storage.write_manifest(folder, calls.SECRET.key_id, content)


def test_a_state_from_before_a_counter_was_said_nothing_of_it(tmp_path: Path) -> None:
    """It goes on, and merges with later ones; a share is of the calls that say something."""
    save_state(calls.state_of(CALLS[:50]), tmp_path)
    without(tmp_path, "accounts", "stream_calls", "streamed")
    old, new = load(tmp_path), calls.state_of(CALLS[50:])
    assert not old.accounts.rows["stream_calls"].any()
    assert np.isnan(population_of(old)[0].statistics["streamed_share"]).all()
    old.merge(new)
    later, both = population_of(new)[0], population_of(old)[0]
    place = [both.account_ids.index(name) for name in later.account_ids]
    shares = (later.statistics["streamed_share"], both.statistics["streamed_share"][place])
    np.testing.assert_array_equal(*shares)
    assert not np.isnan(shares[0]).all()


def test_a_setting_of_a_later_version_is_named(tmp_path: Path) -> None:
    save_state(SMALL, tmp_path)
    manifest = storage.read_manifest(tmp_path, calls.SECRET.key_id)
    content = {part: manifest[part] for part in ("kind", "settings", "content", "columns", "words")}
    content["settings"]["unheard_of"] = 1
    storage.write_manifest(tmp_path, calls.SECRET.key_id, content)
    assert refusal(tmp_path) == f"{tmp_path}: made by a later version, with settings unheard_of"


def test_a_column_without_a_default_is_missed(tmp_path: Path) -> None:
    save_state(SMALL, tmp_path)
    without(tmp_path, "links", "channel")
    assert "no column channel" in refusal(tmp_path)


@pytest.mark.parametrize("survived", range(len(FILES)))
def test_a_save_that_dies_leaves_the_earlier_one(small: Path, monkeypatch: pytest.MonkeyPatch, survived: int) -> None:
    before, written = calls.file_bytes(small), []

    def dying(folder: Path, name: str, columns: dict) -> None:
        written.append(name)
        if len(written) > survived:
            raise calls.Killed
        storage.write_table(folder, name, columns)

    later = calls.state_of(CALLS)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "write_table", dying)
        with pytest.raises(calls.Killed):
            save_state(later, small)
    assert calls.file_bytes(small) == before
    assert calls.saved_bytes(later, small) == WHOLE
    assert [path.name for path in small.parent.iterdir()] == ["state"]
