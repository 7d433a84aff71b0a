"""Masked templates: what at least k owners share of a family's prompts, the rest hidden.

The only place where prompt text reaches an output. The prompts are read again from the log for it, one for each of a
few accounts of each family, no two of which may be one owner's (``engine/plan/owners.py``): the seats of one firm are
one. A token is shown when a window of three tokens around it stands in the prompts of at least k of them and of half
of those read, so that the value of a slot is not taken for the template; where nothing is in half of them, k do.
Between two slots there may be only two constant tokens: two in a row will do in a short gap where nine tenths hold
them, and k of them. Two shown tokens stand side by side only if one such window holds both: what each of two phrases
has in common with many says nothing of the two together. Whatever is not shown is a numbered slot.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import GaugerError
from gauger.logs.columns import ColumnMap
from gauger.logs.readers import prompts_at

MASK = "[...{}]"  # with the number of the slot, from 1
FAMILIES_MAX = 200  # the most widely shared ones
_OWNERS_READ = 3  # times k owners are looked at, one prompt each
_PROMPT_CHARACTERS_MAX = 4_000  # of a longer prompt the two ends: frames stand around what was pasted into them
_TEMPLATE_CHARACTERS_MAX = 600
_TOKEN = re.compile(r"\w+|[^\w\s]")
_SHARE, _BRIDGE_SHARE = 0.5, 0.9  # of the prompts read, for three tokens in a row and for two
_BRIDGED_TOKENS_MAX = 12
_CUT = "\0"  # stands for the middle of a long prompt; in no window


def _ends(text: str) -> str:
    """A prompt, or the first and last characters of a long one."""
    half = _PROMPT_CHARACTERS_MAX // 2
    return text if len(text) <= _PROMPT_CHARACTERS_MAX else f"{text[:half]} {_CUT} {text[-half:]}"


def _windows(tokens: Sequence[str], width: int) -> list[tuple[str, ...]]:
    """The windows of that many tokens of a prompt, with nothing before its first and after its last."""
    padded = ["", *tokens, ""]
    return list(zip(*(padded[at:] for at in range(width)), strict=False))


def _shared(prompts: Sequence[Sequence[tuple[str, ...]]], least: int) -> set[tuple[str, ...]]:
    """Windows that at least so many prompts hold."""
    spread: Counter[tuple[str, ...]] = Counter()
    for windows in prompts:
        spread.update(set(windows))
    return {window for window, number in spread.items() if number >= least and _CUT not in window}


def mask(prompts: Sequence[str], k: int) -> str | None:
    """Template of prompts of different owners: what they share of the one that shares most, the rest as slots.

    None when fewer than k prompts are given or they share nothing.
    """
    if len(prompts) < k:
        return None
    texts = [_ends(text) for text in prompts]
    tokens = [_TOKEN.findall(text) for text in texts]
    threes, twos = ([_windows(own, width) for own in tokens] for width in (3, 2))
    bridges = _shared(twos, max(k, math.ceil(_BRIDGE_SHARE * len(prompts))))
    for least in (max(k, math.ceil(_SHARE * len(prompts))), k):
        shared = _shared(threes, least)
        most = max(range(len(texts)), key=lambda place: (len(shared.intersection(threes[place])), -place))
        three = [window in shared for window in threes[most]]
        joined = [any(three[max(0, at - 1) : at + 1]) for at in range(len(tokens[most]) + 1)]
        _bridge(joined, [window in bridges for window in twos[most]])
        if found := _masked(texts[most], joined):
            return found if len(found) <= _TEMPLATE_CHARACTERS_MAX else found[: _TEMPLATE_CHARACTERS_MAX - 1] + "…"
    return None


def _bridge(joined: list[bool], pairs: list[bool]) -> None:
    """Join what pairs of tokens hold together in short gaps; in long ones they are turns of phrase.

    joined : as in ``_masked``; pairs : whether a shared window of two holds token i - 1 and token i
    """
    start = 0
    for end in range(len(joined) + 1):
        if end < len(joined) and not joined[end]:
            continue
        if end - start <= _BRIDGED_TOKENS_MAX:
            joined[start:end] = pairs[start:end]
        start = end + 1


def _masked(text: str, joined: list[bool]) -> str | None:
    """A prompt with every token outside shared windows as slots; None when nothing is shown.

    joined : whether a shared window holds token i - 1 and token i, from the head to the end
    """
    matches = list(_TOKEN.finditer(text))
    shown = [joined[at] or joined[at + 1] for at in range(len(matches))]
    if not any(shown):
        return None
    template, slots = "", 0
    for place, match in enumerate(matches):
        if not shown[place]:
            continue
        if place and joined[place]:
            # White space between two shown tokens is layout, not content.
            template += " " if text[matches[place - 1].end() : match.start()].isspace() else ""
        elif place:
            slots += 1
            template += f" {MASK.format(slots)} "
        template += match.group()
    return (template if shown[-1] else f"{template} {MASK.format(slots + 1)}").strip()


Examples = Callable[[np.ndarray, int], dict[int, tuple[np.ndarray, np.ndarray]]]


def render(families: pa.Table, examples: Examples, paths: Sequence[Path], column_map: ColumnMap, k: int) -> pa.Table:
    """Fill in the ``template`` column of the most widely shared families.

    examples : of each of some families (rows), files and rows of a call of each of at most so many owners, in an order
        that does not depend on where calls lie
    A log that cannot be read a second time leaves its families without a template.
    """
    accounts = families.column("accounts").to_numpy()
    candidates = np.flatnonzero(accounts >= k)
    candidates = candidates[np.lexsort((candidates, -accounts[candidates]))][:FAMILIES_MAX]
    if len(candidates) == 0:
        return families
    chosen = examples(np.sort(candidates), _OWNERS_READ * k)
    files, rows = (np.concatenate(column) for column in zip(*chosen.values(), strict=True))
    texts = _read(files, rows, paths, column_map)
    column: list[str | None] = [None] * len(accounts)
    for family, places in chosen.items():
        prompts = [texts[place] for place in zip(*(part.tolist() for part in places), strict=True) if place in texts]
        column[family] = mask(prompts, k)
    place = families.schema.get_field_index("template")
    return families.set_column(place, "template", pa.array(column, pa.string()))


def _read(
    files: np.ndarray, rows: np.ndarray, paths: Sequence[Path], column_map: ColumnMap
) -> dict[tuple[int, int], str]:
    """Prompt text of some rows of some files, by file and row."""
    texts: dict[tuple[int, int], str] = {}
    for number in np.unique(files).tolist():
        try:
            found = prompts_at(paths[number], column_map, rows[files == number])
        except GaugerError:
            continue
        texts |= {(number, row): text for row, text in found.items()}
    return texts
