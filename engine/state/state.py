"""The state: every sketch of a stream of calls, with update and merge. Nothing here knows what evidence is.

``update`` and ``merge`` are associative and commutative up to row numbering, and row numbering never reaches a result:
``canonical`` renumbers accounts by id and pane and prompts by hash before anything is derived or written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.intake.measuring import ContextTexts, Measures, WordSketch
from gauger.engine.state.accounts import Accounts, CallColumns
from gauger.engine.state.contexts import Contexts
from gauger.engine.state.ledger import Ledger
from gauger.engine.state.links import Links
from gauger.engine.state.metadata import call_columns, link_values
from gauger.engine.state.prompts import Prompts
from gauger.engine.state.rows import Rows
from gauger.engine.state.samples import CallSample
from gauger.kernels.accounts.accumulate import call_identities
from gauger.kernels.machine import keys


def content_of(batch: pa.RecordBatch) -> str:
    """How an admitted batch gives its prompts: "text" or "token ids"."""
    return "text" if "prompt_text" in batch.schema.names else "token ids"


@dataclass(frozen=True)
class Prepared:
    """A batch made ready to be folded: what depends on the batch alone, so that any thread may do it."""

    content: str
    columns: frozenset[str]
    account_ids: pa.DictionaryArray
    calls: CallColumns
    measures: Measures
    identities: np.ndarray  # uint64[n]
    links: dict[int, np.ndarray]  # channel -> uint64[n], 0 = null
    contexts: ContextTexts | None = None


def prepare(
    batch: pa.RecordBatch, measures: Measures, key: np.ndarray, contexts: ContextTexts | None = None
) -> Prepared:
    """Hash an admitted batch's metadata and name its calls."""
    columns = call_columns(batch, key)
    identities = np.empty(batch.num_rows, np.uint64)
    encoded = batch.column("account_id").dictionary_encode()
    names = hash_column(key, encoded.dictionary)[encoded.indices.to_numpy()]
    key0, key1 = key[keys.STRING], key[keys.STRING + 1]
    call_identities(key0, key1, measures.prompt_hashes, names, columns.times, measures.features, identities)
    return Prepared(
        content=content_of(batch),
        columns=frozenset(batch.schema.names),
        account_ids=encoded,
        calls=columns,
        measures=measures,
        identities=identities,
        links=link_values(batch, key),
        contexts=contexts,
    )


class State:
    """Sketches of a stream of admitted calls."""

    def __init__(self, secret: Secret, settings: Settings) -> None:
        self.secret = secret
        self.settings = settings
        self.accounts = Accounts(settings)
        self.prompts = Prompts()
        self.sample = CallSample(settings.sample_calls)
        self.contexts = Contexts(settings.sample_calls)
        self.links = Links(settings.links_per_channel)
        self.words = WordSketch()
        self.ledger = Ledger()
        self.content: str | None = None
        self.columns: set[str] = set()
        self.days: tuple[int, int] | None = None  # first and last of the run that this is a part of; None: of its own

    def update(
        self,
        batch: pa.RecordBatch,
        measures: Measures,
        *,
        file: int = 0,
        rows: Sequence[int] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Fold an admitted batch and its measures; returns each call's prompt row, int64[n].

        ``file`` and ``rows`` say where each call came from; without them rows are numbered in order of arrival.
        """
        return self.fold(prepare(batch, measures, self.secret.key), file=file, rows=rows)

    def fold(
        self, batch: Prepared, *, file: int | np.ndarray = 0, rows: Sequence[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """``update`` with a batch that is prepared already; ``file`` may be one a call."""
        self.claim(batch.content)
        self.columns |= batch.columns
        times, measures = batch.calls.times, batch.measures
        accounts = self.accounts.rows_for(batch.account_ids, times)
        self.accounts.update(accounts, batch.calls, measures)
        prompts = self.prompts.update(measures)
        self.sample.update(accounts, batch.identities, times, measures.features)
        if batch.contexts is not None:
            found = batch.contexts
            self.contexts.update(accounts[found.rows], found.identity, found.calls, found.features)
        for channel, values in batch.links.items():
            self.links.update(accounts, channel, values)
        first = len(self.ledger.rows)
        addresses = batch.calls.addresses
        self.ledger.rows.append(
            {
                "file": np.broadcast_to(np.asarray(file, np.int32), len(times)),
                "row": np.arange(first, first + len(times)) if rows is None else np.asarray(rows, np.int64),
                "account": accounts,
                "prompt": prompts,
                "time": times,
                "identity": batch.identities,
                "address": np.zeros(len(times), np.uint64) if addresses is None else addresses,
                "novelty": measures.novelty,
            }
        )
        return prompts

    def fold_contexts(self, account_ids: pa.Array, times: np.ndarray, contexts: ContextTexts) -> None:
        """Fold context texts apart from their calls; account_ids, times : of each text."""
        if len(times):
            accounts = self.accounts.rows_for(account_ids, times)
            self.contexts.update(accounts, contexts.identity, contexts.calls, contexts.features)

    def merge(self, other: State) -> None:
        """Add another state of the same key and settings. Raises StateError when they differ."""
        if other.secret.key_id != self.secret.key_id:
            raise StateError(f"cannot merge states of different keys ({self.secret.key_id}, {other.secret.key_id})")
        if other.settings != self.settings:
            raise StateError("cannot merge states made with different settings")
        if other.content is not None:
            self.claim(other.content)
        self.columns |= other.columns
        accounts = self.accounts.merge(other.accounts)
        prompts = self.prompts.merge(other.prompts)
        self.sample.merge(other.sample, accounts)
        self.contexts.merge(other.contexts, accounts)
        self.links.merge(other.links, accounts)
        self.words.merge(other.words)
        self.ledger.merge(other.ledger, accounts, prompts)

    def claim(self, content: str) -> None:
        """Say how prompts are given ("text" or "token ids"). Raises StateError when it was otherwise before."""
        if self.content not in (None, content):
            raise StateError(f"this state holds prompts as {self.content}; it cannot take {content}: use another state")
        self.content = content

    def nbytes(self) -> dict[str, int]:
        """Bytes held, by part."""
        return {
            "accounts": self.accounts.rows.nbytes,
            "prompts": self.prompts.rows.nbytes,
            "grams_on_disk": 4 * len(self.prompts.grams),
            "sample": self.sample.rows.nbytes,
            "contexts": self.contexts.rows.nbytes,
            "links": self.links.rows.nbytes,
            "words": self.words.counts.nbytes + self.words.registers.nbytes,
            "ledger": self.ledger.rows.nbytes,
        }

    def held(self) -> list[dict[str, int | float | str]]:
        """What is held for what: each part with its rows, what a row stands for and its bytes.

        Parts in memory say the bytes their rows fill; room to grow (``nbytes``) is not touched before it is used.
        """
        parts: list[tuple[str, str, Rows]] = [
            ("accounts", "account and day", self.accounts.rows),
            ("prompts", "distinct prompt", self.prompts.rows),
            ("sample", "sampled call", self.sample.rows),
            ("contexts", "sampled context text", self.contexts.rows),
            ("links", "account, channel and value", self.links.rows),
            ("ledger", "call", self.ledger.rows),
        ]
        accounts, prompts = max(1, len(self.accounts)), max(1, len(self.prompts))
        held: list[dict[str, int | float | str]] = [
            {
                "part": name,
                "per": per,
                "rows": len(rows),
                "row_bytes": rows.row_bytes,
                "bytes": len(rows) * rows.row_bytes,
            }
            for name, per, rows in parts
        ]
        grams = 4 * len(self.prompts.grams)
        held.append(
            {
                "part": "grams on disk",
                "per": "distinct prompt",
                "rows": len(self.prompts),
                "row_bytes": round(grams / prompts, 1),
                "bytes": grams,
            }
        )
        for part in held:
            part["bytes_per_account"] = round(float(part["bytes"]) / accounts, 1)
        return held
