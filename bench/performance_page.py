"""The page ``docs/performance.md``: a hand-written frame around what ``bench.performance`` measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.machine import machine, versions
from bench.markdown import table
from bench.performance_rounds import Round, Staged
from bench.rivals import Contest

RATIO_MOST = 20.0  # whole command over pyarrow's reading
PEAK_MOST = 4 * 1024**3  # bytes

_HEAD = """\
# Performance

Written by `python -m bench.performance`; edit the script, not the page.

- **Machine**: {machine}.
  One-minute load before the first round: {load:.1f}, the reference days just scored included.
- **Versions**: {versions}
- **Command**: `{command}`
- **Log**: {calls:,} simulated calls of {accounts:,} accounts, {each:,.0f} bytes of prompt each, {megabytes:,.0f} MB
  of Parquet (zstd, row groups of 16,384), all columns the simulator has; a tenth of the calls are campaigns. Each
  prompt is three simulated ones, joined. The state holds three reference days, {reference:,} accounts to compare with.

A round is pyarrow reading the log, then `gauger score`, each in a new process, caches warm. pyarrow reads the same
columns with its default threads (`ParquetFile.iter_batches`), and its time is the reading alone; the time of `gauger
score` is the whole command, starting Python and reading the state included. {rounds} rounds; ratios are taken within a
round; medians.
"""

_COMMANDS = """

Ratio of the walls, by round: {ratios}. The last run's own account of its seconds: {shares}.
The processor time and memory of pyarrow's row are of its whole process, starting Python included.
"""

_STAGES = """\
The stages of `gauger bench` on {calls:,} calls of the log, one core. *Byte scan* merely adds up all bytes of the
prompts; *the pass* yields everything that is measured of a prompt.

"""

_CONTESTS = """\
From the same raw text ({prompts:,} prompts of the log), one core, turn about. MinHash is of word 3-shingles in 128
slots: in our column it is the whole pass, with all else that it yields; in theirs, splitting into words and shingles in
Python is included. For HyperLogLog the library is handed Python strings made beforehand, and ours Arrow's bytes.

"""


@dataclass(frozen=True)
class Log:
    """The log that was scored."""

    calls: int
    accounts: int
    prompt_bytes: int
    file_bytes: int


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    log: Log
    load: float
    rounds: list[Round]
    manifest: dict[str, Any]
    staged: Staged
    contests: list[Contest]
    command: str


def page(report: Report) -> str:
    """The whole page."""
    log, reference = report.log, report.manifest["reference"]
    head = _HEAD.format(
        machine=machine(),
        load=report.load,
        versions=versions(),
        command=report.command,
        calls=log.calls,
        accounts=log.accounts,
        each=log.prompt_bytes / log.calls,
        megabytes=log.file_bytes / 1e6,
        reference=reference["accounts"] if reference else 0,
        rounds=len(report.rounds),
    )
    parts = [
        head,
        "## Targets\n",
        _targets(report),
        "\n## The whole command\n",
        _commands(report),
        "## Stages\n",
        _stages(report.staged),
        "\n## Beside other libraries\n",
        _contests(report.contests),
    ]
    return "\n".join(parts) + "\n"


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _ratios(rounds: list[Round]) -> list[float]:
    return [one.scoring.seconds / one.read_seconds for one in rounds]


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


def _targets(report: Report) -> str:
    ratio, peak = _median(_ratios(report.rounds)), max(one.scoring.peak_bytes for one in report.rounds)
    rows = [
        [
            "`gauger score` over pyarrow reading the same columns",
            f"<= {RATIO_MOST:.0f} x",
            f"{ratio:.1f} x",
            _verdict(ratio <= RATIO_MOST),
        ],
        ["peak memory", f"< {PEAK_MOST / 2**30:.0f} GiB", f"{peak / 2**30:.2f} GiB", _verdict(peak < PEAK_MOST)],
    ]
    return table(["", "target", "measured", ""], rows)


def _commands(report: Report) -> str:
    rounds, calls = report.rounds, report.log.calls
    wall = _median(one.scoring.seconds for one in rounds)
    reading = _median(one.read_seconds for one in rounds)
    rows = [
        [
            "pyarrow reading",
            f"{reading:.2f}",
            f"{_median(one.reading.cpu_seconds for one in rounds):.2f}",
            f"{max(one.reading.peak_bytes for one in rounds) / 2**30:.2f}",
            f"{calls / reading:,.0f}",
        ],
        [
            "`gauger score`",
            f"{wall:.2f}",
            f"{_median(one.scoring.cpu_seconds for one in rounds):.2f}",
            f"{max(one.scoring.peak_bytes for one in rounds) / 2**30:.2f}",
            f"{calls / wall:,.0f}",
        ],
    ]
    ratios = _ratios(rounds)
    seconds = report.manifest["seconds"]
    return table(["", "wall s", "user + sys s", "peak GiB", "calls/s"], rows) + _COMMANDS.format(
        ratios=", ".join(f"{ratio:.1f}" for ratio in ratios),
        shares=", ".join(f"{name} {seconds[name]:.1f}" for name in ("ingest", "weigh", "write")),
    )


def _stages(staged: Staged) -> str:
    floor = staged.stages[0].seconds
    rows = [
        [
            stage.name,
            f"{stage.seconds / staged.prompt_bytes * 1e9:.3f}",
            f"{staged.calls / stage.seconds:,.0f}",
            f"{stage.seconds / floor:.1f}",
        ]
        for stage in staged.stages
    ]
    return _STAGES.format(calls=staged.calls) + table(["stage", "ns/byte", "calls/s", "x byte scan"], rows)


def _contests(contests: list[Contest]) -> str:
    rows = [
        [
            one.task,
            one.rival,
            f"{one.prompts / one.ours_seconds:,.0f}",
            f"{one.prompts / one.rival_seconds:,.0f}",
            f"{one.rival_seconds / one.ours_seconds:.1f} x",
        ]
        for one in contests
    ]
    head = ["task", "library", "ours, prompts/s", "theirs, prompts/s", "ours is faster by"]
    return _CONTESTS.format(prompts=contests[0].prompts) + table(head, rows)
