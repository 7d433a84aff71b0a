"""A day of traffic joined from real text and real timing, with planted campaigns and their truth.

Honest accounts come from ``bench.world.people``, campaigns from ``bench.world.campaigns``, prompts and rates
from the shared corpora (``bench.world.corpora``). No public log joins text, time, account and address: this is
a synthetic join, and whatever is measured on it says so. ``bench/README.md`` tells what the join guarantees.

Run as ``python -m bench.world.day --out DIR`` from the root of the repository.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from bench.world.campaigns import DEFAULT, LADDER, Planted, campaign_calls, campaign_habits, deal_prompts
from bench.world.cohorts import cohort_accounts
from bench.world.corpora import ABSENT, Source, Traffic, benign_sources, corpora_directory, traffic
from bench.world.people import DAY_SECONDS, Call, Habit, draw_calls, draw_habit, identifier, rate_scale
from gauger.engine.common import schema
from gauger.engine.results import tables

DAY = date(2026, 11, 18)
LAG_DAYS = 7  # the newest reference day is this much older than the day itself

COLUMNS = (
    "start_time",
    "account_id",
    "org_id",
    "conversation_id",
    "response_id",
    "payment_fingerprint",
    "account_created_at",
    "client_address",
    "user_agent_original",
    "prompt_text",
    "request_model",
    "request_temperature",
    "request_max_tokens",
    "response_finish_reasons",
    "usage_input_tokens",
    "usage_output_tokens",
)
# Of the input's length the bench of baselines knows; gauger does not read it.
SCHEMA = pa.schema(
    [pa.field(name, pa.int64()) if name == "usage_input_tokens" else schema.CALL_SCHEMA.field(name) for name in COLUMNS]
)


@dataclass(frozen=True)
class RealDay:
    """Where a built day is: reference days (oldest first), the day, its truth; and what to know about it."""

    reference: list[Path]
    day: Path
    truth: Path
    notes: dict[str, Any]


@dataclass(frozen=True)
class HonestText:
    """What honest accounts draw from."""

    disjoint: bool = False  # the day and its reference from disjoint halves: bench/README.md says why not by default
    languages: bool = False  # people of other languages are among them


_ALL_TEXT = HonestText()


@dataclass
class Log:
    """Calls of one date, gathered column by column and written sorted by time."""

    seed: int
    when: date
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, habit: Habit, calls: Sequence[Call], first: int = 0) -> None:
        """Append one account's calls; everything but text and time follows from its habit.

        first : the number of the first of them, where it had others that day
        """
        random = Random(f"response/{self.seed}/{habit.account_id}/{self.when}")
        midnight = datetime.combine(self.when, time(), UTC)
        address = habit.addresses[0]
        for number, call in enumerate(calls, first):
            if number % 4 == 0:
                address = random.choice(habit.addresses)
            tokens = max(1, min(8192, round(random.lognormvariate(*habit.output_tokens))))
            cut = habit.max_tokens is not None and tokens >= habit.max_tokens
            row = (
                midnight + timedelta(seconds=call.second),
                habit.account_id,
                habit.org,
                call.conversation,
                f"{habit.account_id}-{self.when:%m%d}-{number}",
                identifier("pay", habit.org or habit.account_id),
                midnight - timedelta(days=habit.age_days),
                address,
                habit.user_agent,
                call.text,
                habit.model,
                habit.temperature,
                habit.max_tokens,
                ["length" if cut else "stop"],
                math.ceil(len(call.text) / 4),
                min(tokens, habit.max_tokens or tokens),
            )
            for name, value in zip(COLUMNS, row, strict=True):
                self.columns[name].append(value)

    def write(self, directory: Path) -> Path:
        """Write ``directory/<date>.parquet`` and return its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.when}.parquet"
        table = pa.table(self.columns, schema=SCHEMA)
        pq.write_table(table.sort_by([("start_time", "ascending"), ("response_id", "ascending")]), path)
        return path


def build(
    out: Path,
    *,
    calls: int = 200_000,
    reference_days: int = 3,
    campaigns: Sequence[Planted] = DEFAULT,
    cohorts: Sequence[str] = (),
    seed: int = 1,
    corpora: Path | None = None,
    text: HonestText = _ALL_TEXT,
) -> RealDay:
    """Write reference days, a day with campaigns and its truth below ``out``.

    ``calls`` is the number of honest calls of every day; the campaigns' calls come on top, and those of ``cohorts``,
    honest accounts of a sort that is new on the day. Reference days are consecutive and the newest is ``LAG_DAYS``
    older than the day. Half of a day's honest accounts appear on every day. ``text`` is what honest accounts draw from.

    Raises FileNotFoundError when the corpora are absent, ValueError when the campaigns do not fit them.
    """
    corpora = corpora or corpora_directory()
    if corpora is None:
        raise FileNotFoundError("the corpora are absent; set GAUGER_CORPORA to their directory")
    sources, timing = benign_sources(corpora, languages=text.languages), traffic(corpora)
    dealt, notes = deal_prompts(seed, corpora, campaigns, timing)
    sides = [source_half(sources, side) if text.disjoint else sources for side in (0, 1)]

    reference = []
    for age in range(LAG_DAYS + reference_days - 1, LAG_DAYS - 1, -1):
        log = Log(seed, DAY - timedelta(days=age))
        for habit, drawn in honest_accounts(seed, log.when, calls, sides[0], timing):
            log.add(habit, drawn)
        reference.append(log.write(out / "reference"))

    log, truth = Log(seed, DAY), Truth()
    for habit, drawn in honest_accounts(seed, DAY, calls, sides[1], timing):
        log.add(habit, drawn)
        truth.add(habit.account_id, None, habit.kind, len(drawn))
    for planted in campaigns:
        prompts = dealt[planted.name]
        habits = campaign_habits(seed, planted, len(prompts), timing)
        for habit, own in zip(habits, prompts, strict=True):
            drawn = campaign_calls(seed, planted, habit, own, sides[1], DAY)
            # In the afternoon, where it moves, all of it asks a model that came out this morning.
            morning = [call for call in drawn if not planted.moves or call.second < DAY_SECONDS / 2]
            log.add(habit, morning)
            log.add(replace(habit, model="large-3"), drawn[len(morning) :], len(morning))
            truth.add(habit.account_id, planted.name, habit.kind, len(drawn))
    for name in cohorts:
        for habit, drawn in cohort_accounts(seed, name, corpora, sides[1], timing, DAY):
            log.add(habit, drawn)
            truth.add(habit.account_id, None, habit.kind, len(drawn))
    path = log.write(out / "day")
    truth.write(out / "truth.parquet")
    described = {
        "synthetic": "real text and real rates, joined synthetically",
        "campaigns": notes,
        "accounts": dict(Counter(kind for _, _, kind in truth.rows)),
        "calls": dict(truth.calls),
        "disjoint_text": text.disjoint,
        "seed": seed,
    }
    return RealDay(reference, path, out / "truth.parquet", described)


def honest_accounts(
    seed: int, when: date, calls: int, sources: Mapping[str, Source], timing: Traffic
) -> Iterator[tuple[Habit, list[Call]]]:
    """Honest accounts with ``calls`` calls together; every other account is there every day."""
    scale = rate_scale(timing.rates)
    left = calls
    for number in itertools.count():
        if left <= 0:
            return
        label = f"regular/{number}" if number % 2 == 0 else f"{when}/{number}"
        habit = draw_habit(seed, label, sources, timing, scale)
        drawn = draw_calls(seed, habit, sources, when)[:left]
        left -= len(drawn)
        yield habit, drawn


def source_half(sources: Mapping[str, Source], side: int) -> dict[str, Source]:
    """Every source with only the prompts whose text hashes to ``side``."""
    return {name: source.half(side) for name, source in sources.items()}


class Truth:
    """Who is who, as ``gauger evaluate`` reads it."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str | None, str]] = []
        self.calls: Counter[str] = Counter()

    def add(self, account_id: str, campaign: str | None, kind: str, calls: int = 0) -> None:
        """One account."""
        self.rows.append((account_id, campaign, kind))
        self.calls[kind] += calls

    def write(self, path: Path) -> None:
        """Write them, last of all files of a day."""
        columns = dict(zip(tables.TRUTH.names, zip(*self.rows, strict=True), strict=True))
        pq.write_table(pa.table(columns, schema=tables.TRUTH), path)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Directory to write to.")
@click.option("--calls", default=200_000, show_default=True, help="Honest calls a day.")
@click.option("--reference-days", default=3, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--campaign", "names", multiple=True, type=click.Choice(sorted(LADDER)), help="Repeatable.")
@click.option("--clean", is_flag=True, help="Plant no campaign at all.")
def main(out: Path, calls: int, reference_days: int, seed: int, names: tuple[str, ...], clean: bool) -> None:
    """Build a real day, for example: python -m bench.world.day --out build/day --campaign alpaca"""
    if corpora_directory() is None:
        click.echo(ABSENT)
        return
    campaigns = () if clean else tuple(LADDER[name] for name in names) or DEFAULT
    built = build(out, calls=calls, reference_days=reference_days, campaigns=campaigns, seed=seed)
    for path in (*built.reference, built.day, built.truth):
        click.echo(path)
    for name, value in built.notes.items():
        click.echo(f"{name}: {value}")


if __name__ == "__main__":
    main()
