"""Foreign files are named, with what to do about them."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError
from gauger.logs.files import foreign


def test_archives_are_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "b")
    assert "a zip archive" in str(foreign.kind_of(Path("a.jsonl"), out.getvalue()))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a"))
    with pytest.raises(InputError, match=r"^a\.log: a tar archive: unpack it"):
        foreign.refuse(Path("a.log"), out.getvalue()[: foreign.HEAD_BYTES])


@pytest.mark.parametrize(
    ("name", "head", "named"),
    [
        ("a.feather", b"FEA1\0\0", "Feather V1"),
        ("a.parquet", b"PARE\x15", "an encrypted Parquet file"),
        ("a.db", b"SQLite format 3\0", "an SQLite database"),
        ("a.json.br", b"\x0b\x02\x80\0", "compressed by Brotli"),
        ("a.bin", b"\n\x9f\x01\n\x20\x00\x12", "OTLP as protobuf"),
    ],
)
def test_others_are_named(name: str, head: bytes, named: str) -> None:
    assert str(foreign.kind_of(Path(name), head)).startswith(named)


@pytest.mark.parametrize("head", [b"", b"{", b"\n\n{}", b"start_time,account_id\n", b"PAR1", b"ARROW1\0\0"])
def test_what_is_read_is_not_foreign(head: bytes) -> None:
    foreign.refuse(Path("a.snappy"), head.replace(b"\0", b""))
