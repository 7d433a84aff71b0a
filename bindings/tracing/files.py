"""Files of canaries: the secret one, for its owner alone, and the commitment, which is published."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gauger.engine.common import private
from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.tracing import lottery
from gauger.engine.tracing.commitments import Canaries, canonical, check, opened, stamp
from gauger.engine.tracing.words import attested_pairs, is_word, of_middle_frequency
from gauger.timestamps.authority import Stamp
from gauger.timestamps.authority import check as check_stamp
from gauger.tracing import outputs

_BYTES_MAX = 64 << 20
_LIST_LINES, _LIST_SHARE = 5_000, 0.9  # lines looked at; those that are one word, in a list of words


def words_in(path: Path, field: str | None = None) -> list[str]:
    """Words for a lottery: those of a list, a word a line, or those of middle frequency in a sample of texts.

    Raises InputError where the file cannot be read or has too few of them.
    """
    found = _listed(path)
    if found is None:
        found = of_middle_frequency(outputs.texts([path], field))
    if len(found) < lottery.WORDS_MIN:
        raise InputError(
            f"{path}: {len(found):,} words fit for pairs, {lottery.WORDS_MIN:,} are needed; give a longer list or "
            "sample"
        )
    return found[: lottery.WORDS_MAX]


def pairs_in(path: Path, candidates: int, field: str | None = None) -> list[str]:
    """Pairs for a lottery that a sample of texts has, if rarely.

    candidates : pairs that are needed. Raises InputError where the file cannot be read or has too few of them.
    """
    found = attested_pairs(outputs.texts([path], field))
    if len(found) < candidates:
        raise InputError(
            f"{path}: {len(found):,} pairs of words are rare in it, {candidates:,} are needed; give more texts, or ask "
            "for fewer --pairs or --decoys"
        )
    return found[: lottery.LISTED_MAX]


def _listed(path: Path) -> list[str] | None:
    """The words of a list; None for a file that is none."""
    if path.suffix not in (".txt", ".text", ""):
        return None
    try:
        lines = [line.strip().casefold() for line in read_bounded(path, _BYTES_MAX).decode().splitlines()]
    except (OSError, UnicodeDecodeError):
        return None  # the readers say what is wrong with it
    lines = list(dict.fromkeys(filter(None, lines)))
    some = lines[:_LIST_LINES]
    if sum(map(is_word, some)) < _LIST_SHARE * len(some):
        return None
    return [line for line in lines if is_word(line)]


def commitment_path(path: Path) -> Path:
    """Where the commitment of a file of canaries is, unless it is named."""
    return path.with_name(f"{path.stem}.commitment.json")


def make(campaign: int, words: list[str], path: Path, slots: int, candidates: int, is_listed: bool = False) -> Canaries:
    """Draw canaries under a new random seed; write the secret file, mode 0600, and the commitment beside it.

    words : or pairs, where they are listed

    Raises InputError where one of both is there already, or the lottery cannot be drawn so.
    """
    seed = secrets.token_bytes(lottery.SEED_BYTES)
    made = Canaries(campaign, stamp(datetime.now(UTC)), slots, candidates, seed, tuple(words), is_listed)
    try:
        document = made.opening() | {"served": [list(pair) for pair in made.served]}
    except ValueError as error:
        raise InputError(f"{error}") from None
    for place, content, mode in (
        (path, canonical(document), private.FILE),
        (commitment_path(path), json.dumps(made.commitment(), indent=2).encode(), 0o644),
    ):
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise InputError(f"{place}: is there already; canaries are never replaced, name another file") from None
        with open(descriptor, "wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return made


def read_canaries(path: str | os.PathLike[str]) -> Canaries:
    """The canaries of a secret file. Raises InputError where it is not sound, StateError where others may read it."""
    path = Path(path)
    try:
        if path.stat().st_mode & 0o077:
            raise StateError(f"{path}: others may read these canaries; run: chmod 600 {path}")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return opened(_document(path), str(path))


@dataclass(frozen=True)
class Committed:
    """Canaries that are those committed to."""

    canaries: Canaries
    stamp: Stamp | None  # of the commitment


def committed(
    path: Path, commitment: Path | None = None, obtained: datetime | None = None, authority: Path | None = None
) -> Committed:
    """The canaries of a secret file, held against their commitment, and its time stamp if an authority is named.

    Raises as ``read_canaries``, ``commitments.check`` and ``authority.check``, and InputError for a stamp that is late.
    """
    found = read_canaries(path)
    place = commitment or commitment_path(path)
    check(found, _document(place), str(place), datetime.now(UTC), obtained)
    stamped = None if authority is None else check_stamp(place, authority)
    if stamped is not None and obtained is not None and stamped.time >= obtained:
        raise InputError(
            f"{place}: stamped on {stamp(stamped.time)}, after the outputs were obtained; it proves nothing"
        )
    return Committed(found, stamped)


def _document(path: Path) -> Any:
    try:
        return json.loads(read_bounded(path, _BYTES_MAX))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: no JSON") from None
