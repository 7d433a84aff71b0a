"""An engine in a host: threads, forks, days without end, and errors that hold nothing of the calls."""

import os
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gauger.engine.common.errors import GaugerError, InputError, StateError
from gauger.engine.engine import Engine
from gauger.engine.reference.directory import StateDirectory
from tests.engine import worlds
from tests.engine.worlds import ENGINE_SETTINGS as SETTINGS
from tests.engine.worlds import Call, taking

CANARY = "xylophone-canary-4711"


def test_threads_take_turns_and_nothing_is_lost(calls: list[Call]) -> None:
    some = calls[:400]
    engine = Engine(settings=SETTINGS, streaming=0)
    errors: list[Exception] = []

    def observe(part: int) -> None:
        try:
            for start in range(part, len(some), 8):
                engine.observe(worlds.batch([some[start]]))
                if start % 80 == part:
                    engine.finish()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=observe, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    found, expected = engine.finish(), taking(Engine(settings=SETTINGS, streaming=0), some, range(len(some))).finish()
    assert found.calls.num_rows == len(some)
    assert found.accounts.column("calls").to_pylist() == expected.accounts.column("calls").to_pylist()


def test_a_forked_child_may_ask_and_is_refused_all_else(calls: list[Call]) -> None:
    engine = taking(Engine(settings=SETTINGS, streaming=0), calls[:50], range(50))
    pid = os.fork()
    if pid == 0:
        good = engine.check(calls[0]).family_kind == "single"
        for change in (lambda: engine.observe(worlds.batch(calls[:2])), engine.finish, lambda: engine.save("nowhere")):
            try:
                change()
                good = False
            except StateError as error:
                good = good and "before a fork" in str(error)
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    engine.observe(worlds.batch(calls[50:60]))
    assert engine.finish().calls.num_rows == 60


def frames(error: BaseException | None) -> Iterator[dict[str, Any]]:
    """Locals of every frame of an error and of what it came from, as an error tracker sends them; those of gauger."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__name__", "").startswith("gauger"):
                yield frame.f_locals
        assert error.__context__ is None
        error = error.__cause__


@pytest.mark.parametrize(
    "call",
    [
        {"account_id": "a", "prompt_text": CANARY, "start_time": [CANARY]},
        {"account_id": {CANARY: 1}, "prompt_text": CANARY, "start_time": "2026-11-16T00:00:00Z"},
        {"account_id": "a", "prompt_text": CANARY + "\ud800", "start_time": "2026-11-16T00:00:00Z"},
        {"account_id": "a", "prompt_text": [CANARY, 7], "start_time": "2026-11-16T00:00:00Z"},
        {"prompt_text": CANARY},
    ],
)
def test_errors_hold_nothing_of_the_call(call: dict[str, Any]) -> None:
    with pytest.raises(GaugerError) as caught:
        Engine(streaming=0).check(call)
    assert CANARY not in str(caught.value)
    assert not any(CANARY in repr(value) for found in frames(caught.value) for value in found.values())


def test_errors_of_batches_hold_nothing_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(streaming=0)
    with pytest.raises(InputError) as caught:
        engine.observe(pa.record_batch({"prompt_text": [CANARY]}))
    assert not any(CANARY in repr(value) for found in frames(caught.value) for value in found.values())

    def fails(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("gauger.engine.engine.admit", fails)
    with pytest.raises(StateError, match="unexpected ValueError") as foreign:
        engine.observe(pa.record_batch({"prompt_text": [CANARY]}))
    assert not any(CANARY in repr(value) for found in frames(foreign.value) for value in found.values())


@pytest.mark.parametrize("call", [None, 7, "text", [("account_id", "a")]])
def test_no_mapping_is_an_input_error(call: Any) -> None:
    with pytest.raises(InputError, match="no mapping"):
        Engine(streaming=0).check(call)


def test_days_are_closed_and_need_no_more_room(calls: list[Call], tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state")
    engine = taking(Engine(state, settings=SETTINGS), calls, range(len(calls)))
    before = sum(part["bytes"] for part in engine._state.held())
    result = engine.close_day()
    assert result.calls.num_rows == len(calls)
    assert len(state.days()) == 1
    assert sum(part["bytes"] for part in engine._state.held()) < before / 2
    named = next(row for row in result.accounts.to_pylist() if row["campaign_id"] is not None)
    assert engine.check(worlds.call(named["account_id"], "anything", 0)).campaign_id == named["campaign_id"]
    engine.observe(worlds.batch(calls[:5]))
    assert engine.finish().calls.num_rows == 5


def test_findings_made_without_a_reference_are_named_with_what_they_are_called(calls: list[Call]) -> None:
    engine = taking(Engine(settings=SETTINGS, streaming=0), calls, range(len(calls)))
    result = engine.finish()
    called = {row["campaign_id"]: row["assessment"] for row in result.campaigns.to_pylist()}
    members = [row for row in result.accounts.to_pylist() if row["campaign_id"] is not None]
    assert members
    for row in members:
        verdict = engine.check(worlds.call(row["account_id"], "anything", 0))
        assert (verdict.campaign_id, verdict.assessment) == (row["campaign_id"], called[row["campaign_id"]])
        assert verdict.account_evidence is None
