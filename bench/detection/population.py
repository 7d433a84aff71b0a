"""What the baselines see of a day: the product's own measures of every account, under the key of the state.

The same 656 features and the same statistics that gauger weighs, without its neighbours, ranks and families.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.intake.parts import Part, Taken
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.population import Population

_ROWS = 20_000  # of a batch
_COLUMNS = ("account_id", "start_time", "prompt_text", "usage_input_tokens", "usage_output_tokens")


@dataclass(frozen=True)
class Seen:
    """Accounts with enough calls to be weighed, and all of their calls."""

    population: Population
    calls: pa.Table  # account (row of the population, int64), start_time, prompt_text, tokens (in and out)

    def __len__(self) -> int:
        return len(self.population)


def measured(log: Path, state: Path, settings: Settings | None = None) -> Seen:
    """All accounts of a log with at least ``calls_min`` calls, measured with the state's key; nothing is written."""
    settings = settings or Settings()
    engine = Engine(state, settings=settings)
    for event in engine.observe_parts(_parts(log)):
        if not isinstance(event, Taken):
            raise ValueError(f"{log}: has rows that cannot be scored")
    population, _ = population_of(engine.state)
    population = population.select(population.calls >= settings.calls_min)
    return Seen(population, calls_of(log, population.account_ids))


def _parts(log: Path) -> Iterator[Part]:
    start = 0
    for path in _files(log):
        for batch in pq.ParquetFile(path).iter_batches(_ROWS):
            yield Part(batch, 0, np.arange(start, start + batch.num_rows))
            start += batch.num_rows


def calls_of(log: Path, account_ids: list[str]) -> pa.Table:
    """The calls of these accounts, each with the account's place in the list."""
    table = pa.concat_tables([pq.read_table(path, columns=list(_COLUMNS)) for path in _files(log)])
    rows = pc.index_in(table["account_id"].cast(pa.string()), value_set=pa.array(account_ids, pa.string()))
    used = [pc.fill_null(table[name].cast(pa.int64()), 0) for name in _COLUMNS[3:]]
    columns = {
        "account": rows.cast(pa.int64()),
        "start_time": table["start_time"],
        "prompt_text": table["prompt_text"].cast(pa.large_string()),
        "tokens": pc.add(*used),
    }
    return pa.table(columns).filter(pc.is_valid(rows))


def _files(log: Path) -> list[Path]:
    return sorted(log.glob("*.parquet")) if log.is_dir() else [log]


def reference_of(state: Path, today: date, settings: Settings | None = None) -> Population:
    """The accounts of the reference days, as gauger uses them for this day."""
    found = StateDirectory(state).reference(today, settings or Settings())
    if found is None:
        raise ValueError(f"{state}: no day is old enough to be a reference of {today}")
    return found.population
