"""A segment: about a million measured calls, written once and never changed.

00007.calls     sections of calls, block after block, each block by account shard
00007.contexts  sections of context texts, by account shard
00007.prompts   sections of distinct prompts, the same by prompt shard
00007.deliveries  what tells calls that have a response id, by account shard (``deliveries``)
00007.json      where the sections lie, and what became of the input; written last: with it the segment is there
00007.arrays    words of the segment's prompts, refused rows
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import opener
from gauger.engine.common.settings import HOUR_US
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.intake.parts import NOT_A_CALL
from gauger.engine.segments.arrays import read_arrays, text_arrays, text_column, write_arrays
from gauger.engine.segments.columns import CONTEXT, PROMPT, Block, Column, Section, unpack
from gauger.engine.segments.deliveries import DELIVERED_AGAIN, Redelivered, section_number, unpack_deliveries

NAMES_MAX = 8  # distinct values of a column that are told apart
HALF_CHATS = "half a chat"  # beside columns in ``Account.names``: accounts whose prompts begin as a chat and break off
_ACCOUNTS_MAX = 1_024  # of which so many are told apart, that their number is known to a few parts in a hundred
CALLS, CONTEXTS, PROMPTS, DELIVERIES = ".calls", ".contexts", ".prompts", ".deliveries"
FOOTER, ARRAYS = ".json", ".arrays"


@dataclass
class Tally:
    """What became of the rows of one input file in one segment; they add."""

    next_row: int = 0  # behind the last one read: where a run goes on
    rows: int = 0
    scored: int = 0
    refused: int = 0
    ended: bool = False
    error: str | None = None
    left_out: int = 0  # sound rows that are no calls, or were delivered before

    def add(self, other: Tally) -> None:
        """Take in a later segment's."""
        self.next_row, self.rows = max(self.next_row, other.next_row), self.rows + other.rows
        self.scored, self.refused = self.scored + other.scored, self.refused + other.refused
        self.ended, self.error = self.ended or other.ended, self.error or other.error
        self.left_out += other.left_out


@dataclass
class Account:
    """The account of a segment: every row that was read is in it."""

    files: dict[int, Tally] = field(default_factory=dict)
    refused_file: list[int] = field(default_factory=list)
    refused_row: list[int] = field(default_factory=list)
    refused_reason: list[str] = field(default_factory=list)
    refused_account: list[str] = field(default_factory=list)  # empty where it is not known
    left_out: dict[str, int] = field(default_factory=dict)  # those rows, by what they are
    filled: dict[str, list[int]] = field(default_factory=dict)  # of a column: rows that held something, that were read
    names: dict[str, list[int]] = field(default_factory=dict)  # of a column: the smallest hashes of its values
    hours: dict[int, int] = field(default_factory=dict)  # calls of each UTC hour
    window: tuple[int, int] | None = None  # first and last call, microseconds
    content: str | None = None
    columns: set[str] = field(default_factory=set)
    novelty_day: str | None = None  # the day whose reference novelty is against

    @property
    def scored(self) -> int:
        """Calls taken in."""
        return sum(tally.scored for tally in self.files.values())

    def days(self) -> dict[int, int]:
        """Calls of each UTC day, by its number."""
        found: dict[int, int] = {}
        for hour, number in self.hours.items():
            found[hour // 24] = found.get(hour // 24, 0) + number
        return found

    def refuse(
        self, file: int, rows: Sequence[int], reasons: Sequence[str], accounts: Sequence[str | None] | None = None
    ) -> None:
        """Note rows that cannot be scored, and count those that are no calls."""
        tally = self.files.setdefault(file, Tally())
        owners = accounts or [None] * len(rows)
        for row, reason, account in zip(rows, reasons, owners, strict=True):
            if reason.startswith(NOT_A_CALL):
                kind = reason.removeprefix(NOT_A_CALL)
                self.left_out[kind] = self.left_out.get(kind, 0) + 1
                tally.left_out += 1
                continue
            tally.refused += 1
            self.refused_file.append(file)
            self.refused_row.append(row)
            self.refused_reason.append(reason)
            self.refused_account.append(account or "")

    def redeliver(self, files: np.ndarray, times: np.ndarray) -> None:
        """Leave out calls that were taken in and are found to be delivered before; files, times : of each."""
        if len(files):
            self.left_out[DELIVERED_AGAIN] = self.left_out.get(DELIVERED_AGAIN, 0) + len(files)
        for file, number in zip(*(found.tolist() for found in np.unique(files, return_counts=True)), strict=True):
            self.files[file].scored -= number
            self.files[file].left_out += number
        for hour, number in zip(
            *(found.tolist() for found in np.unique(times // HOUR_US, return_counts=True)), strict=True
        ):
            self.hours[hour] -= number

    def fill(self, name: str, given: int, used: int) -> None:
        """Count rows of a column that held something, and those whose value could be read."""
        so_far = self.filled.get(name, [0, 0])
        self.filled[name] = [so_far[0] + given, so_far[1] + used]

    def name(self, column: str, hashes: Iterable[int]) -> None:
        """Note distinct values of a column; whether there are several is all that is asked of most."""
        self.names[column] = sorted({*self.names.get(column, ()), *hashes})[: _most(column)]

    def named(self, column: str) -> int:
        """How many distinct values of a column were noted; about how many, from their hashes, where they are many."""
        hashes, most = self.names.get(column, []), _most(column)
        return len(hashes) if len(hashes) < most else max(most, (most - 1) * 2**64 // (hashes[-1] + 1))

    def add(self, other: Account) -> None:
        """Take in a later segment's."""
        for file, tally in other.files.items():
            self.files.setdefault(file, Tally()).add(tally)
        self.refused_file += other.refused_file
        self.refused_row += other.refused_row
        self.refused_reason += other.refused_reason
        self.refused_account += other.refused_account
        for kind, number in other.left_out.items():
            self.left_out[kind] = self.left_out.get(kind, 0) + number
        for name, (given, used) in other.filled.items():
            self.fill(name, given, used)
        for column, hashes in other.names.items():
            self.name(column, hashes)
        for hour, number in other.hours.items():
            self.hours[hour] = self.hours.get(hour, 0) + number
        known = [window for window in (self.window, other.window) if window is not None]
        self.window = (min(one for one, _ in known), max(one for _, one in known)) if known else None
        self.content, self.novelty_day = self.content or other.content, self.novelty_day or other.novelty_day
        self.columns |= other.columns


def _most(column: str) -> int:
    return _ACCOUNTS_MAX if column == HALF_CHATS else NAMES_MAX


class SegmentWriter:
    """Writes one segment."""

    def __init__(self, folder: Path, number: int) -> None:
        self._base = folder / f"{number:05d}"
        self._files: dict[str, BinaryIO] = {
            kind: open(self._base.with_suffix(kind), "wb", opener=opener)  # noqa: SIM115 (open until the segment is committed)
            for kind in (CALLS, CONTEXTS, PROMPTS, DELIVERIES)
        }
        self._blocks: list[dict[str, Any]] = []
        self._layouts: list[list[Any]] = []

    def append(self, block: Block) -> None:
        """Add a block of calls."""
        layout = [list(column) for column in block.layout]
        if layout not in self._layouts:
            self._layouts.append(layout)
        entry: dict[str, Any] = {"layout": self._layouts.index(layout)}
        for kind, counts, sections in (
            (CALLS, block.counts, block.calls),
            (CONTEXTS, block.context_counts, block.contexts),
            (PROMPTS, block.prompt_counts, block.prompts),
            (DELIVERIES, block.counts, block.deliveries),
        ):
            file = self._files[kind]
            entry[kind] = [file.tell(), counts.tolist(), [len(section) for section in sections]]
            file.writelines(sections)
        self._blocks.append(entry)

    def close(self) -> None:
        """Let go of the files; what was not committed is forgotten by the next run."""
        for file in self._files.values():
            file.close()

    def commit(self, account: Account, words: WordSketch) -> None:
        """Make the segment durable, then there."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
            file.close()
        refused: dict[str, np.ndarray] = {
            "refused_file": np.asarray(account.refused_file, np.int32),
            "refused_row": np.asarray(account.refused_row, np.int64),
            **{f"reason_{name}": values for name, values in text_arrays(account.refused_reason).items()},
            **{f"account_{name}": values for name, values in text_arrays(account.refused_account).items()},
        }
        sketch = {"counts": words.counts, "registers": words.registers}
        write_arrays(self._base.with_suffix(ARRAYS), {**refused, **sketch})
        footer = {
            "layouts": self._layouts,
            "blocks": self._blocks,
            "files": {str(file): vars(tally) for file, tally in account.files.items()},
            "hours": {str(hour): number for hour, number in account.hours.items()},
            "window": account.window,
            "content": account.content,
            "columns": sorted(account.columns),
            "left_out": account.left_out,
            "filled": account.filled,
            "names": account.names,
            "novelty_day": account.novelty_day,
            "words": words.total,
        }
        temporary = self._base.with_suffix(".json.partial")
        with open(temporary, "wb", opener=opener) as file:
            file.write(orjson.dumps(footer))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._base.with_suffix(FOOTER))
        _settle(self._base.parent)


def _settle(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Segment:
    """A segment that was written, without what is known to be delivered before."""

    def __init__(self, base: Path, number: int = 0, redelivered: Redelivered | None = None) -> None:
        """base : its path without a suffix; number : its own. Raises StateError where it cannot be read."""
        self._base, self._number, self._redelivered = base, number, redelivered or Redelivered.nothing()
        try:
            self.footer = orjson.loads(base.with_suffix(FOOTER).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            raise StateError(f"{base}: a damaged segment; run again with --fresh") from None
        self.content: str = self.footer["content"] or "text"
        self.columns = frozenset(self.footer["columns"])

    @property
    def is_empty(self) -> bool:
        """Whether it holds no call: what became of an input is told, and its calls are elsewhere."""
        return not self.footer["blocks"]

    @property
    def prompts_held(self) -> int:
        """Distinct prompts of its blocks, one of several counted in each."""
        return sum(sum(entry[PROMPTS][1]) for entry in self.footer["blocks"])

    def account(self) -> Account:
        """What became of its input."""
        texts = ["reason_ends", "reason_bytes", "account_ends", "account_bytes"]
        arrays = read_arrays(self._base.with_suffix(ARRAYS), ["refused_file", "refused_row", *texts])
        window = self.footer["window"]
        return Account(
            files={int(file): Tally(**tally) for file, tally in self.footer["files"].items()},
            refused_file=arrays["refused_file"].tolist(),
            refused_row=arrays["refused_row"].tolist(),
            refused_reason=text_column(arrays["reason_ends"], arrays["reason_bytes"]).to_pylist(),
            refused_account=text_column(arrays["account_ends"], arrays["account_bytes"]).to_pylist(),
            left_out=self.footer["left_out"],
            filled=self.footer["filled"],
            names=self.footer["names"],
            hours={int(hour): number for hour, number in self.footer["hours"].items()},
            window=None if window is None else (window[0], window[1]),
            content=self.footer["content"],
            columns=set(self.footer["columns"]),
            novelty_day=self.footer["novelty_day"],
        )

    def words(self) -> WordSketch:
        """Words of its prompts."""
        arrays = read_arrays(self._base.with_suffix(ARRAYS), ["counts", "registers"])
        return WordSketch(arrays["counts"], arrays["registers"], int(self.footer["words"]))

    def calls(self, shards: range) -> Iterator[tuple[int, Section]]:
        """Sections of calls of some neighbouring shards, each with the number of its layout."""
        for block, shard, section in self._sections(CALLS, shards):
            layout = self.footer["blocks"][block]["layout"]
            yield layout, replace(unpack(section, self._layout(layout)), left_out=self._left_out(block, shard))

    def _left_out(self, block: int, shard: int) -> np.ndarray:
        return self._redelivered.calls_of(section_number(self._number, block, shard))

    def _layout(self, number: int) -> list[Column]:
        return [tuple(column) for column in self.footer["layouts"][number]]

    def contexts(self, shards: range) -> Iterator[Section]:
        """Sections of context texts of some neighbouring shards."""
        for block, shard, section in self._sections(CONTEXTS, shards):
            found = unpack(section, CONTEXT)
            again = self._redelivered.texts_of(section_number(self._number, block, shard), len(found))
            yield replace(found, columns={**found.columns, "carried": found.columns["carried"] - again})

    def prompts(self, shards: range) -> Iterator[dict[str, np.ndarray]]:
        """Columns of ``PROMPT`` and ``values``, the grams one after another, of some neighbouring shards.

        Their calls are all that were measured.
        """
        for block, shard, section in self._sections(PROMPTS, shards):
            yield _prompts(self.footer["blocks"][block][PROMPTS][1][shard], section)

    def deliveries(self, shards: range) -> Iterator[tuple[int, int, np.ndarray]]:
        """Block, shard, and what tells its calls, uint64[n], of some neighbouring shards; see ``deliveries``."""
        for block, shard, section in self._sections(DELIVERIES, shards):
            yield block, shard, unpack_deliveries(section, self._calls_in(block, shard))[0]

    def _calls_in(self, block: int, shard: int) -> int:
        number: int = self.footer["blocks"][block][DELIVERIES][1][shard]
        return number

    def carried(self, block: int, shard: int) -> np.ndarray:
        """Places of calls and of context texts that they carry, int32[c, 2], in a section of deliveries."""
        section = self.section(DELIVERIES, block, shard)
        return unpack_deliveries(section, self._calls_in(block, shard))[1]

    def columns_of(self, block: int, shard: int) -> dict[str, np.ndarray]:
        """Columns of a section of calls, those included that are left out."""
        section = self.section(CALLS, block, shard)
        return unpack(section, self._layout(self.footer["blocks"][block]["layout"])).columns

    def _sections(self, kind: str, shards: range) -> Iterator[tuple[int, int, memoryview]]:
        """Block, shard and bytes of the sections of some neighbouring shards that are not empty."""
        with open(self._base.with_suffix(kind), "rb") as file:
            for block, entry in enumerate(self.footer["blocks"]):
                view, at = self._read(file, entry[kind], shards), 0
                for shard, size in zip(shards, entry[kind][2][shards.start : shards.stop], strict=True):
                    if size:
                        yield block, shard, view[at : at + size]
                    at += size

    def section(self, kind: str, block: int, shard: int) -> memoryview:
        """The bytes of one section."""
        with open(self._base.with_suffix(kind), "rb") as file:
            return self._read(file, self.footer["blocks"][block][kind], range(shard, shard + 1))

    def _read(self, file: BinaryIO, entry: list[Any], shards: range) -> memoryview:
        start, _, sizes = entry
        wanted = sum(sizes[shards.start : shards.stop])
        file.seek(start + sum(sizes[: shards.start]))
        data = file.read(wanted)
        if len(data) != wanted:
            raise StateError(f"{self._base}: a damaged segment; run again with --fresh")
        return memoryview(data)


def _prompts(number: int, section: memoryview) -> dict[str, np.ndarray]:
    columns, at = {}, 0
    for name, dtype, entries in PROMPT:
        values = np.frombuffer(section, dtype, number * entries, at)
        columns[name] = values if entries == 1 else values.reshape(number, entries)
        at += values.nbytes
    columns["values"] = np.frombuffer(section, np.uint32, -1, at)
    return columns
