"""``gauger bench``: throughput on this machine, on simulated traffic or the user's own log.

Everything compared takes turns in one process (``turns``), and medians are quoted: machines drift, ratios hold.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.batch.score import score
from gauger.benchmark import stages as bench_stages
from gauger.benchmark import turns
from gauger.benchmark.rivals.contest import HASHES, OURS, TEXT, TOKENS, Contest, missing, name_of
from gauger.benchmark.rivals.corpus import Corpus
from gauger.benchmark.stages import Stage, content
from gauger.engine.common import threads
from gauger.engine.common.errors import InputError, KernelInputError
from gauger.engine.common.progress import Progress
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake.admission import admit
from gauger.engine.intake.parts import MEASURE_ROWS
from gauger.engine.plan.local import Local
from gauger.logs.columns import load_column_map
from gauger.logs.readers import discover, format_of, read
from gauger.simulate import simulate

ROUNDS = turns.ROUNDS
_CALLS = 50_000
_ROWS_MAX = 4 * MEASURE_ROWS  # rows of the log the stages are timed on


def _batches(path: Path, columns: str | None) -> list[pa.RecordBatch]:
    batches, rows = [], 0
    for chunk in read(path, load_column_map(columns)):
        if chunk.batch.num_rows:
            try:
                calls = admit(chunk.batch).calls
            except (InputError, KernelInputError) as error:
                raise InputError(f"{path}: {error}") from None
            batches += [calls.slice(at, MEASURE_ROWS) for at in range(0, calls.num_rows, MEASURE_ROWS)]
            rows += calls.num_rows
        if rows >= _ROWS_MAX:
            break
    if not rows:
        raise InputError(f"{path}: holds no call that can be scored")
    return batches[: -(-_ROWS_MAX // MEASURE_ROWS)]


def stages(batches: Sequence[pa.RecordBatch]) -> list[Stage]:
    """Time of each stage over all batches, on one core."""
    with turns.one_core():
        return bench_stages.stages(turns.take_turns(bench_stages.works(batches), ROUNDS))


def read_seconds(path: Path, threads: int) -> tuple[int, float]:
    """Rows, and seconds pyarrow takes to read the columns a score reads, on so many threads."""
    before = pa.cpu_count(), pa.io_thread_count()
    pa.set_cpu_count(threads)
    pa.set_io_thread_count(threads)
    try:
        began = time.perf_counter()
        file = pq.ParquetFile(path)
        columns = [name for name in file.schema_arrow.names if name in CALL_SCHEMA.names]
        batches = file.iter_batches(65_536, columns=columns or None, use_threads=threads > 1)
        rows = sum(batch.num_rows for batch in batches)
        return rows, time.perf_counter() - began
    finally:
        pa.set_cpu_count(before[0])
        pa.set_io_thread_count(before[1])


def contests() -> list[Contest]:
    """Every task other libraries do too."""
    from gauger.benchmark.rivals import counts, distinct, minhash, templates

    return [minhash.CONTEST, distinct.CONTEST, counts.CONTEST, templates.CONTEST]


def bench(source: Path | None, columns: str | None, progress: Progress) -> str:
    """Measure and return the tables to print."""
    workers = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="gauger-bench-") as folder:
        if source is None:
            progress("simulating", 0, 0)
            source = simulate(Path(folder) / "log", calls=_CALLS, reference_days=1, reference_calls=500).day
        else:
            discover([source])  # a pipe, say, would have us wait for what is never written
        progress("stages", 0, 0)
        batches = _batches(source, columns)
        lines = _stage_lines(batches, stages(batches))
        progress("threads", 0, 0)
        with threads.use(workers):
            lines += _thread_lines(batches)
            lines += _command_lines(source, columns, Path(folder), progress)
        progress("other libraries", 0, 0)
        lines += _rival_lines(batches)
    return "\n".join(lines)


def _stage_lines(batches: Sequence[pa.RecordBatch], measured: Sequence[Stage]) -> list[str]:
    rows, size = sum(batch.num_rows for batch in batches), sum(content(batch).size for batch in batches)
    lines = [
        f"{rows:,} calls, {size / rows:,.0f} bytes of prompt each; medians of {ROUNDS} rounds, one core",
        f"  {'stage':<32} {'ns/byte':>8} {'calls/s':>14} {'x byte scan':>12}",
    ]
    for stage in measured:
        rate = f"{rows / stage.seconds:,.0f}" if stage.seconds > 0 else "-"
        lines.append(f"  {stage.name:<32} {stage.seconds / size * 1e9:>8.3f} {rate:>14} {stage.floors:>12.1f}")
    return lines


def _thread_lines(batches: Sequence[pa.RecordBatch]) -> list[str]:
    workers = threads.count()
    counts = [1, *(count for count in (2, 4, 8, 16, 32) if count < workers), *([workers] if workers > 1 else [])]
    # Small pieces, so that no thread is left with the last large one alone.
    pieces = [batch.slice(at, 1_024) for batch in batches for at in range(0, batch.num_rows, 1_024)]
    works = bench_stages.thread_works(pieces, counts) | bench_stages.control_works(counts)
    times = turns.take_turns(works, ROUNDS)
    lines = []
    for what, prefix in (("the pass", ""), ("hashing that shares nothing, for comparison", bench_stages.CONTROL)):
        found = bench_stages.speedups(times, counts, prefix)
        lines.append(f"{what}: {', '.join(f'{name} {speedup:.2f} x' for name, speedup in found.items())}")
    return lines


def _command_lines(source: Path, columns: str | None, folder: Path, progress: Progress) -> list[str]:
    reading, workers = None, threads.count()
    if format_of(source).name == "parquet":
        reading = statistics.median(read_seconds(source, workers)[1] for _ in range(3))
    run = score([source], folder / "out", columns=columns, local=Local(workers=workers), progress=progress)
    total = run.manifest["seconds"]["total"]
    lines = [
        f"gauger score, whole command: {total:.1f} s, {run.manifest['calls_per_second']:,.0f} calls/s "
        f"on {bench_stages.threads_name(workers)}"
    ]
    if reading is not None:
        lines.append(
            f"pyarrow reading the same columns on as many: {reading:.2f} s; "
            f"the whole command takes {total / reading:.1f} times that"
        )
    return lines


def _rival_lines(batches: Sequence[pa.RecordBatch]) -> list[str]:
    if any("prompt_text" not in batch.schema.names for batch in batches):
        return ["other libraries: they need prompts as text"]
    lines = [f"  {'other libraries, one core':<32} {'from text':>10} {'tokens ready':>14} {'kernels alone':>14}"]
    corpus = Corpus("log", pa.concat_arrays([batch.column("prompt_text") for batch in batches]))
    with turns.one_core():
        for contest in contests():
            lines += _contest_lines(contest, turns.take_turns(contest.works(corpus), ROUNDS))
    if absent := missing(contests()):
        lines.append(f"not installed: {', '.join(absent)}; to compare with them: pip install 'gauger[bench]'")
    return lines


def _contest_lines(contest: Contest, times: turns.Times) -> list[str]:
    lines = []
    for rival in contest.rivals:
        shown = []
        for kind in (TEXT, TOKENS, HASHES):
            # With tokens ready for the library, ours still starts from text.
            ours = (
                times[name_of(OURS, HASHES if kind == HASHES else TEXT)]
                if HASHES in contest.ours or kind != HASHES
                else []
            )
            theirs = times.get(name_of(rival.name, kind))
            shown.append(f"{turns.ratio(theirs, ours):.1f} x" if theirs else "-")
        if any(text != "-" for text in shown):
            name = f"{contest.task}: {rival.name}"
            lines.append(f"  {name:<40} {shown[0]:>10} {shown[1]:>10} {shown[2]:>10}")
    return lines
