"""Lines: every cut of a file gives the same lines, and no line is held that is over the limit."""

import gzip
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from gauger.logs.files import lines, streams

CONTENT = b'\xef\xbb\xbf{"a": 1}\n\n  \r\nsecond\r\n' + b"x" * 40 + b"\nlast without newline"
EXPECTED = [b'{"a": 1}', b"second\r", None, b"last without newline"]


def cut(content: bytes, *places: int) -> Iterator[bytes]:
    for start, end in zip((0, *places), (*places, len(content)), strict=True):
        yield content[start:end]


@pytest.mark.parametrize("size", [3, 4, 7, 16, 1000])
def test_pieces_of_any_size(size: int) -> None:
    pieces = [CONTENT[start : start + size] for start in range(0, len(CONTENT), size)]
    assert list(chain.from_iterable(lines.blocks(pieces, line_bytes_max=30))) == EXPECTED


@pytest.mark.parametrize("place", range(3, len(CONTENT)))
def test_every_cut_gives_the_same_lines(place: int) -> None:
    assert list(chain.from_iterable(lines.blocks(cut(CONTENT, place), line_bytes_max=30))) == EXPECTED


def test_an_endless_line_is_dropped_while_it_is_read() -> None:
    def endless() -> Iterator[bytes]:
        yield b"first\nlong"
        for _ in range(1000):
            yield b"x" * 1000
        yield b"\nafter"

    assert list(chain.from_iterable(lines.blocks(endless(), line_bytes_max=3000))) == [b"first", None, b"after"]


def test_damage_comes_after_the_last_sound_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    content = b"".join(b"line %d\n" % number for number in range(100_000))
    path.write_bytes(gzip.compress(content)[:-200])
    pieces: list[bytes] = []
    with pytest.raises(OSError, match="Truncated"):
        pieces.extend(streams.pieces(path))
    read = b"".join(pieces)
    assert content.startswith(read)
    assert len(read) > len(content) - 4000


def test_concatenated_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert b"".join(streams.pieces(path)) == b"a\nb\n"


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_blank_lines_come_where_they_are_wanted(size: int) -> None:
    content = b"a\n\n b\n\n\nc"
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    assert list(chain.from_iterable(lines.blocks(pieces, blank=True))) == [b"a", b"", b" b", b"", b"", b"c"]


def test_a_flood_of_newlines_is_passed_over() -> None:
    assert list(chain.from_iterable(lines.blocks([b"a\n" + b"\n" * 100_000, b"b"], blank=True))) == [b"a", b"b"]
