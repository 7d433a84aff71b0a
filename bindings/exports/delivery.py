"""Sending records: signed, tried again where that helps, and put aside where it does not.

A receiver may be down, busy, or refuse one document of many. Records carry names by which a receiver knows them, so
that one sent twice is not two. Keys come from variables, as everybody on a machine sees its command lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import urllib3
from urllib3.util import Retry, parse_url

from gauger.engine.common.errors import InputError
from gauger.engine.common.private import opener
from gauger.exports.findings import uid_of
from gauger.exports.formats import Record

SIGNING, SPLUNK, ELASTIC = "GAUGER_WEBHOOK_SECRET", "GAUGER_HEC_TOKEN", "GAUGER_ELASTIC_API_KEY"
_BATCH = 100  # records, and so many bytes, sent together
_BATCH_BYTES = 4 << 20
_AGAIN = (408, 429, 500, 502, 503, 504)
_TRIES = 6
_SECONDS = urllib3.Timeout(connect=10, read=60)


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
    """

    address: str
    format_name: str
    content_type: str
    wait: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if parse_url(self.address).scheme not in ("http", "https"):
            raise InputError("--url is not an http or https address")

    def send(self, records: Sequence[Record]) -> Sent:
        """Send all; what is not taken in the end is told, with the reason."""
        taken, refused = 0, []
        with urllib3.PoolManager(timeout=_SECONDS) as pool:
            for batch in _batches(records):
                left, why = self._sent(pool, batch)
                taken += len(batch) - len(left)
                refused += [(record, why) for record in left]
        return Sent(taken, refused)

    def _sent(self, pool: urllib3.PoolManager, batch: list[Record]) -> tuple[list[Record], str]:
        """What of a batch was not taken, and why: sent as a whole, then what was refused of it for a while only."""
        gone: list[Record] = []
        for attempt in range(_TRIES):
            try:
                answer = self._post(pool, batch)
            except urllib3.exceptions.HTTPError as error:
                return [*gone, *batch], type(error).__name__
            if not 200 <= answer.status < 300:
                return [*gone, *batch], f"HTTP {answer.status}"
            if self.format_name != "elastic-bulk":
                return [], ""
            status = _statuses(answer, batch)
            gone += [one for one in batch if status[one.uid] >= 300 and status[one.uid] not in _AGAIN]
            batch = [one for one in batch if status[one.uid] in _AGAIN]
            if not batch:
                break
            self.sleep(self.wait * 2**attempt)
        left = [*gone, *batch]
        return left, "refused as documents" if left else ""

    def _post(self, pool: urllib3.PoolManager, batch: list[Record]) -> urllib3.BaseHTTPResponse:
        body = b"".join(record.data for record in batch)
        retries = Retry(
            total=_TRIES, redirect=0, status_forcelist=_AGAIN, allowed_methods=None, backoff_factor=self.wait,
            backoff_jitter=self.wait / 2, raise_on_status=False, raise_on_redirect=False,
        )  # fmt: skip
        headers = {"Content-Type": self.content_type, **_keys(self.format_name), **_signature(batch, body)}
        return pool.request("POST", self.address, body=body, headers=headers, retries=retries)


def put_aside(sent: Sent, folder: Path) -> None:
    """Keep what was not taken, a file a record that the user alone may read: exported again, or sent by hand."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for record, _ in sent.refused:
        with open(folder / f"{re.sub(r'[^0-9a-zA-Z-]', '-', record.uid)}.json", "wb", opener=opener) as file:
            file.write(record.data)


def _batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        if batch and (len(batch) == _BATCH or size + len(record.data) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record.data)
    if batch:
        yield batch


def _statuses(answer: urllib3.BaseHTTPResponse, batch: list[Record]) -> Mapping[str, int]:
    """Of each document of a bulk request; of an answer that cannot be read, that each is to be sent again."""
    try:
        items = [next(iter(item.values())) for item in orjson.loads(answer.data)["items"]]
        found = {str(item["_id"]): int(item["status"]) for item in items}
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        found = {}
    return {record.uid: found.get(record.uid, _AGAIN[-1]) for record in batch}


def _keys(format_name: str) -> dict[str, str]:
    variable, scheme = {"hec": (SPLUNK, "Splunk"), "elastic-bulk": (ELASTIC, "ApiKey")}.get(format_name, ("", ""))
    key = os.environ.get(variable) if variable else None
    return {"Authorization": f"{scheme} {key}"} if key else {}


def _signature(batch: list[Record], body: bytes) -> dict[str, str]:
    """Headers of a signed request, as Standard Webhooks 1.0 has them (standardwebhooks.com)."""
    secret = os.environ.get(SIGNING)
    if not secret:
        return {}
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise InputError(f"{SIGNING} is not in base64, as whsec_MfKQ9r8G...") from None
    name, now = (
        f"msg_{uid_of(*(record.uid for record in batch), hashlib.sha256(body).hexdigest())}",
        str(int(time.time())),
    )
    signed = hmac.digest(key, b".".join([name.encode(), now.encode(), body]), "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
