"""The steps of a run over shards: what each task is given as pieces, and what it gives.

    Measure   some input            slices of calls and of prompts, by shard; what became of the rows; words
    Fold      a unit of accounts    its file of folded accounts; rows that were delivered before
    Gather    a unit of prompts     its distinct prompts
    Learn     the first units       frames and their slots
    Match     a unit of prompts     its file of matched prompts

Each is the local run over a work directory of its own, of which nothing stays; what the day as a whole decides is left
to the one task that has all their files. None depends on the order of its pieces, nor on how the input was cut.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np

from gauger.engine.cluster.pieces import Arrived, Piece, Shared
from gauger.engine.cluster.telling import told, untold, without_refused
from gauger.engine.common import threads
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.common.shards import shard_of
from gauger.engine.families.frames import Grams
from gauger.engine.families.matching import Matching
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.plan.measure import Measuring, Source
from gauger.engine.plan.redeliveries import find_redeliveries
from gauger.engine.plan.stored import ACCOUNTS, StoredDay, stage_of
from gauger.engine.plan.stored_prompts import StoredPrompts, matched_unit
from gauger.engine.segments.arrays import decoded, encoded, write_arrays
from gauger.engine.segments.deliveries import Redelivered
from gauger.engine.segments.segment import Account
from gauger.engine.segments.slices import ACCOUNT_KINDS, PROMPT_KINDS, put_down, slices
from gauger.engine.segments.work import Work

CALLS, PROMPTS = "calls", "prompts"  # slices, by shard
ACCOUNT, SUMMARY, WORDS = "account", "summary", "words"  # of some input
FOLDED, AGAIN, TAKEN_BACK = "folded", "again", "taken-back"  # of a unit of accounts
DISTINCT, COUNT, MATCHED = "distinct", "count", "matched"  # of a unit of prompts
MATCHING = "matching"
FEW = (ACCOUNT, SUMMARY, WORDS, AGAIN, TAKEN_BACK, COUNT, MATCHING)  # kinds of few bytes beside a step's others


Parts = Callable[[set[int]], Iterable[Source]]  # asked with the numbers of files that nothing more is taken of


@dataclass(frozen=True)
class Measure:
    """Measure some input: of any rows, in any parts."""

    settings: Settings
    novelty_day: str | None
    content: str | None  # what prompts are in this run
    words: Shared | None  # of the reference of that day, as ``words_as_bytes``

    def __call__(self, secret: Secret, name: str, parts: Parts, folder: Path) -> Iterator[Piece]:
        """name : of this input, by which it comes in order; parts : its rows"""
        work = Work(folder / "work", {})

        def words_of(_: date) -> WordSketch | None:
            return None if self.words is None else words_from_bytes(self.words.get())

        measuring = Measuring(work, secret, self.settings, words_of, threads.count())
        for _ in measuring.run(parts(measuring.failed), Account(novelty_day=self.novelty_day, content=self.content)):
            pass
        total, sketch = Account(), WordSketch()
        for number, segment in enumerate(work.segments()):
            own = f"{name}-{number:05d}"
            for kind, kinds in ((CALLS, ACCOUNT_KINDS), (PROMPTS, PROMPT_KINDS)):
                for shard, data in slices(segment, kinds):
                    yield from Piece.of(kind, shard, own, data)
            total.add(segment.account())
            sketch.merge(segment.words())
        yield from Piece.of(ACCOUNT, 0, name, told(total))
        yield from Piece.of(SUMMARY, 0, name, told(without_refused(total)))
        yield from Piece.of(WORDS, 0, name, words_as_bytes(sketch))
        work.finish()


@dataclass(frozen=True)
class Fold:
    """Fold a unit of accounts, without what was delivered before."""

    settings: Settings
    units: int
    summary: bytes  # of the whole input
    days: tuple[tuple[int, ...], ...]  # panes of each day that may be kept, where there are several

    def __call__(self, secret: Secret, unit: int, arrived: Arrived, folder: Path) -> Iterator[Piece]:
        """arrived : ``CALLS`` of the unit's shards"""
        work = _work_of(folder, arrived, CALLS, untold(self.summary))
        find_redeliveries(work, 1)
        day = StoredDay(work, secret, self.settings)
        assert day.units == self.units
        stages = {ACCOUNTS: None, **{stage_of(panes): panes for panes in self.days}}
        day.fold(unit, stages)
        for stage in stages:
            yield from Piece.of_file(FOLDED, unit, stage, work.unit(stage, unit))
        left = work.redelivered
        shards = shard_of(left.prompt[:, 0])
        for shard in np.unique(shards).tolist():
            yield from Piece.of(AGAIN, shard, f"{unit:02d}", left.prompt[shards == shard].tobytes())
        if len(left):
            pairs, number = np.unique(np.stack([left.file, left.time // HOUR_US]), axis=1, return_counts=True)
            yield from Piece.of(TAKEN_BACK, unit, "rows", np.stack([*pairs, number]).astype(np.int64).tobytes())
        work.finish()


@dataclass(frozen=True)
class Gather:
    """Bring together the distinct prompts of a unit."""

    units: int

    def __call__(self, secret: Secret, unit: int, arrived: Arrived, folder: Path) -> Iterator[Piece]:
        """arrived : ``PROMPTS`` and ``AGAIN`` of the unit's shards"""
        work = _work_of(folder, arrived, PROMPTS, Account())
        again = [np.frombuffer(data, np.uint64).reshape(-1, 2) for _, _, data in arrived.each(AGAIN)]
        if again:
            left = _left_out(np.concatenate(again))
            write_arrays(work.once("redeliveries"), {one.name: getattr(left, one.name) for one in fields(left)})
        found, grams, rows = StoredPrompts(work, self.units).distinct(unit)
        kept = grams.take(rows)
        yield from Piece.of(COUNT, unit, "prompts", str(len(rows)).encode())
        data = encoded({**found, "offsets": kept.offsets, "values": kept.values})
        yield from Piece.of(DISTINCT, unit, "prompts", b"".join(data))
        work.finish()


@dataclass(frozen=True)
class Learn:
    """Learn frames from the prompts with the smallest hashes, which the first units hold."""

    settings: Settings

    def __call__(self, secret: Secret, unit: int, arrived: Arrived, folder: Path) -> Iterator[Piece]:
        """arrived : ``DISTINCT`` of those units"""
        left, sizes, values = self.settings.template_sample, [np.zeros(1, np.int64)], [np.zeros(0, np.uint32)]
        for _, _, data in arrived.each(DISTINCT):
            found = decoded(data)
            part = Grams(found["offsets"], found["values"]).take(np.arange(min(left, len(found["hash"]))))
            sizes.append(np.diff(part.offsets))
            values.append(part.values)
            left -= len(part)
        sample = Grams(np.cumsum(np.concatenate(sizes)), np.concatenate(values))
        yield from Piece.of(MATCHING, 0, "frames", pickle.dumps(Matching(sample, self.settings)))


@dataclass(frozen=True)
class Match:
    """Match a unit's prompts."""

    matching: Shared  # as ``Learn`` gives it

    def __call__(self, secret: Secret, unit: int, arrived: Arrived, folder: Path) -> Iterator[Piece]:
        """arrived : ``DISTINCT`` of the unit"""
        learnt = matching_of(self.matching.get())
        for _, _, data in arrived.each(DISTINCT):
            found = decoded(data)
            grams = Grams(found.pop("offsets"), found.pop("values"))
            path = folder / "matched"
            write_arrays(path, matched_unit(learnt, found, grams, np.arange(len(grams))))
            yield from Piece.of_file(MATCHED, unit, "prompts", path)


def words_as_bytes(words: WordSketch) -> bytes:
    """Words of a stream, packed."""
    arrays = {"counts": words.counts, "registers": words.registers, "total": np.asarray([words.total])}
    return b"".join(encoded(arrays, ["counts", "registers"]))


def words_from_bytes(data: bytes) -> WordSketch:
    """The inverse."""
    found = decoded(data)
    return WordSketch(found["counts"], found["registers"], int(found["total"][0]))


def matching_of(data: bytes) -> Matching:
    """The inverse of what ``Learn`` gives. It is pickled, as engines pickle what they run: only a run's own is read."""
    found = pickle.loads(data)
    assert isinstance(found, Matching)
    return found


def _work_of(folder: Path, arrived: Arrived, kind: str, account: Account) -> Work:
    """A work directory of slices as one segment, in which an account is told."""
    work = Work(folder / "work", {})
    writer = work.next_segment()
    try:
        for _, _, data in arrived.each(kind):
            content, columns = put_down(writer, data)
            account.content = account.content or content
            account.columns |= columns
        writer.commit(account, WordSketch())
    finally:
        writer.close()
    return work


def _left_out(prompts: np.ndarray) -> Redelivered:
    """Rows of which nothing is known here but their prompts, uint64[r, 2]."""
    nowhere, none = np.full(len(prompts), -1), np.zeros(0, np.int64)
    return Redelivered(nowhere, nowhere, prompts, nowhere.astype(np.int32), nowhere, none, none)
