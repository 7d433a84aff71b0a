"""The secret under every hash, and the subkeys derived from it."""

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
    """A 128-bit secret. It never appears in ``repr``, state or errors; ``key_id`` names it without giving it away."""

    __slots__ = ("_material", "key", "key_id")

    def __init__(self, material: bytes) -> None:
        if len(material) != SECRET_BYTES:
            raise StateError(f"a key is {SECRET_BYTES} bytes long; this one has {len(material)}")
        self._material = material
        # One subkey word a purpose. Odd, so that each may serve as a multiplier.
        stream = b"".join(
            hashlib.blake2b(b"gauger/%d" % i, key=material, digest_size=64).digest() for i in range(keys.KEY_WORDS // 8)
        )
        words = np.frombuffer(stream, dtype="<u8").astype(np.uint64) | np.uint64(1)
        words.flags.writeable = False
        self.key = words
        self.key_id = hashlib.blake2b(b"gauger/key id", key=material, digest_size=8).hexdigest()

    @classmethod
    def random(cls) -> Secret:
        """A new secret, for an engine without a state directory."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def from_hex(cls, text: str) -> Secret:
        """The secret written as 32 hexadecimal digits, as in a key file."""
        try:
            material = bytes.fromhex(text.strip())
        except ValueError:
            # The text is not repeated: it may be a key with one digit wrong.
            raise StateError(f"this is not a key: {2 * SECRET_BYTES} hexadecimal digits are") from None
        return cls(material)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], new: Secret | None = None) -> Secret:
        """Read the key file, or make one (mode 0600) if there is none.

        new : the secret of a file that is made; a random one unless given
        Raises StateError when the file is not a key or others may read it.
        """
        path = Path(path)
        if not os.path.lexists(path):
            cls._make(path, secrets.token_hex(SECRET_BYTES) if new is None else new._material.hex())
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
            material = bytes.fromhex(read_bounded(path, _FILE_BYTES_MAX).decode("ascii").strip())
        except OSError as error:
            raise StateError(f"{path}: cannot read the key ({error.strerror})") from None
        except ValueError:
            material = b""
        if len(material) != SECRET_BYTES:
            raise StateError(f"{path}: this is not a gauger key ({SECRET_BYTES} bytes in hexadecimal)")
        return cls(material)

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose: it gives away neither the secret nor any other key."""
        return hashlib.blake2b(b"gauger/derived/" + purpose, key=self._material, digest_size=32).digest()

    def handed_over(self) -> str:
        """The secret as ``from_hex`` takes it, for a private pipe to a process of ours and for nothing else."""
        return self._material.hex()

    def __repr__(self) -> str:
        return f"Secret(key_id={self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled: give the other process the key file")


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
