"""State on disk: Arrow IPC files of plain types, with a manifest that says which format and which key.

Every table holds int32/64, float64, string, binary or fixed-size binary columns only, so that any language can read it
and nothing in it can run. Directories are written beside their place and renamed into it.

Two numbers say what a stored thing is. ``FORMAT`` is of what all tables share: features, hashes and signatures that do
not compare with others. Each table has its own number beside it. A column that is added needs no new number but a
default, which stands where the column is declared: older tables are read as if they had it.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.private import close_file, make_folder, write_file
from gauger.engine.state.rows import Field

FORMAT = 2  # 1: other word features, shingles and signatures, which do not compare with these
# The number of each table, by kind of folder: raised when a column changes its meaning or a new one has no default.
_POPULATION = ("accounts", "statistics", "sample", "links", "background")
FORMATS: dict[str, dict[str, int]] = {
    "engine state": dict.fromkeys(("accounts", "prompts", "grams", "sample", "contexts", "links", "ledger"), 1)
    | {"word_counts": 1, "word_registers": 1},
    "day": {f"{part}{name}": 1 for part in ("", "lone_", "thin_") for name in _POPULATION}
    | {"word_counts": 1}
    | {f"{part}accounts": 2 for part in ("", "lone_", "thin_")},  # 1: ids in clear
    "families": {"families": 1},
    "campaigns": {"campaigns": 1, "families": 1, "members": 1, "history": 1},
}
MANIFEST = "manifest.json"
_WRITE = pa.ipc.IpcWriteOptions(compression="lz4")


def pack(values: np.ndarray) -> pa.Array:
    """A NumPy column as Arrow: 1-D int32/64 and float64 as they are, everything else as fixed-size binary rows."""
    values = np.ascontiguousarray(values)
    if values.ndim == 1 and values.dtype in (np.int32, np.int64, np.float64):
        return pa.array(values)
    width = values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=np.int64))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(values)])


def unpack(column: pa.ChunkedArray, dtype: Any, shape: tuple[int, ...] = ()) -> np.ndarray:
    """The inverse of ``pack``: a writable array of the dtype and row shape given, perhaps that of the column itself.

    Raises StateError on a mismatch.
    """
    # Combining copies even a single chunk: of a kept day it is a quarter of a gigabyte.
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    width = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
    if pa.types.is_fixed_size_binary(array.type):
        if array.type.byte_width != width:
            raise StateError("a state table has columns of another width; it was made by another version")
        data = array.buffers()[1]
        values = np.frombuffer(data, np.uint8)[array.offset * width : (array.offset + len(array)) * width]
        values = values.view(dtype).reshape(len(array), *shape)
        return values if values.flags.writeable else values.copy()  # what was packed lies in memory of its own
    return array.to_numpy(zero_copy_only=False).astype(dtype)


def columns_of(
    table: pa.Table, fields: Mapping[str, Field], defaults: Mapping[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """The columns of a stored table as arrays.

    defaults : what stands for a column that tables of earlier versions have not
    Raises StateError for a column that is missing and has no default.
    """
    found, known = {}, defaults or {}
    for name, (dtype, shape) in fields.items():
        if name in table.column_names:
            found[name] = unpack(table.column(name), dtype, shape)
        elif name in known:
            found[name] = np.full((table.num_rows, *shape), known[name], dtype)
        else:
            raise StateError(f"a state table has no column {name}; it was made by another version")
    return found


def write_table(folder: Path, name: str, columns: Mapping[str, pa.Array | np.ndarray]) -> None:
    """Write ``folder/name.arrow``."""
    arrays = {key: value if isinstance(value, pa.Array) else pack(value) for key, value in columns.items()}
    table = pa.table(arrays)
    place = folder / f"{name}.arrow"
    with (
        pa.OSFile(str(place), "wb") as sink,
        pa.ipc.new_file(sink, table.schema, options=_WRITE) as out,
    ):
        out.write_table(table, max_chunksize=1 << 20)
    close_file(place)


def read_table(folder: Path, name: str) -> pa.Table:
    """Read ``folder/name.arrow``. Raises StateError when it is missing or not the file that was written."""
    file, document = f"{name}.arrow", _document(folder)
    stored = document.get("tables", {}).get(name, 1)  # folders of earlier versions have no numbers: all were 1
    known = FORMATS.get(str(document.get("kind")), {}).get(name, 1)
    if stored > known:
        raise StateError(f"{folder / file}: table format {stored}, this version reads up to {known}")
    try:
        content = (folder / file).read_bytes()
        if document.get("files", {}).get(file) != hashlib.sha256(content).hexdigest():
            raise OSError
        table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
        table.validate(full=True)
    except (OSError, pa.ArrowException):
        raise _damaged(folder, folder / file, "missing or damaged") from None
    return table


def damaged_files(folder: Path) -> list[str]:
    """Names of a folder's tables that are missing or not those its manifest was written for."""
    found = []
    for file, digest in sorted(_document(folder).get("files", {}).items()):
        try:
            with open(folder / file, "rb") as handle:
                whole = hashlib.file_digest(handle, "sha256").hexdigest() == digest
        except OSError:
            whole = False
        found += [] if whole else [file]
    return found


def _damaged(folder: Path, place: Path, how: str) -> DamagedError:
    return DamagedError(f"{place}: {how}", f"remove {folder} and make it again")


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def sealed(document: Mapping[str, Any]) -> bytes:
    """A document as it is written: with its own digest."""
    return orjson.dumps({**document, "seal": _seal(document)}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def unsealed(content: bytes) -> dict[str, Any] | None:
    """The document that ``sealed`` wrote, or None where it is not that."""
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) and document.pop("seal", None) == _seal(document) else None


def write_manifest(folder: Path, key_id: str, content: Mapping[str, Any]) -> None:
    """Write the manifest, last of all files of a state folder: it holds the digest of each, and its own."""
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.arrow"))}
    formats = FORMATS.get(str(content.get("kind")), {})
    tables = {name: formats.get(name, 1) for name in (file.removesuffix(".arrow") for file in files)}
    document = {"format": FORMAT, "key_id": key_id, "files": files, "tables": tables, **content}
    write_file(folder / MANIFEST, sealed(document))


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        document = None
    if not isinstance(document, dict):
        raise DamagedError(f"{folder}: no readable {MANIFEST}", "this is not a complete gauger state")
    return document


def read_manifest(folder: Path, key_id: str) -> dict[str, Any]:
    """Read and check a manifest. Raises StateError for another format version, another key, or a damaged file."""
    settle(folder)
    document = _document(folder)
    if document.get("format") != FORMAT:
        raise StateError(f"{folder}: state format {document.get('format')}, this version reads {FORMAT}")
    if document.get("key_id") != key_id:
        other = document.get("key_id")
        raise StateError(
            f"{folder}: made with key {other}, but the key here is {key_id}; use that key or another --state"
        )
    if document.pop("seal", None) != _seal(document):
        raise _damaged(folder, folder, f"{MANIFEST} is damaged")
    return document


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def settle(target: Path) -> None:
    """Undo a replacement that was killed between its two renames: the old folder is still whole."""
    if not target.exists() and _old(target).exists():
        _old(target).rename(target)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot do this to folders
            raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have a folder and the files in it on disk."""
    for file in folder.iterdir():
        sync(file)
    sync(folder)


def replace_folder(temporary: Path, target: Path) -> None:
    """Put a finished folder in its place, durably; an old one there goes away."""
    sync_folder(temporary)
    settle(target)
    shutil.rmtree(_old(target), ignore_errors=True)
    if target.exists():
        target.rename(_old(target))
    temporary.rename(target)
    sync(target.parent)
    shutil.rmtree(_old(target), ignore_errors=True)


def new_folder(target: Path) -> Path:
    """An empty folder beside ``target`` to build its replacement in, for its owner alone."""
    temporary = target.with_name(f".{target.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    make_folder(temporary)
    return temporary
