"""People on disk: folded units of a day's accounts, loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common import threads
from gauger.engine.segments.arrays import read_arrays, shapes_of, text_arrays, text_column, write_arrays
from gauger.engine.segments.feature_file import FeatureFile
from gauger.engine.statistics.background import Background
from gauger.engine.statistics.folded import UnitCalls, with_components
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Totals
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import (
    NO_COPIES,
    SHARED_TEXT,
    Copies,
    Senders,
    sent_texts,
    shared_parts,
    with_senders,
)
from gauger.kernels.text.features import FEATURES

_STATISTIC = "statistic "
_LINKS = {"link_owner": np.int64, "link_channel": np.uint8, "link_value": np.uint64}


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
    senders: Senders


class StoredPeople:
    """People in unit files."""

    def __init__(self, paths: list[Path], copies: Copies = NO_COPIES) -> None:
        """paths : of ``save_unit``, one a unit; copies : texts of the day that are one."""
        self._paths, self._copies = paths, copies
        self.units = len(paths)
        self.unit_bytes = 3 * max(path.stat().st_size for path in paths)  # loaded, of which a part is taken
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
        rows = [place[low:high] for low, high in pairwise(starts)]
        owner = np.concatenate([own[found.pop("link_owner")] for own, (_, found, _) in zip(rows, parts, strict=True)])
        by_owner = np.argsort(owner, kind="stable")
        # One column after another, each let go where it is put in order: of a large day they are gigabytes.
        links = {"link_owner": owner[by_owner]}
        del owner
        for name in ("link_channel", "link_value"):
            links[name] = np.concatenate([found.pop(name) for _, found, _ in parts])[by_owner]
        del by_owner
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
            link_owner=links["link_owner"],
            link_channel=links["link_channel"],
            link_value=links["link_value"],
        )
        senders = Senders.among(threads.each(self._sent, range(self.units)), self._copies, len(order))
        shared = np.zeros(len(order))
        for number, own in enumerate(rows):
            owner, prompt, identity = self._sampled_texts(number)
            shared[own] = shared_parts(owner, senders.of(prompt, identity), len(own))
        accounts = with_components(accounts)
        accounts = replace(accounts, statistics={**accounts.statistics, SHARED_TEXT: shared})
        totals = reduce(Totals.plus, [totals for _, _, totals in parts])
        return Light(accounts, rows, totals, senders)

    def _sampled_texts(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each sampled call of a unit its account, int64, by its place; half of its text's hash; its name."""
        found = read_arrays(self._paths[number], ["sample_owner", "sample_prompt", "sample_identity"])
        return found["sample_owner"].astype(np.int64), found["sample_prompt"], found["sample_identity"]

    def _sent(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        owner, prompt, identity = self._sampled_texts(number)
        return sent_texts(owner, self._copies.originals(prompt), identity)

    def rows(self, number: int) -> np.ndarray:
        """As in ``People``."""
        return self._light.rows[number]

    def load(self, number: int) -> Population:
        """As in ``People``."""
        features = read_arrays(self._paths[number], ["sample_features"])["sample_features"]
        return with_senders(self._without_features(number).with_features(features), self._light.senders)

    def _without_features(self, number: int) -> Population:
        """A unit's accounts; ``sample_row`` says where in the file the features of each sampled call are."""
        path = self._paths[number]
        found = read_arrays(path, [name for name in shapes_of(path) if name != "sample_features"])
        return Population(
            account_ids=text_column(found["id_ends"], found["id_bytes"]).to_pylist(),
            calls=found["calls"],
            sums=found["sums"],
            statistics={name.removeprefix(_STATISTIC): found[name] for name in found if name.startswith(_STATISTIC)},
            sample_owner=found["sample_owner"].astype(np.int64),
            sample_identity=found["sample_identity"],
            sample_row=np.arange(len(found["sample_owner"])),
            sample_features=np.zeros((0, FEATURES), np.int8),
            link_owner=found["link_owner"],
            link_channel=found["link_channel"],
            link_value=found["link_value"],
            sample_prompt=found.get("sample_prompt"),
            sample_cell=found.get("sample_cell"),
        )

    def gather(self, rows: np.ndarray) -> Population:
        """As in ``People``. Features go into a file of their own, in the order of the accounts."""
        wanted = np.zeros(len(self.calls), bool)
        wanted[rows] = True
        asked = [number for number in range(self.units) if np.any(wanted[self.rows(number)])] or [0]
        parts = threads.each(
            lambda number: with_senders(
                self._without_features(number).select(wanted[self.rows(number)]), self._light.senders
            ),
            asked,
            self.unit_bytes,
        )
        owners = np.concatenate([own[wanted[own]] for own in map(self.rows, asked)])
        joined = concatenate(parts).arranged(np.argsort(owners, kind="stable"))
        features = FeatureFile(self._paths[0].parent, len(joined.sample_owner))
        first = np.searchsorted(joined.sample_owner, np.arange(len(joined) + 1))  # row of each account's first

        def fill(at: int) -> None:
            part, number = parts[at], asked[at]
            found = read_arrays(self._paths[number], ["sample_features"])["sample_features"]
            own = self.rows(number)
            places = first[np.searchsorted(rows, own[wanted[own]])]
            ends = np.searchsorted(part.sample_owner, np.arange(len(part) + 1)).tolist()
            for place, (low, high) in zip(places.tolist(), pairwise(ends), strict=True):
                features.write(place, found[part.sample_row[low:high]])

        threads.each(fill, range(len(asked)), self.unit_bytes)
        return joined.with_features(features)

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
            owner, prompt, _ = self._sampled_texts(number)
            return self.rows(number)[owner], prompt

        owners, prompts = (
            np.concatenate(column) for column in zip(*threads.each(part, range(self.units)), strict=True)
        )
        order = np.argsort(owners, kind="stable")
        return owners[order], prompts[order]

    def sampled_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """As in ``People``."""
        found = read_arrays(self._paths[number], ["sample_owner", "sample_identity"])
        return found["sample_owner"].astype(np.int64), found["sample_identity"]

    def once(self, stage: str, number: int, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """As in ``People``."""
        path = self._paths[number].with_name(f"{stage} {self._paths[number].name}")
        if path.exists():
            return read_arrays(path)
        made = make()
        write_arrays(path, made)
        return made


def _light_of(path: Path) -> tuple[pa.Array, dict[str, np.ndarray], Totals]:
    found = read_arrays(path, _light_names(path))
    background = Background(found.pop("background_count"), found.pop("background_total"))
    ids = text_column(found.pop("id_ends"), found.pop("id_bytes"))
    return ids, found, Totals(found.pop("direction"), background)


def _light_names(path: Path) -> list[str]:
    known = shapes_of(path)
    wanted = {"calls", "direction", "background_count", "background_total", "id_ends", "id_bytes", *_LINKS}
    return [name for name in known if name in wanted or name.startswith(_STATISTIC)]


def calls_of_unit(path: Path) -> UnitCalls:
    """The calls of a unit that was saved with them."""
    names = [field.name for field in fields(UnitCalls)]
    found = read_arrays(path, [f"call_{name}" for name in names])
    return UnitCalls(*(found[f"call_{name}"] for name in names))
