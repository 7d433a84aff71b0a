"""A signature as bytes, little-endian, all of it whole numbers, so that nothing in it can be NaN or infinite.

      0   8  "gaugersg"
      8   2  version, 1
     10   2  features of a centroid, 656
     12   8  id of the consortium's key
     20   2  k, accounts behind each centroid, at least 10
     22   2  c, centroids, 1 to 10
     24   2  f, hashes of frames, 0 to 64
     26   2  0
     28   4  accounts of the finding
     32   8  calls it sent
     40   4  first day it was found on, days since 1970-01-01
     44   4  last day
     48  24  calls by hour of the day (UTC), 255 in the busiest
     72  4c  accounts behind each centroid
          656c  centroids, signed bytes, the greatest of each 127
          8f  hashes of frames, ascending
          32  BLAKE2b-256 of all before it, keyed with the consortium's key

At most 7,216 bytes. The code is symmetric: a member proves to others that a member wrote it, not which. That needs no
further keys or packages, and the receiver need not trust more: its own reference is the null. Who has to show who
sent it signs the file, or the channel does.
"""

from __future__ import annotations

import hmac
import struct
from datetime import date, timedelta
from hashlib import blake2b

import numpy as np

from gauger.engine.common.errors import InputError
from gauger.engine.common.secret import Secret
from gauger.engine.exchange.signature import CENTROIDS_MAX, FRAMES_MAX, HOURS, K_MIN, FindingSignature
from gauger.kernels.text.features import FEATURES

MAGIC, VERSION = b"gaugersg", 1
_HEAD = struct.Struct(f"<8sHH8sHHHHIQii{HOURS}s")
_MAC_BYTES = 32
_EPOCH, _DAYS = date(1970, 1, 1), (0, 100_000)  # to the year 2243
_VALUE_MAX = 127
BYTES_MAX = _HEAD.size + CENTROIDS_MAX * (4 + FEATURES) + FRAMES_MAX * 8 + _MAC_BYTES


def to_bytes(found: FindingSignature, secret: Secret) -> bytes:
    """The bytes of a signature; its ``name`` is not among them. Raises StateError for a secret of no consortium."""
    head = _HEAD.pack(
        MAGIC,
        VERSION,
        FEATURES,
        bytes.fromhex(found.consortium_id),
        found.k,
        len(found.centroids),
        len(found.frames),
        0,
        found.accounts,
        found.calls,
        *((day - _EPOCH).days for day in found.days),
        found.hours.astype(np.uint8).tobytes(),
    )
    body = b"".join(
        (
            head,
            found.centroid_accounts.astype("<u4").tobytes(),
            found.centroids.astype(np.int8).tobytes(),
            found.frames.astype("<u8").tobytes(),
        )
    )
    return body + _code(body, secret)


def name_of(content: bytes) -> str:
    """The name of a signature: the same bytes have the same."""
    return blake2b(content, digest_size=8).hexdigest()


def from_bytes(content: bytes, secret: Secret) -> FindingSignature:
    """Read a signature that another provider wrote.

    Raises InputError, in a sentence, for whatever is not one, of another version or consortium, or says what none can;
    StateError where the secret is of no consortium.
    """
    if len(content) < _HEAD.size + _MAC_BYTES or not content.startswith(MAGIC):
        raise InputError("this is no shared signature")
    if len(content) > BYTES_MAX:
        raise InputError(f"the signature has {len(content):,} bytes; none has more than {BYTES_MAX:,}")
    body, code = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
    head = _HEAD.unpack_from(body)
    version, features, consortium, k, centroids, frames, reserved, accounts, calls, first, last, hours = head[1:]
    if version != VERSION:
        raise InputError(f"the signature is of version {version}; this gauger reads version {VERSION}")
    if consortium.hex() != secret.consortium_id and secret.shared(b"signature"):
        raise InputError(f"the signature is of consortium {consortium.hex()}, this provider of {secret.consortium_id}")
    if not hmac.compare_digest(code, _code(body, secret)):
        raise InputError("the signature was changed, or not written by a member of the consortium")
    if features != FEATURES or reserved:
        raise InputError("the signature has features that this version does not know")
    _refuse_numbers(k, centroids, frames)
    if len(body) != _HEAD.size + centroids * (4 + FEATURES) + 8 * frames:
        raise InputError("the signature is longer or shorter than it says")
    parts = np.split(np.frombuffer(body, np.uint8, offset=_HEAD.size), np.cumsum([4 * centroids, FEATURES * centroids]))
    behind = parts[0].view("<u4").astype(np.int64)
    values, hashes = parts[1].view(np.int8).reshape(centroids, FEATURES), parts[2].view("<u8").astype(np.uint64)
    _refuse_content(k, behind, values, hashes, accounts)
    if not _DAYS[0] <= first <= last <= _DAYS[1]:
        raise InputError("the signature's days are no days, or the last is before the first")
    return FindingSignature(
        name=name_of(content),
        consortium_id=consortium.hex(),
        k=k,
        centroids=values,
        centroid_accounts=behind,
        frames=hashes,
        accounts=accounts,
        calls=calls,
        days=(_EPOCH + timedelta(days=first), _EPOCH + timedelta(days=last)),
        hours=np.frombuffer(hours, np.uint8),
    )


def _refuse_numbers(k: int, centroids: int, frames: int) -> None:
    if k < K_MIN:
        raise InputError(f"the signature's centroids are of {k} accounts or more; of fewer than {K_MIN} none is read")
    if not 1 <= centroids <= CENTROIDS_MAX:
        raise InputError(f"the signature has {centroids:,} centroids; one has 1 to {CENTROIDS_MAX}")
    if frames > FRAMES_MAX:
        raise InputError(f"the signature has {frames:,} hashes of frames; one has at most {FRAMES_MAX}")


def _refuse_content(k: int, behind: np.ndarray, values: np.ndarray, hashes: np.ndarray, accounts: int) -> None:
    if behind.min() < k:
        raise InputError(f"the signature has a centroid of {behind.min()} accounts, fewer than the {k} it promises")
    if behind.sum() > accounts:
        raise InputError("the signature has more accounts behind its centroids than in its finding")
    if np.any(np.abs(values.astype(np.int16)).max(axis=1) != _VALUE_MAX):
        raise InputError("the signature has a centroid that is empty, or whose greatest value is not 127")
    if len(np.unique(values, axis=0)) < len(values):
        raise InputError("the signature has a centroid twice")
    if np.any(hashes[1:] <= hashes[:-1]):
        raise InputError("the signature's hashes of frames are not ascending, or one is there twice")


def _code(body: bytes, secret: Secret) -> bytes:
    return blake2b(body, key=secret.shared(b"signature"), digest_size=_MAC_BYTES).digest()
