"""Results in a store: made in a folder of this machine, then put in place, the manifest last.

A store knows no rename. So the manifest of an earlier run goes before the first table is replaced, and a run without a
manifest did not happen.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gauger.engine.common.errors import GaugerError
from gauger.engine.common.private import make_folder
from gauger.stores.objects import FAULTS, Location
from gauger.stores.urls import LOCAL, local_path, scheme_of

_CHUNK = 1 << 22
_OURS = re.compile(r"\d{5}\.parquet")  # in folders; whatever else is there may be a user's, logs of his own even


def own_folder() -> Path:
    """Where runs whose results go elsewhere work: $XDG_CACHE_HOME/gauger/runs, this user's alone."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gauger" / "runs"
    try:
        base.mkdir(parents=True, exist_ok=True)
        make_folder(base)
    except OSError as error:
        raise GaugerError(f"{base}: cannot work there ({error.strerror}); set XDG_CACHE_HOME") from None
    return base


@contextmanager
def folder_for(out: str | Path, last: str, seldom: Sequence[str] = ()) -> Iterator[Path]:
    """A folder of this machine for results. Where ``out`` is in a store, they are put there when all went well.

    last : the file that says that the others are whole; seldom : files that not every run writes
    The folder of a run that failed or was killed stays, so that it can go on. Raises GaugerError before anything is
    done where nothing can be written, and InputError for a scheme that is not known.
    """
    scheme = scheme_of(out)
    if scheme is None or scheme == LOCAL:
        yield Path(out) if scheme is None else local_path(out)
        return
    place = Location.of(out)
    place.check()
    folder = own_folder() / hashlib.blake2b(place.shown.encode(), digest_size=8).hexdigest()
    make_folder(folder)
    yield folder
    _put(folder, place, last, seldom)
    shutil.rmtree(folder)


def _put(folder: Path, place: Location, last: str, seldom: Sequence[str]) -> None:
    store, path = place.store
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    ordered = [name for name in names if name != last] + [name for name in names if name == last]
    try:
        for name in (last, *seldom):
            with suppress(FileNotFoundError):
                store.delete_file(f"{path}/{name}")
        _forget(store, path, ordered)
        for name in ordered:
            store.create_dir(f"{path}/{name}".rpartition("/")[0], recursive=True)
            with open(folder / name, "rb") as source, store.open_output_stream(f"{path}/{name}") as out:
                shutil.copyfileobj(source, out, _CHUNK)
    except FAULTS as error:
        raise GaugerError(f"{place.shown}: cannot write there ({place.said(error)}); run again to go on") from None


def _forget(store: Any, path: str, names: Sequence[str]) -> None:
    """Remove what an earlier run left in the folders of these: its calls must not stand among ours."""
    from pyarrow import fs

    folders = {name.rpartition("/")[0] for name in names} - {""}
    for folder in folders:
        selected = fs.FileSelector(f"{path}/{folder}", allow_not_found=True)
        for one in store.get_file_info(selected):
            is_ours = one.type == fs.FileType.File and _OURS.fullmatch(one.base_name)
            if is_ours and f"{folder}/{one.base_name}" not in names:
                store.delete_file(one.path)
