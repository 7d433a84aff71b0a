"""``gauger columns``: a dry run over the first rows of each file; what it shows is what ``score`` would read."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from gauger.batch.doubts import SHARE_MAX, half_chats
from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, CONVERSATION
from gauger.engine.intake.values import cut_chats
from gauger.logs.column_map import ColumnMap
from gauger.logs.columns import load_column_map
from gauger.logs.detection import CANONICAL, Fit, Head, fits, head_of
from gauger.logs.near_names import names_of, near_to
from gauger.logs.readers import form_of, prepared, survey
from gauger.text.formats import plural, visible

ROWS = 1_000  # looked at, of each file
_SHOWN_ROWS, _SHOWN_FILES, _SHOWN_NEAR, _TEXT = 10, 20, 3, 200
_TOLD = (
    *("start_time", "account_id", "client_address", "user_agent_original", "request_model"),
    *("continuation", "attachments", "prompt_text", "prompt_token_ids", "context_texts"),
)
# Where logs often have what is required, for a first map of one's own.
_USUAL = {
    "start_time": ("timestamp", "time", "ts", "start_time", "created_at", "created", "request_time", "date"),
    "account_id": ("account_id", "user_id", "uid", "user", "customer_id", "api_key_id", "tenant_id", "key"),
    "messages": ("messages", "contents", "conversation", "input", "prompt", "question", "query", "text", "q"),
}


@dataclass(frozen=True)
class Preview:
    """What a log would be read as."""

    text: str
    is_sound: bool  # whether ``score`` would take it without a doubt about how it is read


def preview(sources: Sequence[str | Path], columns: str | None = None, *, show_text: bool = False) -> Preview:
    """Read the heads of some files as ``score`` would, with the map given or the one that fits best.

    Raises ``InputError`` and ``ColumnMapError`` as ``score`` does.
    """
    given = None if columns is None else load_column_map(columns)
    searched = survey(sources)
    paths = searched.files
    found = [] if given is not None else fits(paths)
    taken = _taken(found)
    column_map = prepared(load_column_map(taken) if given is None else given, paths, ROWS)
    heads = [head_of(path, column_map, ROWS) for path in paths]
    lines = [_named(column_map, given is not None, found), ""]
    lines += [*_files(paths, heads, column_map), *(f"  {line}" for line in searched.complaints(_SHOWN_FILES))]
    scored, rows = sum(head.scored for head in heads), sum(head.rows - head.left_out for head in heads)
    missing = _missing(column_map, heads) if scored else {}
    if scored:
        lines += [
            "",
            *_fills(heads, scored),
            *_never_found(missing, column_map.own, paths[0]),
            "",
            *_rows(heads, show_text),
        ]
    else:
        lines += ["", "no call in what was looked at", *_suggested(paths[0])]
    reasons = sum((head.refused for head in heads), Counter())
    if reasons:
        lines += ["", "rows that are no calls"]
        lines += [f"  {number:>7,}  {why}" for why, number in reasons.most_common()]
    doubts = list(half_chats(*_half_chats(heads)))
    lines += [line for doubt in doubts for line in ("", doubt)]
    own = [name for name in missing if name in column_map.own]
    is_sound = (
        scored > 0
        and not (own or doubts)
        and rows - scored <= SHARE_MAX * rows
        and not (searched.complaints() or any(head.error for head in heads))
    )
    return Preview("\n".join(map(visible, lines)), is_sound)


def _half_chats(heads: Sequence[Head]) -> tuple[int, int]:
    """Accounts of the calls, and those with a prompt that begins as a chat and breaks off."""
    everybody: set[str] = set()
    some: set[str] = set()
    for batch in (batch for head in heads for batch in head.calls):
        everybody.update(batch.column("account_id").to_pylist())
        if "prompt_text" in batch.schema.names:
            half = pa.array(cut_chats(batch.column("prompt_text")))
            some.update(batch.column("account_id").filter(half).to_pylist())
    return len(everybody), len(some)


def _taken(found: Sequence[Fit]) -> str | None:
    """The map that ``score`` would take by itself."""
    canonical = next((fit for fit in found if fit.name == CANONICAL), None)
    if not found or (canonical is not None and canonical.is_good) or not found[0].is_good:
        return None
    return found[0].name


def _named(column_map: ColumnMap, is_given: bool, found: Sequence[Fit]) -> str:
    if is_given:
        return f"columns: {column_map.name}"
    fit = next(one for one in found if one.name == column_map.name)
    others = [f"{one.name} {one.calls:,}" for one in found if one.calls and one is not fit][:_SHOWN_NEAR]
    beside = f"; others: {', '.join(others)}" if others else ""
    if not fit.is_good:
        return "columns: no shipped map fits, and the canonical names do not"
    return f"columns: {fit.name}, which fits best ({fit.calls:,} of {plural(fit.rows, 'row')} are calls{beside})"


def _files(paths: Sequence[Path], heads: Sequence[Head], column_map: ColumnMap) -> Iterator[str]:
    yield f"the first {ROWS:,} rows or so of {plural(len(paths), 'file')}"
    bad = [place for place, head in enumerate(heads) if head.error or not head.scored]
    shown = sorted({*bad[:_SHOWN_FILES], *range(min(len(paths), _SHOWN_FILES - min(len(bad), _SHOWN_FILES - 1)))})
    for place in shown:
        path, head = paths[place], heads[place]
        what = head.error.removeprefix(f"{path}: ") if head.error else ""
        form = "" if what and not head.rows else f"{form_of(path, column_map).name}, "
        counts = f"{plural(head.rows, 'row')}, {plural(head.scored, 'call')}"
        yield f"  {path}: {form}{counts}{'; ' if what else ''}{what}"
    if len(shown) < len(paths):
        yield f"  and {plural(len(paths) - len(shown), 'file')} more"


def _fills(heads: Sequence[Head], scored: int) -> Iterator[str]:
    filled = sum((head.filled() for head in heads), Counter())
    yield f"{'column':<24}{'calls':>9}{'share':>8}"
    for name in CALL_SCHEMA.names:
        if filled[name]:
            yield f"{name:<24}{filled[name]:>9,}{100 * filled[name] / scored:>6.0f} %"


def _missing(column_map: ColumnMap, heads: Sequence[Head]) -> dict[str, list[str]]:
    """Columns of the map that no call has, with the paths where they were looked for."""
    filled = sum((head.filled() for head in heads), Counter())
    has_content = any(filled[name] for name in CONTENT)
    missing = {}
    for name, places in column_map.columns.items():
        is_content = name in CONTENT or name in CONVERSATION
        if not filled[name] and not (is_content and has_content):
            missing[name] = [path for place in places for path in place.paths if path != "*"]
    return missing


def _never_found(missing: dict[str, list[str]], own: Sequence[str], path: Path) -> Iterator[str]:
    if not missing:
        return
    names = names_of(path) if own else []
    near = {
        name: sorted({one for source in paths for one in near_to(source, names)} - set(paths))[:_SHOWN_NEAR]
        for name, paths in missing.items()
        if name in own
    }
    yield ""
    yield "found in no row"
    for name, paths in missing.items():
        if near.get(name):
            yield f"  {name} ({', '.join(paths[:_SHOWN_NEAR])}); near: {', '.join(near[name])}"
    if rest := [name for name in missing if not near.get(name)]:
        yield f"  {', '.join(rest)}"


def _rows(heads: Sequence[Head], show_text: bool) -> Iterator[str]:
    batches = [batch for head in heads for batch in head.calls]
    key = secrets.token_bytes(16)
    yield "the first calls" if show_text else "the first calls (of texts their length, and a hash to tell them apart)"
    shown = 0
    for batch in batches:
        for row in batch.slice(0, _SHOWN_ROWS - shown).to_pylist():
            shown += 1
            pairs = [f"{name} {_shown(row[name], key, show_text)}" for name in _TOLD if row.get(name) is not None]
            yield f"  {shown:>2}  {'  '.join(pairs)}"
        if shown == _SHOWN_ROWS:
            return


def _shown(value: Any, key: bytes, show_text: bool) -> str:
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, str)]
        return f"[{', '.join(_shown(one, key, show_text) for one in texts)}]" if texts else f"{len(value)} values"
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    if show_text:
        return repr(value if len(value) <= _TEXT else f"{value[:_TEXT]}...")
    return f"{len(value)}#{hashlib.blake2b(value.encode(), key=key, digest_size=3).hexdigest()}"


def _suggested(path: Path) -> Iterator[str]:
    """A first map out of usual names, where some are in the log."""
    names = names_of(path)
    last = {name.rpartition(".")[2].lower().replace("-", "_"): name for name in reversed(names)}
    found = {column: next((last[one] for one in usual if one in last), None) for column, usual in _USUAL.items()}
    if not any(found.values()):
        return
    yield ""
    yield "a map to begin with; look whether each name is what it says (docs/columns.md)"
    yield "  [columns]"
    yield from (f'  {column} = "{name}"' if name else f"  # {column} = ..." for column, name in found.items())
