"""Files in a folder, chained by their digests and signed.

    chain.json      {"format": 1, "files": [{"path", "bytes", "sha256", "link"}, ...]}, files in order of their paths
    signature.json  {"algorithm": "Ed25519", "public_key", "key_id", "link", "signature"}, base64; absent where unsigned

``link`` of a file is SHA-256 over the link before it (of 32 zero bytes for the first), then the file's path in UTF-8, a
zero byte, and its 32-byte SHA-256. The signature (RFC 8032) is of the bytes ``gauger package 1`` and the last link.
A time stamp of the chain may be put beside it later; ``gauger.timestamps`` says what it is worth.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError
from gauger.engine.common.private import make_folder, write_file
from gauger.text.formats import visible
from gauger.timestamps.authority import stamp_path

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CHAIN, SIGNATURE = "chain.json", "signature.json"
STAMP = str(stamp_path(Path(CHAIN)))
FORMAT, ALGORITHM = 1, "Ed25519"
_SIGNED = b"gauger package 1"
_KEY_BYTES_MAX, _CHAIN_BYTES_MAX, _FILES_MAX = 1 << 14, 1 << 26, 200_000
FILE_BYTES_MAX = 1 << 31
_CHUNK = 1 << 20


def write(folder: Path, files: Mapping[str, bytes], key: Path | None) -> None:
    """Write files, their chain and, with a key, the signature, into a folder that is not there or empty.

    key : PEM file of an Ed25519 private key. Raises InputError where the folder holds something, and for another key.
    """
    signer = None if key is None else _signer(key)
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(f"{folder}: is not empty; choose another --to")
        make_folder(folder)
        link, listed = bytes(32), []
        for path, content in sorted(files.items()):
            target = folder / path
            for parent in reversed(target.relative_to(folder).parents[:-1]):
                make_folder(folder / parent)
            write_file(target, content)
            digest = hashlib.sha256(content).digest()
            link = _linked(link, path, digest)
            listed.append({"path": path, "bytes": len(content), "sha256": digest.hex(), "link": link.hex()})
        if signer is not None:
            write_file(folder / SIGNATURE, orjson.dumps(_signed(signer, link), option=orjson.OPT_INDENT_2))
        # Last: a folder without it is no package.
        write_file(folder / CHAIN, orjson.dumps({"format": FORMAT, "files": listed}, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise InputError(f"{folder}: cannot write here ({error.strerror}); choose another --to") from None


def _linked(link: bytes, path: str, digest: bytes) -> bytes:
    return hashlib.sha256(link + path.encode() + b"\0" + digest).digest()


def _signer(path: Path) -> Ed25519PrivateKey:
    ed25519, serialization = _library()
    try:
        key = serialization.load_pem_private_key(read_bounded(path, _KEY_BYTES_MAX), None)
    except OSError as error:
        raise InputError(f"{path}: the signing key cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InputError(f"{path}: no Ed25519 private key; make one: openssl genpkey -algorithm ed25519 -out {path}")
    signer: Ed25519PrivateKey = key
    return signer


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise InputError("signatures need the extra: pip install 'gauger[package]'") from None
    return ed25519, serialization


def _raw(public: Any) -> bytes:
    _, serialization = _library()
    raw: bytes = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw


def _signed(signer: Ed25519PrivateKey, link: bytes) -> dict[str, str]:
    public = _raw(signer.public_key())
    return {
        "algorithm": ALGORITHM,
        "key_id": hashlib.sha256(public).hexdigest()[:16],
        "public_key": base64.b64encode(public).decode(),
        "link": link.hex(),
        "signature": base64.b64encode(signer.sign(_SIGNED + link)).decode(),
    }


# Checking what somebody handed over


class PackageError(InputError):
    """What is wrong with a package."""


def check(folder: Path, public_key: Path | None) -> str:
    """Hold a package against its chain and signature, and return whose signature it is; empty for an unsigned one.

    public_key : PEM or raw file of whom it must be signed by. Raises PackageError, which says what does not match.
    """
    listed = _listed(folder)
    there = set(_files(folder))
    named = {one["path"] for one in listed}
    for path in sorted(there - named - {CHAIN, SIGNATURE, STAMP}):
        raise PackageError(f"{visible(path)}: is not in the chain")
    link = bytes(32)
    for one in listed:
        if one["path"] not in there:
            raise PackageError(f"{visible(one['path'])}: is missing")
        digest = _digest(folder / one["path"], one["bytes"])
        link = _linked(link, one["path"], digest)
        if digest.hex() != one["sha256"] or link.hex() != one["link"]:
            raise PackageError(f"{visible(one['path'])}: is not what was packed")
    return _signature(folder, link, SIGNATURE in there, public_key)


def _files(folder: Path) -> Iterator[str]:
    """All files of a package. Links and other things than files are refused."""
    seen = 0
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise PackageError(f"{visible(inside)}: is no file; a package holds no links and no devices")
        for name in files:
            seen += 1
            if seen > _FILES_MAX:
                raise PackageError(f"holds more than {_FILES_MAX:,} files")
            yield Path(place, name).relative_to(folder).as_posix()


def _digest(path: Path, size: int) -> bytes:
    if path.stat().st_size != size:
        return b""  # no need to read it
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            whole.update(piece)
    return whole.digest()


def _no_chain(reason: str) -> NoReturn:
    raise PackageError(f"{CHAIN}: {reason}")


def _document(folder: Path, name: str) -> dict[str, Any]:
    place = folder / name
    if place.is_symlink() or not place.is_file():
        raise PackageError(f"{name}: is missing; {visible(str(folder))} is no package")
    try:
        content = read_bounded(place, _CHAIN_BYTES_MAX)
        document = orjson.loads(content)
    except (OSError, ValueError):
        raise PackageError(f"{name}: cannot be read") from None
    # As it was written and in no other way: so no byte of it can be changed unseen.
    if not isinstance(document, dict) or orjson.dumps(document, option=orjson.OPT_INDENT_2) != content:
        raise PackageError(f"{name}: is not as gauger writes it")
    return document


def _listed(folder: Path) -> list[dict[str, Any]]:
    document = _document(folder, CHAIN)
    if document.get("format") != FORMAT:
        _no_chain(f"format {visible(str(document.get('format')))[:20]}, this version reads {FORMAT}")
    files = document.get("files")
    if set(document) != {"format", "files"} or not isinstance(files, list) or len(files) > _FILES_MAX:
        _no_chain("is not as gauger writes it")
    kinds = {"path": str, "bytes": int, "sha256": str, "link": str}
    for one in files:
        if not isinstance(one, dict) or {name: type(value) for name, value in one.items()} != kinds:
            _no_chain("is not as gauger writes it")
        path = PurePosixPath(one["path"])
        if path.is_absolute() or ".." in path.parts or str(path) != one["path"] or one["bytes"] > FILE_BYTES_MAX:
            _no_chain(f"names a file that no package has: {visible(one['path'])[:80]}")
    paths = [one["path"] for one in files]
    if paths != sorted(set(paths)):
        _no_chain("its files are not in order, each once")
    return files


def _signature(folder: Path, link: bytes, signed: bool, public_key: Path | None) -> str:
    if not signed:
        if public_key is not None:
            raise PackageError(f"{SIGNATURE}: is missing; the package is not signed")
        return ""
    document = _document(folder, SIGNATURE)
    names = ("algorithm", "key_id", "public_key", "link", "signature")
    if set(document) != set(names) or not all(isinstance(document[name], str) for name in names):
        raise PackageError(f"{SIGNATURE}: is not as gauger writes it")
    ed25519, _ = _library()
    from cryptography.exceptions import InvalidSignature

    try:
        public = base64.b64decode(document["public_key"], validate=True)
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
            base64.b64decode(document["signature"], validate=True), _SIGNED + link
        )
    except (ValueError, InvalidSignature):
        raise PackageError(f"{SIGNATURE}: the signature is not of this package") from None
    key_id = hashlib.sha256(public).hexdigest()[:16]
    if (document["algorithm"], document["key_id"], document["link"]) != (ALGORITHM, key_id, link.hex()):
        raise PackageError(f"{SIGNATURE}: the signature is not of this package")
    # Base64 of other spellings decodes to the same bytes.
    if any(base64.b64encode(base64.b64decode(document[name])).decode() != document[name] for name in names[2::2]):
        raise PackageError(f"{SIGNATURE}: is not as gauger writes it")
    if public_key is not None and public != _public(public_key):
        raise PackageError(f"{SIGNATURE}: signed by key {key_id}, not by that of {visible(str(public_key))}")
    return key_id


def _public(path: Path) -> bytes:
    ed25519, serialization = _library()
    try:
        content = read_bounded(path, _KEY_BYTES_MAX)
        if len(content) == 32:
            return content
        key = serialization.load_pem_public_key(content)
    except OSError as error:
        raise InputError(f"{path}: the public key cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise InputError(f"{path}: no Ed25519 public key; make one: openssl pkey -in KEY -pubout -out {path}")
    return _raw(key)
