"""The page ``docs/performance.md``: a hand-written frame around one row of the history."""

from __future__ import annotations

from bench.accuracy import run as accuracy
from bench.pages.history import Row
from bench.speed import tables as performance_tables
from gauger.benchmark.command import contests

_HEAD = """\
# Performance

Written by `make bench` from the last row of `bench/results/history.jsonl`; edit the scripts, not the page.

- **Machine**: {machine}. One-minute load before the first round: {load:.1f}.
- **Versions**: {versions}
- **Commit**: {commit}, {date}{older}
- **Command**: `{command}`
"""

_METHOD = """\
- **Turn about.** What is compared runs in one process, on one core, one after the other, round after round, in an order
  that rotates; the first round does not count. A ratio is taken within each round; the page shows the median of seven.
  pytest-benchmark, which runs each benchmark to its end, is handed the recorded turns through a clock that stands
  still otherwise (`bench/speed/replay.py`), and groups, prints and stores them.
- **One core** means the process may use only one (`sched_setaffinity`), and polars, duckdb, Rayon, OpenMP and BLAS one
  thread each.
- **The byte scan** adds up bytes that are in cache already: blocks of 512 KiB, as many bytes as the prompts have. This
  is the floor; the same sum over the prompts where they lie in memory is the second row.
- **Stages** are differences of prefixes of the pass (the first of `calls.STEPS`), within a round.
- **The same result.** Every library gets the same prompts, and those that want tokens the same words as our tokeniser
  makes (tests hold them equal), made by the fastest Python we found (`bytes.translate` and `split`). MinHash is of
  word 3-shingles in 128 slots; HyperLogLog has 2^14 registers where there is a choice; count-min 2 rows of 2^16.
- **Columns.** *From text*: raw prompts to result; *of that, Python makes tokens*: the share of the library's time that
  is the loop above and not its own; *tokens ready for it*: the library begins with its tokens made, ours still with
  text; *kernels alone*: shingle hashes ready for both. Ratios are the library's time over ours: above 1, ours is
  faster. *Error* is the worst of what the section on accuracy shows.
- **Corpora**: *simulated* is the text of `gauger simulate`; *real* are all attack and benign sets of the shared
  corpora, shuffled (most are short: 441 bytes in the mean); *real, 1.1-1.7 kB* the prompts among them of that length,
  for which the targets were set.
"""

_COMMAND = """\
{calls:,} simulated calls of {accounts:,} accounts, {each:,.0f} bytes of prompt each, {megabytes:,.0f} MB of Parquet
(zstd), all columns the simulator has; a tenth of the calls are campaigns. The state holds three reference days,
{reference:,} accounts to compare with. A round is pyarrow reading the same columns on {threads} threads, then `gauger
score` on as many, each in a new process, caches warm. pyarrow's time is the reading alone; that of `gauger score` is
everything, starting Python included. {rounds} rounds; ratios are taken within a round: {ratios}; median **{ratio:.1f}
x**. Processor time and memory of pyarrow's row are of its whole process, importing gauger's reader included.

"""

_MEMORY = """\
`gauger score` had {peak:.2f} GiB at its peak, {each:,.0f} bytes a call; pyarrow's reading {reading:.2f} GiB. The last
run's own account of its seconds: {shares}. Population, evidence, families (what is left of them
when evidence is done) and campaigns are parts of weighing.
"""

_ACCURACY = """\
### MinHash: RMSE over sqrt(J (1 - J) / k)

Pairs of random sets, {similarities} of similarity, the worst of which is shown; bound 1.1. Ours under a new key every
hundred pairs.

{minhash}

### HyperLogLog: RMS relative error, %

Theory for 2^14 registers is 0.812 %; bound 1.05 of it. datasketches and datasketch take one value a call, so their
trials are fewer and end earlier. polars and duckdb choose their own registers.

{distinct}

### Count-min

{counts}

### Templates

Pairs of prompts of one template put together, where the template is known; both learn from the prompts they label.

{templates}
"""

NOT_MEASURED = "Not measured in this run.\n"


def page(row: Row) -> str:
    """The whole page."""
    head = _HEAD.format(
        machine=row["machine"],
        load=row["load"],
        versions=", ".join(f"{name} {number}" for name, number in row["versions"].items()),
        commit=row["commit"] or "unknown",
        date=row["date"],
        older="".join(f"; {part} measured on {commit}" for part, commit in row.get("older", {}).items()),
        command=row["command"],
    )
    speed = "speed" in row
    parts = [
        head,
        "## How it is measured\n",
        _METHOD,
        "## Targets\n",
        performance_tables.targets(row) + "\n",
        "## The stages of the pass\n",
        performance_tables.stages(row) + "\n" if speed else NOT_MEASURED,
        "## Threads\n",
        performance_tables.threads(row) + "\n" if speed else NOT_MEASURED,
        "## Beside other libraries\n",
    ]
    for contest in contests():
        parts += [
            f"### {contest.task}\n",
            performance_tables.rivals(row, contest.task) + "\n" if speed else NOT_MEASURED,
        ]
    parts += ["## Accuracy\n", _accuracy(row)]
    sections = row.get("sections", {})
    parts += ["## Adversarial prompts\n", sections.get("adversarial", NOT_MEASURED)]
    parts += ["## Cold start\n", sections.get("cold_start", NOT_MEASURED)]
    parts += ["## The whole command\n", _command(row), "## Memory\n", _memory(row)]
    return "\n".join(parts).rstrip() + "\n"


def _accuracy(row: Row) -> str:
    if "accuracy" not in row:
        return NOT_MEASURED
    found = row["accuracy"][accuracy.MINHASH]
    return _ACCURACY.format(
        similarities=len({round(one["similarity"], 1) for one in found}),
        minhash=performance_tables.minhash_errors(row),
        distinct=performance_tables.distinct_errors(row),
        counts=performance_tables.count_errors(row),
        templates=performance_tables.template_errors(row),
    )


def _command(row: Row) -> str:
    if "command_line" not in row:
        return NOT_MEASURED
    figures = row["command_line"]
    text = _COMMAND.format(
        calls=figures["calls"],
        accounts=figures["accounts"],
        each=figures["prompt_bytes"] / figures["calls"],
        megabytes=figures["file_bytes"] / 1e6,
        reference=figures["reference_accounts"],
        threads=figures["threads"],
        rounds=len(figures["ratios"]),
        ratios=", ".join(f"{one:.1f}" for one in figures["ratios"]),
        ratio=figures["ratio"],
    )
    return text + performance_tables.command(row) + "\n"


def _memory(row: Row) -> str:
    if "command_line" not in row:
        return NOT_MEASURED
    figures = row["command_line"]
    peak = figures["scoring"]["peak_bytes"]
    return _MEMORY.format(
        peak=peak / 2**30,
        each=peak / figures["calls"],
        reading=figures["reading"]["peak_bytes"] / 2**30,
        shares=", ".join(f"{name} {seconds:.1f}" for name, seconds in figures["stages"].items()),
    )
