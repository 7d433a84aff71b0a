"""Doubts: what in a run says that its log was not read as it was meant. A sentence each, never a value of the log.

A run with doubts ends with exit code 1, and its days do not become reference: a day half read is no baseline. So nobody
must be able to raise one by what a few accounts send: what clients write counts where it is that of many accounts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from gauger.batch.inputs import Input
from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, CONVERSATION, REQUIRED
from gauger.engine.plan.finish import Finished
from gauger.engine.segments.deliveries import DELIVERED_AGAIN
from gauger.engine.segments.recorded import NAMING
from gauger.engine.segments.segment import HALF_CHATS, NAMES_MAX, Account
from gauger.logs.columns import ColumnMap
from gauger.logs.near_names import names_of, near_to
from gauger.text.formats import plural

SHARE_MAX = 0.05  # of rows refused, of files without a call, of a column's values that cannot be read
FILE_ROWS_MIN = 20  # a shorter file says nothing by itself: many logs have a file a call
PROMPT_SHARE, PROMPT_CALLS_MIN, PROMPT_ACCOUNTS_MIN = 0.5, 50, 10  # from where on one text for all is no prompt
ACCOUNT_SHARE, ACCOUNT_CALLS_MIN, NAMES_MIN = 0.95, 10, 3  # from where on one account for all is no account
# Of all accounts so many, and in a file at least so many, are set aside: those with most rows refused for what they
# sent.
FEW_SHARE, FEW_IN_A_FILE = 0.2, 10
_SENT = "prompt "  # how a reason begins of a row that its account can have refused by what it sends
WRITTEN_SHARE = 0.5  # in place of ``SHARE_MAX``, of the columns that clients write
WRITTEN = ("client_address", *(name for name in CALL_SCHEMA.names if name.startswith("request_")))
HIDDEN_CALLS_MIN = 5  # of an account, refused, before it is said that it hides behind that
_SHOWN = 3  # files, reasons


def doubts_of(
    inputs: Sequence[Input], account: Account, finished: Finished, column_map: ColumnMap, own: Iterable[str]
) -> list[str]:
    """What is odd in a run, worst first.

    own : columns that the user's own map names, which are meant to be found
    """
    few = _few(finished, account)
    return [
        *_rows(inputs, account, few),
        *_files(inputs, account, few),
        *_never_found(inputs, account, column_map, own),
        *_unreadable(account),
        *_one_prompt(finished, account.scored),
        *_one_account(finished, account),
        *half_chats(len(finished.day.people.calls), account.named(HALF_CHATS)),
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


def _reasons(account: Account, places: Iterable[int]) -> str:
    counted = Counter(account.refused_reason[place] for place in places).most_common()
    named = [f"{reason} ({number:,})" for reason, number in counted[:_SHOWN]]
    more = sum(number for _, number in counted[_SHOWN:])
    return "; ".join([*named, *([f"other reasons ({more:,})"] if more else [])])


def _is_sent(account: Account, place: int) -> bool:
    """Whether a refused row is refused for what an account sent that is known."""
    return account.refused_account[place] != "" and account.refused_reason[place].startswith(_SENT)


def _few(finished: Finished, account: Account) -> int:
    """How many accounts are too few to speak against a log: a fifth of them."""
    refused = {name for place, name in enumerate(account.refused_account) if _is_sent(account, place)}
    return int(FEW_SHARE * len(refused.union(finished.day.people.account_ids))) if refused else 0


def _against(account: Account, places: Sequence[int], few: int) -> list[int]:
    """Those of some refused rows that speak against the log: all but what the few accounts sent with most of them.

    Anybody can send an empty prompt, an image or half a chat.
    """
    sent = Counter(account.refused_account[place] for place in places if _is_sent(account, place))
    aside = set(sorted(sent, key=lambda name: (-sent[name], name))[:few])
    return [place for place in places if account.refused_account[place] not in aside or not _is_sent(account, place)]


def _rows(inputs: Sequence[Input], account: Account, few: int) -> Iterator[str]:
    """Rows refused, in the run and in single files. Files with an error have said what is wrong with them."""
    sound = {number: item for number, item in enumerate(inputs) if item.error is None}
    rows = sum(item.rows - item.left_out for item in sound.values())
    if not account.scored and not rows and len(sound) == len(inputs):
        found = sum(item.left_out for item in inputs)
        what = f"{plural(found, 'row')} read, none of them a call" if found else "nothing to read"
        yield f"no call in {plural(len(inputs), 'file')}: {what}"
        return
    of_file: dict[int, list[int]] = {number: [] for number in sound}
    for place, file in enumerate(account.refused_file):
        if file in sound:
            of_file[file].append(place)
    own = list(chain.from_iterable(of_file.values()))
    against = _against(account, own, few)
    if len(against) > SHARE_MAX * (rows - len(own) + len(against)):
        yield f"{len(own):,} of {rows:,} rows refused: {_reasons(account, own)}"
    bad = [number for number, item in sound.items() if _is_refused(item, account, of_file[number], few)]
    if len(inputs) == 1 or len(bad) == len(inputs):
        return
    for number in bad[:_SHOWN]:
        item, reasons = sound[number], _reasons(account, of_file[number])
        yield f"{item.path}: {item.quarantined:,} of {item.rows - item.left_out:,} rows refused: {reasons}"
    if len(bad) > _SHOWN:
        yield f"{plural(len(bad) - _SHOWN, 'file')} more with more than {SHARE_MAX:.0%} of their rows refused"


def _is_refused(item: Input, account: Account, places: Sequence[int], few: int) -> bool:
    rows = item.rows - item.left_out
    if item.rows < FILE_ROWS_MIN or item.quarantined <= SHARE_MAX * rows:
        return False
    against = _against(account, places, max(FEW_IN_A_FILE, min(few, int(FEW_SHARE * rows))))
    return len(against) > SHARE_MAX * (rows - len(places) + len(against))


def _files(inputs: Sequence[Input], account: Account, few: int) -> Iterator[str]:
    """Files that were read and gave no call, where they are more than stray ones. Empty files are quiet hours."""
    against = {account.refused_file[place] for place in _against(account, range(len(account.refused_file)), few)}
    without = [
        item
        for number, item in enumerate(inputs)
        if item.error is None and not item.scored and not item.left_out and item.bytes
        if not item.rows or number in against
    ]
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
        lost, most = given - used, WRITTEN_SHARE if name in WRITTEN else SHARE_MAX
        if name not in (*REQUIRED, *CONTENT) and lost > most * given:
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
    column, hashes = max(((name, account.names.get(name, [])) for name in NAMING), key=lambda pair: len(pair[1]))
    if top > ACCOUNT_SHARE * calls and len(hashes) >= NAMES_MIN:
        several = f"at least {NAMES_MAX}" if len(hashes) == NAMES_MAX else f"{len(hashes)}"
        yield (
            f"one account has {top:,} of {calls:,} calls, while {column} names {several}: "
            "account_id may be that of a proxy and not of those who use it"
        )


def half_chats(accounts: int, some: int) -> Iterator[str]:
    """Prompts that break off as chats in JSON do, of some of all accounts: one account's are what it wrote."""
    if some > max(FEW_SHARE * accounts, min(1, accounts - 1)):
        yield (
            f"prompts of {min(some, accounts):,} of {plural(accounts, 'account')} begin as a chat in JSON and "
            "break off: the log may have cut them; a map that names the column messages refuses those"
        )


def unseen(account: Account) -> Iterator[str]:
    """A log of which most calls say little beside what cannot be read."""
    share = filled(account).get("attachments", 0.0)
    if share > WRITTEN_SHARE:
        yield (
            f"{share:.0%} of the calls carry an image, audio or another file that holds no text: what they say beside "
            "it is all that is measured"
        )


def hidden(finished: Finished, account: Account) -> Iterator[str]:
    """Accounts of whose prompts most are refused. No doubt about the log: anybody can have them refused on purpose."""
    sent = [place for place in range(len(account.refused_account)) if _is_sent(account, place)]
    refused = Counter(account.refused_account[place] for place in sent)
    often = {name: number for name, number in refused.items() if number >= HIDDEN_CALLS_MIN}
    if not often:
        return
    found = finished.result.accounts
    scored = dict(zip(found.column("account_id").to_pylist(), found.column("calls").to_pylist(), strict=True))
    names = {name for name, number in often.items() if number > scored.get(name, 0)}
    if names:
        reasons = _reasons(account, (place for place in sent if account.refused_account[place] in names))
        yield (
            f"most prompts of {plural(len(names), 'account')} were refused, which anybody can bring about: "
            f"{reasons}; quarantine.parquet names them"
        )
