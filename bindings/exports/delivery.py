"""Sending records: signed, tried again where that helps, and told of where it does not.

A receiver may be down, slow, busy, or refuse one document of many. What it answered for is not sent again. Where no
answer came, it may have taken a request all the same: records carry names by which it knows them.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import urllib3
from urllib3.util import Retry, Url

from gauger.exports import answers, keys
from gauger.exports.findings import uid_of
from gauger.exports.formats import Record

_BATCH_BYTES = 4 << 20
# Records sent together. Splunk is sent single ones: of several it may take the first and refuse the rest.
_BATCH, _BATCHES = 100, {"hec": 1}
_AGAIN = (0, 408, 425, 429, 500, 502, 503, 504)  # 0: no answer came
_TOO_LARGE = 413
_NO_TRUST = -1  # no connection that is safe: not tried again
_TRIES = 6
_PAUSE_MOST = 120.0  # seconds, whatever a receiver asks for
_ANSWER_MOST = 16 << 20  # bytes


@dataclass(frozen=True)
class Sent:
    """What became of records."""

    taken: int
    refused: list[tuple[Record, str]]  # and why


@dataclass(frozen=True)
class Door:
    """Where records go.

    address : http or https; redirects are not followed, certificates are checked
    wait : seconds before the first retry, doubled each time; a receiver's Retry-After counts before it
    seconds : to wait for an answer to begin, and for it to end

    Raises InputError for an address or a key that is none, and for a key that would be sent in the clear.
    """

    address: str
    format_name: str
    content_type: str
    wait: float = 1.0
    seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    channel: str = field(default_factory=lambda: str(uuid.uuid4()))
    url: Url = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", keys.checked(self.address, self.format_name))

    def send(self, records: Sequence[Record], done: Callable[[Record], None] = lambda _: None) -> Sent:
        """Send all; what is not taken in the end is told, with the reason.

        done : told of each record as soon as it is taken
        """
        refused: list[tuple[Record, str]] = []
        pending: dict[int, Record] = {}  # by number of acknowledgement
        tries = _TRIES
        with urllib3.PoolManager(timeout=urllib3.Timeout(connect=10, read=self.seconds)) as pool:
            for batch in _batches(records, _BATCHES.get(self.format_name, _BATCH)):
                delivery = _Delivery(self, pool, tries)
                delivery.send(batch)
                refused += delivery.refused
                pending |= delivery.pending
                _tell(done, batch, [*delivery.pending.values(), *(one for one, _ in delivery.refused)])
                # A receiver that was away for all tries is asked once for each batch from then on.
                tries = 1 if delivery.is_away else _TRIES
            left = list(self._unacknowledged(pool, pending).values())
        _tell(done, pending.values(), left)
        refused += [(one, "taken, not acknowledged") for one in left]
        return Sent(len(records) - len(refused), refused)

    def pause(self, attempt: int, asked: float | None) -> None:
        """Wait before the next attempt, as long as was asked for within bounds."""
        own = self.wait * 2**attempt * (1 + random.random() / 2)
        self.sleep(min(own if asked is None else asked, _PAUSE_MOST))

    def post(self, pool: urllib3.PoolManager, url: str, body: bytes, name: str, kind: str) -> answers.Answer:
        """Ask once, signed now; whatever goes wrong is an answer too."""
        headers = {"Content-Type": kind, **keys.authorization(self.format_name), **keys.signature(name, body)}
        if self.format_name == "hec":
            headers["X-Splunk-Request-Channel"] = self.channel
        try:
            response = pool.request(
                "POST", url, body=body, headers=headers, retries=False, redirect=False, preload_content=False
            )
        except urllib3.exceptions.SSLError:
            return answers.Answer(_NO_TRUST, b"", None, "TLS failed; SSL_CERT_FILE may name its authority")
        except urllib3.exceptions.HTTPError as error:
            return answers.Answer(0, b"", None, f"no answer ({type(error).__name__})")
        return answers.Answer(response.status, self._read(response), _asked(response), f"HTTP {response.status}")

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """The answer as far as it came: its status says what became of the request, whatever happens to the rest."""
        data, end = b"", time.monotonic() + self.seconds
        try:
            while len(data) < _ANSWER_MOST and time.monotonic() < end and (part := response.read1(1 << 16)):
                data += part
        except urllib3.exceptions.HTTPError:
            data = b""
        response.close()
        return data

    def _unacknowledged(self, pool: urllib3.PoolManager, pending: dict[int, Record]) -> dict[int, Record]:
        """What of Splunk's numbers was not acknowledged as written to an index, after as many questions as tries."""
        address = answers.acknowledgements_of(self.url, self.channel)
        for attempt in range(_TRIES):
            if not pending or address is None:
                return {}
            self.pause(attempt, None)
            answer = self.post(pool, address, answers.question(pending), self.channel, "application/json")
            done = answers.acknowledged(answer, pending)
            pending = {number: one for number, one in pending.items() if number not in done}
        return pending


class _Delivery:
    """One batch on its way: what was refused of it, and what is to be acknowledged."""

    def __init__(self, door: Door, pool: urllib3.PoolManager, tries: int) -> None:
        self._door, self._pool, self._tries = door, pool, tries
        self.refused: list[tuple[Record, str]] = []
        self.pending: dict[int, Record] = {}
        self.is_away = False

    def send(self, batch: list[Record]) -> None:
        """Send as a whole, then what was refused of it for a while only; in halves where it is too large."""
        attempt, why = 0, ""  # since something was taken
        while attempt < self._tries:
            answer = self._post(batch)
            if answer.status == _TOO_LARGE and len(batch) > 1:
                middle = len(batch) // 2
                self.send(batch[:middle])
                self.send(batch[middle:])
                return
            left, why = self._left(batch, answer)
            if not left:
                return
            attempt = attempt + 1 if len(left) == len(batch) else 0
            batch = left
            if attempt < self._tries:
                self._door.pause(max(0, attempt - 1), answer.retry_after)
        self.is_away = True
        self._refuse(batch, why)

    def _left(self, batch: list[Record], answer: answers.Answer) -> tuple[list[Record], str]:
        """What of a batch is to be sent again, and why."""
        if answer.status in _AGAIN:
            return batch, answer.told
        if not 200 <= answer.status < 300:
            self._refuse(batch, answer.told)
            return [], ""
        if self._door.format_name == "hec" and (number := answers.number_of(answer)) is not None:
            self.pending[number] = batch[0]
        if self._door.format_name != "elastic-bulk":
            return [], ""
        status = answers.statuses(answer, batch)
        for one in batch:
            if status[one.uid] not in _AGAIN and status[one.uid] >= 300:
                self._refuse([one], f"document refused ({status[one.uid]})")
        return [one for one in batch if status[one.uid] in _AGAIN], "documents refused for a while"

    def _post(self, batch: list[Record]) -> answers.Answer:
        body = b"".join(record.data for record in batch)
        # The same message has the same name each time it is sent.
        name = f"msg_{uid_of(*(record.uid for record in batch), hashlib.sha256(body).hexdigest())}"
        return self._door.post(self._pool, self._door.url.url, body, name, self._door.content_type)

    def _refuse(self, batch: list[Record], why: str) -> None:
        self.refused += [(record, why) for record in batch]


def _tell(done: Callable[[Record], None], records: Iterable[Record], left: Sequence[Record]) -> None:
    for one in set(records) - set(left):
        done(one)


def _batches(records: Sequence[Record], most: int) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        if batch and (len(batch) == most or size + len(record.data) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record.data)
    if batch:
        yield batch


def _asked(response: urllib3.BaseHTTPResponse) -> float | None:
    """The seconds of a Retry-After; None without one that can be read."""
    value = response.headers.get("Retry-After")
    try:
        return None if value is None else max(0.0, float(Retry().parse_retry_after(value)))
    except OverflowError:
        return _PAUSE_MOST
    except (urllib3.exceptions.HTTPError, ValueError):
        return None
