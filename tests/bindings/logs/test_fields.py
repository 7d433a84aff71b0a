"""Fields: a column at a time is what each record gives by itself, whatever stands in the records."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.logs.columns import Source, all_values, first_value
from gauger.logs.fields import Fields, every_value, first_values

NAMES = ("a", "b", "a.b", "b.a.b", "headers", "Headers", "A", "name", "value", "user-agent", "User_Agent", "0")
SCALARS = st.sampled_from([None, "", "-", " null ", "text", "x" * 100, 0, 1, True, 1.5, "default_user_id", "{", "[1"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
        | inner.map(lambda value: orjson.dumps(value).decode())
    ),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), min_size=1, max_size=5)
PATHS = st.lists(st.sampled_from((*NAMES, "*", "1", "missing")), min_size=1, max_size=4).map(".".join)
PLACES = st.builds(Source, PATHS, st.sampled_from([None, None, "account", "texts"]), st.booleans())


def exact(value: Any) -> bytes:
    """Told apart by type as well: 1 and True are equal in Python."""
    return orjson.dumps(value)


@settings(max_examples=600, deadline=None)
@given(RECORDS, st.lists(PLACES, min_size=1, max_size=4))
def test_a_column_is_what_each_record_holds(records: list[dict[str, Any]], places: list[Source]) -> None:
    fields = Fields(records)
    for place in places:
        found = [place.value(record) for record in records]
        assert exact(fields.values(place)) == exact(found)
        assert fields.may_hold(place) or not any(value is not None for value in found) or place.blind


@settings(max_examples=400, deadline=None)
@given(
    RECORDS,
    st.lists(PLACES, min_size=1, max_size=4),
    st.sampled_from(["account_id", "client_address", "prompt_text", "start_time"]),
)
def test_several_places_give_what_they_give_one_record(
    records: list[dict[str, Any]], places: list[Source], name: str
) -> None:
    one_by_one = [first_value(record, places, name) for record in records]
    found = first_values(Fields(records), places, name)
    assert (found is None) == all(value is None for value in one_by_one)
    assert exact([None] * len(records) if found is None else found) == exact(one_by_one)
    assert exact(every_value(Fields(records), places)) == exact([all_values(record, places) for record in records])


def test_regular_records_are_not_asked_one_by_one() -> None:
    asked: list[Any] = []

    class Told(Source):
        def found(self, record: Any) -> Any:
            asked.append(record)
            return super().found(record)

    records = [{"a": {"b": row, "c": [{"d": row}]}, "headers": {"User-Agent": "x"}} for row in range(3)]
    fields = Fields(records)
    assert fields.values(Told("a.b")) == [0, 1, 2]
    assert fields.values(Told("a.c.*.d")) == [[0], [1], [2]]
    assert fields.values(Told("headers.user-agent")) == ["x", "x", "x"]
    assert asked == []
    fields = Fields([*records, {"a.b": 7}])
    assert fields.values(Told("a.b")) == [0, 1, 2, 7]
    assert len(asked) == 4
