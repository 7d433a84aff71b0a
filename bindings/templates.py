"""Masked templates: what at least k accounts share of a family's prompts, the rest hidden.

The only place where prompt text reaches an output. The prompts are read again from the log for it, a few for each
family; a token is shown when a window of three tokens around it stands in the prompts of at least k accounts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.columns import ColumnMap
from gauger.engine.errors import GaugerError
from gauger.readers import prompts_at

MASK = "[...]"
FAMILIES_MAX = 200  # the most widely shared ones
_ACCOUNTS_READ = 3  # times k accounts are looked at, one prompt each
_PROMPT_CHARACTERS_MAX = 4_000
_TEMPLATE_CHARACTERS_MAX = 600
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WINDOW = 3


def _windows(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    padded = ["", *tokens, ""]
    return {tuple(padded[at : at + _WINDOW]) for at in range(len(padded) - _WINDOW + 1)}


def mask(prompts: Sequence[str], k: int) -> str | None:
    """Template of prompts of different accounts: tokens of the first in windows at least ``k`` of them share.

    None when fewer than k prompts are given or they share nothing.
    """
    if len(prompts) < k:
        return None
    texts = [text[:_PROMPT_CHARACTERS_MAX] for text in prompts]
    shared: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        shared.update(_windows(_TOKEN.findall(text)))
    first = texts[0]
    matches = list(_TOKEN.finditer(first))
    padded = ["", *(match.group() for match in matches), ""]
    shown = [False] * len(padded)
    for at in range(len(padded) - _WINDOW + 1):
        if shared[tuple(padded[at : at + _WINDOW])] >= k:
            shown[at : at + _WINDOW] = [True] * _WINDOW
    pieces: list[str] = []
    for place, match in enumerate(matches):
        if shown[place + 1]:
            # White space between two shown tokens is layout, not content.
            gap = first[matches[place - 1].end() : match.start()] if place and shown[place] else " "
            pieces += [" " if gap.isspace() else "", match.group()]
        elif not pieces or pieces[-1] != MASK:
            pieces += [" ", MASK]
    text = "".join(pieces).strip()
    if not any(shown[1:-1]):
        return None
    return text if len(text) <= _TEMPLATE_CHARACTERS_MAX else text[: _TEMPLATE_CHARACTERS_MAX - 1] + "…"


def render(families: pa.Table, calls: pa.Table, paths: Sequence[Path], column_map: ColumnMap, k: int) -> pa.Table:
    """Fill in the ``template`` column of the most widely shared families.

    A log that cannot be read a second time leaves its families without a template.
    """
    accounts = families.column("accounts").to_numpy()
    candidates = np.flatnonzero(accounts >= k)
    candidates = candidates[np.lexsort((candidates, -accounts[candidates]))][:FAMILIES_MAX]
    if len(candidates) == 0:
        return families
    ids = families.column("family_id").to_numpy()
    chosen = _members(calls, ids[candidates], _ACCOUNTS_READ * k)
    wanted = np.unique(np.concatenate(list(chosen.values())))
    texts = _read(calls, wanted, paths, column_map)
    column: list[str | None] = [None] * len(ids)
    for row in candidates.tolist():
        prompts = [texts[call] for call in chosen[int(ids[row])].tolist() if call in texts]
        column[row] = mask(prompts, k)
    place = families.schema.get_field_index("template")
    return families.set_column(place, "template", pa.array(column, pa.string()))


def _members(calls: pa.Table, families: np.ndarray, most: int) -> dict[int, np.ndarray]:
    """Rows of the calls table for each family: the first call of each of at most ``most`` of its accounts."""
    family = pc.fill_null(calls.column("family_id"), 0).to_numpy()  # 0 is no family's id
    names = calls.column("account_id").combine_chunks().dictionary_encode()
    account = np.asarray((names.chunk(0) if isinstance(names, pa.ChunkedArray) else names).indices)
    rows = np.flatnonzero(np.isin(family, families))
    order = rows[np.lexsort((rows, account[rows], family[rows]))]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (family[order][1:] != family[order][:-1]) | (account[order][1:] != account[order][:-1])
    first = order[fresh]
    return {int(one): np.sort(first[family[first] == one])[:most] for one in families}


def _read(calls: pa.Table, wanted: np.ndarray, paths: Sequence[Path], column_map: ColumnMap) -> dict[int, str]:
    """Prompt text of some rows of the calls table."""
    file = calls.column("file").to_numpy()[wanted]
    row = calls.column("row").to_numpy()[wanted]
    texts: dict[int, str] = {}
    for number in np.unique(file).tolist():
        inside = file == number
        try:
            found = prompts_at(paths[number], column_map, row[inside])
        except GaugerError:
            continue
        texts |= {
            call: found[at]
            for call, at in zip(wanted[inside].tolist(), row[inside].tolist(), strict=True)
            if at in found
        }
    return texts
