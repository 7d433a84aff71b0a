"""Saving and loading a whole state. The bytes depend on the calls seen, never on their order or how they were split."""

from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.state import accounts as account_table
from gauger.engine.state import contexts as context_table
from gauger.engine.state import ledger as ledger_table
from gauger.engine.state import links as link_table
from gauger.engine.state import prompts as prompt_table
from gauger.engine.state import samples as sample_table
from gauger.engine.state.rows import Field, Rows
from gauger.engine.state.state import State
from gauger.engine.state.storage import (
    columns_of,
    new_folder,
    read_manifest,
    read_table,
    replace_folder,
    unpack,
    write_manifest,
    write_table,
)
from gauger.kernels.sketches import hyperloglog as hll

KIND = "engine state"


def _inverse(order: np.ndarray) -> np.ndarray:
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def _sorted_sparse(entries: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sparse HyperLogLog entries in ascending order: they are a set, and arrive in any order."""
    used = np.arange(entries.shape[1]) < np.where(counts == hll.DENSE_MARK, 0, counts)[:, None]
    ordered = np.sort(np.where(used, entries, np.iinfo(np.uint32).max), axis=1)
    return np.where(used, ordered, 0).astype(np.uint32)


def save_state(state: State, target: Path) -> None:
    """Write a state folder, atomically."""
    state.sample.compact()
    state.contexts.compact()
    state.links.compact()
    folder = new_folder(target)
    account_order = state.accounts.canonical_order()
    hashes = state.prompts.rows["hash"]
    prompt_order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    places = {"account": _inverse(account_order), "prompt": _inverse(prompt_order)}
    _save_accounts(state, folder, account_order)
    _save_prompts(state, folder, prompt_order)
    keys: dict[str, tuple[Rows, dict[str, Field], tuple[str, ...]]] = {
        "sample": (state.sample.rows, sample_table.FIELDS, ("time", "identity", "account")),
        "contexts": (state.contexts.rows, context_table.FIELDS, ("identity", "account")),
        "links": (state.links.rows, link_table.FIELDS, ("value", "channel", "account")),
        "ledger": (state.ledger.rows, ledger_table.FIELDS, ("identity", "time", "row", "file")),
    }
    for name, (rows, wanted, order_by) in keys.items():
        columns = {field: places[field][rows[field]] if field in places else rows[field] for field in wanted}
        order = np.lexsort([columns[field] for field in order_by])
        write_table(folder, name, {field: values[order] for field, values in columns.items()})
    write_table(folder, "word_counts", {"count": state.words.counts.reshape(-1)})
    write_table(folder, "word_registers", {"rank": state.words.registers})
    content = {
        "kind": KIND,
        "settings": asdict(state.settings),
        "content": state.content,
        "columns": sorted(state.columns),
        "words": state.words.total,
    }
    write_manifest(folder, state.secret.key_id, content)
    replace_folder(folder, target)


def _save_accounts(state: State, folder: Path, order: np.ndarray) -> None:
    rows = state.accounts.rows
    columns: dict[str, pa.Array | np.ndarray] = {
        "account_id": pa.array([state.accounts.account_ids[row] for row in order.tolist()], pa.string())
    }
    for name in account_table.fields():
        values = rows[name]
        if name.endswith("_sparse"):
            values = _sorted_sparse(values, rows[name.replace("_sparse", "_count")])
        columns[name] = values[order]
    write_table(folder, "accounts", columns)


def _save_prompts(state: State, folder: Path, order: np.ndarray) -> None:
    rows = state.prompts.rows
    write_table(folder, "prompts", {name: rows[name][order] for name in prompt_table.FIELDS})
    sizes = rows["grams"].astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    chosen = sizes[order]
    places = np.arange(chosen.sum()) - np.repeat(np.cumsum(chosen) - chosen, chosen) + np.repeat(starts[order], chosen)
    grams = state.prompts.grams
    write_table(folder, "grams", {"gram": grams.read(0, len(grams))[places]})


def _load_rows(rows: Rows, table: pa.Table, fields: dict[str, Field], defaults: dict[str, int] | None = None) -> None:
    rows.append(columns_of(table, fields, defaults))


def load_state(folder: Path, secret: Secret) -> State:
    """Read a state folder. Raises StateError for another key or format, and for damaged files."""
    manifest = read_manifest(folder, secret.key_id)
    if manifest.get("kind") != KIND:
        raise StateError(f"{folder}: this is a {manifest.get('kind')}, not an {KIND}")
    settings = dict(manifest["settings"])
    settings["neighbours"] = tuple(settings["neighbours"])
    unknown = set(settings) - {one.name for one in fields(Settings)}
    if unknown:
        raise StateError(f"{folder}: made by a later version, with settings {', '.join(sorted(unknown))}")
    state = State(secret, Settings(**settings))
    state.content = manifest["content"]
    state.columns = set(manifest["columns"])
    table = read_table(folder, "accounts")
    _load_rows(state.accounts.rows, table, account_table.fields(), account_table.DEFAULTS)
    state.accounts.restore(table.column("account_id").to_pylist())
    _load_rows(state.sample.rows, read_table(folder, "sample"), sample_table.FIELDS)
    if "contexts.arrow" in manifest["files"]:  # states of earlier versions have none
        _load_rows(state.contexts.rows, read_table(folder, "contexts"), context_table.FIELDS)
    _load_rows(state.links.rows, read_table(folder, "links"), link_table.FIELDS)
    _load_rows(state.ledger.rows, read_table(folder, "ledger"), ledger_table.FIELDS)
    grams = unpack(read_table(folder, "grams").column("gram"), np.uint32)
    state.prompts.restore(columns_of(read_table(folder, "prompts"), prompt_table.FIELDS), grams)
    counts = unpack(read_table(folder, "word_counts").column("count"), np.uint32)
    state.words.counts[:] = counts.reshape(state.words.counts.shape)
    state.words.registers[:] = unpack(read_table(folder, "word_registers").column("rank"), np.uint8)
    state.words.total = int(manifest["words"])
    return state
