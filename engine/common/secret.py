"""The secret under every hash, and the subkeys derived from it.

A provider that belongs to a consortium holds two: its own, and the consortium's key. Only the subkeys of features
(``keys.OF_FEATURES``) are then the consortium's, so that members measure the same call alike; hashes of accounts,
addresses and prompts, and whatever families are found by, stay the provider's own.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

import numpy as np

from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import StateError
from gauger.kernels.machine import keys

_LOG = logging.getLogger("gauger")
KEY, KEY_FILE = "GAUGER_KEY", "GAUGER_KEY_FILE"
SECRET_BYTES = 16
_FILE_BYTES_MAX = 4_096


class Secret:
    """A 128-bit secret. It never appears in ``repr``, state or errors; ``key_id`` names it without giving it away.

    Two secrets with the same material but another consortium measure calls differently: their ``key_id`` differs.
    """

    __slots__ = ("_consortium", "_material", "consortium_id", "key", "key_id")

    def __init__(self, material: bytes, consortium: bytes | None = None) -> None:
        """consortium : key of the consortium the provider belongs to, as long as the secret; None = of none"""
        for one in (material, consortium):
            if one is not None and len(one) != SECRET_BYTES:
                raise StateError(f"a key is {SECRET_BYTES} bytes long; this one has {len(one)}")
        if material == consortium:
            raise StateError("the consortium's key is the provider's own: members would know its secret; take another")
        self._material, self._consortium = material, consortium
        words = _subkeys(b"gauger/%d", material)
        if consortium is not None:
            shared = list(keys.OF_FEATURES)
            words[shared] = _subkeys(b"gauger/consortium/%d", consortium)[shared]
        words.flags.writeable = False
        self.key = words
        self.key_id = _name(b"gauger/key id", material + (consortium or b""))
        self.consortium_id = None if consortium is None else _name(b"gauger/consortium id", consortium)

    @classmethod
    def random(cls) -> Secret:
        """A new secret, for an engine without a state directory."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def from_hex(cls, text: str) -> Secret:
        """The secret written as 32 hexadecimal digits, as in a key file; 32 more are the consortium's key."""
        try:
            return cls(*_parted(bytes.fromhex(text.strip())))
        except ValueError:
            # The text is not repeated: it may be a key with one digit wrong.
            raise StateError(f"this is not a key: {2 * SECRET_BYTES} hexadecimal digits are") from None

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], new: Secret | None = None) -> Secret:
        """Read the key file, or make one (mode 0600) if there is none.

        new : the secret of a file that is made; a random one unless given
        Raises StateError when the file is not a key or others may read it.
        """
        path = Path(path)
        if not os.path.lexists(path):
            cls._make(path, secrets.token_hex(SECRET_BYTES) if new is None else new.handed_over())
        return cls._read(path)

    @staticmethod
    def _make(path: Path, text: str) -> None:
        """Make the key file whole or not at all: written beside its place, then linked into it."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            # A link fails where another process was first: then its key is the one.
            with suppress(FileExistsError):
                os.link(temporary, path)
        except OSError as error:
            raise StateError(f"{path}: cannot make a key file here ({error.strerror})") from None
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def _read(cls, path: Path) -> Secret:
        try:
            mode = path.stat().st_mode
            if mode & 0o037:
                raise StateError(f"{path}: others may read this key; run: chmod 600 {path}")
            if mode & 0o040:  # as Kubernetes mounts a secret
                _LOG.warning("%s: the group of this key may read it", path)
            parts = _parted(bytes.fromhex(read_bounded(path, _FILE_BYTES_MAX).decode("ascii").strip()))
        except OSError as error:
            raise StateError(f"{path}: cannot read the key ({error.strerror})") from None
        except ValueError:
            parts = (b"", None)
        if len(parts[0]) != SECRET_BYTES:
            raise StateError(f"{path}: this is not a gauger key ({SECRET_BYTES} bytes in hexadecimal)")
        return cls(*parts)

    def joined(self, consortium: Secret) -> Secret:
        """This secret, of a member of a consortium whose key is given."""
        return Secret(self._material, consortium._material)

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose: it gives away neither the secret nor any other key."""
        return hashlib.blake2b(b"gauger/derived/" + purpose, key=self._material, digest_size=32).digest()

    def shared(self, purpose: bytes) -> bytes:
        """A key of 32 bytes that all members of the consortium derive. Raises StateError for a member of none."""
        if self._consortium is None:
            raise StateError("this state directory is of no consortium; gauger signature join makes one that is")
        return hashlib.blake2b(b"gauger/shared/" + purpose, key=self._consortium, digest_size=32).digest()

    def handed_over(self) -> str:
        """The secret as ``from_hex`` takes it, for a private pipe or a key file and for nothing else."""
        return (self._material + (self._consortium or b"")).hex()

    def __repr__(self) -> str:
        return f"Secret(key_id={self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled: give the other process the key file")


def _subkeys(purpose: bytes, material: bytes) -> np.ndarray:
    """One subkey word a purpose, uint64[KEY_WORDS]. Odd, so that each may serve as a multiplier."""
    blocks = range(keys.KEY_WORDS // 8)
    stream = b"".join(hashlib.blake2b(purpose % i, key=material, digest_size=64).digest() for i in blocks)
    return np.frombuffer(stream, dtype="<u8").astype(np.uint64) | np.uint64(1)


def _name(purpose: bytes, material: bytes) -> str:
    return hashlib.blake2b(purpose, key=material, digest_size=8).hexdigest()


def _parted(written: bytes) -> tuple[bytes, bytes | None]:
    """The secret and the consortium's key of what is written in one. Raises ValueError for any other length."""
    if len(written) not in (SECRET_BYTES, 2 * SECRET_BYTES):
        raise ValueError("no key")
    return written[:SECRET_BYTES], written[SECRET_BYTES:] or None


def given_secret() -> Secret | None:
    """The secret that the environment gives: GAUGER_KEY, in hexadecimal digits, or the file that GAUGER_KEY_FILE names.

    None where it gives none. A file that is missing is made. Raises StateError for what is no key, and for two that
    are not the same.
    """
    written, file = os.environ.get(KEY), os.environ.get(KEY_FILE)
    if written and file and not os.path.lexists(file):
        return Secret.from_hex(written)  # a file is not made of another's key
    found = [Secret.from_hex(written)] if written else []
    found += [Secret.from_file(file)] if file else []
    if len({one.key_id for one in found}) > 1:
        raise StateError(f"{KEY} and {KEY_FILE} give different keys; set one of them")
    return found[0] if found else None


def default_secret() -> Secret:
    """The secret of a run without a state directory: the environment's, else the user's own.

    The user's own is $XDG_STATE_HOME/gauger/key. A key that stays makes a rerun give the same bytes. Where it cannot be
    kept, the run uses a random one. Raises StateError as ``given_secret``.
    """
    if (given := given_secret()) is not None:
        return given
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    try:
        (base / "gauger").mkdir(parents=True, exist_ok=True, mode=0o700)
        return Secret.from_file(base / "gauger" / "key")
    except (OSError, StateError):
        return Secret.random()
