"""Finding the rows of a run that were delivered before. Of equal ones that of the smallest file and row stays.

So which stay depends on the rows of the log alone, whatever the units, and wherever a run was killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from gauger.engine.common import progress, threads
from gauger.engine.common.shards import shards_of, units_of
from gauger.engine.segments.arrays import write_arrays
from gauger.engine.segments.deliveries import Redelivered, section_number
from gauger.engine.segments.segment import Segment
from gauger.engine.segments.work import Work

_UNIT_BYTES = 40  # of memory for each call of a unit


def find_redeliveries(work: Work, calls: int) -> None:
    """Find them, once the whole input is measured, and have the work directory know them; calls : rows measured."""
    path = work.once("redeliveries")
    if path.exists():
        return
    units, segments = units_of(calls), work.segments()
    step = progress.steps("redeliveries", units)

    def unit(number: int) -> Redelivered:
        found = _of_shards(segments, shards_of(number, units))
        step()
        return found

    found = _joined(threads.each(unit, range(units), _UNIT_BYTES * calls // units))
    write_arrays(path, {field.name: getattr(found, field.name) for field in fields(found)})


def _of_shards(segments: Sequence[Segment], shards: range) -> Redelivered:
    """Those of some neighbouring shards: equal rows are in one, as they are of one account."""
    sections, parts = [], [np.zeros(0, np.uint64)]
    for number, segment in enumerate(segments):
        for block, shard, told in segment.deliveries(shards):
            sections.append((number, block, shard))
            parts.append(told)
    told, ends = np.concatenate(parts), np.cumsum([len(part) for part in parts])
    order = np.argsort(told, kind="stable")
    equal = np.flatnonzero(told[order[1:]] == told[order[:-1]])
    suspects = np.union1d(order[equal], order[equal + 1])
    suspects = suspects[told[suspects] != 0]
    if len(suspects) == 0:
        return Redelivered.nothing()
    at = np.searchsorted(ends, suspects, "right") - 1  # number of its section
    place = suspects - ends[at]
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("file", "row", "time", "prompt")}
    for one in np.unique(at).tolist():
        number, block, shard = sections[one]
        held = segments[number].columns_of(block, shard)
        for name, values in columns.items():
            values.append(held[name][place[at == one]])
    found = {name: np.concatenate(values) for name, values in columns.items()}
    left = _beside_the_first(told[suspects], found["file"], found["row"])
    texts = [_texts_of(segments, sections[one], place[left[at[left] == one]]) for one in np.unique(at[left]).tolist()]
    section = np.asarray([section_number(*one) for one in sections])
    return Redelivered(
        section[at[left]],
        place[left],
        found["prompt"][left],
        found["file"][left],
        found["time"][left],
        np.concatenate([np.full(len(own), number) for number, own in texts]),
        np.concatenate([own for _, own in texts]),
    )


def _beside_the_first(told: np.ndarray, file: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Which rows are not the first of those that are told alike; int64, ascending."""
    order = np.lexsort((row, file, told))
    again = np.zeros(len(order), bool)
    again[order[1:]] = told[order[1:]] == told[order[:-1]]
    return np.flatnonzero(again)


def _texts_of(segments: Sequence[Segment], at: tuple[int, int, int], places: np.ndarray) -> tuple[int, np.ndarray]:
    """The number of a section, and places of the context texts that the calls at some places of it carry."""
    number, block, shard = at
    pairs = segments[number].carried(block, shard)
    return section_number(*at), pairs[np.isin(pairs[:, 0], places), 1].astype(np.int64)


def _joined(parts: Sequence[Redelivered]) -> Redelivered:
    """All of them, in order of their sections."""
    found = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Redelivered)}
    calls, texts = np.argsort(found["section"], kind="stable"), np.argsort(found["text_section"], kind="stable")
    return Redelivered(**{name: values[texts if name.startswith("text") else calls] for name, values in found.items()})
