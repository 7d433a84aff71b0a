"""The figures of the exchange page, from rows as the bench keeps them."""

import json
from dataclasses import asdict
from pathlib import Path

from bench.exchange.measure import POISONED, Found
from bench.exchange.page import figures
from bench.exchange.privacy import Learnt
from bench.exchange.providers import ATTACKS, WORLDS
from bench.exchange.ring import Passed


def row(seed: int, found: int) -> dict:
    rows = []
    for world in WORLDS:
        for attack in ATTACKS:
            own = Found(seed, world.name, attack, attack, 10, found, 10, 1_000, 1, (0, 1, found, 2))
            other = next(name for name in ATTACKS if name != attack)
            rows += [own, Found(seed, world.name, attack, other, 10, 0, 0, 1_000, 2)]
        rows += [Found(seed, world.name, "alpaca", name, 10, 0, 0, 1_000, 3) for name in POISONED]
    learnt = [Learnt(seed, attack, 0.05, 0.04, 0.5, 0.6) for attack in ATTACKS]
    return {
        "seed": seed,
        "calls": 60_000,
        "commit": "abc",
        "found": [asdict(one) for one in rows],
        "learnt": [asdict(one) for one in learnt],
        "passed": [
            asdict(Passed(seed, "evol", provider, "the campaign", behind, 2, 40, 30, 900, 3, 1))
            for provider, behind in ((1, 0), (2, 400), (1, 12))
        ],
    }


def test_the_newest_row_of_each_seed_counts(tmp_path: Path) -> None:
    rows = [row(1, 2), row(1, 8), row(2, 10)]
    (tmp_path / "log").write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = figures(tmp_path / "log")
    assert "| alpaca | 90 (80-100) | 90 (80-100) | 100 | 100 |" in found["found"]
    assert "| the day's campaign | 20 of 20,000 | 0.10 | 180 of 200 | 90 |" in found["honest"]
    assert "| another campaign | 40 of 20,000 | 0.20 | 0 of 200 | 0 |" in found["honest"]
    assert f"| {POISONED[0]} | 12 of 4,000 | 0.30 |" in found["honest"]
    assert "| alpaca | 0 of 40 | 36 of 40 | 4 of 4,000 | 8 of 4,000 |" in found["everything"]
    assert "| t0 | 5.0 | 4.0 | 0.50 | 0.60 |" in found["learnt"]
    assert "| the campaign (evol) | 2 | 800, 4 | 60 of 80 | 6, 2 of 1,800 |" in found["ring"]
    assert "| the campaign (evol) | 1, again | 24, 4 |" in found["ring"]
    assert found["runs"].startswith("Seeds 1, 2; 60,000")


def test_nothing_measured_is_no_figure(tmp_path: Path) -> None:
    assert figures(tmp_path / "none") == {}
