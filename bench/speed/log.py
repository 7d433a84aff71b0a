"""The log and the reference days that ``bench.speed`` scores: simulated, prompts of about a kilobyte."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.simulate import CampaignSpec, simulate
from gauger.simulate.calls import WRITTEN_SCHEMA
from gauger.simulate.files import write_calls

DAY = date(2026, 3, 16)
LAG_DAYS = 7
REFERENCE_DAYS = 3
PROMPTS_EACH = 3  # simulated prompts are about a third of a kilobyte
CAMPAIGN_CALLS = 26  # of an account
_REFERENCE_CALLS_MIN = 20_000  # fewer make too few accounts for a reference, and nothing would be weighed
_SPARE = 2_000  # a simulation has about as many calls as asked for, and a small one may fall short
_ROWS = 16_384


@dataclass(frozen=True)
class Logs:
    """Where they are."""

    reference: list[Path]
    day: Path


def make(out: Path, *, calls: int, seed: int = 1) -> Logs:
    """A day of about ``calls`` calls, a tenth of them campaigns, and reference days of a tenth of its size.

    Accounts have 16 to 26 calls in the mean, the busiest hundreds. Made once: what is there is used again.
    """
    if not out.exists():
        unfinished = out.with_name(f".{out.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _day(unfinished, DAY, calls, _campaigns(calls), seed)
        for age in range(LAG_DAYS, LAG_DAYS + REFERENCE_DAYS):
            before = DAY - timedelta(days=age)
            _day(unfinished / "reference", before, max(calls // 10, _REFERENCE_CALLS_MIN), (), 100 * seed + age)
        unfinished.rename(out)
    return Logs(sorted((out / "reference").glob("*.parquet")), out / f"{DAY}.parquet")


def _campaigns(calls: int) -> tuple[CampaignSpec, ...]:
    accounts = max(5, calls // (20 * CAMPAIGN_CALLS))
    return tuple(CampaignSpec(kind, accounts, CAMPAIGN_CALLS) for kind in ("template", "diverse"))


def _day(out: Path, day: date, calls: int, campaigns: Sequence[CampaignSpec], seed: int) -> None:
    planted = sum(spec.accounts * spec.calls for spec in campaigns)
    drafts = out / ".drafts"
    log = simulate(drafts / "log", calls=calls - planted, campaigns=campaigns, seed=seed, day=day, reference_days=0).day
    # Text of other days, each prompt used once: repeating this day's own would make duplicates that no traffic has.
    more = [
        simulate(
            drafts / f"more_{part}",
            calls=calls * 6 // 5 + _SPARE,
            campaigns=(),
            seed=1_000 * seed + part,
            reference_days=0,
        ).day
        for part in range(1, PROMPTS_EACH)
    ]
    write_calls(out / f"{day}.parquet", WRITTEN_SCHEMA, _lengthened(log, more))
    shutil.rmtree(drafts)


def _lengthened(log: Path, more: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """The log's batches, each prompt followed by one of every other file's."""
    others = [pq.ParquetFile(path).iter_batches(_ROWS, columns=["prompt_text"]) for path in more]
    prompt = WRITTEN_SCHEMA.get_field_index("prompt_text")
    for batch in pq.ParquetFile(log).iter_batches(_ROWS):
        texts = [batch.column(prompt), *(next(other).column(0).slice(0, batch.num_rows) for other in others)]
        joined = pc.binary_join_element_wise(*texts, "\n\n")
        yield batch.set_column(prompt, WRITTEN_SCHEMA.field(prompt), joined)
