"""Recorded calls: what a host measured of some calls, on its way into a segment, as bytes and back.

Hashes, numbers and features, account ids, and why calls were refused: never text. A host writes them down every second
(``spool``); whoever scores them joins them into the blocks that a log gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import Settings
from gauger.engine.intake.admission import Admitted, admit
from gauger.engine.intake.conversation import said
from gauger.engine.intake.measuring import ContextTexts, Measurer, WordSketch
from gauger.engine.intake.parts import Offered
from gauger.engine.segments.arrays import decoded, encoded, text_arrays, text_column
from gauger.engine.segments.columns import batch_of, columns_of
from gauger.engine.segments.deliveries import deliveries_of
from gauger.engine.segments.segment import HALF_CHATS, Account
from gauger.engine.state.state import Prepared, prepare

NAMING = ("api_key_hash", "org_id", "payment_fingerprint")  # columns that name keys and owners beside the account
_SPARSE = ("counts", "registers")  # of the words of a second, of which most are zero


@dataclass(frozen=True)
class Recorded:
    """Some calls that were offered together, n of them measured."""

    offered: int  # calls, each taken in or refused
    batch: Prepared | None  # the calls taken in; None: none was
    deliveries: np.ndarray | None  # uint64[n], as ``deliveries_of`` tells them
    rows: np.ndarray  # int64[n], places among those offered
    refused: np.ndarray  # int64[r], likewise
    reasons: list[str]
    accounts: list[str | None]  # of the rows refused, where it is known
    words: WordSketch
    account: Account = field(default_factory=Account)  # how their columns are filled


@dataclass(frozen=True)
class RecordedPart(Offered):
    """Recorded calls, one after another from a row of an input on."""

    file: int  # its number
    rows: np.ndarray  # int64, of the input, of all calls offered
    pieces: list[Recorded]

    @classmethod
    def of(cls, file: int, first: int, pieces: list[Recorded]) -> RecordedPart:
        """Pieces as rows of an input from a row on."""
        return cls(file, np.arange(first, first + sum(piece.offered for piece in pieces)), pieces)

    @property
    def content(self) -> str | None:
        """How they give their prompts; None where all calls were refused."""
        return next((piece.batch.content for piece in self.pieces if piece.batch is not None), None)

    def placed(self) -> Iterator[tuple[int, Recorded]]:
        """Each piece behind the number of calls before it."""
        first = 0
        for piece in self.pieces:
            yield first, piece
            first += piece.offered


def measured(
    found: Admitted, measurer: Measurer, sketch: WordSketch, settings: Settings
) -> tuple[Prepared, np.ndarray | None]:
    """Admitted calls, at least one, measured: ready to be packed, with what tells each from any other."""
    calls = said(found.calls)
    measures = measurer.measure(calls, sketch)
    batch = prepare(calls, measures, measurer.key, measurer.contexts(calls, settings))
    return batch, deliveries_of(calls, batch, measurer.key)


def fill(account: Account, found: Admitted, key: np.ndarray) -> None:
    """Note how the columns of a piece are filled, which owners it names, and who sends half a chat."""
    for name, (given, used) in found.filled.items():
        account.fill(name, given, used)
    for name in NAMING:
        if name in found.calls.schema.names:
            hashes = hash_column(key, found.calls.column(name).unique())
            account.name(name, hashes[hashes != 0].tolist())
    if (half := found.half_chats()).any():
        account.name(HALF_CHATS, hash_column(key, found.calls.column("account_id").filter(pa.array(half))).tolist())


def record(calls: pa.RecordBatch, measurer: Measurer, settings: Settings) -> Recorded:
    """Measure calls under canonical names, in any layout. Raises InputError and KernelInputError as ``admit``."""
    found = admit(calls)
    account, words = Account(), WordSketch()
    fill(account, found, measurer.key)
    batch, deliveries = None, None
    if found.calls.num_rows:
        batch, deliveries = measured(found, measurer, words, settings)
    refused = (found.rejected.astype(np.int64), found.reasons, found.accounts)
    return Recorded(calls.num_rows, batch, deliveries, found.rows.astype(np.int64), *refused, words, account)


def to_bytes(found: Recorded) -> list[bytes | memoryview]:
    """Recorded calls as bytes, piece by piece."""
    about: dict[str, Any] = {
        "offered": found.offered,
        "filled": found.account.filled,
        "names": found.account.names,
        "words": found.words.total,
    }
    arrays = {"row": found.rows, "refused": found.refused}
    arrays |= _named("reason", found.reasons) | _named("refused_account", [name or "" for name in found.accounts])
    for name in _SPARSE:
        values = getattr(found.words, name).reshape(-1)
        places = np.flatnonzero(values)
        arrays |= {f"{name}_at": places.astype(np.uint32), name: values[places]}
    if (batch := found.batch) is not None:
        about |= {"content": batch.content, "columns": sorted(batch.columns)}
        calls = columns_of(batch, 0, found.rows)
        del calls["file"], calls["row"]
        arrays |= {f"call {name}": values for name, values in calls.items()}
        arrays |= _named("account", batch.account_ids.dictionary.to_pylist())
        ends, measures = batch.measures.gram_offsets, batch.measures
        arrays |= {"account": batch.account_ids.indices.to_numpy().astype(np.int32), "features": measures.features}
        arrays |= {"grams": measures.grams[: ends[-1]], "gram_ends": ends[1:].astype(np.int32)}
        if found.deliveries is not None:
            arrays["deliveries"] = found.deliveries
        if batch.contexts is not None:
            given = {name: values for name, values in vars(batch.contexts).items() if values is not None}
            arrays |= {f"context {name}": values for name, values in given.items()}
    arrays["about"] = np.frombuffer(orjson.dumps(about), np.uint8)
    return encoded(arrays, squeeze=("features", "context features"))


def _named(name: str, texts: list[str]) -> dict[str, np.ndarray]:
    return {f"{name} {part}": values for part, values in text_arrays(texts).items()}


def from_bytes(data: bytes | memoryview) -> Recorded:
    """The inverse of ``to_bytes``. Raises StateError where the bytes are not of recorded calls."""
    try:
        arrays = decoded(data)
        about = orjson.loads(arrays["about"].tobytes())
        words = WordSketch(total=about["words"])
        for name in _SPARSE:
            getattr(words, name).reshape(-1)[arrays[f"{name}_at"]] = arrays[name]
        account = Account(filled=about["filled"], names=about["names"])
        batch = _batch(arrays, about) if "content" in about else None
        return Recorded(
            offered=about["offered"],
            batch=batch,
            deliveries=arrays.get("deliveries"),
            rows=arrays["row"],
            refused=arrays["refused"],
            reasons=_texts(arrays, "reason"),
            accounts=[name or None for name in _texts(arrays, "refused_account")],
            words=words,
            account=account,
        )
    except (ValueError, KeyError, IndexError, TypeError, pa.ArrowException):
        raise StateError("recorded calls are damaged") from None


def _texts(arrays: dict[str, np.ndarray], name: str) -> list[str]:
    return text_column(arrays[f"{name} ends"], arrays[f"{name} bytes"]).to_pylist()


def _batch(arrays: dict[str, np.ndarray], about: dict[str, Any]) -> Prepared:
    columns = _under(arrays, "call ")
    names = pa.DictionaryArray.from_arrays(arrays["account"], pa.array(_texts(arrays, "account"), pa.string()))
    batch = batch_of(columns, names, arrays["features"], about["content"], frozenset(about["columns"]))
    ends = np.concatenate([[0], arrays["gram_ends"]]).astype(np.int64)
    contexts = _under(arrays, "context ")
    return replace(
        batch,
        measures=batch.measures._replace(grams=arrays["grams"], gram_offsets=ends),
        contexts=ContextTexts(**contexts) if contexts else None,
    )


def _under(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
