"""Format: what a reader says of the files it reads. ``registry.FORMATS`` lists all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gauger.logs.readers.chunk import Chunk


@dataclass(frozen=True)
class Format:
    """How files of one format are told and read.

    ``read(path, column_map, batch_rows=..., columns=...)`` yields chunks; where it ``seeks`` it also takes ``near``,
    the row numbers wanted, and may leave out chunks that hold none of them.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...]  # how such files begin, white space left out; tells files of other suffixes
    read: Callable[..., Iterator[Chunk]]
    seeks: bool = False
    is_text: bool = False
    shapes: bool = False  # takes ``records_of`` of a map into account; else ``shaped`` does it with what it reads
