"""The engine: observe calls, check one, merge, save, load, finish. What the batch job runs and what a host embeds."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from gauger.engine import checkpoint
from gauger.engine.allow import AllowList, apply_allow_list
from gauger.engine.days import Reference, StateDirectory
from gauger.engine.errors import InputError, KernelInputError, StateError
from gauger.engine.evidence import gather
from gauger.engine.families import find_families
from gauger.engine.findings import Calls, find_campaigns
from gauger.engine.intake import Admitted, admit
from gauger.engine.measure import Measurer, Measures, WordSketch
from gauger.engine.metadata import times_of
from gauger.engine.population import Population, population_of
from gauger.engine.representatives import KnownFamilies
from gauger.engine.result import Result, account_table, call_table, campaign_table, family_table
from gauger.engine.schema import CALL_SCHEMA
from gauger.engine.secret import Secret
from gauger.engine.settings import DAY_US, Settings
from gauger.engine.snapshot import Snapshot, Verdict
from gauger.engine.state import Prepared, State, content_of, prepare
from gauger.engine.statistics_relational import complete, with_families
from gauger.kernels.warm import warmup

MEASURE_ROWS = 8_192  # rows a worker measures at a time: results small enough that the allocator reuses their pages


@dataclass(frozen=True)
class Part:
    """Some rows of an input on their way into the engine."""

    batch: pa.RecordBatch  # canonical names, any layout
    file: int
    rows: np.ndarray  # int64, row of the file of each batch row


@dataclass(frozen=True)
class Taken:
    """Rows of a part that were taken in."""

    file: int
    rows: int


@dataclass(frozen=True)
class Failed:
    """A part that could not be read as calls at all."""

    file: int
    rows: np.ndarray
    message: str


@dataclass(frozen=True)
class Refused:
    """Rows of a part that could not be scored."""

    file: int
    rows: np.ndarray
    reasons: list[str]


def _day(microseconds: int) -> date:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).date()


def _first_day(times: np.ndarray) -> date:
    """The earliest UTC day that holds at least one call in a hundred: a stray clock must not choose the reference."""
    days, calls = np.unique(times // DAY_US, return_counts=True)
    return _day(int(days[calls * 100 >= len(times)][0]) * DAY_US)


class Engine:
    """Sketches of a stream of calls, and what they say.

    state : a state directory (made if missing), which holds the key, known families and reference days; None keeps
        everything in memory under a random key, without a reference
    settings : tunable numbers
    workers : threads for measuring and for neighbours; the result does not depend on it
    allow : families that give no evidence from the next ``finish`` on; ``engine.allow`` may be set at any time

    One thread at a time may call ``observe``; ``check`` may be called from any thread at any time. The first engine
    of a process loads every kernel, or compiles them where the cache has none (``gauger.warmup``); no later call waits
    for a compiler.
    """

    def __init__(
        self,
        state: str | os.PathLike[str] | None = None,
        *,
        settings: Settings | None = None,
        workers: int = 1,
        secret: Secret | None = None,
        allow: AllowList | None = None,
    ) -> None:
        warmup()
        self.allow = allow
        self.settings = settings or Settings()
        self.workers = max(1, workers)
        self._directory = None if state is None else StateDirectory(Path(state))
        if self._directory is not None:
            secret = self._directory.secret
        self.secret = secret or Secret.random()
        self._state = State(self.secret, self.settings)
        self._families = KnownFamilies() if self._directory is None else self._directory.families()
        self._reference: tuple[date, Reference | None] | None = None
        self._measurer = Measurer.of(self.secret, self.settings)
        self._prepared_for_reference = False
        self._plain_measurer = self._measurer  # without a reference: what ``check`` needs
        self._seen = 0  # rows observed, refused ones included
        self._snapshot: Snapshot | None = None
        self._discarded = WordSketch()  # checks count words nowhere that matters
        self._suspects: set[str] | None = None  # accounts a reference must not hold; None before ``finish``
        self._population: Population | None = None  # of the last ``finish``
        self._family_of_call = np.zeros(0, np.int64)

    # Observing

    def observe(self, batch: pa.RecordBatch, *, file: int = 0, rows: np.ndarray | None = None) -> pa.RecordBatch:
        """Take in a batch of calls under canonical names, in any Arrow layout.

        Returns one row a call, in order: ``reason`` (null when scored, else why not), ``family_id``,
        ``exact_repeats``, ``novelty``, ``account_evidence``. Families and evidence are those of the last ``finish``
        (null before it); repeats count what was observed so far.

        Novelty is against the reference of the first batch's day: observe a stream from its start.

        Raises InputError when required columns are missing, KernelInputError when the Arrow data is corrupt, StateError
        when prompts come as token ids after text, or the other way round.
        """
        numbers = np.arange(self._seen, self._seen + batch.num_rows)
        part = Part(batch, file, numbers if rows is None else np.asarray(rows, np.int64))
        admitted = self._admit(part)
        measures = self._prepared(admitted).measure(admitted.calls, self._state.words)
        prompts = self._fold(part, admitted, measures)
        return self._answer(batch.num_rows, admitted, measures, prompts)

    def _admit(self, part: Part) -> Admitted:
        admitted = admit(part.batch)
        self._seen += part.batch.num_rows
        if admitted.calls.num_rows:
            self._state.claim(content_of(admitted.calls))
        return admitted

    def _prepared(self, admitted: Admitted) -> Measurer:
        """The measurer; the first call observed decides which reference's words novelty is against."""
        if admitted.calls.num_rows and not self._prepared_for_reference:
            reference = self._reference_of(_first_day(times_of(admitted.calls)))
            if reference is not None:
                self._measurer = Measurer.of(self.secret, self.settings, reference.words)
            self._prepared_for_reference = True
        return self._measurer

    def _reference_of(self, day: date) -> Reference | None:
        """The reference of a day; the last one asked for is kept."""
        if self._directory is None:
            return None
        if self._reference is None or self._reference[0] != day:
            self._reference = (day, self._directory.reference(day, self.settings))
        return self._reference[1]

    def _fold(self, part: Part, admitted: Admitted, measures: Measures) -> np.ndarray:
        rows = part.rows[admitted.rows]
        return self._state.update(admitted.calls, measures, file=part.file, rows=rows)

    def _answer(self, rows: int, admitted: Admitted, measures: Measures, prompts: np.ndarray) -> pa.RecordBatch:
        reasons = np.full(rows, None, object)
        reasons[admitted.rejected] = admitted.reasons
        family, known = np.zeros(rows, np.int64), np.zeros(rows, bool)
        repeats, novelty = np.zeros(rows, np.int64), np.full(rows, np.nan)
        strength, scored = np.full(rows, np.nan), np.zeros(rows, bool)
        taken = admitted.rows
        scored[taken] = True
        repeats[taken] = self._state.prompts.rows["calls"][prompts]
        novelty[taken] = measures.novelty
        if self._snapshot is not None:
            found = self._snapshot.families_of(measures)
            family[taken], known[taken] = self._snapshot.ids(found), found >= 0
            strength[taken] = self._snapshot.account_evidence(admitted.calls.column("account_id").to_pylist())
        return pa.record_batch(
            {
                "reason": pa.array(reasons.tolist(), pa.string()),
                "family_id": pa.array(family, mask=~known),
                "exact_repeats": pa.array(repeats, mask=~scored),
                "novelty": pa.array(novelty, mask=np.isnan(novelty)),
                "account_evidence": pa.array(strength, mask=np.isnan(strength)),
            }
        )

    def observe_parts(self, parts: Iterable[Part]) -> Iterator[Taken | Refused | Failed]:
        """Take in many parts, measuring in parallel; yields what became of them as it becomes known.

        Parts are folded in order, whatever thread measured them, so the number of workers changes nothing. A part that
        cannot be admitted at all (columns missing, corrupt Arrow data) is yielded as Failed, and the rest goes on.
        """
        sketches: queue.SimpleQueue[WordSketch] = queue.SimpleQueue()
        for _ in range(self.workers):
            sketches.put(WordSketch())

        def work(admitted: Admitted) -> Prepared:
            sketch = sketches.get()
            try:
                measures = self._measurer.measure(admitted.calls, sketch)
            finally:
                sketches.put(sketch)
            return prepare(admitted.calls, measures, self.secret.key)

        with ThreadPoolExecutor(self.workers) as pool:
            waiting: deque[tuple[Part, Admitted, Future[Prepared]]] = deque()
            for part in _pieces(parts):
                try:
                    admitted = self._admit(part)
                except (InputError, KernelInputError, StateError) as error:
                    yield Failed(part.file, part.rows, str(error))
                    continue
                if len(admitted.rejected):
                    yield Refused(part.file, part.rows[admitted.rejected], admitted.reasons)
                if admitted.calls.num_rows == 0:
                    continue
                self._prepared(admitted)
                waiting.append((part, admitted, pool.submit(work, admitted)))
                if len(waiting) > 2 * self.workers:
                    yield self._take(*waiting.popleft())
            while waiting:
                yield self._take(*waiting.popleft())
        for _ in range(self.workers):
            self._state.words.merge(sketches.get())

    def _take(self, part: Part, admitted: Admitted, prepared: Future[Prepared]) -> Taken:
        self._state.fold(prepared.result(), file=part.file, rows=part.rows[admitted.rows])
        return Taken(part.file, admitted.calls.num_rows)

    # Answering

    def check(self, call: Mapping[str, Any] | pa.RecordBatch) -> Verdict:
        """What is known of one call, from the last ``finish``; nothing is recorded. Safe from any thread.

        call : the call's fields under canonical names, or a batch of one row
        Raises InputError when the call cannot be scored, with the reason.
        """
        batch = call if isinstance(call, pa.RecordBatch) else _single(call)
        admitted = admit(batch)
        if admitted.calls.num_rows != 1:
            raise InputError(f"cannot check this call: {', '.join(admitted.reasons) or 'not exactly one row'}")
        measures = self._plain_measurer.measure(admitted.calls, self._discarded)
        account = admitted.calls.column("account_id")[0].as_py()
        snapshot = self._snapshot
        if snapshot is None:
            return Verdict(None, None, "single", None, None, ["nothing is known yet: call finish() first"])
        return snapshot.verdict(account, measures)

    def finish(self) -> Result:
        """Weigh everything observed so far and return the tables. More calls may be observed afterwards.

        The reference is that of the earliest day that holds at least one call in a hundred.
        """
        # One BLAS thread: its own threads would fight ours, and could change the last bit of a sum.
        with threadpool_limits(1, user_api="blas"):
            return self._finish()

    def _finish(self) -> Result:
        state, settings = self._state, self.settings
        ledger = state.ledger.rows
        times = ledger["time"]  # read here: what waits to be put in place is put there by one thread
        # Families need the accounts last of all, and evidence no families: each has stretches only one core works on.
        with ThreadPoolExecutor(2) as pool:
            populating = pool.submit(population_of, state, None, self.workers)
            grouping = pool.submit(find_families, state, lambda: populating.result()[1], self._families, self.workers)
            chosen = self._reference_of(_first_day(times)) if len(times) else None
            reference = None if chosen is None else chosen.population
            today, account_rows = populating.result()
            evidence = gather(today, reference, self.secret.key, settings, self.workers)
            families, allowed = apply_allow_list(self.allow, grouping.result(), state, self._families.ids)
        today, evidence = complete(today, evidence, state, account_rows, families)
        calls = Calls(
            account=account_rows[ledger["account"]],
            time=ledger["time"],
            family=families.of_call,
            repeats=families.repeats_of_call,
        )
        compared = reference if evidence.reference_accounts else None
        campaigns = find_campaigns(today, compared, evidence, families, calls, settings)
        accounts = account_table(today, compared, evidence, campaigns, settings)
        family_rows = family_table(families, calls, evidence, settings, "client_address" in state.columns)
        flagged = np.flatnonzero(evidence.probability < settings.alarm_level)
        # Findings made without a reference purge nobody: an honest app would go missing from its own baseline.
        self._population, self._family_of_call = today, families.of_call
        self._suspects = {today.account_ids[row] for row in flagged.tolist()}
        self._snapshot = Snapshot.of(state.prompts.rows["hash"].copy(), families, family_rows, accounts)
        return Result(
            calls=call_table(ledger, calls, today, evidence, families, campaigns),
            accounts=accounts,
            families=family_rows,
            campaigns=campaign_table(campaigns),
            missing_evidence=evidence.missing,
            reference_days=[] if chosen is None else chosen.days,
            reference_accounts=evidence.reference_accounts,
            allowed=allowed,
        )

    # Keeping

    def merge(self, other: Engine) -> None:
        """Add everything another engine of the same key and settings observed. Raises StateError when they differ."""
        self._state.merge(other._state)
        self._seen += other._seen

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything observed to a folder, atomically. The same calls give the same bytes, in any order."""
        checkpoint.save_state(self._state, Path(path))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        state: str | os.PathLike[str] | None = None,
        secret: Secret | None = None,
        workers: int = 1,
    ) -> Engine:
        """Read what ``save`` wrote. The key is not in it: name the state directory it was made with, or its secret.

        Raises StateError for another key, another format version, or damaged files.
        """
        engine = cls(state, secret=secret, workers=workers)
        engine._state = checkpoint.load_state(Path(path), engine.secret)
        engine.settings = engine._state.settings
        engine._plain_measurer = engine._measurer = Measurer.of(engine.secret, engine.settings)
        engine._seen = int(engine._state.ledger.rows["row"].max(initial=-1)) + 1
        return engine

    def commit(self) -> list[str]:
        """After ``finish``: keep the days observed, flagged accounts left out, as future reference.

        Also keeps the known families. Returns the days kept. Needs a state directory.
        """
        if self._directory is None or self._suspects is None or self._population is None:
            raise StateError("commit() needs a state directory and a finish() before it")
        days = []
        panes = np.unique(self._state.accounts.rows["pane"]).tolist()
        for pane in panes:
            # A run of one day, the usual case, has its population at hand.
            population = self._population if len(panes) == 1 else self._population_of_pane(pane)
            clean = np.asarray([name not in self._suspects for name in population.account_ids], bool)
            day = _day(pane * self.settings.pane_us)
            self._directory.save_day(day, population.select(clean), self._state.words, self.settings)
            days.append(day.isoformat())
        self._directory.save_families(self._families)
        return days

    def _population_of_pane(self, pane: int) -> Population:
        population, rows = population_of(self._state, [pane], self.workers)
        known = len(self._family_of_call)  # calls observed since the last ``finish`` have no families yet
        return with_families(population, rows[self._state.ledger.rows["account"][:known]], self._family_of_call)

    def held(self) -> list[dict[str, int | float | str]]:
        """Bytes of everything kept, by part, and what a row of each part stands for."""
        return [*self._state.held(), self._families.held()]

    @property
    def state(self) -> State:
        """The sketches, for inspection."""
        return self._state


def _single(call: Mapping[str, Any]) -> pa.RecordBatch:
    """A batch of one row; whatever types the values have, intake casts them as it does those of a file."""
    known = {name: call[name] for name in CALL_SCHEMA.names if name in call}
    try:
        return pa.RecordBatch.from_pylist([known])
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise InputError("cannot check this call: a field has the wrong type; see gauger.engine.schema") from None


def _pieces(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of at most MEASURE_ROWS rows."""
    for part in parts:
        for start in range(0, part.batch.num_rows, MEASURE_ROWS):
            rows = part.rows[start : start + MEASURE_ROWS]
            yield Part(part.batch.slice(start, MEASURE_ROWS), part.file, rows)
