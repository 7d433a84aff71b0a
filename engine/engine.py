"""The engine: observe calls, check one, merge, save, load, finish. What the batch job runs and what a host embeds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from gauger.engine.common import threads
from gauger.engine.common.errors import GaugerError, InputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.families.allow_list import AllowList
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.known import KnownFindings
from gauger.engine.intake.admission import Admitted, admit, single
from gauger.engine.intake.conversation import said
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.intake.parts import Event, Part
from gauger.engine.plan.day import StateDay
from gauger.engine.plan.finish import Finished, Known, finish, first_day
from gauger.engine.plan.ingest import ingest
from gauger.engine.plan.keep import keep
from gauger.engine.reference.directory import Reference, StateDirectory, directory_of
from gauger.engine.reference.held_out import FalsePositives, false_positives, level_that_holds
from gauger.engine.reference.kept_findings import known_of
from gauger.engine.results.result import CallRows, Result, in_order
from gauger.engine.serving.answers import answer
from gauger.engine.serving.snapshot import NOTHING_KNOWN, Snapshot, Verdict, snapshot_of
from gauger.engine.serving.streaming import REPRESENTATIVES, StreamingCounts, StreamingFamilies
from gauger.engine.state import checkpoint, state_bytes
from gauger.engine.state.metadata import times_of
from gauger.engine.state.state import State, content_of, prepare
from gauger.kernels.warm import warmup

Given = ParamSpec("Given")
Made = TypeVar("Made")
Method = Callable[Concatenate["Engine", Given], Made]


def _alone(method: Method[Given, Made]) -> Method[Given, Made]:
    """A method that changes an engine: one thread at a time, in the process that made it."""

    @wraps(method)
    def guarded(self: Engine, /, *given: Given.args, **named: Given.kwargs) -> Made:
        self._refuse_a_fork()
        with self._lock:
            return method(self, *given, **named)

    return guarded


def _without_text(method: Method[Given, Made]) -> Method[Given, Made]:
    """A method whose errors hold nothing of the calls it was given: no frame of ours, no error before it.

    Error trackers send the locals of every frame, and what an error came from.
    """

    @wraps(method)
    def told(self: Engine, /, *given: Given.args, **named: Given.kwargs) -> Made:
        try:
            return method(self, *given, **named)
        except GaugerError as error:
            problem: Exception = type(error)(*error.args)
        except Exception as error:
            problem = StateError(f"unexpected {type(error).__name__} while calls were taken in or checked")
        del given, named
        raise problem

    return told


class Engine:
    """Sketches of a stream of calls, and what they say.

    state : a state directory (made if missing), which holds the key, known families and reference days; None keeps
        everything in memory under a random key, without a reference. It is read; only ``commit`` writes to it.
    secret : the key; that of a state directory is used where there is one, and StateError says if it is another
    settings : tunable numbers
    workers : threads for measuring and for neighbours; the result does not depend on it
    allow : families that give no evidence from the next ``finish`` on; ``engine.allow`` may be set at any time
    streaming : families that ``observe`` follows between two ``finish``, a power of two, at 900 bytes each from the
        first call on; 0 for none. Ids it gives are kept by ``finish``, so then they depend on the order of calls.

    Any thread may call any method: those that change it wait for one another, ``check`` for nobody. A forked child may
    ``check``, and is refused all else: it would write to its parent's files. The first engine of a process loads every
    kernel, or compiles them where the cache has none (``gauger.warmup``); no later call waits for a compiler.
    """

    def __init__(
        self,
        state: str | os.PathLike[str] | StateDirectory | None = None,
        *,
        settings: Settings | None = None,
        workers: int = 1,
        secret: Secret | None = None,
        allow: AllowList | None = None,
        streaming: int = REPRESENTATIVES,
    ) -> None:
        warmup()
        self._lock, self._process = threading.RLock(), os.getpid()
        self.allow = allow
        self.settings = settings or Settings()
        self.workers = max(1, workers)
        self._directory = None if state is None else directory_of(state, secret)
        self.warnings: list[str] = []  # of the last ``commit``: which days of the run were not kept, and why
        self._own: set[str] = set()  # digests of the days it kept: a later ``commit`` knows more of them
        if self._directory is not None:
            secret = self._directory.secret
            families, findings, decisions, self._ids = self._directory.read(known_of)
            self._known = Known(families, findings, decisions=decisions, shared=self._directory.shared)
        else:
            self._known = Known(KnownFamilies(), KnownFindings())
        self.secret = secret or Secret.random()
        self._state = State(self.secret, self.settings)
        self._reference: tuple[date, Reference | None] | None = None
        self._measurer = Measurer.of(self.secret, self.settings)
        self._prepared_for_reference = False
        self._plain_measurer = self._measurer  # without a reference: what ``check`` needs
        self._seen = 0  # rows observed, refused ones included
        self._finished: Finished | None = None
        self._snapshot: Snapshot | None = None
        self._discarded = WordSketch()  # checks count words nowhere that matters
        self._streaming_families = streaming
        self._streaming: StreamingFamilies | None = None  # made by the first ``observe``

    def _refuse_a_fork(self) -> None:
        if os.getpid() != self._process:
            raise StateError("this engine was made before a fork; make one in each process, and merge them")

    # Observing

    @_without_text
    @_alone
    def observe(self, batch: pa.RecordBatch, *, file: int = 0, rows: np.ndarray | None = None) -> pa.RecordBatch:
        """Take in a batch of calls under canonical names, in any Arrow layout.

        Returns one row a call, in order: ``reason`` (null when scored, else why not), ``family_id``,
        ``exact_repeats``, ``novelty``, ``account_evidence``. Families are those of the last ``finish``, else those
        followed since (null while a prompt is alone); evidence is that of the last ``finish`` (null before it);
        repeats count what was observed so far.

        Novelty is against the reference of the first batch's day: observe a stream from its start. A call that comes
        twice is two calls: whoever delivers a stream at least once has to leave out what came before.

        Raises InputError when required columns are missing, KernelInputError when the Arrow data is corrupt, StateError
        when prompts come as token ids after text, or the other way round.
        """
        numbers = np.arange(self._seen, self._seen + batch.num_rows)
        admitted, measurer = self._admit(Part(batch, file, numbers if rows is None else np.asarray(rows, np.int64)))
        calls = said(admitted.calls)
        measures = measurer.measure(calls, self._state.words)
        contexts = measurer.contexts(calls, self.settings)
        taken = (numbers if rows is None else np.asarray(rows, np.int64))[admitted.rows]
        prepared = prepare(calls, measures, self.secret.key, contexts)
        prompts = self._state.fold(prepared, file=file, rows=taken)
        repeats = self._state.prompts.rows["calls"][prompts]
        return answer(admitted, measures, repeats, self._snapshot, self._follow if self._streaming_families else None)

    def observe_parts(self, parts: Iterable[Part]) -> Iterator[Event]:
        """Take in many parts, measuring in parallel; yields what became of them as it becomes known.

        A part that cannot be admitted at all is yielded as Failed, and the rest goes on. The number of workers changes
        nothing.
        """
        self._refuse_a_fork()
        with self._lock:
            yield from ingest(self._state, parts, self._admit, self.workers)

    def _admit(self, part: Part) -> tuple[Admitted, Measurer]:
        """The calls of a part, and who measures them: the first call decides whose words novelty is against."""
        admitted = admit(part.batch)
        self._seen += part.batch.num_rows
        if admitted.calls.num_rows:
            self._state.claim(content_of(admitted.calls))
            if not self._prepared_for_reference:
                if self._directory is not None:
                    words = self._directory.words(first_day(times_of(admitted.calls)), self.settings)
                    self._measurer = Measurer.of(self.secret, self.settings, words)
                self._prepared_for_reference = True
        return admitted, self._measurer

    def _reference_of(self, day: date) -> tuple[Reference | None, str | None]:
        """The reference of a day, else a sentence where the days kept are too old; the last one asked for stays."""
        if self._directory is None:
            return None, None
        if self._reference is None or self._reference[0] != day:
            found = self._directory.reference(day, self.settings)
            if found is not None:
                found = replace(found, held=level_that_holds(self._directory, day, self.settings))
            self._reference = (day, found)
        chosen = self._reference[1]
        return chosen, None if chosen is not None else self._directory.no_reference(day, self.settings)

    def _follow(self, measures: Measures, family: np.ndarray, admitted: Admitted) -> np.ndarray:
        """Families of calls (0 = none), those of the stream where the last ``finish`` knows none."""
        if self._streaming is None:
            self._streaming = StreamingFamilies(self._known.families, self.settings, self._streaming_families)
        return self._streaming.assign(measures, family, int(times_of(admitted.calls).max()))

    # Answering

    @_without_text
    def check(self, call: Mapping[str, Any] | pa.RecordBatch) -> Verdict:
        """What is known of one call, from the last ``finish``; nothing is recorded. Safe from any thread.

        call : the call's fields under canonical names, or a batch of one row
        Raises InputError when the call cannot be scored, with the reason.
        """
        batch = call if isinstance(call, pa.RecordBatch) else single(call)
        admitted = admit(batch)
        if admitted.calls.num_rows != 1:
            raise InputError(f"cannot check this call: {', '.join(admitted.reasons) or 'not exactly one row'}")
        measures = self._plain_measurer.measure(said(admitted.calls), self._discarded)
        account = admitted.calls.column("account_id")[0].as_py()
        snapshot, streaming = self._snapshot, self._streaming
        verdict = NOTHING_KNOWN if snapshot is None else snapshot.verdict(account, measures)
        return verdict if verdict.family_id is not None or streaming is None else streaming.verdict(verdict, measures)

    @_alone
    def finish(self) -> Result:
        """Weigh everything observed so far and return the tables. More calls may be observed afterwards.

        The reference is that of the earliest day that holds at least one call in a hundred.
        """
        self._known.claims = None if self._streaming is None else self._streaming.claims()
        if self._directory is not None:
            self._known.decisions = self._directory.decisions()  # people decide while it runs
        # One BLAS thread: its own threads would fight ours, and could change the last bit of a sum.
        with threads.use(self.workers), threadpool_limits(1, user_api="blas"):
            times = self._state.ledger.rows["time"]  # read here: what waits to be put in place is put there once
            date_of_day = first_day(times) if len(times) else None
            done = finish(StateDay(self._state), date_of_day, self._known, self._reference_of, self.allow)
        rows = [done.calls(unit) for unit in done.units]
        calls = CallRows.together(rows)
        result = replace(done.result, calls=done.naming.table(calls, in_order(calls)))
        self._finished = replace(done, result=result)
        self._snapshot = snapshot_of(done.day.prompts.hashes, done.families, result)
        if self._streaming is not None:
            self._streaming.follow(self._snapshot)
        return result

    # Keeping

    @_alone
    def merge(self, other: Engine) -> None:
        """Add everything another engine of the same key and settings observed. Raises StateError when they differ."""
        self._state.merge(other._state)
        self._seen += other._seen

    @_alone
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything observed to a folder, atomically. The same calls give the same bytes, in any order."""
        checkpoint.save_state(self._state, Path(path))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        state: str | os.PathLike[str] | StateDirectory | None = None,
        secret: Secret | None = None,
        workers: int = 1,
        streaming: int = REPRESENTATIVES,
    ) -> Engine:
        """Read what ``save`` wrote. The key is not in it: name the state directory it was made with, or its secret.

        Raises StateError for another key, another format version, or damaged files.
        """
        engine = cls(state, secret=secret, workers=workers, streaming=streaming)
        engine._goes_on_with(checkpoint.load_state(Path(path), engine.secret))
        return engine

    def _goes_on_with(self, state: State) -> None:
        self._state, self.settings = state, state.settings
        self._plain_measurer = self._measurer = Measurer.of(self.secret, self.settings)
        self._seen = int(state.ledger.rows["row"].max(initial=-1)) + 1

    @_alone
    def to_bytes(self) -> bytes:
        """What ``save`` writes, as bytes: for another process to ``merge``, or a column of a table. Without the key."""
        return state_bytes.to_bytes(self._state)

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        *,
        state: str | os.PathLike[str] | StateDirectory | None = None,
        secret: Secret | None = None,
        workers: int = 1,
        streaming: int = REPRESENTATIVES,
    ) -> Engine:
        """The inverse of ``to_bytes``; state, secret and errors as of ``load``."""
        engine = cls(state, secret=secret, workers=workers, streaming=streaming)
        engine._goes_on_with(state_bytes.from_bytes(data, engine.secret))
        return engine

    @_alone
    def commit(self) -> list[str]:
        """After ``finish``: keep the days observed, flagged accounts left out, as future reference.

        Also keeps the known families and findings. Returns the days kept; ``warnings`` says why others were not. Days
        that an earlier ``commit`` of this engine kept are replaced, those of others stay. Needs a state directory.

        Raises StateLockedError while another process writes to it, and StateError when one gave ids since this engine
        read them: ``save``, ``load`` with the state, ``finish`` and ``commit`` do it with the ids of now.
        """
        if self._directory is None or self._finished is None:
            raise StateError("commit() needs a state directory and a finish() before it")
        with threads.use(self.workers), self._directory.writing(self._own) as writing:
            if writing.commit.ids() != self._ids:
                raise StateError(
                    f"{self._directory.path}: another run has given ids since this engine read them; "
                    "save() this engine, load() it with the state, then finish() and commit()"
                )
            days, self.warnings = keep(writing, self._state.words, self._finished, self._known)
            ids, own = writing.commit.ids(), {writing.digest_of(day) for day in days}
        self._ids, self._own = ids, self._own | own
        return days

    @_alone
    def close_day(self) -> Result:
        """``finish``, ``commit`` where there is a state directory, and begin anew: a stream of days needs no more room.

        What was found stays for ``check`` until the next ``finish``. ``warnings`` says why a day was not kept.
        """
        result = self.finish()
        if self._directory is not None:
            self.commit()
        self._state, self._finished = State(self.secret, self.settings), None
        self._prepared_for_reference, self._own = False, set()
        return result

    @_alone
    def false_positives(self) -> FalsePositives:
        """The false-positive rate measured on clean days held out; a new reference day is weighed first, once."""
        times = self._state.ledger.rows["time"]
        with threads.use(self.workers), threadpool_limits(1, user_api="blas"):
            directory = self._directory if len(times) else None
            return false_positives(directory, first_day(times) if len(times) else date.min, self.settings)

    def held(self) -> list[dict[str, int | float | str]]:
        """Bytes of everything kept, by part, and what a row of each part stands for."""
        streaming = [] if self._streaming is None else [self._streaming.held()]
        return [*self._state.held(), self._known.families.held(), *streaming]

    @property
    def streaming(self) -> StreamingCounts:
        """What became of the calls that ``observe`` followed."""
        return StreamingCounts() if self._streaming is None else self._streaming.counts()

    @property
    def state(self) -> State:
        """The sketches, for inspection."""
        return self._state
