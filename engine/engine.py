"""The engine: observe calls, check one, merge, save, load, finish. What the batch job runs and what a host embeds."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from gauger.engine.common.errors import InputError, KernelInputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.common.stopwatch import Stopwatch
from gauger.engine.evidence.relations import complete
from gauger.engine.families.allow_list import AllowList, apply_allow_list
from gauger.engine.families.families import find_families
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.findings import Calls, find_campaigns
from gauger.engine.findings.known import KnownCampaigns
from gauger.engine.intake.admission import Admitted, admit, single
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.intake.parts import Failed, Part, Refused, Taken, pieces
from gauger.engine.reference.decontamination import gather_trimmed
from gauger.engine.reference.directory import Reference, StateDirectory
from gauger.engine.reference.drift import measure_drift
from gauger.engine.reference.held_out import FalsePositives, false_positives
from gauger.engine.reference.kept_findings import load_campaigns, save_campaigns
from gauger.engine.results.result import Result, account_table, call_table, campaign_table, family_table, membership
from gauger.engine.serving.snapshot import NOTHING_KNOWN, Snapshot, Verdict, snapshot_of
from gauger.engine.serving.streaming import REPRESENTATIVES, StreamingCounts, StreamingFamilies
from gauger.engine.state import checkpoint
from gauger.engine.state.metadata import times_of
from gauger.engine.state.state import Prepared, State, content_of, prepare
from gauger.engine.statistics.population import Population, population_of
from gauger.engine.statistics.relational import with_families
from gauger.kernels.warm import warmup


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
    streaming : families that ``observe`` follows between two ``finish``, a power of two, at 900 bytes each from the
        first call on; 0 for none. Ids it gives are kept by ``finish``, so then they depend on the order of calls.

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
        streaming: int = REPRESENTATIVES,
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
        self._campaigns = KnownCampaigns() if self._directory is None else load_campaigns(self._directory)
        self._reference: tuple[date, Reference | None] | None = None
        self._measurer = Measurer.of(self.secret, self.settings)
        self._prepared_for_reference = False
        self._plain_measurer = self._measurer  # without a reference: what ``check`` needs
        self._seen = 0  # rows observed, refused ones included
        self._snapshot: Snapshot | None = None
        self._discarded = WordSketch()  # checks count words nowhere that matters
        self._suspects: set[str] | None = None  # accounts a reference must not hold; None before ``finish``
        self._lone: set[str] = set()  # those of them that are part of no finding
        self._population: Population | None = None  # of the last ``finish``
        self._streaming_families = streaming
        self._streaming: StreamingFamilies | None = None  # made by the first ``observe``
        self._family_of_call = np.zeros(0, np.int64)

    # Observing

    def observe(self, batch: pa.RecordBatch, *, file: int = 0, rows: np.ndarray | None = None) -> pa.RecordBatch:
        """Take in a batch of calls under canonical names, in any Arrow layout.

        Returns one row a call, in order: ``reason`` (null when scored, else why not), ``family_id``,
        ``exact_repeats``, ``novelty``, ``account_evidence``. Families are those of the last ``finish``, else those
        followed since (null while a prompt is alone); evidence is that of the last ``finish`` (null before it);
        repeats count what was observed so far.

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
        if self._streaming_families and not np.all(known[taken]):
            family[taken] = self._follow(measures, family[taken], admitted)
            known |= family != 0
        return pa.record_batch(
            {
                "reason": pa.array(reasons.tolist(), pa.string()),
                "family_id": pa.array(family, mask=~known),
                "exact_repeats": pa.array(repeats, mask=~scored),
                "novelty": pa.array(novelty, mask=np.isnan(novelty)),
                "account_evidence": pa.array(strength, mask=np.isnan(strength)),
            }
        )

    def _follow(self, measures: Measures, family: np.ndarray, admitted: Admitted) -> np.ndarray:
        """Families of calls (0 = none), those of the stream where the last ``finish`` knows none."""
        if self._streaming is None:
            self._streaming = StreamingFamilies(self._families, self.settings, self._streaming_families)
        return self._streaming.assign(measures, family, int(times_of(admitted.calls).max()))

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
            for part in pieces(parts):
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
        batch = call if isinstance(call, pa.RecordBatch) else single(call)
        admitted = admit(batch)
        if admitted.calls.num_rows != 1:
            raise InputError(f"cannot check this call: {', '.join(admitted.reasons) or 'not exactly one row'}")
        measures = self._plain_measurer.measure(admitted.calls, self._discarded)
        account = admitted.calls.column("account_id")[0].as_py()
        snapshot, streaming = self._snapshot, self._streaming
        verdict = NOTHING_KNOWN if snapshot is None else snapshot.verdict(account, measures)
        return verdict if verdict.family_id is not None or streaming is None else streaming.verdict(verdict, measures)

    def finish(self) -> Result:
        """Weigh everything observed so far and return the tables. More calls may be observed afterwards.

        The reference is that of the earliest day that holds at least one call in a hundred.
        """
        # One BLAS thread: its own threads would fight ours, and could change the last bit of a sum.
        with threadpool_limits(1, user_api="blas"):
            return self._finish()

    def _finish(self) -> Result:
        state, settings, watch = self._state, self.settings, Stopwatch()
        ledger = state.ledger.rows
        times = ledger["time"]  # read here: what waits to be put in place is put there by one thread
        # Families need the accounts last of all, and evidence no families: each has stretches only one core works on.
        with ThreadPoolExecutor(2) as pool:
            populating = pool.submit(population_of, state, None, self.workers)
            claims = None if self._streaming is None else self._streaming.claims()
            grouping = pool.submit(
                find_families, state, lambda: populating.result()[1], self._families, self.workers, claims
            )
            chosen = self._reference_of(_first_day(times)) if len(times) else None
            reference = None if chosen is None else chosen.population
            today, account_rows = populating.result()
            watch.lap("population")
            trimmed = gather_trimmed(today, reference, self.secret.key, settings, self.workers)
            watch.lap("evidence")
            families, allowed = apply_allow_list(self.allow, grouping.result(), state, self._families.ids)
            watch.lap("families")
        evidence = trimmed.evidence
        stale = self._directory.stale(_first_day(times)) if self._directory is not None and len(times) else None
        if chosen is None and stale is not None:
            evidence = replace(evidence, missing=[stale])
        today, evidence = complete(today, evidence, state, account_rows, families, self.workers)
        calls = Calls(account_rows[ledger["account"]], times, families.of_call, families.repeats_of_call)
        compared = reference if evidence.reference_accounts else None
        campaigns = find_campaigns(today, compared, evidence, families, calls, settings)
        if len(times):
            numbered = self._campaigns.number(campaigns, today, _first_day(times), self.secret.key)
            campaigns, self._campaigns = numbered
        watch.lap("campaigns")
        accounts = account_table(today, compared, evidence, campaigns, settings)
        family_rows = family_table(families, calls, evidence, settings, "client_address" in state.columns)
        flagged = np.flatnonzero(evidence.probability < settings.alarm_level)
        # Findings made without a reference purge nobody: an honest app would go missing from its own baseline.
        self._population, self._family_of_call = today, families.of_call
        self._suspects = {today.account_ids[row] for row in flagged.tolist()}
        lone = flagged[membership(campaigns, len(today))[flagged] < 0]
        self._lone = {today.account_ids[row] for row in lone.tolist()}
        self._snapshot = snapshot_of(state.prompts.rows["hash"].copy(), families, family_rows, accounts)
        if self._streaming is not None:
            self._streaming.follow(self._snapshot)
        return Result(
            calls=call_table(ledger, calls, today, evidence, families, campaigns),
            accounts=accounts,
            families=family_rows,
            campaigns=campaign_table(campaigns),
            missing_evidence=evidence.missing,
            reference_days=[] if chosen is None else chosen.days,
            reference_accounts=evidence.reference_accounts,
            reference_left_out=len(trimmed.left_out),
            allowed=allowed,
            drift=None if chosen is None else measure_drift(_first_day(times), today, chosen, evidence, settings),
            seconds=watch.seconds,
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
        streaming: int = REPRESENTATIVES,
    ) -> Engine:
        """Read what ``save`` wrote. The key is not in it: name the state directory it was made with, or its secret.

        Raises StateError for another key, another format version, or damaged files.
        """
        engine = cls(state, secret=secret, workers=workers, streaming=streaming)
        engine._state = checkpoint.load_state(Path(path), engine.secret)
        engine.settings = engine._state.settings
        engine._plain_measurer = engine._measurer = Measurer.of(engine.secret, engine.settings)
        engine._seen = int(engine._state.ledger.rows["row"].max(initial=-1)) + 1
        return engine

    def commit(self) -> list[str]:
        """After ``finish``: keep the days observed, flagged accounts left out, as future reference.

        Also keeps the known families and campaigns. Returns the days kept. Needs a state directory.
        """
        if self._directory is None or self._suspects is None or self._population is None:
            raise StateError("commit() needs a state directory and a finish() before it")
        days = []
        panes = np.unique(self._state.accounts.rows["pane"]).tolist()
        for pane in panes:
            # A run of one day, the usual case, has its population at hand.
            population = self._population if len(panes) == 1 else self._population_of_pane(pane)
            clean = np.asarray([name not in self._suspects for name in population.account_ids], bool)
            lone = population.select(np.asarray([name in self._lone for name in population.account_ids], bool))
            day = _day(pane * self.settings.pane_us)
            self._directory.save_day(day, population.select(clean), self._state.words, self.settings, lone)
            days.append(day.isoformat())
        self._directory.save_families(self._families)
        save_campaigns(self._directory, self._campaigns)
        return days

    def _population_of_pane(self, pane: int) -> Population:
        population, rows = population_of(self._state, [pane], self.workers)
        known = len(self._family_of_call)  # calls observed since the last ``finish`` have no families yet
        return with_families(population, rows[self._state.ledger.rows["account"][:known]], self._family_of_call)

    def false_positives(self) -> FalsePositives:
        """The false-positive rate measured on clean days held out; a new reference day is weighed first, once."""
        times = self._state.ledger.rows["time"]
        with threadpool_limits(1, user_api="blas"):
            directory = self._directory if len(times) else None
            day = _first_day(times) if len(times) else date.min
            return false_positives(directory, day, self.settings, self.workers)

    def held(self) -> list[dict[str, int | float | str]]:
        """Bytes of everything kept, by part, and what a row of each part stands for."""
        streaming = [] if self._streaming is None else [self._streaming.held()]
        return [*self._state.held(), self._families.held(), *streaming]

    @property
    def streaming(self) -> StreamingCounts:
        """What became of the calls that ``observe`` followed."""
        return StreamingCounts() if self._streaming is None else self._streaming.counts()

    @property
    def state(self) -> State:
        """The sketches, for inspection."""
        return self._state
