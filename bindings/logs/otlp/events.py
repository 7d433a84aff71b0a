"""Events: calls out of the logs signal, where GenAI events stand as log records.

Today's conventions write a whole call as one event, ``gen_ai.client.inference.operation.details``. Older ones write an
event a turn (``gen_ai.user.message``), which belong together by trace and span; where these are not told, a call ends
with its answer (``gen_ai.choice``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gauger.engine.intake.message_parts import word
from gauger.logs.otlp import chats
from gauger.logs.otlp.attributes import decoded, parsed, value
from gauger.logs.otlp.chats import MESSAGES, OPERATION

_DETAILS = "gen_ai.client.inference.operation.details"
_ANSWER = "gen_ai.choice"
NO_CALL = "log_record"  # the operation of a record that is no event of a call


@dataclass
class _Group:
    """Events of one call."""

    fields: dict[str, Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    is_whole: bool = False  # whether one event holds the call


def records(rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """A record a call, in the order of their first events, and one for each log record of another kind.

    rows : log records, each with the attributes of its resource
    """
    groups: dict[Any, _Group] = {}
    whole: set[Any] = set()  # spans whose call one event holds: their turns need not be put together
    answered = 0
    for number, (fields, inherited) in enumerate(rows):
        own = decoded(fields.get("attributes"))
        name = word(fields.get("eventName") or own.get("event.name") or fields.get("name"))
        carried = {**_body(fields.get("body")), **own}
        place: tuple[str, str | int] = (word(fields.get("traceId")), word(fields.get("spanId")))
        place = place if all(place) else ("answered", answered)
        spoken = chats.turn(name, carried)
        if spoken is not None or name == _ANSWER:
            group = groups.setdefault(place, _Group(fields))
            group.attributes |= {**inherited, **group.attributes, **own}
            group.turns += [spoken] if spoken is not None else []
            answered += name == _ANSWER
        else:
            is_call = name == _DETAILS or bool(carried.get(MESSAGES))
            said = {key: one for key, one in carried.items() if key.startswith("gen_ai.")}
            attributes = {**inherited, **own, **(said if is_call else {OPERATION: NO_CALL})}
            groups["one", number] = _Group(fields, attributes, is_whole=True)
            whole |= {place} if is_call else set()
    for place, group in groups.items():
        if place not in whole:
            yield _record(group)


def _body(body: Any) -> dict[str, Any]:
    plain = value(body)
    content = parsed(plain)
    return content if isinstance(content, dict) else {"content": plain}


def _record(group: _Group) -> dict[str, Any]:
    attributes = group.attributes
    chats.gathered(attributes, group.turns)
    if not group.is_whole and not group.turns:  # an answer whose question stands elsewhere
        attributes[OPERATION] = NO_CALL
    times = (group.fields.get(name) for name in ("timeUnixNano", "observedTimeUnixNano"))
    start = next((time for time in times if time not in (None, "", "0", 0)), None)
    return {**group.fields, "startTimeUnixNano": start, "attributes": attributes}
