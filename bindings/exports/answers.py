"""What receivers answer: Elasticsearch for each document, Splunk with numbers to ask for later.

An answer comes from elsewhere. What cannot be read of it is taken for what does no harm: a document is sent again, as
its name makes it the same document; a number is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from urllib3.util import Url

from gauger.exports.formats import Record

_UNKNOWN = 504
_CONFLICT = 409  # a later version of the document is there already
_COLLECTOR = "/services/collector"


@dataclass(frozen=True)
class Answer:
    """An answer, or that none came."""

    status: int  # 0: none came
    data: bytes
    retry_after: float | None  # seconds
    told: str


def statuses(answer: Answer, batch: Sequence[Record]) -> Mapping[str, int]:
    """Of each document of a bulk request: a status of HTTP; of one without, that it is to be sent again."""
    found: dict[str, int] = {}
    items = _document(answer).get("items")
    for item in items if isinstance(items, list) else []:
        for said in item.values() if isinstance(item, dict) else ():
            if isinstance(said, dict) and isinstance(said.get("_id"), str) and isinstance(said.get("status"), int):
                found[said["_id"]] = 200 if said["status"] == _CONFLICT else said["status"]
    return {record.uid: found.get(record.uid, _UNKNOWN) for record in batch}


def number_of(answer: Answer) -> int | None:
    """The number under which Splunk will acknowledge, where its token asks for that."""
    number = _document(answer).get("ackId")
    return number if isinstance(number, int) else None


def acknowledgements_of(url: Url, channel: str) -> str | None:
    """Where to ask for acknowledgements; None where the address is not one of Splunk's."""
    head, found, _ = (url.path or "").partition(_COLLECTOR)
    return url._replace(path=f"{head}{_COLLECTOR}/ack", query=f"channel={channel}").url if found else None


def question(numbers: Collection[int]) -> bytes:
    """The body that asks for acknowledgements."""
    return orjson.dumps({"acks": sorted(numbers)})


def acknowledged(answer: Answer, numbers: Collection[int]) -> set[int]:
    """Those of the numbers that are acknowledged."""
    acks = _document(answer).get("acks") if answer.status == 200 else None
    return {one for one in numbers if acks.get(str(one)) is True} if isinstance(acks, dict) else set()


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.data)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
