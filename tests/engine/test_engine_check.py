"""Checking one call: what is known of it, from any thread, and that nothing changes."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

import gauger
from gauger.engine.common.errors import InputError
from gauger.engine.engine import Engine
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.worlds import CAMPAIGN_ACCOUNTS as CAMPAIGN
from tests.engine.worlds import CANARY, DAY, Call, saved_bytes, taking
from tests.engine.worlds import ENGINE_SETTINGS as SETTINGS


def test_checking_before_a_finish_says_that_nothing_is_known() -> None:
    engine = gauger.Engine()
    verdict = engine.check(worlds.call("a", "anything", 0))
    assert isinstance(verdict, gauger.Verdict)
    assert verdict.family_kind == "single"
    assert (verdict.evidence, verdict.family_id, verdict.account_evidence, verdict.campaign_id) == (None,) * 4
    assert verdict.reasons == ["nothing is known yet: call finish() first"]


@pytest.fixture(scope="module")
def finished(calls: list[Call], directory: Path) -> Engine:
    engine = taking(Engine(directory, settings=SETTINGS, streaming=0), calls, range(len(calls)))
    engine.finish()
    return engine


def test_a_campaigns_call_is_known_even_with_new_slot_content(
    finished: Engine, calls: list[Call], whole: Result
) -> None:
    known = next(one for one in calls if one["account_id"] == "campaign-3")
    head = known["prompt_text"].split("\n")[0]
    fresh = worlds.call("campaign-3", f"{head}\n- [77] {worlds.Words(5, language=1).text(40)}; {CANARY}!", 9)
    rows = {row["account_id"]: row for row in whole.accounts.to_pylist()}
    (template,) = [row for row in whole.families.to_pylist() if row["kind"] == "template"]
    for given in (known, fresh, worlds.batch([fresh])):
        verdict = finished.check(given)
        assert (verdict.family_id, verdict.family_kind) == (template["family_id"], "template")
        assert verdict.evidence == pytest.approx(template["evidence"])
        assert verdict.account_evidence == pytest.approx(rows["campaign-3"]["evidence"])
        assert verdict.campaign_id == rows["campaign-3"]["campaign_id"]
        assert f"in a template family of {template['calls']:,} calls from {CAMPAIGN} accounts" in verdict.reasons
        assert CANARY not in str(verdict).lower()


def test_an_unknown_call_of_an_unknown_account(finished: Engine) -> None:
    verdict = finished.check(worlds.call("nobody", worlds.Words(6).text(30), 0))
    assert (verdict.evidence, verdict.family_id, verdict.account_evidence, verdict.campaign_id) == (None,) * 4
    assert (verdict.family_kind, verdict.reasons) == ("single", [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"account_id": None}, "account_id is missing"),
        ({"start_time": None}, "start_time is missing"),
        ({"prompt_text": ""}, "prompt is empty"),
        ({"prompt_text": b"\xff"}, "prompt is not valid UTF-8"),
        ({"start_time": CANARY}, "start_time is in no known form of a time"),
        ({"usage_output_tokens": 2**70}, "wrong type"),
    ],
)
def test_an_invalid_call_is_an_input_error_without_its_text(change: Call, message: str) -> None:
    call = worlds.call("a", f"text {CANARY}", 0) | change
    with pytest.raises(InputError, match=message) as caught:
        Engine(secret=worlds.SECRET).check(call)
    assert CANARY not in str(caught.value)
    assert str(2**70) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_check_takes_exactly_one_call() -> None:
    batch = worlds.batch([worlds.call("a", "text", 0), worlds.call("b", "text", 0)])
    for given in (batch, batch.slice(0, 0)):
        with pytest.raises(InputError, match="not exactly one row"):
            Engine(secret=worlds.SECRET).check(given)
    with pytest.raises(InputError, match="account_id"):
        Engine(secret=worlds.SECRET).check({"start_time": DAY, "prompt_text": "text"})


def test_checking_changes_no_state(finished: Engine, calls: list[Call], tmp_path: Path) -> None:
    before = saved_bytes(finished, tmp_path / "before")
    for one in [*calls[:50], worlds.call("stranger", "never seen before in any batch", 5)]:
        finished.check(one)
    assert saved_bytes(finished, tmp_path / "after") == before


def test_a_check_does_not_choose_the_reference(calls: list[Call], directory: Path) -> None:
    """A first check of a call of long ago must not decide what today is compared with."""
    engine = Engine(directory, settings=SETTINGS)
    engine.check(worlds.call("early", "a call of last year", 0, day=DAY - timedelta(days=365)))
    taking(engine, calls, range(100))
    assert engine.finish().reference_days == ["2026-11-12"]


def test_checks_from_many_threads_while_another_observes(calls: list[Call], tmp_path: Path) -> None:
    alone = Engine(secret=worlds.SECRET)
    busy = Engine(secret=worlds.SECRET)
    for engine in (alone, busy):
        taking(engine, calls, range(200)).finish()
    expected = [busy.check(one) for one in calls[:20]]
    failures: list[str] = []
    stop = threading.Event()

    def keep_checking() -> None:
        while not stop.is_set():
            for one, verdict in zip(calls[:20], expected, strict=True):
                if busy.check(one) != verdict:
                    failures.append("another verdict")

    threads = [threading.Thread(target=keep_checking) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(200, len(calls), 40):
        taking(busy, calls, range(start, min(start + 40, len(calls))))
    stop.set()
    for thread in threads:
        thread.join()
    taking(alone, calls, range(200, len(calls)))
    assert failures == []
    assert saved_bytes(busy, tmp_path / "busy") == saved_bytes(alone, tmp_path / "alone")


@pytest.mark.parametrize("time", ["2026-11-21T12:00:00Z", 1_795_262_400, 1_795_262_400_000_000])
def test_a_call_is_taken_as_a_file_would_give_it(time: str | int) -> None:
    verdict = Engine().check({"start_time": time, "account_id": "a", "prompt_text": "one two three"})
    assert verdict.reasons == ["nothing is known yet: call finish() first"]
