"""Compiled kernels on disk: in a private directory, one for each version, verified before they are believed.

Numba has a cache of its own, and it does not do here: it does not see an edit of a callee in another file, it raises
into the importer when a file is truncated, and it unpickles, that is executes, whatever lies where it looks. This one
never raises: a kernel that cannot be loaded is compiled, one that cannot be stored is not stored, and ``problem`` says
why.

The directory is ``$GAUGER_CACHE_DIR/kernels-HASH``, else ``$XDG_CACHE_HOME/gauger/kernels-HASH``, else
``~/.cache/gauger/kernels-HASH``, where HASH covers all that a kernel is compiled from: the sources of this package to
the byte (so a release with the same kernels shares them) and the versions of Python, NumPy, Numba and llvmlite. A file
holds one kernel for one processor, so that hosts which share a home directory share the directory too.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps, loads

VERSIONS_MAX = 8  # directories kept beside each other: releases, and checkouts of developers
_PREFIX, _SUFFIX, _UNFINISHED = "kernels-", ".kernel", ".unfinished"
_UNFINISHED_SECONDS = 3600.0
_SEAL = b"gauger kernel 1\n"
_DIGEST_BYTES = 32
_FILE_BYTES_MAX = 1 << 26
_SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
# Settings of Numba that change the code it makes and can come from the environment.
_SWITCHES = ("OPT", "BOUNDSCHECK", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DEBUGINFO_DEFAULT", "USING_SVML")


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _stamps() -> list[tuple[str, int, int]]:
    """Name, size and time of every source file of this package; empty where there are none to be seen."""
    try:
        paths = [
            os.path.relpath(os.path.join(folder, name), _SOURCES)
            for folder, _, names in os.walk(_SOURCES)
            for name in names
            if name.endswith(".py")
        ]
        found = [(path, os.stat(os.path.join(_SOURCES, path))) for path in paths]
    except OSError:
        return []
    return sorted((path, status.st_size, status.st_mtime_ns) for path, status in found)


def _version(stamps: list[tuple[str, int, int]]) -> str | None:
    """The HASH of the directory's name; None when the sources cannot be read (an archive, say)."""
    parts = [sys.version, np.__version__, numba.__version__, llvmlite.__version__]
    contents = []
    try:
        for name, _, _ in stamps:
            with open(os.path.join(_SOURCES, name), "rb") as source:
                contents += [name.encode(), source.read()]
    except OSError:
        return None
    return _digest(*(part.encode() for part in parts), *contents).hex()[:16] if contents else None


def _root() -> str | None:
    """Where the directories of all versions lie; None when there is no home to put them in."""
    chosen = os.environ.get("GAUGER_CACHE_DIR")
    if chosen:
        return os.path.abspath(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the specification: relative ones are to be ignored
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "gauger") if os.path.isabs(base) else None


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody but this user and root can have written it: what it holds is going to be executed."""
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _remove(root: int, name: str) -> None:
    """Remove one version's directory: the files we put there, and the directory if that was all."""
    folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=root)
    try:
        if os.fstat(folder).st_uid != os.geteuid():
            return
        for file in os.listdir(folder):
            if file.endswith((_SUFFIX, _UNFINISHED)):
                os.unlink(file, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=root)


def _prune(root: int) -> None:
    """Keep the directories written to last. A process that still uses a removed one compiles instead."""
    ages = []
    for name in os.listdir(root):
        if name.startswith(_PREFIX):
            with suppress(OSError):
                ages.append((os.stat(name, dir_fd=root, follow_symlinks=False).st_mtime_ns, name))
    for _, name in sorted(ages, reverse=True)[VERSIONS_MAX:]:
        with suppress(OSError):  # gone already, not ours, or with something in it that we did not put there
            _remove(root, name)


def _sweep(folder: int) -> None:
    """Remove what writers that were killed left behind."""
    for name in os.listdir(folder):
        if name.endswith(_UNFINISHED):
            with suppress(OSError):
                if time.time() - os.stat(name, dir_fd=folder).st_mtime > _UNFINISHED_SECONDS:
                    os.unlink(name, dir_fd=folder)


class Directory:
    """One version's directory: sealed files, read only if nobody else can have written them, replaced atomically."""

    def __init__(self) -> None:
        self._stamps = _stamps()
        self._version = _version(self._stamps)
        self.problem: str | None = None  # why the cache was of no use, the last time it was not

    @property
    def path(self) -> str | None:
        """The directory, whether it exists or not; None when there can be none."""
        root = _root()
        return None if root is None or self._version is None else os.path.join(root, f"{_PREFIX}{self._version}")

    def read(self, name: str, key: bytes) -> bytes | None:
        """What was written under this name and key; None for anything else, and for what is not whole."""
        return self._attempt(lambda: self._read(name, key))

    def write(self, name: str, key: bytes, payload: bytes) -> None:
        """Seal a payload under a name and key. Readers see the old file or the new one, whole."""
        self._attempt(lambda: self._write(name, _SEAL + _digest(key, payload) + payload))

    def _attempt(self, action: Callable[[], bytes | None]) -> bytes | None:
        # Edited since this process started: the code it runs is not what the directory's name says.
        if self._stamps != _stamps():
            self.problem = "the sources of gauger.kernels changed while it was running"
            return None
        try:
            return action()
        except Exception as error:  # a cache must not be the reason a call fails
            self.problem = str(error) or type(error).__name__
            return None

    @contextmanager
    def _opened(self, *, create: bool) -> Iterator[int]:
        """The directory as a descriptor, so that what was checked is what is used."""
        path = self.path
        if path is None:
            raise OSError("there is no home directory, or no sources to name the version after")
        above, name = os.path.split(path)
        if create:
            os.makedirs(above, 0o700, exist_ok=True)
        root = os.open(above, _FOLDER)
        try:
            if create and self._make(root, name):
                _prune(root)
            folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=root)
        finally:
            os.close(root)
        try:
            if not _is_ours(os.fstat(folder)):
                raise PermissionError(f"{path} is not used: another user owns it or may write to it")
            yield folder
        finally:
            os.close(folder)

    def _make(self, root: int, name: str) -> bool:
        try:
            os.mkdir(name, 0o700, dir_fd=root)
        except FileExistsError:
            return False
        return True

    def _read(self, name: str, key: bytes) -> bytes | None:
        try:
            with self._opened(create=False) as folder, open(os.open(name, _FILE, dir_fd=folder), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE_BYTES_MAX or not _is_ours(status):
                    return None
                content = file.read()
        except FileNotFoundError:
            return None
        payload = content[len(_SEAL) + _DIGEST_BYTES :]
        return payload if content == _SEAL + _digest(key, payload) + payload else None

    def _write(self, name: str, content: bytes) -> None:
        unfinished = f"{name}.{os.getpid()}.{os.urandom(8).hex()}{_UNFINISHED}"
        with self._opened(create=True) as folder:
            _sweep(folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                with open(os.open(unfinished, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(content)
                os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(unfinished, dir_fd=folder)
                raise


DIRECTORY = Directory()


def share() -> None:
    """Let everybody read the kernels that are there: an image is made by root and used by another."""
    if DIRECTORY.path is None:
        return
    os.chmod(os.path.dirname(DIRECTORY.path), 0o755)
    for folder, _, names in os.walk(DIRECTORY.path):
        os.chmod(folder, 0o755)
        for name in names:
            if name.endswith(_SUFFIX):
                os.chmod(os.path.join(folder, name), 0o644)


class KernelCache(_Cache):
    """What a Numba dispatcher asks for a compiled signature and hands one to."""

    def __init__(self, function: Callable[..., Any], directory: Directory = DIRECTORY) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._directory = directory

    @property
    def cache_path(self) -> str | None:
        """The directory."""
        return self._directory.path

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """The compiled signature from disk, or None: then Numba compiles it."""
        target_context.refresh()
        file, key = self._address(sig, target_context.codegen())
        payload = self._directory.read(file, key)
        if payload is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *loads(payload))
        except Exception:  # whole, and still not what this Numba can load: the compiled one will replace it
            return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        """Keep a compiled signature, if that is possible."""
        if data.lifted or data.library.has_dynamic_globals:
            self._directory.problem = f"{self._name} cannot be stored: it refers to addresses of this process"
            return
        file, key = self._address(sig, data.codegen)
        try:
            payload = dumps(data._reduce())
        except Exception as error:
            self._directory.problem = f"{file}: {error}"
            return
        self._directory.write(file, key, payload)

    def _address(self, sig: Any, codegen: Any) -> tuple[str, bytes]:
        """File name and key: the kernel, its signature, the processor with its features, Numba's switches."""
        switches = [(name, getattr(config, name, None)) for name in _SWITCHES]
        key = repr((self._name, str(sig), codegen.magic_tuple(), switches)).encode()
        return f"{self._name}-{_digest(key).hex()[:16]}{_SUFFIX}", key

    def enable(self) -> None:
        """It always is."""

    def disable(self) -> None:
        """A directory nobody can write to disables it."""

    def flush(self) -> None:
        """Edits flush it: they change the directory."""
