"""The service: days are weighed as calls come, closed once, and go on after a restart at any moment."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gauger.engine.plan.published import closed_beside
from gauger.engine.reference.directory import StateDirectory
from gauger.host.verdicts import KNOWN, MEMBER, Verdicts
from gauger.serve import service as services
from gauger.serve.metrics import Metrics
from gauger.serve.service import Plan, Service
from tests.bindings.serve.spools import SECRET, days_ago, leave, rows_of, today


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    StateDirectory(tmp_path / "state", SECRET)
    return Plan(
        spool=tmp_path / "spool",
        state=tmp_path / "state",
        out=tmp_path / "out",
        publish=tmp_path / "out" / "verdicts",
        every_seconds=0.0,
        options=("--workers", "1"),
    )


def until_weighed(service: Service, times: int = 1) -> None:
    end = time.monotonic() + 120
    while service.status.ended.total() < times:
        service.step()
        assert time.monotonic() < end, "nothing was weighed"
        time.sleep(0.05)


def manifest(plan: Plan, day: Any) -> dict[str, Any]:
    return orjson.loads((plan.out / str(day) / "manifest.json").read_bytes())


def test_a_day_is_weighed_again_as_more_comes_and_closed_when_it_is_over(plan: Plan) -> None:
    rows = rows_of(today())
    leave(plan.spool, rows[:400])
    service = Service(plan)
    until_weighed(service)
    assert manifest(plan, today())["scored"] == 400
    service.step()
    assert service._weighing is None or service.status.ended.total() == 1  # nothing new: not again
    leave(plan.spool, rows[400:])
    service._next = 0.0
    until_weighed(service, 2)
    assert manifest(plan, today())["scored"] == len(rows)
    verdicts = Verdicts.open(plan.publish, key=SECRET)
    verdict = verdicts.of("mule-003")
    assert verdict.tier == MEMBER
    assert service.status.is_healthy
    assert StateDirectory(plan.state).days() == []
    assert sorted(path.name for path in plan.out.iterdir()) == [str(today()), "verdicts"]

    text = Metrics(service).text().decode()
    for line in (
        f"gauger_calls_offered_total {float(len(rows))}",
        'gauger_calls_dropped_total{reason="queue full"} 4.0',
        'gauger_weighings_total{result="done"} 2.0',
        f"gauger_day_calls {float(len(rows))}",
        "gauger_days_open 1.0",
    ):
        assert line in text


def test_days_that_are_over_are_closed_in_order_and_published(plan: Plan) -> None:
    for number in (3, 2):
        leave(plan.spool, rows_of(days_ago(number), seed=number))
    service = Service(plan)
    service.plan.spool.joinpath("days").mkdir(exist_ok=True)
    until_weighed(service, 2)
    assert service.status.closed == 2
    assert [str(day) for day in StateDirectory(plan.state).days()] == [str(days_ago(3)), str(days_ago(2))]
    assert service.spool.days() == []
    assert plan.publish.read_bytes() == closed_beside(plan.publish).read_bytes()
    numbers = [manifest(plan, days_ago(number))["findings"] for number in (3, 2)]
    assert numbers == [1, 1]
    assert Verdicts.open(plan.publish, key=SECRET).of("mule-001").tier == MEMBER


@pytest.mark.parametrize(("after", "is_over"), [(-1, False), (3_599, False), (3_600, True), (90_000, True)])
def test_a_day_stays_open_for_calls_that_come_late(plan: Plan, after: int, is_over: bool) -> None:
    midnight = datetime.combine(today() + timedelta(days=1), datetime.min.time(), UTC)
    assert services.is_over(today(), midnight + timedelta(seconds=after), plan.lateness_seconds) == is_over


def test_the_closed_day_counts_beside_a_new_one(plan: Plan) -> None:
    leave(plan.spool, rows_of(days_ago(2)))
    service = Service(plan)
    until_weighed(service)
    leave(plan.spool, [row for row in rows_of(today()) if not row["account_id"].startswith("mule")])
    service._next = 0.0
    until_weighed(service, 2)
    found = Verdicts.open(plan.publish, key=SECRET)
    assert found.of("mule-001").tier == MEMBER
    assert found.of(rows_of(today())[0]["account_id"]).state == KNOWN


def test_it_is_stopped_and_goes_on_where_it_was(plan: Plan) -> None:
    leave(plan.spool, rows_of(days_ago(2)))
    first = Service(plan)
    first.step()
    assert first._weighing is not None
    first.stop.set()
    first.run()  # ends the weighing it has
    assert not (plan.out / str(days_ago(2))).exists()
    second = Service(plan)
    until_weighed(second)
    assert second.status.closed == 1
    third = Service(plan)
    third.step()
    assert third._weighing is None


def test_a_weighing_that_fails_is_tried_again_and_named(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_RETRY_SECONDS", 0.1)
    leave(plan.spool, rows_of(today()))
    service = Service(plan)
    with StateDirectory(plan.state).writing():
        until_weighed(service)
        assert service.status.error is not None
        assert "is writing to this state" in service.status.error
        assert not service.status.is_healthy
        assert not service.record()["healthy"]
    time.sleep(0.2)
    until_weighed(service, 2)
    assert service.status.error is None
    assert service.status.ended == {"failed": 1, "done": 1}
