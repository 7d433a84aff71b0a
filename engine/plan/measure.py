"""Measuring an input into segments: each part is admitted and measured on a worker, and leaves as sections by shard."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from gauger.engine.common import memory, threads
from gauger.engine.common.errors import InputError, KernelInputError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.intake.admission import Admitted, admit
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.engine.intake.parts import Ended, Event, Failed, Offered, Part, Refused, pieces
from gauger.engine.plan.finish import first_day
from gauger.engine.segments.columns import Block, pack
from gauger.engine.segments.recorded import RecordedPart, fill, measured
from gauger.engine.segments.segment import Account, SegmentWriter, Tally
from gauger.engine.segments.work import Work
from gauger.engine.state.metadata import times_of
from gauger.engine.state.state import Prepared, content_of

SEGMENT_ROWS = 1 << 20
BLOCK_ROWS = 32_768  # rows a worker measures and packs at a time: seventy megabytes
_NO_CALLS = "its columns cannot be read as calls"
Source = Offered | Event  # what an input gives
WordsOf = Callable[[date], WordSketch | None]  # the reference's words for a day


@dataclass(frozen=True)
class _Measured:
    """A part that a worker is done with."""

    part: Offered
    block: Block | None
    times: np.ndarray  # of the calls taken in
    taken: np.ndarray  # rows of the part that they were
    refused: list[Refused]
    failed: str | None  # why it could not be read as calls
    account: Account = field(default_factory=Account)  # how its columns are filled


@dataclass
class _Segment:
    """Parts of a stream up to the end of a segment."""

    parts: Iterator[Source]
    rows: int = 0
    ended: bool = False

    def __iter__(self) -> Iterator[Source]:
        while self.rows < SEGMENT_ROWS:
            part = next(self.parts, None)
            if part is None:
                self.ended = True
                return
            if isinstance(part, Part):
                self.rows += part.batch.num_rows
                for start in range(0, part.batch.num_rows, BLOCK_ROWS):
                    yield part.slice(start, BLOCK_ROWS)
            else:
                self.rows += len(part.rows) if isinstance(part, RecordedPart) else 0
                yield part


@dataclass
class Measuring:
    """Measures the rest of an input into a work directory."""

    work: Work
    secret: Secret
    settings: Settings
    words_of: WordsOf
    workers: int
    failed: set[int] = field(default_factory=set)  # files nothing more is taken of
    _measurer: Measurer | None = field(default=None, init=False)
    _sketches: queue.SimpleQueue[WordSketch] = field(default_factory=queue.SimpleQueue, init=False)

    def run(self, parts: Iterable[Source], so_far: Account) -> Iterator[Account]:
        """Measure all parts, segment by segment; yields the segment's account after each block, for progress.

        parts : behind those of ``so_far``, which is added to
        """
        source = iter(parts)
        if so_far.novelty_day is not None:
            self._novel(date.fromisoformat(so_far.novelty_day))
        while True:
            segment, account = _Segment(source), Account()
            for _ in range(self.workers):
                self._sketches.put(WordSketch())
            writer = self.work.next_segment()
            try:
                yield from self._filled(writer, segment, so_far, account)
                words = WordSketch()
                for _ in range(self.workers):
                    words.merge(self._sketches.get())
                if account.files:
                    writer.commit(account, words)
                    so_far.add(account)
                    memory.settle()
            finally:
                writer.close()
            if segment.ended:
                return

    def _filled(self, writer: SegmentWriter, segment: _Segment, so_far: Account, account: Account) -> Iterator[Account]:
        """Measure the parts of a segment; yields its account after each block."""
        for found in threads.ahead(self._done, self._prepared(segment, so_far, account), Event, self.workers):
            if isinstance(found, Event):
                _note(account, found)
                continue
            _tally(account, found)
            if found.block is not None:
                writer.append(found.block)
                account.columns.update(found.block.columns)
            yield account

    def _prepared(self, segment: _Segment, so_far: Account, account: Account) -> Iterator[Offered | Event]:
        """The parts that can hold calls, once it is known whose words novelty is against: those of the first's day.

        Of a file that cannot be read as calls nothing more is taken: the reader asks ``failed``.
        """
        for part in segment:
            if isinstance(part, Event):
                yield part
                continue
            if isinstance(part.file, int) and part.file in self.failed:
                continue
            if (reason := self._unfit(part, so_far, account)) is not None:
                for file, places in part.by_file():
                    self.failed.add(file)
                    yield Failed(file, part.rows[places], reason)
                    yield Ended(file)  # in the same segment: a run that goes on takes nothing more of it either
                continue
            if isinstance(part, Part) and self._measurer is None:
                calls = self._admit(part)
                if not isinstance(calls, str) and calls.calls.num_rows:
                    day = first_day(times_of(calls.calls))
                    account.novelty_day = day.isoformat()
                    self._novel(day)
            yield part

    def _unfit(self, part: Offered, so_far: Account, account: Account) -> str | None:
        """Why nothing of a part can be a call: a column is missing, or prompts come otherwise than before."""
        if isinstance(part, RecordedPart):
            content = part.content
        else:
            assert isinstance(part, Part)
            found = self._admit(part.slice(0, 0))
            if isinstance(found, str):
                return found
            content = content_of(found.calls)
        known = so_far.content or account.content
        if content is None:
            return None
        if known not in (None, content):
            return f"this run holds prompts as {known}; it cannot take {content}: score the two apart"
        account.content = content
        return None

    def _novel(self, day: date) -> None:
        self._measurer = Measurer.of(self.secret, self.settings, self.words_of(day))

    @staticmethod
    def _admit(part: Part) -> Admitted | str:
        try:
            return admit(part.batch)
        except (InputError, KernelInputError) as error:
            return str(error)

    def _done(self, part: Offered) -> _Measured:
        if isinstance(part, RecordedPart):
            return self._packed(part)
        assert isinstance(part, Part)
        return self._measured(part)

    def _packed(self, part: RecordedPart) -> _Measured:
        """Pack a part that was measured where it was recorded."""
        account = Account()
        refused: list[Refused] = []
        batches: list[Prepared] = []
        taken: list[np.ndarray] = []
        deliveries: list[np.ndarray | None] = []
        sketch = self._sketches.get()
        try:
            for first, piece in part.placed():
                sketch.merge(piece.words)
                account.add(piece.account)
                if len(piece.refused):
                    rows = part.rows[first + piece.refused]
                    refused.append(Refused(part.file, rows, piece.reasons, piece.accounts))
                if piece.batch is not None:
                    taken.append(first + piece.rows)
                    batches.append(piece.batch)
                    deliveries.append(piece.deliveries)
        finally:
            self._sketches.put(sketch)
        return self._of(part, batches, taken, deliveries, refused, account)

    def _measured(self, part: Part) -> _Measured:
        """Admit, measure and pack a part."""
        batches: list[Prepared] = []
        taken: list[np.ndarray] = []
        deliveries: list[np.ndarray | None] = []
        refused: list[Refused] = []
        nothing, account = np.zeros(0, np.int64), Account()
        start = 0
        sketch = self._sketches.get()
        try:
            for piece in pieces([part]):
                found = self._admit(piece)
                if isinstance(found, str):
                    return _Measured(part, None, nothing, nothing, [], found)
                if len(found.rejected):
                    refused += _refused(part, start + found.rejected, found)
                fill(account, found, self.secret.key)
                if found.calls.num_rows:
                    assert self._measurer is not None
                    batch, told = measured(found, self._measurer, sketch, self.settings)
                    batches.append(batch)
                    deliveries.append(told)
                    taken.append(start + found.rows)
                start += piece.batch.num_rows
        finally:
            self._sketches.put(sketch)
        return self._of(part, batches, taken, deliveries, refused, account)

    def _of(
        self,
        part: Offered,
        batches: list[Prepared],
        taken: list[np.ndarray],
        deliveries: list[np.ndarray | None],
        refused: list[Refused],
        account: Account,
    ) -> _Measured:
        """A part that is measured; taken : rows of the part that the calls of each batch were"""
        if not batches:
            nothing = np.zeros(0, np.int64)
            return _Measured(part, None, nothing, nothing, refused, None, account)
        times = np.concatenate([batch.calls.times for batch in batches])
        files = [part.file if isinstance(part.file, int) else part.file[places] for places in taken]
        block = pack(batches, files, [part.rows[places] for places in taken], self.secret.key, deliveries)
        return _Measured(part, block, times, np.concatenate(taken), refused, None, account)


def _refused(part: Part, places: np.ndarray, found: Admitted) -> list[Refused]:
    """Rows of a part that were refused, file by file."""
    said_of = dict(zip(places.tolist(), zip(found.reasons, found.accounts, strict=True), strict=True))
    refused = []
    for file, own in part.by_file(places):
        reasons, accounts = zip(*(said_of[place] for place in own.tolist()), strict=True)
        refused.append(Refused(file, part.rows[own], list(reasons), list(accounts)))
    return refused


def _note(account: Account, event: Event) -> None:
    """What the reader says of a file."""
    tally = account.files.setdefault(event.file, Tally())
    if isinstance(event, Ended):
        tally.ended, tally.error = True, tally.error or event.error
        return
    assert isinstance(event, Refused | Failed)
    reasons = event.reasons if isinstance(event, Refused) else [_NO_CALLS] * len(event.rows)
    if isinstance(event, Failed):
        tally.error = tally.error or event.message
    tally.rows += len(event.rows)
    tally.next_row = max(tally.next_row, int(event.rows.max(initial=-1)) + 1)
    accounts = event.accounts if isinstance(event, Refused) else None
    account.refuse(event.file, event.rows.tolist(), reasons, accounts)


def _tally(account: Account, found: _Measured) -> None:
    """What became of a part."""
    part = found.part
    if found.failed is not None:
        for file, places in part.by_file():
            _note(account, Failed(file, part.rows[places], found.failed))
        return
    for file, places in part.by_file():
        tally = account.files.setdefault(file, Tally())
        tally.rows += len(places)
        tally.next_row = max(tally.next_row, int(part.rows[places].max(initial=-1)) + 1)
    for refused in found.refused:
        account.refuse(refused.file, refused.rows.tolist(), refused.reasons, refused.accounts)
    account.add(found.account)
    for file, places in part.by_file(found.taken):
        account.files[file].scored += len(places)
    if len(found.times) == 0:
        return
    for hour, number in zip(*np.unique(found.times // HOUR_US, return_counts=True), strict=True):
        account.hours[int(hour)] = account.hours.get(int(hour), 0) + int(number)
    first, last = int(found.times.min()), int(found.times.max())
    window = account.window or (first, last)
    account.window = (min(first, window[0]), max(last, window[1]))
