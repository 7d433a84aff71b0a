"""Object stores by URL, through the file systems of pyarrow: s3, gs, abfs, hdfs.

Credentials, regions and endpoints are those of each store's own variables and files (``AWS_...``, ``GOOGLE_...``,
``AZURE_...``), or stand in the URL as pyarrow takes them (``?endpoint_override=...``). They are never shown.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from gauger.engine.common.errors import GaugerError, InputError
from gauger.stores.elsewhere import Elsewhere
from gauger.stores.urls import LOCAL, parted, scheme_of

_LIKE = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}  # other words for the same
_KNOWN = ("s3", "gs", "abfs", "abfss", "hdfs", "viewfs")
_GLOB = "*"
_GCS_PATIENCE, _PATIENCE_SECONDS = "retry_limit_seconds", 30
_SAID_MAX = 200
_PROBE = ".gauger-asks-whether-it-may-write"
FAULTS = (pa.ArrowException, OSError, ValueError)  # what pyarrow raises where a store does not do what it is asked


def shown(place: str | Path) -> str:
    """A place as it is shown: a URL as one, without what may hold a password."""
    scheme = scheme_of(place)
    return str(place) if scheme is None or scheme == LOCAL else Location.of(place).shown


@dataclass(frozen=True)
class Location:
    """A place in a store."""

    url: str  # as the user gave it

    @classmethod
    def of(cls, place: str | Path) -> Location:
        """Raises InputError for a scheme of no store."""
        found = parted(place)
        assert found is not None
        scheme = _LIKE.get(found[0], found[0])
        if scheme not in _KNOWN:
            schemes = ", ".join(f"{one}://" for one in (LOCAL, *_KNOWN))
            raise InputError(f"{found[0]}://: no store that is read or written here; there are {schemes}")
        return cls(f"{scheme}://{found[1]}")

    @property
    def shown(self) -> str:
        """Without what may hold a password or a token."""
        parts = urlsplit(self.url)
        host = parts.netloc if parts.scheme.startswith("abfs") else parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}".rstrip("/")

    @cached_property
    def store(self) -> tuple[Any, str]:
        """The file system and the path in it. Raises InputError where there is no way to it."""
        from pyarrow import fs

        try:
            found, path = fs.FileSystem.from_uri(self._patient_url())
        except FAULTS as error:
            raise InputError(f"{self.shown}: {self.said(error)}") from None
        return found, path.rstrip("/")

    def said(self, error: BaseException) -> str:
        """What a store says, without the URL: it may hold a password."""
        parts, text = urlsplit(self.url), said(error)
        for secret in (self._patient_url(), self.url, parts.query, parts.netloc.rpartition("@")[0]):
            text = text.replace(secret, "...") if secret else text
        return text

    def _patient_url(self) -> str:
        """With a limit of time where the library would else try for a quarter of an hour."""
        if not self.url.startswith("gs:") or _GCS_PATIENCE in self.url:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{_GCS_PATIENCE}={_PATIENCE_SECONDS}"

    def files(self) -> Iterator[tuple[Elsewhere, tuple[str, ...]]]:
        """The objects here, below here, or that a ``*`` stands for; each with its path below what was given.

        Raises InputError where there is nothing, or no way to it.
        """
        from pyarrow import fs

        store, path = self.store
        try:
            found = store.get_file_info(path)
            if found.type == fs.FileType.File:
                yield self._file(found, self.shown), ()
                return
            is_glob = found.type == fs.FileType.NotFound and _GLOB in path
            if found.type != fs.FileType.Directory and not is_glob:
                raise InputError(f"{self.shown}: no such object or folder")
            start = path.partition(_GLOB)[0].rpartition("/")[0] if is_glob else path
            for one in store.get_file_info(fs.FileSelector(start, recursive=True)):
                below = one.path[len(start) :].strip("/")
                if one.type == fs.FileType.File and (not is_glob or _fits(one.path, path)):
                    base = self.shown.partition(_GLOB)[0].rpartition("/")[0] if is_glob else self.shown
                    yield self._file(one, f"{base}/{below}"), tuple(below.split("/"))
        except FAULTS as error:
            raise InputError(f"{self.shown}: {self.said(error)}") from None

    def _file(self, found: Any, url: str) -> Elsewhere:
        return Elsewhere.of(url, found.size or 0, found.mtime_ns or 0, partial(_opened, self.store[0], found.path))

    def check(self) -> None:
        """Raise GaugerError where nothing can be written: before any work is done for it."""
        store, path = self.store
        try:
            store.create_dir(path, recursive=True)
            with store.open_output_stream(f"{path}/{_PROBE}") as out:
                out.write(b"?")
            store.delete_file(f"{path}/{_PROBE}")
        except FAULTS as error:
            raise GaugerError(f"{self.shown}: cannot write there ({self.said(error)}); choose another --out") from None


def _opened(store: Any, path: str) -> Any:
    try:
        return store.open_input_file(path)
    except FAULTS as error:
        raise OSError(None, said(error)) from None


def _fits(path: str, pattern: str) -> bool:
    """Whether an object, or a folder above it, is what a glob stands for; a ``*`` is within one name."""
    wanted, parts = pattern.split("/"), path.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def said(error: BaseException) -> str:
    """The first line of what a store says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:_SAID_MAX]
