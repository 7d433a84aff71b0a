"""What each step of the pass costs, beside merely looking at each byte.

The pass is one fused kernel, so its steps are timed as prefixes (the first of ``STEPS``), taking turns; a step is the
difference of two prefixes within a round. The floor adds up bytes that are in cache already: block by block, as many
bytes as the prompts have. The same sum over the prompts where they lie (``STREAMING``) shows what memory adds.
"""

import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from gauger.benchmark.turns import Times, ratio
from gauger.engine.common.hashing import list_buffers, text_buffers
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.admission import admit
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.engine.state.state import State
from gauger.kernels.machine.floor import sum_bytes
from gauger.kernels.text.measuring import STEPS
from gauger.kernels.text.siphash import hash_words

FLOOR, STREAMING = "byte scan, in cache", "byte scan, from memory"
ADMIT, PASS, FOLD = "admit", "the pass", "fold into sketches"
CONTROL = "control, "
_CONTROL_WORDS = 4_000_000
UP_TO = "up to "  # before the name of the step a prefix ends with
_BLOCK_BYTES = 1 << 19  # half of a core's second-level cache


@dataclass(frozen=True)
class Stage:
    """One row of the table: medians over the rounds, of all batches."""

    name: str
    seconds: float
    floors: float  # times the floor, within a round


def content(batch: pa.RecordBatch) -> np.ndarray:
    """The bytes of a batch's prompts, uint8, without those of the buffer it is a slice of."""
    if "prompt_text" in batch.schema.names:
        values, offsets = text_buffers(batch.column("prompt_text"))
        return values[offsets[0] : offsets[-1]]
    ids, offsets = list_buffers(batch.column("prompt_token_ids"))
    return ids[offsets[0] : offsets[-1]].view(np.uint8)


def works(batches: Sequence[pa.RecordBatch]) -> dict[str, Callable[[], object]]:
    """What takes turns: the two scans, the prefixes of the pass, the pass, and what stands around it."""
    secret = Secret.random()
    measurer = Measurer(secret)
    raw = [content(batch) for batch in batches]
    measures = [measurer.measure(batch, WordSketch()) for batch in batches]

    def fold() -> None:
        state = State(secret, Settings())
        for batch, measured in zip(batches, measures, strict=True):
            state.update(batch, measured)

    def measure() -> None:
        sketch = WordSketch()
        for batch in batches:
            measurer.measure(batch, sketch)

    found: dict[str, Callable[[], object]] = {
        FLOOR: lambda: list(map(_scan_in_cache, raw)),
        STREAMING: lambda: [sum_bytes(values) for values in raw],
        ADMIT: lambda: [admit(batch) for batch in batches],
    }
    if all("prompt_text" in batch.schema.names for batch in batches):
        found |= _prefixes(batches, measurer)
    return found | {PASS: measure, FOLD: fold}


def _scan_in_cache(values: np.ndarray) -> int:
    """Add up as many bytes as there are, of the first block only; returns how many."""
    block = values[:_BLOCK_BYTES]
    for at in range(0, values.size, _BLOCK_BYTES):
        sum_bytes(block[: values.size - at])
    return values.size


def _prefixes(batches: Sequence[pa.RecordBatch], measurer: Measurer) -> dict[str, Callable[[], object]]:
    def measure(steps: int) -> None:
        sketch = WordSketch()
        for batch in batches:
            measurer.measure(batch, sketch, steps=steps)

    return {UP_TO + name: partial(measure, steps) for steps, name in enumerate(STEPS, 1)}


def stages(times: Times) -> list[Stage]:
    """The table of what took turns: every step of the pass on its own, then the pass as a whole."""
    floor = times[FLOOR]
    found = [_stage(name, times[name], floor) for name in (FLOOR, STREAMING, ADMIT)]
    prefix_names = [name for name in times if name.startswith(UP_TO)]
    before = [0.0] * len(floor)
    for name in prefix_names:
        step = [after - less for after, less in zip(times[name], before, strict=True)]
        found.append(_stage(name.removeprefix(UP_TO), step, floor))
        before = times[name]
    return [*found, _stage(PASS, times[PASS], floor), _stage(FOLD, times[FOLD], floor)]


def _stage(name: str, seconds: Sequence[float], floor: Sequence[float]) -> Stage:
    return Stage(name, statistics.median(seconds), ratio(seconds, floor))


def thread_works(batches: Sequence[pa.RecordBatch], counts: Sequence[int]) -> dict[str, Callable[[], object]]:
    """The pass over all batches on several numbers of threads, each with word sketches of its own."""
    measurer = Measurer(Secret.random())
    return {threads_name(count): partial(_on_threads, measurer, batches, count) for count in counts}


def control_works(counts: Sequence[int]) -> dict[str, Callable[[], object]]:
    """Hashing numbers, which shares nothing at all, on the same numbers of threads: what the machine has to give."""
    words = np.arange(_CONTROL_WORDS, dtype=np.uint64)
    return {CONTROL + threads_name(count): partial(_hash_on_threads, words, count) for count in counts}


def _hash_on_threads(words: np.ndarray, count: int) -> None:
    def share(number: int) -> None:
        part = words[: words.size // count]
        out = np.empty(part.size, np.uint64)
        hash_words(np.uint64(1), np.uint64(number), part, out)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(share, range(count)))


def speedups(times: Times, counts: Sequence[int], prefix: str = "") -> dict[str, float]:
    """How much faster each number of threads is than one."""
    base = times[prefix + threads_name(1)]
    return {threads_name(count): ratio(base, times[prefix + threads_name(count)]) for count in counts}


def threads_name(count: int) -> str:
    """How a number of threads is called in a table of times."""
    return f"{count} thread{'s' if count > 1 else ''}"


def _on_threads(measurer: Measurer, batches: Sequence[pa.RecordBatch], count: int) -> None:
    def share(number: int) -> None:
        sketch = WordSketch()
        for batch in batches[number::count]:
            measurer.measure(batch, sketch)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(share, range(count)))
