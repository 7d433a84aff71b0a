"""A day on disk: units folded from segments, and distinct prompts, loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property, reduce
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common import progress, threads
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.common.shards import SHARDS, units_of
from gauger.engine.families.frames import Grams
from gauger.engine.segments.arrays import names_of, read_arrays, text_arrays, text_column, write_arrays
from gauger.engine.segments.columns import PROMPT, prepared
from gauger.engine.segments.segment import Segment
from gauger.engine.segments.work import Work
from gauger.engine.state.state import State
from gauger.engine.statistics.background import Background
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import People, Totals, totals_of
from gauger.engine.statistics.population import Population, accounts_of, with_components
from gauger.engine.statistics.unit import UnitCalls, fold
from gauger.kernels.text.features import FEATURES

_FOLD_ROWS = 65_536  # calls folded at a time
_STATISTIC = "statistic "
_LINKS = {"link_owner": np.int64, "link_channel": np.uint8, "link_value": np.uint64}


def shards_of(unit: int, units: int) -> range:
    """The shards of a unit."""
    each = SHARDS // units
    return range(unit * each, (unit + 1) * each)


def folded(segments: list[Segment], shards: range, secret: Secret, settings: Settings) -> State:
    """The state of some shards, without grams."""
    state = State(secret, settings)
    for segment in segments:
        for _, group in groupby(segment.calls(shards), key=lambda pair: pair[0]):
            waiting, rows = [], 0
            for _, section in group:
                waiting.append(section)
                rows += len(section.features)
                if rows >= _FOLD_ROWS:
                    _fold(state, segment, waiting)
                    waiting, rows = [], 0
            if waiting:
                _fold(state, segment, waiting)
    return state


def _fold(state: State, segment: Segment, sections: list) -> None:
    batch, file, row = prepared(sections, segment.content, segment.columns)
    state.fold(batch, file=file, rows=row)


def save_unit(path: Path, population: Population, calls: UnitCalls | None, totals: Totals) -> None:
    """Write a folded unit."""
    arrays = {
        "calls": population.calls,
        "sums": population.sums,
        "sample_owner": population.sample_owner.astype(np.int32),
        "sample_identity": population.sample_identity,
        "sample_features": population.sample_features[population.sample_row],
        **{name: getattr(population, name) for name in _LINKS},
        **{_STATISTIC + name: values for name, values in population.statistics.items()},
        "direction": totals.direction,
        "background_count": totals.background.count,
        "background_total": totals.background.total,
        **{f"id_{name}": values for name, values in text_arrays(population.account_ids).items()},
    }
    if population.sample_prompt is not None and population.sample_cell is not None:
        arrays |= {"sample_prompt": population.sample_prompt, "sample_cell": population.sample_cell}
    if calls is not None:
        arrays |= {f"call_{field.name}": getattr(calls, field.name) for field in fields(calls)}
    write_arrays(path, arrays, ["sample_features"])


@dataclass(frozen=True)
class Light:
    """What is in memory of all accounts."""

    accounts: Population
    rows: list[np.ndarray]  # of each unit
    totals: Totals


class StoredPeople:
    """People in unit files."""

    def __init__(self, paths: list[Path]) -> None:
        """paths : of ``save_unit``, one a unit."""
        self._paths = paths
        self.units = len(paths)
        self._light = self._joined()
        self.accounts, self.totals = self._light.accounts, self._light.totals
        self.account_ids, self.calls = self.accounts.account_ids, self.accounts.calls

    def _joined(self) -> Light:
        parts = threads.each(_light_of, self._paths)
        names = pa.concat_arrays([ids for ids, _, _ in parts])
        order = np.asarray(pc.sort_indices(names)).astype(np.int64)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        starts = np.cumsum([0, *(len(ids) for ids, _, _ in parts)])
        rows = [place[low:high] for low, high in pairwise(starts.tolist())]
        links = {
            name: np.concatenate([found[name] for _, found, _ in parts]) for name in _LINKS if name != "link_owner"
        }
        owner = np.concatenate([own[found["link_owner"]] for own, (_, found, _) in zip(rows, parts, strict=True)])
        by_owner = np.argsort(owner, kind="stable")
        statistics = [name for name in parts[0][1] if name.startswith(_STATISTIC)]
        nothing = np.zeros(0, np.int64)
        accounts = Population(
            account_ids=names.take(pa.array(order)).to_pylist(),
            calls=np.concatenate([found["calls"] for _, found, _ in parts])[order],
            sums=np.zeros((len(order), 0), np.int32),
            statistics={
                name.removeprefix(_STATISTIC): np.concatenate([found[name] for _, found, _ in parts])[order]
                for name in statistics
            },
            sample_owner=nothing,
            sample_identity=nothing.astype(np.uint64),
            sample_row=nothing,
            sample_features=np.zeros((0, FEATURES), np.int8),
            link_owner=owner[by_owner],
            link_channel=links["link_channel"][by_owner],
            link_value=links["link_value"][by_owner],
        )
        return Light(with_components(accounts), rows, reduce(Totals.plus, [totals for _, _, totals in parts]))

    def rows(self, number: int) -> np.ndarray:
        """As in ``People``."""
        return self._light.rows[number]

    def load(self, number: int) -> Population:
        """As in ``People``."""
        found = read_arrays(self._paths[number])
        return Population(
            account_ids=text_column(found["id_ends"], found["id_bytes"]).to_pylist(),
            calls=found["calls"],
            sums=found["sums"],
            statistics={name.removeprefix(_STATISTIC): found[name] for name in found if name.startswith(_STATISTIC)},
            sample_owner=found["sample_owner"].astype(np.int64),
            sample_identity=found["sample_identity"],
            sample_row=np.arange(len(found["sample_owner"])),
            sample_features=found["sample_features"],
            **{name: found[name] for name in _LINKS},
            sample_prompt=found.get("sample_prompt"),
            sample_cell=found.get("sample_cell"),
        )

    def gather(self, rows: np.ndarray) -> Population:
        """As in ``People``."""

        def part(number: int) -> Population:
            kept = np.isin(self.rows(number), rows)
            found = self.load(number).select(kept)
            # Only their own features: those of the whole unit would stay with them.
            features = found.sample_features[found.sample_row]
            return found.with_features(features)

        asked = [number for number in range(self.units) if np.any(np.isin(self.rows(number), rows))] or [0]
        joined = concatenate(threads.each(part, asked))
        owners = np.concatenate([self.rows(number)[np.isin(self.rows(number), rows)] for number in asked])
        return joined.arranged(np.argsort(owners, kind="stable"))

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """As in ``People``."""
        found = np.zeros((len(rows), FEATURES), np.int32)
        for number, path in enumerate(self._paths if len(rows) else ()):
            own = self.rows(number)
            place = np.searchsorted(rows, own)
            kept = np.flatnonzero((place < len(rows)) & (rows[np.minimum(place, len(rows) - 1)] == own))
            if len(kept):
                found[place[kept]] = read_arrays(path, ["sums"])["sums"][kept]
        return found

    def sampled(self) -> tuple[np.ndarray, np.ndarray]:
        """As in ``People``."""

        def part(number: int) -> tuple[np.ndarray, np.ndarray]:
            found = read_arrays(self._paths[number], ["sample_owner", "sample_prompt"])
            return self.rows(number)[found["sample_owner"]], found["sample_prompt"]

        owners, prompts = (
            np.concatenate(column) for column in zip(*threads.each(part, range(self.units)), strict=True)
        )
        order = np.argsort(owners, kind="stable")
        return owners[order], prompts[order]

    def sampled_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """As in ``People``."""
        found = read_arrays(self._paths[number], ["sample_owner", "sample_identity"])
        return found["sample_owner"].astype(np.int64), found["sample_identity"]


def _light_of(path: Path) -> tuple[pa.Array, dict[str, np.ndarray], Totals]:
    found = read_arrays(path, _light_names(path))
    background = Background(found.pop("background_count"), found.pop("background_total"))
    ids = text_column(found.pop("id_ends"), found.pop("id_bytes"))
    return ids, found, Totals(found.pop("direction"), background)


def _light_names(path: Path) -> list[str]:
    known = names_of(path)
    wanted = {"calls", "direction", "background_count", "background_total", "id_ends", "id_bytes", *_LINKS}
    return [name for name in known if name in wanted or name.startswith(_STATISTIC)]


class StoredDay:
    """The day of a work directory."""

    def __init__(self, work: Work, secret: Secret, settings: Settings) -> None:
        account = work.account()
        self.settings, self.secret, self.key = settings, secret, secret.key
        self.is_text, self.has_addresses = account.content != "token ids", "client_address" in account.columns
        self._work, self._columns = work, account.columns
        self.units = units_of(account.scored)
        self._hours, self._pane_hours = list(account.hours), settings.pane_us // HOUR_US
        self.panes = sorted({hour // self._pane_hours for hour in account.hours})
        self.people: People = self._people("accounts", None)
        self.prompts = StoredPrompts(work, self.units)

    def _people(self, stage: str, pane: int | None) -> StoredPeople:
        segments = self._work.segments()
        paths = [self._work.unit(stage, unit) for unit in range(self.units)]
        waiting = [unit for unit, path in enumerate(paths) if not path.exists()]
        step = progress.steps("folding", len(waiting))
        hours = [hour for hour in self._hours if pane in (None, hour // self._pane_hours)]
        days = (min(hours) // 24, max(hours) // 24) if hours else None

        def unit(number: int) -> None:
            state = folded(segments, shards_of(number, self.units), self.secret, self.settings)
            state.columns, state.days = set(self._columns), days
            calls = None
            if pane is None:
                population, calls = fold(state)
            else:
                population, _ = accounts_of(state, [pane])
            totals = totals_of(population, self.key, self.settings.calls_min)
            save_unit(paths[number], population, calls, totals)
            step()

        threads.each(unit, waiting)
        return StoredPeople(paths)

    def calls(self, unit: int) -> UnitCalls:
        """As in ``Day``."""
        names = [field.name for field in fields(UnitCalls)]
        found = read_arrays(self._work.unit("accounts", unit), [f"call_{name}" for name in names])
        return UnitCalls(*(found[f"call_{name}"] for name in names))

    def of_pane(self, pane: int) -> People:
        """As in ``Day``."""
        return self.people if self.panes == [pane] else self._people(f"pane {pane}", pane)


class StoredPrompts:
    """The distinct prompts of a work directory, found in its segments a unit at a time."""

    def __init__(self, work: Work, units: int) -> None:
        self._work, self._units = work, units

    def _unit(self, number: int, *, grams: bool) -> dict[str, np.ndarray]:
        """Columns of a unit's distinct prompts in order of hash; ``values``, their grams, if asked for."""
        shards = shards_of(number, self._units)
        parts = [part for segment in self._work.segments() for part in segment.prompts(shards)]
        if not parts:
            return {}
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "values"}
        hashes = columns["hash"]
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        fresh = np.ones(len(order), bool)
        fresh[1:] = np.any(hashes[order[1:]] != hashes[order[:-1]], axis=1)
        starts = np.flatnonzero(fresh)
        rows = order[starts]
        found = {name: values[rows] for name, values in columns.items()}
        found["calls"] = np.add.reduceat(columns["calls"][order].astype(np.int64), starts)
        if grams:
            offsets = np.concatenate([[0], np.cumsum(columns["grams"], dtype=np.int64)])
            found["offsets"], found["order"] = offsets, rows
            found["values"] = np.concatenate([part["values"] for part in parts])
        return found

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        parts = threads.each(lambda number: self._unit(number, grams=False), range(self._units))
        known = [part for part in parts if part]
        if not known:
            return {name: np.zeros((0, entries) if entries > 1 else 0, dtype) for name, dtype, entries in PROMPT}
        return {name: np.concatenate([part[name] for part in known]) for name in known[0]}

    @property
    def hashes(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["hash"]

    @property
    def signatures(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["signature"]

    @property
    def words(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["words"]

    @property
    def calls(self) -> np.ndarray:
        """As in ``PromptTable``."""
        return self._columns["calls"]

    def sample(self, size: int) -> Grams:
        """As in ``PromptTable``: the first units hold the smallest hashes."""
        parts = [Grams(np.zeros(1, np.int64), np.zeros(0, np.uint32))]
        for number in range(self._units):
            for _, grams in self._slices(number, 0):
                parts.append(grams)
                size -= len(grams)
            if size <= 0:
                break
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.offsets) for part in parts]))])
        whole = Grams(offsets.astype(np.int64), np.concatenate([part.values for part in parts]))
        return whole if size >= 0 else whole.take(np.arange(len(whole) + size))

    def slices(self) -> Iterator[tuple[np.ndarray, Grams]]:
        """As in ``PromptTable``."""
        first, step = 0, progress.steps("matching prompts", self._units)
        for number in range(self._units):
            for places, grams in self._slices(number, first):
                yield places, grams
                first += len(grams)
            step()

    def _slices(self, number: int, first: int) -> Iterator[tuple[np.ndarray, Grams]]:
        found = self._unit(number, grams=True)
        if not found:
            return
        whole = Grams(found["offsets"], found["values"])
        for start in range(0, len(found["order"]), _FOLD_ROWS):
            rows = found["order"][start : start + _FOLD_ROWS]
            yield first + start + np.arange(len(rows)), whole.take(rows)
