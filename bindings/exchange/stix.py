"""A shared signature inside a bundle of STIX 2.1: an indicator whose pattern is the signature's bytes in base64."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, time
from typing import Any

import orjson

from gauger.engine.common.errors import InputError
from gauger.engine.exchange.encoding import BYTES_MAX
from gauger.engine.exchange.signature import FindingSignature
from gauger.exports.findings import PRODUCT, uid_of
from gauger.text.formats import plural

PATTERN_TYPE = "gauger-signature"
DOCUMENT_BYTES_MAX = 1 << 18
_BORN = "2026-01-01T00:00:00.000Z"


def bundle(found: FindingSignature, content: bytes) -> dict[str, Any]:
    """A signature and its bytes as a bundle; the same signature is the same bundle."""
    first, last = (_moment(datetime.combine(day, time())) for day in found.days)
    creator = f"identity--{uid_of('identity', PRODUCT)}"
    identity = {
        "type": "identity", "spec_version": "2.1", "id": creator, "created": _BORN, "modified": _BORN,
        "name": PRODUCT, "identity_class": "system",
    }  # fmt: skip
    indicator = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uid_of('signature', found.name)}",
        "created_by_ref": creator, "created": last, "modified": last,
        "name": f"Shared signature {found.name}",
        "description": f"How a campaign of {plural(found.accounts, 'account')} asks a language model, "
        f"for members of the consortium {found.consortium_id}.",
        "indicator_types": ["malicious-activity"],
        "pattern": base64.b64encode(content).decode(), "pattern_type": PATTERN_TYPE, "pattern_version": "1",
        "valid_from": first,
    }  # fmt: skip
    uid = uid_of("bundle", indicator["id"])
    return {"type": "bundle", "id": f"bundle--{uid}", "objects": [identity, indicator]}


def content_of(document: bytes) -> bytes:
    """The signature's bytes in a bundle of STIX. Raises InputError where there is not exactly one."""
    try:
        objects = orjson.loads(document)["objects"]
        patterns = [
            one["pattern"] for one in objects if one.get("type") == "indicator" and one["pattern_type"] == PATTERN_TYPE
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError("this is neither a shared signature nor a bundle of STIX 2.1 with one") from None
    if len(patterns) != 1:
        raise InputError(f"the bundle has {len(patterns):,} shared signatures; one file holds one")
    try:
        if not isinstance(patterns[0], str) or len(patterns[0]) > 2 * BYTES_MAX:
            raise ValueError
        return base64.b64decode(patterns[0], validate=True)
    except (ValueError, binascii.Error):
        raise InputError("the bundle's shared signature is not in base64, or longer than any is") from None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
