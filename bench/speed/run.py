"""How fast and how accurate gauger is, beside a byte scan, pyarrow and the libraries of the field.

Run as ``python -m bench.speed --write docs/performance.md`` (``make bench``) from the root of the repository, on
a machine that does nothing else. Prints pytest-benchmark's tables, adds a row to the history, and fills the page.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.pages import history
from bench.pages.markdown import deliver
from bench.speed import log as performance_log
from bench.speed import stages as speed
from bench.speed.page import FILE, figures
from bench.speed.rounds import Round, rounds
from gauger.batch.score import score

CALLS, ROUNDS = 5_000_000, 3
PARTS = ("speed", "accuracy", "sections", "command")
# Modules with a section of their own: each prints Markdown when it is run. Left out while there is none.
SECTIONS = {"adversarial": "bench.speed.adversarial", "cold_start": "bench.speed.cold_start"}
STAGES = ("ingest", "weigh", "families", "evidence", "campaigns", "write")  # three of them are of "weigh"
_ROOT = Path(__file__).resolve().parents[2]
Tell = Callable[[str], None]


def measure_speed(out: Path, only: str | None) -> dict[str, Any]:
    """Run the benches with pytest-benchmark; figures by corpus and task."""
    report = out / "speed.json"
    chosen = [] if only is None else ["-k", only]
    command = [sys.executable, "-m", "pytest", "bench/speed/bench_speed.py", "-o", "python_functions=bench_*", *chosen]
    options = ["--benchmark-columns=median,iqr,rounds", "--benchmark-sort=name", "-W", "default", "-p", "no:xdist"]
    subprocess.run([*command, *options, f"--benchmark-json={report.resolve()}"], cwd=_ROOT, check=True)
    return speed.figures(json.loads(report.read_text()))


def measure_accuracy(out: Path, share: float) -> dict[str, Any]:
    """Run ``bench.accuracy`` in a process of its own."""
    report = out / "accuracy.json"
    command = [sys.executable, "-m", "bench.accuracy", str(report.resolve()), "--share", str(share)]
    subprocess.run(command, cwd=_ROOT, check=True)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def measure_sections(tell: Tell) -> dict[str, str]:
    """What other modules have to say, as Markdown."""
    found = {}
    for name, module in SECTIONS.items():
        if find_spec(module) is None:
            tell(f"no {module} yet: its section is left out")
            continue
        ran = subprocess.run([sys.executable, "-m", module], cwd=_ROOT, check=True, capture_output=True, text=True)
        found[name] = ran.stdout
    return found


def measure_command(out: Path, *, calls: int, round_count: int, tell: Tell) -> dict[str, Any]:
    """The whole command beside pyarrow's reading, on as many threads as there are cores."""
    tell(f"log of {calls:,} calls")
    logs = performance_log.make(out / f"log-{calls}", calls=calls)
    scratch = out / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    state = scratch / "reference_state"
    tell("reference days")
    score(logs.reference, scratch / "reference", state=state)
    threads = os.cpu_count() or 1
    measured, manifest = rounds(logs.day, state, scratch, round_count, threads, tell)
    shutil.rmtree(scratch)
    return _describe(logs.day) | command_figures(measured, manifest) | {"threads": threads}


def _describe(day: Path) -> dict[str, int]:
    calls = prompt_bytes = 0
    for batch in pq.ParquetFile(day).iter_batches(columns=["prompt_text"]):
        calls += batch.num_rows
        prompt_bytes += pc.sum(pc.binary_length(batch.column(0))).as_py()
    accounts = pc.count_distinct(pq.read_table(day, columns=["account_id"])["account_id"]).as_py()
    return {"calls": calls, "accounts": accounts, "prompt_bytes": prompt_bytes, "file_bytes": day.stat().st_size}


def command_figures(measured: Sequence[Round], manifest: dict[str, Any]) -> dict[str, Any]:
    """Medians of the rounds; the largest of the peaks."""
    reference = manifest["reference"]
    ratios = [one.scoring.seconds / one.read_seconds for one in measured]
    return {
        "ratios": ratios,
        "ratio": statistics.median(ratios),
        "reading": {
            "seconds": statistics.median(one.read_seconds for one in measured),
            "cpu_seconds": statistics.median(one.reading.cpu_seconds for one in measured),
            "peak_bytes": max(one.reading.peak_bytes for one in measured),
        },
        "scoring": {
            "seconds": statistics.median(one.scoring.seconds for one in measured),
            "cpu_seconds": statistics.median(one.scoring.cpu_seconds for one in measured),
            "peak_bytes": max(one.scoring.peak_bytes for one in measured),
        },
        "stages": {name: manifest["seconds"][name] for name in STAGES},
        "reference_accounts": reference["accounts"] if reference else 0,
    }


def run(chosen: argparse.Namespace, command: str, tell: Tell) -> history.Row:
    """Measure the parts asked for; the row. A part that fails is named in it and costs the others nothing."""
    chosen.out.mkdir(parents=True, exist_ok=True)
    row = history.begin(command) | {"failed": {}}
    parts: dict[str, tuple[str, Callable[[], object]]] = {
        "speed": ("speed", lambda: measure_speed(chosen.out, chosen.only)),
        "accuracy": ("accuracy", lambda: measure_accuracy(chosen.out, chosen.trials)),
        "sections": ("sections", lambda: measure_sections(tell)),
        "command": (
            "command_line",
            lambda: measure_command(chosen.out, calls=chosen.calls, round_count=chosen.rounds, tell=tell),
        ),
    }
    for part in chosen.parts:
        figure, measure = parts[part]
        tell(f"measuring {part}")
        try:
            row[figure] = measure()
        except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
            row["failed"][part] = str(error)
            tell(f"{part} failed: {error}")
    return row


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns 1 when a part of the last row failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--only", metavar="EXPRESSION", help="of the speed benches only these (pytest -k)")
    parser.add_argument("--trials", type=float, default=1.0, help="share of the trials of accuracy (default: all)")
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of the log (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of the whole command (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/performance"), help="the log stays here (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page instead of printing its figures")
    parser.add_argument("--history", type=Path, default=FILE, help="the row is added here (%(default)s)")
    chosen = parser.parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    row = run(chosen, " ".join(["python -m bench.speed", *given]), lambda text: print(text, flush=True))
    history.append(row, chosen.history)
    deliver(figures(chosen.history), chosen.write)
    return 1 if row["failed"] else 0
