"""The prompts that speed is measured on: the simulator's, and real ones from the shared corpora."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.world.corpora import corpora_directory
from gauger.benchmark.rivals.corpus import Corpus, corpus
from gauger.engine.intake.admission import admit
from gauger.engine.intake.parts import MEASURE_ROWS
from gauger.simulate import simulate

SIMULATED, REAL, REAL_LONG = "simulated", "real", "real, 1.1-1.7 kB"
NAMES = (SIMULATED, REAL, REAL_LONG)
PROMPTS = 2 * MEASURE_ROWS
_LONG_BYTES = (1_100, 1_700)
_CALLS_EACH = 20  # of an account
_START_US = 1_773_619_200_000_000  # 2026-03-16
_GAP_US = 1_000


@dataclass(frozen=True)
class Texts:
    """Prompts for the libraries, and the same as admitted calls for the pass."""

    corpus: Corpus
    batches: list[pa.RecordBatch]


class AbsentError(Exception):
    """The corpora are not on this machine."""


@cache
def load(name: str) -> Texts:
    """The prompts of a corpus. Raises AbsentError."""
    return _LOADERS[name]()


def _simulated() -> Texts:
    with tempfile.TemporaryDirectory(prefix="bench-texts-") as folder:
        day = simulate(Path(folder) / "log", calls=PROMPTS + 2_000, campaigns=(), seed=1, reference_days=0).day
        # The log is in order of time; all columns stay, as admitting and folding look at them.
        table = pq.read_table(day).slice(0, PROMPTS).combine_chunks()
    batches = [admit(batch).calls for batch in table.to_batches(MEASURE_ROWS)]
    return Texts(Corpus(SIMULATED, pa.concat_arrays([batch.column("prompt_text") for batch in batches])), batches)


def real_prompts() -> list[str]:
    """Every prompt of every attack and benign set, shuffled."""
    folder = corpora_directory()
    if folder is None:
        raise AbsentError("the shared corpora are not here: set GAUGER_CORPORA")
    prompts: list[str] = []
    for path in sorted([*(folder / "attack").glob("*.parquet"), *(folder / "benign").glob("*.parquet")]):
        prompts += [text for text in pq.read_table(path, columns=["prompt"])["prompt"].to_pylist() if text]
    Random(1).shuffle(prompts)
    return prompts


def _real() -> Texts:
    return calls_of(corpus(REAL, real_prompts()[:PROMPTS]))


def _real_long() -> Texts:
    texts = pa.array(real_prompts(), pa.string())
    sizes = pc.binary_length(texts)
    low, high = _LONG_BYTES
    kept = texts.filter(pc.and_(pc.greater_equal(sizes, low), pc.less_equal(sizes, high)))
    return calls_of(Corpus(REAL_LONG, kept.slice(0, PROMPTS)))


def calls_of(texts: Corpus) -> Texts:
    """Calls with just the columns they must have around some prompts."""
    count = len(texts)
    table = pa.table(
        {
            "start_time": pa.array([_START_US + at * _GAP_US for at in range(count)], pa.timestamp("us", "UTC")),
            "account_id": [f"account-{at // _CALLS_EACH}" for at in range(count)],
            "prompt_text": texts.texts,
        }
    )
    batches = [admit(batch).calls for batch in table.to_batches(MEASURE_ROWS)]
    assert sum(batch.num_rows for batch in batches) == count
    return Texts(texts, batches)


_LOADERS: dict[str, Callable[[], Texts]] = {SIMULATED: _simulated, REAL: _real, REAL_LONG: _real_long}
