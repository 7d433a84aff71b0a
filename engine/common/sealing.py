"""Names that only the key can read: account ids as they are kept in a state directory.

Each name is encrypted under the key and nothing else (a synthetic nonce, as in SIV: Rogaway and Shrimpton, "A
provable-security treatment of the key-wrap problem", EUROCRYPT 2006, with keyed BLAKE2b for both functions):

    nonce  = BLAKE2b(name, key 1), 16 bytes
    sealed = nonce, then name XOR the stream BLAKE2b(nonce, block number, key 2)

So the same name seals to the same bytes, which makes a kept day a function of its calls, and a changed byte is noticed.
What shows without the key is how long a name is, and that two kept names are the same.
"""

from collections.abc import Sequence
from hashlib import blake2b

import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret

_NONCE_BYTES, _BLOCK_BYTES = 16, 64


def seal(names: Sequence[str], secret: Secret) -> pa.Array:
    """Names sealed under a secret; binary[n]."""
    naming, streaming = _keys(secret)
    found = []
    for name in names:
        content = name.encode()
        nonce = blake2b(content, key=naming, digest_size=_NONCE_BYTES).digest()
        found.append(nonce + _mixed(content, nonce, streaming))
    return pa.array(found, pa.binary())


def unseal(sealed: Sequence[bytes], secret: Secret) -> list[str]:
    """The names again. Raises StateError for what was not sealed under this secret."""
    naming, streaming = _keys(secret)
    found = []
    for one in sealed:
        nonce, content = one[:_NONCE_BYTES], _mixed(one[_NONCE_BYTES:], one[:_NONCE_BYTES], streaming)
        if blake2b(content, key=naming, digest_size=_NONCE_BYTES).digest() != nonce:
            raise StateError("names of accounts that were not kept under this key; use the key they were kept with")
        found.append(content.decode())
    return found


def _keys(secret: Secret) -> tuple[bytes, bytes]:
    return secret.derived(b"account names/nonce"), secret.derived(b"account names/stream")


def _mixed(content: bytes, nonce: bytes, key: bytes) -> bytes:
    """Bytes XOR the stream of a nonce: twice is nothing."""
    size = len(content)
    blocks = range(-(-size // _BLOCK_BYTES))
    stream = b"".join(blake2b(nonce + number.to_bytes(8, "little"), key=key).digest() for number in blocks)[:size]
    return (int.from_bytes(content, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")
