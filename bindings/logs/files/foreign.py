"""Foreign files: what gauger does not read, told by its first bytes and named, each with what to do about it."""

from pathlib import Path

from gauger.engine.common.errors import InputError
from gauger.engine.segments import spool

HEAD_BYTES = 512
_UNPACK = "unpack it and score what is in it"
# Where it stands, the bytes, what such a file is, what to do.
_KINDS = (
    (0, b"PK\x03\x04", "a zip archive or an Excel workbook", f"{_UNPACK}; a workbook: save it as CSV"),
    (0, b"PK\x05\x06", "an empty zip archive", "leave it out"),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (0, b"\x1f\x9d", "compressed by compress (.Z)", _UNPACK),
    (0, b"LZIP", "compressed by lzip", _UNPACK),
    (0, b"\x89LZO", "compressed by lzop", _UNPACK),
    (0, b"\x5d\x00\x00", "compressed as .lzma", _UNPACK),
    (0, b"\x82SNAPPY\x00", "Snappy in the framing of Java", "write it framed or as zstd"),
    (0, b"FEA1", "Feather V1", "write it again as Feather V2 (Arrow IPC) or Parquet"),
    (0, b"PARE", "an encrypted Parquet file", "write it decrypted: gauger takes no keys"),
    (0, b"SQLite format 3\x00", "an SQLite database", "export its calls as JSON lines, CSV or Parquet"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", "save it as CSV"),
    (0, b"\x89HDF\r\n", "HDF5", "export its calls as Parquet"),
    (0, b"%PDF-", "a PDF document", "leave it out"),
    (0, b"\x7fELF", "a program", "leave it out"),
    (0, b"\x89PNG", "an image", "leave it out"),
    (0, b"\xff\xd8\xff", "an image", "leave it out"),
    (0, b"SEQ\x06", "a Hadoop sequence file", "export its calls as JSON lines or Parquet"),
    (0, spool.MAGIC, "recorded calls, as hashes and numbers", "only gauger score reads it"),
)
_SUFFIXES = {
    ".br": "compressed by Brotli",
    ".lzo": "compressed by lzop",
    ".snappy": "raw Snappy, which is not framed",
    ".sz": "raw Snappy, which is not framed",
}


def kind_of(path: Path, head: bytes) -> str | None:
    """What a file that begins with ``head`` (HEAD_BYTES, unpacked) is and what to do about it; None when unknown."""
    for at, magic, kind, advice in _KINDS:
        if head[at : at + len(magic)] == magic:
            return f"{kind}: {advice}"
    if head[:1] == b"\n" and b"\0" in head[:64]:
        return "OTLP as protobuf: let the collector write JSON (format: json)"
    kind = _SUFFIXES.get(path.suffix.lower(), "")
    return f"{kind}: unpack it, or compress it with gzip or zstd" if kind and not _is_text(head) else None


def refuse(path: Path, head: bytes) -> None:
    """Raise ``InputError`` for a file that is known and not read."""
    if (kind := kind_of(path, head)) is not None:
        raise InputError(f"{path}: {kind}")


def _is_text(head: bytes) -> bool:
    return b"\0" not in head
