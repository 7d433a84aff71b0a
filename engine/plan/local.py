"""The local runner: a day of any size on one machine, its stages over files in a work directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from gauger.engine.common import memory, progress, threads
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.families.allow_list import AllowList
from gauger.engine.families.known import KnownFamilies
from gauger.engine.findings.known import KnownFindings
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.finish import Finished, Known, finish, main_day
from gauger.engine.plan.keep import keep, keep_numbers
from gauger.engine.plan.measure import Measuring, Source
from gauger.engine.plan.published import publish_run
from gauger.engine.plan.redeliveries import find_redeliveries
from gauger.engine.plan.stored import StoredDay
from gauger.engine.reference.directory import Kept, Reference, StateDirectory
from gauger.engine.reference.held_out import Ahead, FalsePositives, false_positives, level_that_holds, measure_ahead
from gauger.engine.reference.kept_findings import known_of
from gauger.engine.segments.work import Work

_ROOMY = 1.25  # times the least memory that serves: enough to hold on to what was freed
FORMAT = 5  # of a work directory: what is there in another one is refused


@dataclass(frozen=True)
class Local:
    """How a run uses this machine. Nothing of it changes a result."""

    memory: int | None = None  # bytes it may use; None: half of what is free
    work: Path | None = None  # work directory; None: beside the output
    fresh: bool = False  # forget a run that was not finished
    workers: int | None = None  # threads; None: one a core
    features: bool = False  # features.parquet is written, too
    publish: Path | None = None  # file of verdicts for hosts to ask, put in the place of the one that is there
    recorded: bool = False  # files of a spool are read, and no others
    provisional: bool = False  # the day is not over: its findings keep their numbers, and it does not become reference

    @property
    def threads(self) -> int:
        """Threads to use."""
        return self.workers or os.cpu_count() or 1


def least_bytes(calls: int, prompts: int) -> int:
    """The least memory that serves a day: what is held of each call and prompt, beside the largest stage.

    Learning takes at most two gibibytes, those of 48,000 accounts with their calls; near-duplicates take 190 bytes a
    distinct prompt.
    """
    learning = min(int(1.9 * memory.GIB), memory.GIB // 2 + 2_000 * calls)
    return int(0.7 * memory.GIB) + max(learning, 200 * prompts) + 60 * calls


def _began(kept: Kept) -> dict[str, Any]:
    """What a state directory kept when a run began, so that the same can be weighed against the same again."""
    return {
        "parts": {name: part.digest for name, part in sorted(kept.commit.parts.items())},
        "decisions": len(kept.decisions().entries),
    }


class LocalRun:
    """A run in a work directory: measure, then finish, then keep."""

    def __init__(
        self, work: Path, inputs: Any, settings: Settings, state: StateDirectory | Secret, local: Local
    ) -> None:
        """inputs : what is read, and whether there is an allow-list, as JSON: a run goes on where it is the same."""
        self._directory = state if isinstance(state, StateDirectory) else None
        self.secret = state.secret if isinstance(state, StateDirectory) else state
        self.settings, self._local = settings, local
        self.failed: set[int] = set()
        self.began: dict[str, Any] | None = None  # parts of the state directory, and their digests
        if self._directory is None:
            self._known = Known(KnownFamilies(), KnownFindings())
        else:
            families, findings, decisions, _ = self._directory.read(known_of)
            self._known = Known(families, findings, decisions=decisions, shared=self._directory.shared)
            self.began = self._directory.read(_began)
        run = {"format": FORMAT, "key": self.secret.key_id, "settings": asdict(settings), "inputs": inputs}
        if self.shared:
            run["shared"] = self.shared
        self.work = Work(work, run, fresh=local.fresh)
        self.account = self.work.account()

    def measure(self, parts: Iterable[Source], told: Callable[[int], None]) -> None:
        """Measure what is not measured yet, and leave out what was delivered before.

        told : how many rows there are so far, now and then
        """
        words = Measuring(
            self.work, self.secret, self.settings, self._words_of, self._local.threads, failed=self.failed
        )
        for account in words.run(parts, self.account):
            told(sum(tally.rows for one in (self.account, account) for tally in one.files.values()))
        with threads.use(self._local.threads):
            find_redeliveries(self.work, self.account.scored)
        self.account = self.work.account()

    def _words_of(self, day: date) -> WordSketch | None:
        if self._directory is None:
            return None
        self._agree(day, self._directory)
        return self._directory.words(day, self.settings)

    def _reference_of(self, day: date) -> tuple[Reference | None, str | None]:
        if self._directory is None:
            return None, None
        self._agree(day, self._directory)
        found = self._directory.reference(day, self.settings)
        if found is None:
            return None, self._directory.no_reference(day, self.settings)
        features = self.work.features(found.population.sample_features[found.population.sample_row])
        held = level_that_holds(self._directory, day, self.settings)
        self.work.agree("alarm level", None if held is None else held.level)
        found = replace(found, population=found.population.with_features(features), held=held)
        memory.settle()  # twice of it was held while it was read
        return found, None

    def _agree(self, day: date, directory: StateDirectory) -> None:
        """A run goes on only against the days it began with, as they were: some units may be weighed already."""
        self.work.agree(f"reference of {day}", directory.kept().reference_digests(day, self.settings))

    @property
    def shared(self) -> list[str]:
        """Names of the findings of other providers that are weighed."""
        return [finding.name for finding in self._known.shared]

    @property
    def threads(self) -> int:
        """Threads in use."""
        return self._local.threads

    @property
    def writes_features(self) -> bool:
        """Whether features of accounts are written."""
        return self._local.features

    @property
    def is_recorded(self) -> bool:
        """Whether files of a spool are read, and no others."""
        return self._local.recorded

    @property
    def is_provisional(self) -> bool:
        """Whether the day is not over."""
        return self._local.provisional

    @property
    def keeps(self) -> bool:
        """Whether there is a state directory."""
        return self._directory is not None

    @property
    def day(self) -> date | None:
        """The day of the run; None without a call."""
        return main_day(self.account.days()) if self.account.scored else None

    def finish(self, allow: AllowList | None) -> Finished:
        """Weigh what was measured."""
        memory.settle()
        least = least_bytes(self.account.scored + len(self.work.redelivered), self.work.prompts())
        if self._local.memory is not None:
            memory.require(least, "this day")
        if (memory.limit() or 0) >= _ROOMY * least:
            memory.hold()
        with threads.use(self._local.threads), threadpool_limits(1, user_api="blas"):
            day = StoredDay(self.work, self.secret, self.settings)
            return finish(day, self.day, self._known, self._reference_of, allow)

    def keep(self, finished: Finished) -> list[str]:
        """Keep the days of the run as reference; sentences say which were not. Needs a state directory and a call."""
        assert self._directory is not None
        if self._local.provisional:
            with self._directory.writing() as writing:
                keep_numbers(writing, self._known)
            return []
        progress.tell("keeping")
        memory.settle()
        words = WordSketch()
        for segment in self.work.segments():
            words.merge(segment.words())
        with threads.use(self._local.threads), self._directory.writing() as writing:
            return keep(writing, words, finished, self._known)[1]

    def publish(self, finished: Finished, path: Path) -> None:
        """Publish what was found, for hosts to ask. Raises OSError where the file cannot be written."""
        words = None if self._directory is None or self.day is None else self._words_of(self.day)
        last = 0 if self.account.window is None else self.account.window[1]
        publish_run(path, finished, self.secret, words, last)

    def measure_ahead(self) -> Ahead | None:
        """What ``false_positives`` would measure now."""
        if self._directory is None or self.day is None or self._local.provisional:
            return None
        with threads.use(self._local.threads), threadpool_limits(1, user_api="blas"), progress.use(None):
            return measure_ahead(self._directory, self.day, self.settings)

    def false_positives(self, ahead: Ahead | None = None) -> FalsePositives:
        """The false-positive rate measured on clean days held out."""
        with threads.use(self._local.threads), threadpool_limits(1, user_api="blas"):
            directory = self._directory if self.day is not None else None
            return false_positives(directory, self.day or date.min, self.settings, ahead)
