"""Published verdicts: what the last weighing found, as one file that any number of processes map into memory.

    MAGIC | uint64 size of the head | head: JSON | arrays, each at a multiple of 64 | 32 bytes of keyed BLAKE2b

The head says what was weighed and when, the findings, and where each array lies. An account is found by the keyed hash
of its id: ``account_starts`` is an index of the sorted hashes by their first bits. The seal is of all that lies before
it, under a subkey: who can write the file but has no key cannot frame anybody. A file is replaced whole, by a rename.

Nothing here needs Arrow, Numba or FAISS: this is what a host imports that only asks.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from gauger.engine.common.errors import StateError
from gauger.engine.common.private import opener
from gauger.engine.common.secret import Secret
from gauger.kernels.machine import keys

MAGIC = b"gauger verdicts\n"
FORMAT = 1
_ALIGNED, _SEAL_BYTES, _CHUNK = 64, 32, 1 << 24
_PER_BUCKET_BITS = 2  # a bucket of the index holds four accounts
_ACCOUNTS, _SEAL = b"verdicts/accounts", b"verdicts/seal"
_WORD = (1 << 64) - 1


class Finding(NamedTuple):
    """A finding, as a verdict names it."""

    campaign_id: int
    assessment: str  # as in campaigns.parquet
    probability: float | None  # that one hidden actor is behind it
    evidence: float | None
    accounts: int
    calls: int
    explanation: str  # the best honest one


def _account_hasher(secret: Secret, content: bytes = b"") -> Any:
    return hashlib.blake2b(content, key=secret.derived(_ACCOUNTS), digest_size=8)


def link_hash(secret: Secret, value: str) -> int:
    """The keyed hash of a link's value, as states hold it: SipHash-1-3 (``kernels.text.siphash``), in Python."""
    data = value.encode()
    key0, key1 = int(secret.key[keys.STRING]), int(secret.key[keys.STRING + 1])
    v0, v1 = key0 ^ 0x736F6D6570736575, key1 ^ 0x646F72616E646F6D
    v2, v3 = key0 ^ 0x6C7967656E657261, key1 ^ 0x7465646279746573
    whole = len(data) & ~7
    last = int.from_bytes(data[whole:], "little") | (len(data) & 255) << 56
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    for word in [*words, last]:
        v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ word)
        v0 ^= word
    v2 ^= 0xFF
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0, v2 = (v0 + v1) & _WORD, (v2 + v3) & _WORD
    v1, v3 = _turned(v1, 13) ^ v0, _turned(v3, 16) ^ v2
    v0 = _turned(v0, 32)
    v0, v2 = (v0 + v3) & _WORD, (v2 + v1) & _WORD
    v3, v1 = _turned(v3, 21) ^ v0, _turned(v1, 17) ^ v2
    return v0, v1, _turned(v2, 32), v3


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _WORD


def bucketed(hashes: np.ndarray) -> np.ndarray:
    """Where in ascending hashes, uint64[n], those of each value of their first bits begin; uint32[buckets + 1]."""
    bits = max(1, len(hashes).bit_length() - 1 - _PER_BUCKET_BITS)
    first = (hashes >> np.uint64(64 - bits)).astype(np.int64)
    return np.searchsorted(first, np.arange((1 << bits) + 1)).astype(np.uint32)


def seal_of(path: Path) -> str:
    """The seal at the end of a file, which tells it from others. Raises OSError."""
    with open(path, "rb") as file:
        file.seek(-_SEAL_BYTES, os.SEEK_END)
        return file.read(_SEAL_BYTES).hex()


def publish(path: Path, head: Mapping[str, Any], arrays: Mapping[str, np.ndarray], secret: Secret) -> None:
    """Write a file and put it in the place of the one before. Raises OSError."""
    at, places = 0, {}
    pieces: list[bytes | memoryview] = []
    for name, values in arrays.items():
        data = np.ascontiguousarray(values)
        places[name] = [data.dtype.str, list(data.shape), at]
        gap = -data.nbytes % _ALIGNED
        pieces += [data.reshape(-1).view(np.uint8).data, bytes(gap)]
        at += data.nbytes + gap
    known = {"format": FORMAT, "key": secret.key_id, **head, "arrays": places}
    encoded = orjson.dumps(known)
    encoded += b" " * (-(len(MAGIC) + 8 + len(encoded)) % _ALIGNED)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    seal = hashlib.blake2b(key=secret.derived(_SEAL), digest_size=_SEAL_BYTES)
    try:
        with open(temporary, "xb", opener=opener) as file:
            for piece in (MAGIC, len(encoded).to_bytes(8, "little"), encoded, *pieces):
                seal.update(piece)
                file.write(piece)
            file.write(seal.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class Published:
    """A file of verdicts. It stays as it was when another takes its place."""

    def __init__(self, path: Path, secret: Secret, *, mapped: bool = False) -> None:
        """mapped : into memory that processes share, and not read: only for a file that nobody else can write to, as
            one that is written in place would change under us, and one that is cut would end the process

        Raises OSError where there is none, and StateError for one that is damaged or of another key.
        """
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < len(MAGIC) + 8 + _SEAL_BYTES:
                raise StateError(f"{path}: no published verdicts")
            self._held = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if mapped else file.read(size)
        view = memoryview(self._held)
        if view[: len(MAGIC)] != MAGIC or len(view) != size:
            raise StateError(f"{path}: no published verdicts")
        seal = hashlib.blake2b(key=secret.derived(_SEAL), digest_size=_SEAL_BYTES)
        for start in range(0, size - _SEAL_BYTES, _CHUNK):
            seal.update(view[start : min(start + _CHUNK, size - _SEAL_BYTES)])
        if not secrets.compare_digest(seal.digest(), view[size - _SEAL_BYTES :]):
            raise StateError(f"{path}: published under another key, damaged or changed")
        start = len(MAGIC) + 8
        self._start = start + int.from_bytes(view[len(MAGIC) : start], "little")
        self.head: dict[str, Any] = orjson.loads(view[start : self._start])
        if self.head["format"] != FORMAT:
            raise StateError(f"{path}: published by another version of gauger ({self.head['format']})")
        self._view = view
        self.findings = [Finding(**one) for one in self.head["findings"]]
        self._starts, self._hashes = self._numbers("account_starts"), self._numbers("account_hashes")
        self._finding, self._evidence = self._numbers("account_finding"), self._numbers("account_evidence")
        self._flagged = self._numbers("account_flagged")
        self._shift = 64 - (len(self._starts) - 1).bit_length() + 1
        self._hasher = _account_hasher(secret)
        links = zip(self.array("link_hashes").tolist(), self.array("link_finding").tolist(), strict=True)
        self._links, self._secret = dict(links), secret

    def _numbers(self, name: str) -> memoryview:
        """An array of one dimension, whose entries are Python numbers."""
        dtype, shape, at = self.head["arrays"][name]
        kind = np.dtype(dtype)
        start = self._start + at
        return self._view[start : start + kind.itemsize * shape[0]].cast(kind.char if kind.char != "l" else "q")

    def array(self, name: str) -> np.ndarray:
        """An array, without a copy. Raises KeyError for one that was not published."""
        dtype, shape, at = self.head["arrays"][name]
        number = int(np.prod(shape))
        return np.frombuffer(self._view, dtype, number, self._start + at).reshape(shape)

    def account(self, account_id: str) -> tuple[int, float, bool] | None:
        """Of an account its finding (-1: none), its evidence (NaN: none) and whether it is flagged; None: not known."""
        hasher = self._hasher.copy()
        hasher.update(account_id.encode())
        wanted = int.from_bytes(hasher.digest(), "little")
        bucket = wanted >> self._shift
        hashes = self._hashes
        for place in range(self._starts[bucket], self._starts[bucket + 1]):
            if hashes[place] == wanted:
                return self._finding[place], self._evidence[place], self._flagged[place] != 0
        return None

    @property
    def has_links(self) -> bool:
        """Whether any address names a finding."""
        return bool(self._links)

    def link(self, value: str) -> int:
        """The finding whose accounts nearly alone use a client address; -1: none."""
        return self._links.get(link_hash(self._secret, value), -1) if self._links else -1


def republish(path: Path, secret: Secret, campaign_id: int, assessment: str | None) -> bool:
    """Call a finding of a file something else, or with None tell of it no more; whether the file has such a finding.

    Raises OSError where there is no such file or it cannot be replaced, and StateError as ``Published``.
    """
    found = Published(path, secret)
    rows = [row for row, one in enumerate(found.findings) if one.campaign_id == campaign_id]
    arrays = {name: found.array(name) for name in found.head["arrays"]}
    findings = [one._asdict() for one in found.findings]
    for row in rows:
        if assessment is not None:
            findings[row]["assessment"] = assessment
            continue
        arrays["account_flagged"] = np.where(arrays["account_finding"] == row, 0, arrays["account_flagged"])
        for name in arrays:
            if name.endswith("_finding"):
                arrays[name] = np.where(arrays[name] == row, -1, arrays[name]).astype(arrays[name].dtype)
    if rows:
        head = {name: value for name, value in found.head.items() if name not in ("format", "key", "arrays")}
        publish(path, {**head, "findings": findings}, arrays, secret)
    return bool(rows)


def joined(arrays: Mapping[str, np.ndarray], before: Published, shift: int) -> dict[str, np.ndarray]:
    """The arrays of a day that is not over, with what the closed day before it found of others.

    shift : findings of today, behind which those of before are numbered. An account that today names or flags is as
        today has it; frames of before count where today has none.
    """
    old = {name: _moved(name, before.array(name), shift) for name in before.head["arrays"]}
    names = ("account_hashes", "account_finding", "account_evidence", "account_flagged")
    told = np.isin(old["account_hashes"], arrays["account_hashes"][_told(arrays)])
    known = np.isin(old["account_hashes"], arrays["account_hashes"])
    counts = ~known | (~told & _told(old))
    stays = ~np.isin(arrays["account_hashes"], old["account_hashes"][counts])
    found = dict(arrays) | _both(names, arrays, stays, old, counts)
    found["account_starts"] = bucketed(found["account_hashes"])
    for thing in ("link", "prompt"):
        pair = (f"{thing}_hashes", f"{thing}_finding")
        others = ~np.isin(old[pair[0]], arrays[pair[0]])
        found |= _both(pair, arrays, np.ones(len(arrays[pair[0]]), bool), old, others)
    if len(arrays["frame_finding"]) == 0:
        found |= {name: values for name, values in old.items() if name.startswith("frame")}
    return found


def _both(
    names: Sequence[str],
    new: Mapping[str, np.ndarray],
    of_new: np.ndarray,
    old: Mapping[str, np.ndarray],
    of_old: np.ndarray,
) -> dict[str, np.ndarray]:
    """Rows of two tables, bool each, in order of the first column."""
    both = {name: np.concatenate([new[name][of_new], old[name][of_old]]) for name in names}
    order = np.argsort(both[names[0]], kind="stable")
    return {name: values[order] for name, values in both.items()}


def _told(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    return (arrays["account_finding"] >= 0) | (arrays["account_flagged"] != 0)


def _moved(name: str, values: np.ndarray, shift: int) -> np.ndarray:
    """Numbers of findings behind those of today; of anything else the values."""
    return np.where(values >= 0, values + shift, -1).astype(np.int32) if name.endswith("_finding") else values


def sorted_accounts(
    secret: Secret, names: Sequence[str], finding: np.ndarray, evidence: np.ndarray, flagged: np.ndarray
) -> dict[str, np.ndarray]:
    """The arrays of accounts. finding : int32[n], -1 = none; evidence : float[n], NaN = none; flagged : bool[n]"""
    base, found = _account_hasher(secret), np.empty(len(names), np.uint64)
    for place, name in enumerate(names):
        hasher = base.copy()
        hasher.update(name.encode())
        found[place] = int.from_bytes(hasher.digest(), "little")
    order = np.argsort(found, kind="stable")
    return {
        "account_starts": bucketed(found[order]),
        "account_hashes": found[order],
        "account_finding": finding[order].astype(np.int32),
        "account_evidence": evidence[order].astype(np.float32),
        "account_flagged": flagged[order].astype(np.uint8),
    }
