"""Keys, tokens and signatures of what is sent, and where they may go.

They come from variables, as everybody on a machine sees its command lines. A key goes over https only, or stays on the
machine; a signature is made anew for each request, so that a receiver can refuse one that is old.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import os
import time

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from gauger.engine.common.errors import InputError

SIGNING, SPLUNK, ELASTIC = "GAUGER_WEBHOOK_SECRET", "GAUGER_HEC_TOKEN", "GAUGER_ELASTIC_API_KEY"
_SCHEMES = {"hec": (SPLUNK, "Splunk"), "elastic-bulk": (ELASTIC, "ApiKey")}
_SECRET_MIN = 24  # bytes, by Standard Webhooks 1.0


def checked(address: str, format_name: str) -> Url:
    """An address that records of a format may be sent to.

    Raises InputError where it is no http or https address, has a password in it, or would carry a key in the clear.
    """
    try:
        url = parse_url(address)
    except LocationParseError:
        raise InputError("--url cannot be read as an address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InputError("--url is not an http or https address")
    if url.auth:
        raise InputError(f"--url holds a name or a password; give keys by {SPLUNK} or {ELASTIC}")
    if authorization(format_name) and url.scheme == "http" and not _is_loopback(url.host):
        variable, _ = _SCHEMES[format_name]
        raise InputError(f"--url is http: {variable} could be read on its way; give an https address")
    return url


def authorization(format_name: str) -> dict[str, str]:
    """The header with the key for a format, where there is one. Raises InputError for a key that no header may hold."""
    variable, scheme = _SCHEMES.get(format_name, ("", ""))
    key = os.environ.get(variable, "").strip() if variable else ""
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"{variable} holds characters that no header may; set it again")
    return {"Authorization": f"{scheme} {key}"} if key else {}


def signature(name: str, body: bytes) -> dict[str, str]:
    """Headers of a request that is signed now, as Standard Webhooks 1.0 has them (standardwebhooks.com).

    HMAC-SHA256 over ``name.seconds.body`` under the secret. None without a secret; raises InputError for a bad one.
    """
    secret = os.environ.get(SIGNING, "").strip()
    if not secret:
        return {}
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"{SIGNING} is not in base64, as whsec_MfKQ9r8G...") from None
    if len(key) < _SECRET_MIN:
        raise InputError(f"{SIGNING} has fewer than {_SECRET_MIN} bytes; openssl rand -base64 32 makes one")
    now = str(int(time.time()))
    signed = hmac.digest(key, b".".join([name.encode(), now.encode(), body]), "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
