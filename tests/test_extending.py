"""How much a new detector and a new statistic touch: both are added to a copy of the product, which then has them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NIGHT = '''"""Night: calls in the small hours."""

import numpy as np

from gauger.engine.evidence.pool import Pool


def night(pool: Pool) -> np.ndarray:
    """How evenly an account spreads over the day; float64[n + r]."""
    return pool.statistics["hour_entropy"]
'''
# file -> the text it is put before, and what is put there; an empty text makes the file.
DETECTOR = {
    "engine/evidence/night.py": ("", NIGHT),
    "engine/evidence/parts.py": (
        "from gauger.engine.evidence.pool import",
        "from gauger.engine.evidence.night import night\n",
    ),
    # In the same file: its line.
    "engine/evidence/parts.py#": (
        '    Part("shared_addresses"',
        '    Part("night", CONFORMITY, 1.0, ("start_time",), night),\n',
    ),
}
STATISTIC = {
    "engine/common/schema.py": (
        '        _field("response_finish_reasons"',
        '        _field("request_seeded", pa.bool_(), "gen_ai.request.seeded"),\n',
    ),
    "engine/state/counters.py": (
        '    Counter("stream_calls"',
        '    Counter("seed_calls", "seeded", "request_seeded", _flag),\n',
    ),
    "engine/statistics/accounts.py": (
        '        "streamed_share": (',
        '        "seeded_share": ("seeded", "seed_calls"),\n',
    ),
    # In the same file: what the statistic is.
    "engine/statistics/accounts.py#": (
        '        ("streamed_share", ',
        '        ("seeded_share", "share of its calls with a fixed seed", "seeded / calls that say", COUNTED, "share", '
        '"0 to 1", ("request_seeded",)),\n',
    ),
}
SCRIPT = """
import gauger, sys
from datetime import UTC, datetime, timedelta
import numpy as np, pyarrow as pa
from gauger.engine.evidence.parts import PARTS
from gauger.text import words

assert gauger.__file__.startswith(sys.argv[1]), gauger.__file__
settings = gauger.Settings(reference_accounts_min=60, alarm_level=0.05, neighbours=(5,))
random = np.random.default_rng(1)
vocabulary = [f"word{number}" for number in range(500)]

def day(ago, accounts):
    start = datetime(2026, 11, 20, tzinfo=UTC) - timedelta(days=ago)
    rows = [
        {"start_time": start + timedelta(seconds=int(random.integers(80_000))), "account_id": f"{ago}-{account}",
         "prompt_text": " ".join(random.choice(vocabulary, 12)), "request_seeded": account % 2 == 0}
        for account in range(accounts) for _ in range(6)
    ]
    return pa.RecordBatch.from_pylist(rows)

earlier = gauger.Engine(sys.argv[2], settings=settings)
earlier.observe(day(9, 90))
earlier.finish()
earlier.commit()
engine = gauger.Engine(sys.argv[2], settings=settings)
engine.observe(day(0, 40))
accounts = engine.finish().accounts
assert "night" in [part.name for part in PARTS]
assert accounts["evidence"].null_count == 0
seeded = dict(zip(accounts["account_id"].to_pylist(), accounts["seeded_share"].to_pylist()))
assert all(share == (int(name.split("-")[1]) % 2 == 0) for name, share in seeded.items())
assert words.statistic("seeded_share") == "share of its calls with a fixed seed"
print("both are there")
"""


def files(change: dict[str, tuple[str, str]]) -> set[str]:
    return {name.rstrip("#") for name in change}


def test_a_detector_touches_two_files_and_a_statistic_of_a_new_column_at_most_four() -> None:
    assert len(files(DETECTOR)) == 2
    assert len(files(STATISTIC)) <= 4


def test_nothing_else_is_needed(tmp_path: Path) -> None:
    package = tmp_path / "gauger"
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "bindings", package, ignore=leave)
    for layer in ("engine", "kernels"):
        shutil.copytree(ROOT / layer, package / layer, ignore=leave)
    for name, (before, text) in {**DETECTOR, **STATISTIC}.items():
        path = package / name.rstrip("#")
        old = path.read_text() if path.exists() else ""
        assert old.count(before) == 1 or not before, f"{name} has changed: {before}"
        path.write_text(old.replace(before, text + before, 1) if before else text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(tmp_path / "state")]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    if result.returncode:
        pytest.fail(result.stderr[-3000:])
    assert result.stdout == "both are there\n"
