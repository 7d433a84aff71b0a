"""Streams: the same bytes out of every packing and encoding; damage is an OSError behind what is sound."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from gauger.logs.files import streams

CONTENT = b"".join(b'{"line": %d}\n' % number for number in range(40_000))


def arrow(codec: str) -> Callable[[bytes], bytes]:
    def packed(content: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()

    return packed


def snappy(content: bytes) -> bytes:
    """Framed: a stream identifier, padding, then blocks in turns compressed and as they are."""
    codec, out = pa.Codec("snappy"), b"\xff\x06\x00\x00sNaPpY" + b"\xfe\x03\x00\x00\0\0\0"
    for at in range(0, len(content), 50_000):
        block = content[at : at + 50_000]
        kind, body = (1, block) if at % 100_000 else (0, codec.compress(block, asbytes=True))
        out += bytes([kind]) + (len(body) + 4).to_bytes(3, "little") + b"\0\0\0\0" + body
    return out


def prefixed(content: bytes) -> bytes:
    """Records with their length before each, every other one packed."""
    out = b""
    for number, line in enumerate(content.splitlines()):
        record = line if number % 2 else arrow("zstd")(line)
        out += len(record).to_bytes(4) + record
    return out


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": arrow("zstd"),
    "lz4": arrow("lz4"),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "snappy": snappy,
    "gzip in gzip": lambda content: gzip.compress(gzip.compress(content)),
    "zstd in bz2": lambda content: bz2.compress(arrow("zstd")(content)),
    "gzip in snappy": lambda content: snappy(gzip.compress(content)),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_members_one_after_another_are_one_stream(tmp_path: Path, name: str) -> None:
    path, pack = tmp_path / "of no suffix", PACKINGS[name]
    path.write_bytes(pack(CONTENT[:100_000]) + pack(CONTENT[100_000:]))
    assert b"".join(streams.pieces(path)) == CONTENT


@pytest.mark.parametrize("name", PACKINGS)
def test_a_cut_stream_gives_what_is_sound_then_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    packed = PACKINGS[name](CONTENT)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    read = []
    with pytest.raises(OSError, match=r"\w"):
        read.extend(streams.pieces(path))
    assert CONTENT.startswith(b"".join(read))


@pytest.mark.parametrize("name", [name for name in PACKINGS if " in " not in name])
@pytest.mark.parametrize("behind", [b"x", b"no member " * 9, b"no member " * 90_000])
def test_what_stands_behind_the_members_is_not_dropped_in_silence(tmp_path: Path, name: str, behind: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(PACKINGS[name](CONTENT) + behind)
    read = []
    with pytest.raises(OSError, match=r"\w"):
        read.extend(streams.pieces(path))
    assert b"".join(read) == CONTENT


@pytest.mark.parametrize("name", ["bz2", "xz"])
def test_zeros_may_pad_members(tmp_path: Path, name: str) -> None:
    path, pack = tmp_path / "a", PACKINGS[name]
    path.write_bytes(pack(CONTENT) + bytes(600_000) + pack(b"more") + bytes(512))
    assert b"".join(streams.pieces(path)) == CONTENT + b"more"


def test_records_with_a_length_before_each_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(prefixed(CONTENT[:2_000]))
    lines = CONTENT[:2_000].splitlines()
    assert b"".join(streams.pieces(path)).splitlines() == lines
    path.write_bytes(prefixed(CONTENT[:2_000])[:-3])
    read = []
    with pytest.raises(OSError, match="damaged compression"):
        read.extend(streams.pieces(path))
    assert b"".join(read).splitlines() == lines[:-1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_utf_16_comes_as_utf_8(tmp_path: Path, encoding: str, packed: bool) -> None:
    text = '{"prompt": "gr\u00fc\u00df \U0001f600"}\n' * 1000
    wide = text.encode(encoding)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(wide) if packed else wide)
    assert b"".join(streams.pieces(path)).decode().removeprefix("\ufeff") == text
    assert streams.head_of(path, 9) == b'{"prompt"'


@pytest.mark.parametrize(
    "head",
    [b"", b"{", b'{"a": 1}', b"PAR1\x15\x00", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10", b"start_time", b"\0\0\0\0{"],
)
def test_what_is_not_packed(head: bytes) -> None:
    assert streams.compression_of(head) is None


def test_a_snappy_block_over_the_size_of_the_format_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a"
    body = b"\0\0\0\0" + b"\xff\xff\xff\x7f" + b"x" * 20
    path.write_bytes(b"\xff\x06\x00\x00sNaPpY\0" + len(body).to_bytes(3, "little") + body)
    with pytest.raises(OSError, match="damaged compression"):
        list(streams.pieces(path))
