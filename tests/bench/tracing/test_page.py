"""Figures say what rows say."""

import json
from pathlib import Path

from bench.tracing.page import figures


def test_figures_of_rows(tmp_path: Path) -> None:
    about = {"date": "d", "commit": "c", "machine": "m", "versions": {}, "load": 0.0}
    arm = {"seed": 1, "share": 0.01, "carriers": 0.1, "action": "as served", "expected": 0.25}
    rows = [
        {"order": 3, **arm, "hits": 4, "log10_probability": -12.3},
        {"order": 3, **arm, "hits": 0, "log10_probability": 0.0},
    ]
    alarms = {
        "trials": 10_000,
        "level": 1e-3,
        "alarms": 3,
        "spread_alarms": 9,
        "bounds": [4, 17],
        "low": 1e-4,
        "high": 9e-4,
        "expected_hits": 4.04,
    }
    file = tmp_path / "t.jsonl"
    file.write_text("".join(json.dumps(about | part) + "\n" for part in ({"canaries": rows}, {"alarms": alarms})))
    found = figures(file)
    assert list(found) == ["runs", "canaries", "alarms"]
    assert "| 3-grams | as served | 1.0 % | every tenth | 4, 0 | 0.25 | 5e-13, 1 |" in found["canaries"]
    assert "| 10,000 | 0.001 | 4.0 | 3 | 0.0001 to 0.0009 | 9 | 4 to 17 |" in found["alarms"]
