"""What a segment holds of a call and of a prompt, as columns: hashes, numbers and features, never text.

A block of calls is cut into sections, one a shard: of calls by the keyed hash of the account, of distinct prompts by
that of the prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.shards import SHARDS, shard_of
from gauger.engine.intake.measuring import ContextTexts, Measures
from gauger.engine.segments import arrays
from gauger.engine.segments.deliveries import pack_deliveries
from gauger.engine.state.accounts import CallColumns
from gauger.engine.state.links import ADDRESS, NETWORK, NETWORK_HOUR, PARAMETERS
from gauger.engine.state.metadata import network_hours
from gauger.engine.state.state import Prepared, State
from gauger.kernels.sketches import minhash
from gauger.kernels.text.features import FEATURES

Column = tuple[str, str, int]  # name, dtype, entries a row
_ALWAYS: tuple[Column, ...] = (
    ("file", "<i4", 1),
    ("row", "<i8", 1),
    ("time", "<i8", 1),
    ("prompt", "<u8", 2),
    ("identity", "<u8", 1),
    ("words", "<i4", 1),
    ("novelty", "<f4", 1),
    ("flags", "|u1", 1),
    ("signature", "|u1", minhash.SLOTS),
)
_HASHED = ("addresses", "conversations", "user_agents", "parameters")
_COUNTER, _LINK = "counter ", "link "
CONTEXT: list[Column] = [("identity", "<u8", 1), ("time", "<i8", 1), ("carried", "<i8", 1)]
PROMPT: tuple[Column, ...] = (
    ("hash", "<u8", 2),
    ("signature", "|u1", minhash.SLOTS),
    ("words", "<i4", 1),
    ("calls", "<i4", 1),
    ("grams", "<i4", 1),
)


@dataclass(frozen=True)
class Block:
    """Measured calls on their way into a segment."""

    content: str
    columns: list[str]  # of the input
    layout: list[Column]
    counts: np.ndarray  # int64[SHARDS], calls of each account shard
    calls: list[bytes]  # a section a shard
    prompt_counts: np.ndarray  # int64[SHARDS], distinct prompts of each prompt shard
    prompts: list[bytes]
    context_counts: np.ndarray  # int64[SHARDS], context texts of each account shard
    contexts: list[bytes]
    deliveries: list[bytes]  # a section an account shard


def columns_of(batch: Prepared, file: int | np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What is held of the calls of a batch, features aside; file : number of each call's, or of all"""
    calls, measures = batch.calls, batch.measures
    found = {
        "file": np.array(np.broadcast_to(file, len(rows)), np.int32),
        "row": rows,
        "time": calls.times,
        "prompt": measures.prompt_hashes,
        "identity": batch.identities,
        "words": measures.words,
        "novelty": measures.novelty,
        "flags": measures.flags,
        "signature": measures.signatures,
    }
    found |= {name: values for name in _HASHED if (values := getattr(calls, name)) is not None}
    if calls.output_tokens is not None:
        found["output_tokens"], found["output_valid"] = calls.output_tokens
    if calls.created is not None:
        found["created"] = calls.created
    found |= {_COUNTER + name: values for name, values in calls.counters.items()}
    derived = (ADDRESS, PARAMETERS, NETWORK_HOUR)  # of other columns
    found |= {f"{_LINK}{channel}": values for channel, values in batch.links.items() if channel not in derived}
    return found


def _together(found: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several batches, one after another."""
    kinds = {name: values for one in reversed(found) for name, values in one.items()}

    def of(one: dict[str, np.ndarray], name: str) -> np.ndarray:
        kind = kinds[name]
        return one[name] if name in one else np.zeros((len(one["row"]), *kind.shape[1:]), kind.dtype)

    return {name: _joined([of(one, name) for one in found]) for name in kinds}


def _layout(columns: dict[str, np.ndarray]) -> list[Column]:
    return [(name, values.dtype.str, values[0].size) for name, values in columns.items()]


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def pack(
    batches: Sequence[Prepared],
    files: Sequence[int | np.ndarray],
    rows: Sequence[np.ndarray],
    key: np.ndarray,
    deliveries: Sequence[np.ndarray | None] = (),
) -> Block:
    """A block of at least one batch; a column that some have is zero in the others, as where nothing is said.

    files : number of the file of each batch, or int32 of each of its calls; rows : of the file, int64 each
    deliveries : of each batch, as ``deliveries_of`` tells them; without them none is told
    """
    columns = _together([columns_of(batch, file, own) for batch, file, own in zip(batches, files, rows, strict=True)])
    features = _joined([batch.measures.features for batch in batches])
    names = pa.concat_arrays([batch.account_ids.cast(pa.string()) for batch in batches])
    shards, text_shards = shard_of(hash_column(key, names)), np.zeros(0, np.int64)
    counts, sections = _by_shard(columns, features, names, shards)
    context_counts, contexts = np.zeros(SHARDS, np.int64), [b""] * SHARDS
    if any(batch.contexts is not None for batch in batches):
        own, features, names = _contexts_of(batches)
        text_shards = shard_of(hash_column(key, names))
        context_counts, contexts = _by_shard(own, features, names, text_shards)
    prompt_counts, prompts = _pack_prompts([batch.measures for batch in batches])
    given = sorted(set().union(*(batch.columns for batch in batches)))
    return Block(
        batches[0].content,
        given,
        _layout(columns),
        counts,
        sections,
        prompt_counts,
        prompts,
        context_counts,
        contexts,
        pack_deliveries(batches, deliveries, shards, text_shards) if deliveries else [b""] * SHARDS,
    )


def _by_shard(
    columns: dict[str, np.ndarray], features: np.ndarray, names: pa.Array, shard: np.ndarray
) -> tuple[np.ndarray, list[bytes]]:
    """Rows of account ``names`` as a section a shard, with how many are in each."""
    order = np.argsort(shard.astype(np.uint8), kind="stable")
    counts = np.bincount(shard, minlength=SHARDS)
    columns = {name: values[order] for name, values in columns.items()}
    features, names = features[order], names.take(pa.array(order))
    ends = np.concatenate([[0], np.cumsum(counts)]).tolist()
    sections = [
        _section({name: values[low:high] for name, values in columns.items()}, features[low:high], names[low:high])
        for low, high in pairwise(ends)
    ]
    return counts, sections


def _contexts_of(batches: Sequence[Prepared]) -> tuple[dict[str, np.ndarray], np.ndarray, pa.Array]:
    """Columns, features and accounts of all context texts, with the time of a call that carries each."""
    found = [(batch, batch.contexts) for batch in batches if batch.contexts is not None]
    columns = {
        "identity": np.concatenate([one.identity for _, one in found]),
        "time": np.concatenate([batch.calls.times[one.rows] for batch, one in found]),
        "carried": np.concatenate([one.calls for _, one in found]),
    }
    names = pa.concat_arrays([batch.account_ids.cast(pa.string()).take(pa.array(one.rows)) for batch, one in found])
    return columns, np.concatenate([one.features for _, one in found]), names


def _section(columns: dict[str, np.ndarray], features: np.ndarray, names: pa.Array) -> bytes:
    if len(features) == 0:
        return b""
    offsets = np.frombuffer(names.buffers()[1], np.int32)[names.offset : names.offset + len(names) + 1]
    text = memoryview(names.buffers()[2])[offsets[0] : offsets[-1]]
    squeezed = [chunk for _, chunk in arrays.packed(features)]
    head = np.asarray([len(features), len(text), len(squeezed), *map(len, squeezed)], np.int64)
    lengths = np.diff(offsets).astype(np.int32)
    pieces: list[Any] = [head, *columns.values(), lengths, text, *squeezed]
    return b"".join(pieces)


@dataclass(frozen=True)
class Section:
    """A section of calls, read again."""

    columns: dict[str, np.ndarray]
    account_ids: pa.Array
    chunks: list[memoryview]  # of the features
    left_out: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # rows that were delivered before

    def __len__(self) -> int:
        return len(self.account_ids)

    def restore(self, features: np.ndarray) -> None:
        """Put the features where they are wanted, int8[n, FEATURES]. Raises StateError where they are damaged."""
        into, to = features.reshape(-1).view(np.uint8), 0
        for chunk in self.chunks:
            size = min(len(into) - to, arrays.CHUNK)
            try:
                arrays.unpack(chunk, into[to : to + size])
            except ValueError:
                raise StateError("a damaged segment; run again with --fresh") from None
            to += size


def unpack(section: memoryview, layout: Sequence[Column]) -> Section:
    """The inverse of what ``pack`` makes of one shard's calls; not for empty sections."""
    number, text, chunks = np.frombuffer(section, np.int64, 3).tolist()
    sizes = np.frombuffer(section, np.int64, chunks, 24).tolist()
    at, columns = 24 + 8 * chunks, {}
    for name, dtype, entries in layout:
        values = np.frombuffer(section, dtype, number * entries, at)
        columns[name] = values if entries == 1 else values.reshape(number, entries)
        at += values.nbytes
    lengths = np.frombuffer(section, np.int32, number, at)
    at += lengths.nbytes
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    data = pa.py_buffer(bytes(section[at : at + text]))
    names = pa.StringArray.from_buffers(number, pa.py_buffer(offsets), data)
    at += text
    ends = at + np.cumsum([0, *sizes])
    return Section(columns, names, [section[low:high] for low, high in pairwise(ends.tolist())])


def prepared(
    sections: Sequence[Section], content: str, given: frozenset[str]
) -> tuple[Prepared, np.ndarray, np.ndarray]:
    """Sections of one layout as a batch to fold, perhaps of no call, with the file and row of each."""
    columns = {name: _joined([one.columns[name] for one in sections]) for name in sections[0].columns}
    number = len(columns["row"])
    features = np.empty((number, FEATURES), np.int8)
    for one, end in zip(sections, np.cumsum([len(one) for one in sections]).tolist(), strict=True):
        one.restore(features[end - len(one) : end])
    names = pa.concat_arrays([one.account_ids for one in sections])
    starts = np.cumsum([0, *(len(one) for one in sections)])
    left_out = np.concatenate([start + one.left_out for start, one in zip(starts, sections, strict=False)])
    if len(left_out):
        columns = {name: np.delete(values, left_out, axis=0) for name, values in columns.items()}
        features = np.delete(features, left_out, axis=0)
        names = names.take(pa.array(np.delete(np.arange(number), left_out)))
        number -= len(left_out)
    batch = batch_of(columns, names.dictionary_encode(), features, content, given)
    return batch, columns["file"], columns["row"]


def batch_of(
    columns: dict[str, np.ndarray], names: pa.DictionaryArray, features: np.ndarray, content: str, given: frozenset[str]
) -> Prepared:
    """The batch that ``columns_of`` tells of, without grams and context texts; names : account of each call"""
    number = len(features)
    measures = Measures(
        prompt_hashes=columns["prompt"],
        words=columns["words"],
        signatures=columns["signature"],
        features=features,
        novelty=columns["novelty"],
        flags=columns["flags"],
        gram_offsets=np.zeros(number + 1, np.int64),
        grams=np.zeros(0, np.uint32),
    )
    calls = CallColumns(
        times=columns["time"],
        **{name: columns.get(name) for name in _HASHED},
        output_tokens=(columns["output_tokens"], columns["output_valid"]) if "output_tokens" in columns else None,
        created=columns.get("created"),
        counters={name.removeprefix(_COUNTER): columns[name] for name in columns if name.startswith(_COUNTER)},
    )
    links = {int(name.removeprefix(_LINK)): columns[name] for name in columns if name.startswith(_LINK)}
    if calls.addresses is not None:
        links = {ADDRESS: calls.addresses, **links, NETWORK_HOUR: network_hours(links[NETWORK], calls.times)}
    if calls.parameters is not None:
        links[PARAMETERS] = calls.parameters
    return Prepared(content, given, names, calls, measures, columns["identity"], links)


def fold_contexts(state: State, sections: Iterable[Section]) -> None:
    """Fold context texts into a state whose calls are there."""
    for section in sections:
        features = np.empty((len(section), FEATURES), np.int8)
        section.restore(features)
        columns = section.columns
        found = ContextTexts(np.arange(len(section)), columns["identity"], columns["carried"], features)
        state.fold_contexts(section.account_ids, columns["time"], found)


def _pack_prompts(measures: Sequence[Measures]) -> tuple[np.ndarray, list[bytes]]:
    """Distinct prompts in order of hash, and the calls of each within the block, by shard."""
    hashes = _joined([one.prompt_hashes for one in measures])
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    fresh = np.ones(len(order), bool)
    fresh[1:] = np.any(hashes[order[1:]] != hashes[order[:-1]], axis=1)
    starts = np.flatnonzero(fresh)
    rows = order[starts]
    sizes = _joined([np.diff(one.gram_offsets) for one in measures])
    first = np.cumsum(sizes) - sizes
    grams = _joined([one.grams[: one.gram_offsets[-1]] for one in measures])
    columns = {
        "hash": hashes[rows],
        "signature": _joined([one.signatures for one in measures])[rows],
        "words": _joined([one.words for one in measures])[rows],
        "calls": np.diff(np.append(starts, len(order))).astype(np.int32),
        "grams": sizes[rows].astype(np.int32),
    }
    shard = shard_of(columns["hash"][:, 0])
    counts = np.bincount(shard, minlength=SHARDS)
    ends = np.concatenate([[0], np.cumsum(counts)]).tolist()
    sections = []
    for low, high in pairwise(ends):
        own = [values[low:high] for values in columns.values()]
        parts = [grams[start : start + size] for start, size in zip(first[rows[low:high]], own[-1], strict=True)]
        pieces: list[Any] = [*own, *parts]
        sections.append(b"".join(pieces))
    return counts, sections
