"""Masked templates: what at least k accounts share of a family's prompts, the rest hidden.

The only place where prompt text reaches an output. The prompts are read again from the log for it, one for each of a
few accounts of each family. A token is shown when a window of three tokens around it stands in the prompts of at least
k accounts and of half of those read, so that the value of a slot is not taken for the template; where nothing is in
half of them, k accounts do. Two shown tokens stand side by side only if one such window holds both: what each of two
phrases has in common with many says nothing of the two together. Whatever is not shown is a numbered slot.
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

MASK = "[...{}]"  # with the number of the slot, from 1
FAMILIES_MAX = 200  # the most widely shared ones
_ACCOUNTS_READ = 3  # times k accounts are looked at, one prompt each
_PROMPT_CHARACTERS_MAX = 4_000  # of a longer prompt the two ends: frames stand around what was pasted into them
_TEMPLATE_CHARACTERS_MAX = 600
_TOKEN = re.compile(r"\w+|[^\w\s]")
_WINDOW = 3
_CUT = "\0"  # stands for the middle of a long prompt; in no window


def _ends(text: str) -> str:
    """A prompt, or the first and last characters of a long one."""
    half = _PROMPT_CHARACTERS_MAX // 2
    return text if len(text) <= _PROMPT_CHARACTERS_MAX else f"{text[:half]} {_CUT} {text[-half:]}"


def _windows(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """The windows of three tokens of a prompt, with nothing before its first and after its last."""
    padded = ["", *tokens, ""]
    return [tuple(padded[at : at + _WINDOW]) for at in range(len(padded) - _WINDOW + 1)]


def mask(prompts: Sequence[str], k: int) -> str | None:
    """Template of prompts of different accounts: what they share of the one that shares most, the rest as slots.

    None when fewer than k prompts are given or they share nothing.
    """
    if len(prompts) < k:
        return None
    texts = [_ends(text) for text in prompts]
    windows = [_windows(_TOKEN.findall(text)) for text in texts]
    spread: Counter[tuple[str, ...]] = Counter()
    for own in windows:
        spread.update(window for window in set(own) if _CUT not in window)
    for least in (max(k, (len(prompts) + 1) // 2), k):
        shared = {window for window, number in spread.items() if number >= least}
        most = max(range(len(texts)), key=lambda place: (len(shared.intersection(windows[place])), -place))
        if found := _masked(texts[most], windows[most], shared):
            return found if len(found) <= _TEMPLATE_CHARACTERS_MAX else found[: _TEMPLATE_CHARACTERS_MAX - 1] + "…"
    return None


def _masked(text: str, windows: list[tuple[str, ...]], shared: set[tuple[str, ...]]) -> str | None:
    """A prompt with everything outside shared windows as slots; None when nothing is shown."""
    matches = list(_TOKEN.finditer(text))
    # Window number i is around token i; it also holds its neighbours.
    is_shared = [window in shared for window in windows]
    shown = [any(is_shared[max(0, at - 1) : at + 2]) for at in range(len(matches))]
    if not any(shown):
        return None
    template, slots = "", 0
    for place, match in enumerate(matches):
        if not shown[place]:
            continue
        if place and shown[place - 1] and any(is_shared[place - 1 : place + 1]):
            # White space between two shown tokens is layout, not content.
            template += " " if text[matches[place - 1].end() : match.start()].isspace() else ""
        elif place:
            slots += 1
            template += f" {MASK.format(slots)} "
        template += match.group()
    return (template if shown[-1] else f"{template} {MASK.format(slots + 1)}").strip()


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
