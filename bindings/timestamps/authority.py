"""Time stamps of an authority (RFC 3161): it signs that a document was there at a time, and sees its SHA-256 alone.

A stamp is the authority's whole answer (section 2.4.2, DER), as ``openssl ts -verify -data FILE -in STAMP`` takes it.
Extra ``gauger[timestamps]``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.util import Url, parse_url

from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError
from gauger.text.formats import visible

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

SUFFIX = ".tsr"
STAMP_BYTES_MAX = 1 << 16
_CERTIFICATES_BYTES_MAX, _DOCUMENT_BYTES_MAX = 1 << 20, 1 << 26
_QUERY = "application/timestamp-query"


@dataclass(frozen=True)
class Stamp:
    """What an authority vouches for."""

    time: datetime  # UTC
    authority: str  # subject of the certificate that signed (RFC 4514)


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise InputError("time stamps need the extra: pip install 'gauger[timestamps]'") from None
    return rfc3161_client


def ask(content: bytes, url: str, seconds: float = 30.0) -> bytes:
    """An authority's stamp of some bytes, of which it sees the SHA-256.

    url : http or https; redirects are not followed. What comes back is signed, so that http is as good.
    Raises InputError where no answer comes, the authority refuses, or its answer is of something else.
    """
    library = _library()
    place = _place_of(url)
    query = library.TimestampRequestBuilder().data(content).hash_algorithm(library.HashAlgorithm.SHA256).build()
    stamp = _posted(url, place, query.as_bytes(), seconds)
    found = _decoded(stamp, place)
    if found.status != library.PKIStatus.GRANTED:
        raise InputError(f"{place}: the authority refused (status {found.status})")
    if found.tst_info.nonce != query.nonce or not _is_of(found, content):
        raise InputError(f"{place}: the authority answered another question")
    return stamp


def _place_of(url: str) -> str:
    """An address as it is shown: without what may be a token."""
    try:
        parts = parse_url(url)
    except urllib3.exceptions.LocationParseError:
        parts = Url()
    if parts.scheme not in ("http", "https") or not parts.host or parts.auth:
        raise InputError("--by is no address of a time-stamping authority: http or https, without a password")
    return visible(f"{parts.scheme}://{parts.netloc}{parts.path or ''}")


def _posted(url: str, place: str, query: bytes, seconds: float) -> bytes:
    with urllib3.PoolManager(timeout=urllib3.Timeout(connect=10, read=seconds)) as pool:
        try:
            answer = pool.request(
                "POST", url, body=query, headers={"Content-Type": _QUERY}, retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
            stamp, end = b"", time.monotonic() + seconds
            while len(stamp) <= STAMP_BYTES_MAX and (part := answer.read1(1 << 16)):
                stamp += part
                if time.monotonic() > end:
                    raise InputError(f"{place}: no whole answer in {seconds:g} seconds")
        except urllib3.exceptions.HTTPError as error:
            raise InputError(f"{place}: no answer ({type(error).__name__})") from None
        answer.close()
    if answer.status != 200:
        raise InputError(f"{place}: HTTP {answer.status} in place of a time stamp")
    if len(stamp) > STAMP_BYTES_MAX:
        raise InputError(f"{place}: more than {STAMP_BYTES_MAX:,} bytes in place of a time stamp")
    return stamp


def _decoded(stamp: bytes, place: str) -> TimeStampResponse:
    try:
        found: TimeStampResponse = _library().decode_timestamp_response(stamp)
        _ = found.tst_info if found.status == 0 else None  # a refusal has none
    except ValueError:
        raise InputError(f"{place}: no time stamp that can be read") from None
    return found


def _is_of(found: TimeStampResponse, content: bytes) -> bool:
    imprint = found.tst_info.message_imprint
    names = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
    name = names.get(imprint.hash_algorithm.dotted_string)
    return name is not None and imprint.message == hashlib.new(name, content).digest()


def stamp_path(path: Path) -> Path:
    """Where the stamp of a file is."""
    return path.with_name(path.name + SUFFIX)


def put(path: Path, url: str) -> Path:
    """Have a file stamped, and put the stamp beside it. Raises InputError as ``ask``, and where one is there."""
    place = stamp_path(path)
    stamp = ask(_read(path, _DOCUMENT_BYTES_MAX), url)
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.") as file:
            file.write(stamp)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.link(file.name, place)  # whole, or not at all
    except FileExistsError:
        raise InputError(f"{place}: is there already, and an earlier time says more") from None
    except OSError as error:
        raise InputError(f"{place}: cannot be written ({error.strerror})") from None
    return place


def check(path: Path, authority: Path) -> Stamp:
    """When a file was there, by the stamp beside it.

    authority : PEM file of the certificates that are trusted; they have to be valid at the time of the stamp
    Raises InputError, beginning with the path, where the stamp is missing, of something else, or not of that authority.
    """
    library = _library()
    from cryptography import x509

    content, path = _read(path, _DOCUMENT_BYTES_MAX), stamp_path(path)
    found = _decoded(_read(path, STAMP_BYTES_MAX), str(path))
    if found.status != library.PKIStatus.GRANTED or not _is_of(found, content):
        raise InputError(f"{path}: is the stamp of something else")
    try:
        trusted = x509.load_pem_x509_certificates(_read(authority, _CERTIFICATES_BYTES_MAX))
    except ValueError:
        raise InputError(f"{authority}: no certificates (PEM)") from None
    builder = library.VerifierBuilder()
    for one in trusted:
        builder = builder.add_root_certificate(one)
    try:
        builder.build().verify(found, found.tst_info.message_imprint.message)
        signer = next(iter(found.signed_data.signer_infos))
        names = [
            one.subject.rfc4514_string()
            for one in map(x509.load_der_x509_certificate, found.signed_data.certificates)
            if (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number)
        ]
    except (library.VerificationError, ValueError):
        raise InputError(f"{path}: is not signed by an authority in {authority}") from None
    return Stamp(found.tst_info.gen_time.astimezone(UTC), visible(names[0]))


def _read(path: Path, most: int) -> bytes:
    try:
        return read_bounded(path, most)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
