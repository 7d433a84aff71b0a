"""The tables of baselines, streams and cohorts."""

from __future__ import annotations

from typing import Any

from bench.detection import sections


def recall(share: float, benign: int = 5_000) -> dict[str, Any]:
    one = {"recall": share, "low": share - 0.1, "high": share + 0.1, "accounts": 500, "benign": benign}
    return {"0.001": one, "0.01": one | {"recall": share + 0.05}}


def test_baselines_stand_beside_gauger() -> None:
    rows = [
        {"name": "alpaca", "baselines": {"PRADA": recall(share), "gauger": recall(0.8, benign)}}
        for share, benign in ((0.2, 5_000), (0.4, 6_000))
    ]
    table = sections.baselines(rows, 0.001)
    assert "| PRADA | 30 (10-50) |" in table
    assert "| **gauger** | 80 (70-90) |" in table
    tied = {"name": "t0", "baselines": {"gauger": {"0.001": recall(0.1)["0.001"] | {"tied": 0.9}}}}
    assert "| **gauger** | 10 (0-20; 90 tied) |" in sections.baselines([tied], 0.001)
    assert sections.benign_behind(rows) == "5,000-6,000"
    assert "| PRADA | 35 " in sections.baselines(rows, 0.01)


def test_streams_say_what_leaked() -> None:
    def cuts(*shares: float) -> dict[str, Any]:
        hours = (3, 6, 9, 12, 18, 24)
        entries = [
            {"hour": hour, "flagged": share, "calls": 100 * hour, "honest_flagged": number}
            for number, (hour, share) in enumerate(zip(hours, shares, strict=False))
        ]
        return {"name": "t0", "stream": entries}

    table = sections.streams([cuts(0.0, 0.25, 0.75), cuts(0.25, 0.5), cuts(*[0.0] * 6)])
    assert "| t0 | 3 h: 0 (0-25), 6 h: 25 (0-50), 9 h: 38 (0-75)," in table
    assert "| 2 of 3 | 6-9 | 600-900 | 0-5 |" in table


def test_cohorts_tell_the_accused_from_the_rest() -> None:
    def day(**assessed: int) -> dict[str, Any]:
        verdicts = {name.replace("_", " "): number for name, number in assessed.items()}
        return {"name": "new agents", "cohort": {"all": 60, "accounts": 50, "flagged": 20, "assessed": verdicts}}

    table = sections.cohorts([day(campaign=10, shared_tool=5, no_finding=35), day(shared_tool=20, no_finding=30)])
    assert "| new agents | 60 | 100 | 40.0 (30.9-49.8) | 10.0 (10) | 25 shared tool |" in table
