"""Fields: what many records hold at the places of a column map, a column at a time.

The same values as ``Source.value``, ``first_value`` and ``all_values`` find record by record, several times as fast: a
step is taken in all records at once where they are objects. Where one is not, the rest of the path is walked in each.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from gauger.engine.intake.values import all_say_something, plain, says_nothing
from gauger.logs.headers import headers, holds_headers
from gauger.logs.paths import Source, walk

_Steps = tuple[str, ...]
_OBJECTS = {dict, type(None)}
_LISTS = {list, type(None)}


class Fields:
    """The fields of some values; each column is looked up once. Nobody may change a list that is given out."""

    def __init__(self, values: list[Any]) -> None:
        """values : JSON-like; records are objects, but elements of their lists may be anything."""
        self._columns: dict[_Steps, list[Any]] = {(): values}
        self._names: dict[_Steps, set[str]] = {}
        self._kinds: dict[_Steps, set[type]] = {}

    def may_hold(self, place: Source) -> bool:
        """Whether any record may hold something at a place. A map asks for more than a log has."""
        first, names = place.steps[:1], self._names_at(())
        if place.path in names or first[0] not in names:
            return place.path in names
        if len(place.steps) == 1 or holds_headers(first[0]) or not self._kinds_at(first) <= _OBJECTS:
            return True
        inner = self._names_at(first)
        return place.steps[1] in inner or ".".join(place.steps[1:]) in inner

    def values(self, place: Source) -> list[Any]:
        """What each record has at a place, converted; None where absent."""
        if place.blind:
            return list(map(place.value, self._columns[()]))
        found = self._followed(place.steps, place.found)
        convert = place.convert
        return found if convert is None else [None if value is None else convert(value) for value in found]

    def _followed(self, steps: _Steps, follow: Callable[[Any], Any]) -> list[Any]:
        """What is found at the end of ``steps`` in each value.

        follow : does the same for one value, where another name than the next step might lead on
        """
        for position, step in enumerate(steps):
            before, rest = steps[:position], steps[position:]
            names, kinds, column = self._names_at(before), self._kinds_at(before), self._columns[before]
            are_headers = position > 0 and holds_headers(steps[position - 1])
            if (len(rest) > 1 and ".".join(rest) in names) or (are_headers and not kinds <= _OBJECTS):
                return list(map(follow, self._columns[()]))
            if are_headers:
                return headers(column, names, step)
            if step == "*" and kinds <= _LISTS:
                return _of_elements(column, rest[1:])
            if not kinds <= _OBJECTS:
                return [None if value is None else walk(value, rest) for value in column]
            if step not in names:
                return [None] * len(column)
            self._take(before, step, type(None) in kinds)
        return self._columns[steps]

    def _take(self, before: _Steps, step: str, has_nulls: bool) -> None:
        """Look up the column one step further."""
        here = (*before, step)
        if here in self._columns:
            return
        column = self._columns[before]
        if has_nulls:
            self._columns[here] = [None if value is None else value.get(step) for value in column]
            return
        try:
            self._columns[here] = list(
                map(itemgetter(step), column)
            )  # most logs are regular, and get takes thrice that
        except KeyError:
            self._columns[here] = [value.get(step) for value in column]

    def _kinds_at(self, steps: _Steps) -> set[type]:
        """The types of the values there, for steps that were taken or lead into records."""
        if steps not in self._kinds:
            if steps:
                self._take(steps[:-1], steps[-1], type(None) in self._kinds_at(steps[:-1]))
            self._kinds[steps] = set(map(type, self._columns[steps]))
        return self._kinds[steps]

    def _names_at(self, steps: _Steps) -> set[str]:
        """The names in the objects there."""
        if steps not in self._names:
            objects = self._columns[steps]
            if self._kinds_at(steps) != {dict}:
                objects = [value for value in objects if type(value) is dict]
            self._names[steps] = set().union(*objects)
        return self._names[steps]


def _of_elements(lists: Sequence[list[Any] | None], steps: _Steps) -> list[Any]:
    """What is found at ``steps`` in each element of each list."""
    elements = list(chain.from_iterable(one for one in lists if one is not None))
    found = iter(Fields(elements)._followed(steps, partial(walk, steps=steps)))
    return [None if one is None else list(islice(found, len(one))) for one in lists]


def first_values(fields: Fields, places: Sequence[Source], name: str) -> list[Any] | None:
    """For each record what the first place that says something for column ``name`` holds.

    None where no record holds anything.
    """
    found: list[Any] = []
    silent: list[int] = []  # rows that nothing was said for yet
    for number, place in enumerate(places):
        column = fields.values(place)
        kinds = set(map(type, column))
        if not kinds.isdisjoint((list, dict)):
            column = [plain(name, value) for value in column]
            kinds = set(map(type, column))
        if len(places) == 1:
            return None if kinds <= {type(None)} else column
        if number == 0:
            found = list(column)
        for row in silent:
            if found[row] is None or not says_nothing(name, column[row]):
                found[row] = column[row]
        if number + 1 < len(places):
            silent = _silent(name, found)
            if not silent:
                break
    return found if any(value is not None for value in found) else None


def _silent(name: str, column: list[Any]) -> list[int]:
    """The rows of ``column`` that say nothing."""
    if all_say_something(name, column):
        return []
    try:
        nothing = {value for value in set(column) if says_nothing(name, value)}
    except TypeError:  # lists and objects among them
        return [row for row, value in enumerate(column) if says_nothing(name, value)]
    return [row for row, value in enumerate(column) if value in nothing] if nothing else []


def every_value(fields: Fields, places: Sequence[Source]) -> list[list[Any] | None]:
    """For each record what all places that hold something hold, one after another; None where none does."""
    columns = [fields.values(place) for place in places]
    return [[value for value in row if value not in (None, "", [])] or None for row in zip(*columns, strict=True)]
