"""Deliveries: log shipping delivers a record at least once, so that some come again; how these are told, and undone.

Two rows are one delivery where account, time, prompt, parameters, context texts and response id are equal. A response
id alone would not do: some gateways let the client choose it, and who wrote the same one on all calls would vanish.

A section of deliveries is that of the calls of one shard of a block, in their order:

    uint64[n]       what tells each call from any other, 0 = it has no response id
    int32[c, 2]     place of a call, and place of a context text that it carries in the section of contexts
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.shards import SHARDS, shard_of
from gauger.engine.segments.arrays import read_arrays
from gauger.engine.state.state import Prepared

DELIVERED_AGAIN = "delivered again"  # the kind of rows left out
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # so that no two of the parts trade places


def deliveries_of(batch: pa.RecordBatch, found: Prepared, key: np.ndarray) -> np.ndarray | None:
    """What tells each call of an admitted batch from any other, uint64[n], 0 without a response id; None without any.

    A sum of keyed hashes: who does not have the key cannot make two calls alike.
    """
    if "response_id" not in batch.schema.names:
        return None
    response = hash_column(key, batch.column("response_id"))
    parts = (response, found.calls.parameters, None if found.contexts is None else found.contexts.of_calls)
    told = found.identities.copy()
    for odd, part in zip(_ODD, parts, strict=True):
        if part is not None:
            told += part * np.uint64(odd)
    return np.where(response == 0, np.uint64(0), told)


def pack_deliveries(
    batches: Sequence[Prepared], deliveries: Sequence[np.ndarray | None], shards: np.ndarray, text_shards: np.ndarray
) -> list[bytes]:
    """A section a shard; all are empty where no call has a response id.

    deliveries : of each batch; shards, text_shards : int64, of each call and of each context text of all batches
    """
    found = [np.zeros(len(batch.identities), np.uint64) if told is None else told
             for batch, told in zip(batches, deliveries, strict=True)]  # fmt: skip
    told = np.concatenate(found)
    if not told.any():
        return [b""] * SHARDS
    carriers, texts = _carried(batches)
    pairs = np.stack([_places(shards)[carriers], _places(text_shards)[texts]], axis=1).astype(np.int32)
    of_pair = shards[carriers]
    return [told[shards == shard].tobytes() + pairs[of_pair == shard].tobytes() for shard in range(SHARDS)]


def _carried(batches: Sequence[Prepared]) -> tuple[np.ndarray, np.ndarray]:
    """Which call carries which context text, once a time it does; numbers of both among those of all batches."""
    carriers, texts, call, text = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0, 0
    for batch in batches:
        found = batch.contexts
        if found is not None:
            if found.carriers is not None:
                carriers.append(call + found.carriers)
                texts.append(text + np.repeat(np.arange(len(found.calls)), found.calls))
            text += len(found.calls)
        call += len(batch.identities)
    return np.concatenate(carriers), np.concatenate(texts)


def _places(shards: np.ndarray) -> np.ndarray:
    """Place of each row among those of its shard; int64[n]."""
    order = np.argsort(shards.astype(np.uint8), kind="stable")
    ends = np.cumsum(np.bincount(shards, minlength=SHARDS))
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order))
    return found - np.concatenate([[0], ends])[shards]


def unpack_deliveries(section: memoryview, calls: int) -> tuple[np.ndarray, np.ndarray]:
    """The two parts of the section of so many calls."""
    return np.frombuffer(section, np.uint64, calls), np.frombuffer(section, np.int32, -1, 8 * calls).reshape(-1, 2)


def section_number(segment: int, block: int, shard: int) -> int:
    """One number for a section of a work directory, ascending as sections lie."""
    return (segment << 32) | (block << 8) | shard


@dataclass(frozen=True)
class Redelivered:
    """The r rows of a run that are left out, as they were read before, and t context texts that they carry."""

    section: np.ndarray  # int64[r], ascending: ``section_number`` of where the call lies
    place: np.ndarray  # int64[r], of the call in its section
    prompt: np.ndarray  # uint64[r, 2]
    file: np.ndarray  # int32[r]
    time: np.ndarray  # int64[r], microseconds
    text_section: np.ndarray  # int64[t], ascending
    text_place: np.ndarray  # int64[t], of the text in its section

    def __len__(self) -> int:
        return len(self.place)

    @classmethod
    def nothing(cls) -> Redelivered:
        """Of a run in which every row came once."""
        none = np.zeros(0, np.int64)
        return cls(none, none, np.zeros((0, 2), np.uint64), none.astype(np.int32), none, none, none)

    @classmethod
    def load(cls, path: Path) -> Redelivered:
        """Those of a run, once they are known; before that, nothing."""
        return cls(**read_arrays(path, [field.name for field in fields(cls)])) if path.exists() else cls.nothing()

    def calls_of(self, section: int) -> np.ndarray:
        """Places of the calls of a section that are left out; int64."""
        return self.place[_run(self.section, section)]

    def texts_of(self, section: int, number: int) -> np.ndarray:
        """How many calls that are left out carry each of the context texts of a section; int64[number]."""
        return np.bincount(self.text_place[_run(self.text_section, section)], minlength=number)

    def with_prompts(self, hashes: np.ndarray, shards: range) -> np.ndarray:
        """How many of them have each prompt of some shards; int64[p]. hashes : uint64[p, 2], distinct, ascending."""
        shard = shard_of(self.prompt[:, 0])
        own = self.prompt[(shard >= shards.start) & (shard < shards.stop)]
        both = np.concatenate([hashes, own])
        order = np.lexsort((both[:, 1], both[:, 0]))  # stable: each prompt stands before those that have it
        is_prompt = order < len(hashes)
        return np.bincount((np.cumsum(is_prompt) - 1)[~is_prompt], minlength=len(hashes))


def _run(numbers: np.ndarray, number: int) -> slice:
    low, high = np.searchsorted(numbers, [number, number + 1])
    return slice(int(low), int(high))
