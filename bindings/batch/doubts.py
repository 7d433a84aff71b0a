"""Doubts: what in a run says that its log was not read as it was meant. A sentence each, never a value of the log.

A run with doubts ends with exit code 1, and its days do not become reference: a day half read is no baseline.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gauger.batch.inputs import Input
from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, CONVERSATION, REQUIRED
from gauger.engine.intake import conversation
from gauger.engine.plan.finish import Finished
from gauger.engine.segments.deliveries import DELIVERED_AGAIN
from gauger.engine.segments.segment import NAMES_MAX, Account
from gauger.logs.columns import ColumnMap
from gauger.logs.near_names import names_of, near_to
from gauger.text.formats import plural

SHARE_MAX = 0.05  # of rows refused, of files without a call, of a column's values that cannot be read
FILE_ROWS_MIN = 20  # a shorter file says nothing by itself: many logs have a file a call
PROMPT_SHARE, PROMPT_CALLS_MIN, PROMPT_ACCOUNTS_MIN = 0.5, 50, 10  # from where on one text for all is no prompt
ACCOUNT_SHARE, ACCOUNT_CALLS_MIN, NAMES_MIN = 0.95, 10, 3  # from where on one account for all is no account
CUT_CALLS_MIN = 5  # of an account, cut off, before it is said that it hides behind that
_CUT = ("prompt is cut off JSON", f"prompt {conversation.CUT}")
_SHOWN = 3  # files, reasons


def doubts_of(
    inputs: Sequence[Input], account: Account, finished: Finished, column_map: ColumnMap, own: Iterable[str]
) -> list[str]:
    """What is odd in a run, worst first.

    own : columns that the user's own map names, which are meant to be found
    """
    return [
        *_rows(inputs, account),
        *_files(inputs, account),
        *_never_found(inputs, account, column_map, own),
        *_unreadable(account),
        *_one_prompt(finished, account.scored),
        *_one_account(finished, account),
        *_cut(finished, account),
    ]


def unread(inputs: Sequence[Input]) -> str | None:
    """Why a run cannot stand for its day though what was read of it is sound: files that failed."""
    failed = sum(item.error is not None for item in inputs)
    many = failed > SHARE_MAX * len(inputs)
    return f"{failed:,} of {plural(len(inputs), 'file')} could not be read" if many else None


def filled(account: Account) -> dict[str, float]:
    """The share of rows that each canonical column says something in, of all that may be calls."""
    rows = sum(tally.rows - tally.left_out for tally in account.files.values())
    rows += account.left_out.get(DELIVERED_AGAIN, 0)  # their columns were counted before it was known
    found = {name: account.filled[name][1] for name in CALL_SCHEMA.names if name in account.filled}
    return {name: round(used / max(1, rows), 6) for name, used in found.items()}


def _reasons(reasons: Iterable[str]) -> str:
    counted = Counter(reasons).most_common()
    named = [f"{reason} ({number:,})" for reason, number in counted[:_SHOWN]]
    more = sum(number for _, number in counted[_SHOWN:])
    return "; ".join([*named, *([f"other reasons ({more:,})"] if more else [])])


def _rows(inputs: Sequence[Input], account: Account) -> Iterator[str]:
    """Rows refused, in the run and in single files. Files with an error have said what is wrong with them."""
    sound = {number: item for number, item in enumerate(inputs) if item.error is None}
    rows = sum(item.rows - item.left_out for item in sound.values())
    if not account.scored and not rows and len(sound) == len(inputs):
        found = sum(item.left_out for item in inputs)
        what = f"{plural(found, 'row')} read, none of them a call" if found else "nothing to read"
        yield f"no call in {plural(len(inputs), 'file')}: {what}"
        return
    own = [reason for file, reason in zip(account.refused_file, account.refused_reason, strict=True) if file in sound]
    if len(own) > SHARE_MAX * rows:
        yield f"{len(own):,} of {rows:,} rows refused: {_reasons(own)}"
    bad = [number for number, item in sound.items() if item.rows >= FILE_ROWS_MIN and _is_refused(item)]
    if len(inputs) == 1 or len(bad) == len(inputs):
        return
    for number in bad[:_SHOWN]:
        item = sound[number]
        refused = zip(account.refused_file, account.refused_reason, strict=True)
        reasons = _reasons(reason for file, reason in refused if file == number)
        yield f"{item.path}: {item.quarantined:,} of {item.rows - item.left_out:,} rows refused: {reasons}"
    if len(bad) > _SHOWN:
        yield f"{plural(len(bad) - _SHOWN, 'file')} more with more than {SHARE_MAX:.0%} of their rows refused"


def _is_refused(item: Input) -> bool:
    return item.quarantined > SHARE_MAX * (item.rows - item.left_out)


def _files(inputs: Sequence[Input], account: Account) -> Iterator[str]:
    """Files that were read and gave no call, where they are more than stray ones. Empty files are quiet hours."""
    without = [item for item in inputs if item.error is None and not item.scored and not item.left_out and item.bytes]
    if not account.scored or len(without) <= SHARE_MAX * len(inputs):
        return
    named = ", ".join(str(item.path) for item in without[:_SHOWN])
    more = f" and {len(without) - _SHOWN:,} more" if len(without) > _SHOWN else ""
    yield f"{len(without):,} of {len(inputs):,} files gave no call: {named}{more}"


def _never_found(inputs: Sequence[Input], account: Account, column_map: ColumnMap, own: Iterable[str]) -> Iterator[str]:
    """Columns that the user's map names and no row has, with names of the log that come near."""
    if not any(account.filled.values()):
        return
    given = {name for name, (rows, _) in account.filled.items() if rows}
    known = {*given, *CONVERSATION}  # whole chats become other columns
    if any(name in given for name in CONTENT):
        known.update(CONTENT)
    wanted = {name: column_map.columns[name] for name in own if name in column_map.columns.keys() - known}
    if not wanted:
        return
    names = names_of(inputs[0].path)
    for name, places in wanted.items():
        paths = [path for place in places for path in place.paths if path != "*"]
        near = sorted({found for path in paths for found in near_to(path, names)})
        hint = f"; near: {', '.join(near[:_SHOWN])}" if near else ""
        yield f"{name} ({', '.join(paths[:_SHOWN])}) was found in no row{hint}"


def _unreadable(account: Account) -> Iterator[str]:
    """Optional columns whose values are there, and are not what the column holds."""
    for name, (given, used) in sorted(account.filled.items()):
        lost = given - used
        if name not in (*REQUIRED, *CONTENT) and lost > SHARE_MAX * given:
            which = f"none of its {given:,} values can" if not used else f"{lost:,} of its {given:,} values cannot"
            yield f"{name}: {which} be read, and they are left out"


def _one_prompt(finished: Finished, calls: int) -> Iterator[str]:
    """One text for nearly everybody."""
    top = int(finished.day.prompts.calls.max(initial=0)) if calls >= PROMPT_CALLS_MIN else 0
    if top <= PROMPT_SHARE * calls:
        return
    people, owners = finished.day.people, 0
    for unit in finished.units:  # an account is in one unit only
        owner = finished.day.calls(unit).owner
        owners += len(np.unique(owner[finished.spread.repeats[unit] == top]))
    total = len(people.calls)
    if owners >= PROMPT_ACCOUNTS_MIN and owners > PROMPT_SHARE * total:
        yield (
            f"one text is the prompt of {top:,} of {calls:,} calls and {owners:,} of {total:,} accounts: "
            "it looks like a placeholder for prompts that were not kept"
        )


def _one_account(finished: Finished, account: Account) -> Iterator[str]:
    """One account for all, where other columns tell its calls apart."""
    calls = account.scored
    top = int(finished.day.people.calls.max(initial=0)) if calls >= ACCOUNT_CALLS_MIN else 0
    column, hashes = max(account.names.items(), key=lambda pair: len(pair[1]), default=("", []))
    if top > ACCOUNT_SHARE * calls and len(hashes) >= NAMES_MIN:
        several = f"at least {NAMES_MAX}" if len(hashes) == NAMES_MAX else f"{len(hashes)}"
        yield (
            f"one account has {top:,} of {calls:,} calls, while {column} names {several}: "
            "account_id may be that of a proxy and not of those who use it"
        )


def _cut(finished: Finished, account: Account) -> Iterator[str]:
    """Accounts that nearly always send what is refused as cut off: anybody can write half a chat on purpose."""
    pairs = zip(account.refused_account, account.refused_reason, strict=True)
    cut = Counter(name for name, reason in pairs if name and reason in _CUT)
    often = {name: number for name, number in cut.items() if number >= CUT_CALLS_MIN}
    if not often:
        return
    found = finished.result.accounts
    scored = dict(zip(found.column("account_id").to_pylist(), found.column("calls").to_pylist(), strict=True))
    hidden = sum(number > scored.get(name, 0) for name, number in often.items())
    if hidden:
        yield (
            f"most prompts of {plural(hidden, 'account')} were refused as cut off JSON, which anybody can write: "
            "quarantine.parquet names them"
        )
