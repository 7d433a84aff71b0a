"""Values: what a log writes where it has none, and identifiers as they were before a table touched them.

Every text but the prompt is rid of white space around it and of null markers. Prompts stay as they are: one that is
nothing but a marker is a placeholder, and no prompt.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from gauger.engine.common.schema import CALL_SCHEMA, TIMESTAMP
from gauger.engine.intake import addresses, casting
from gauger.engine.intake.casting import Cast, mask

_MARKERS = (
    *("\\n", "null", "none", "nil", "nan", "undefined", "n/a", "#n/a", "<na>", "-", "--", "(null)", "<null>", "<nil>"),
    *("<none>", "(none)", "[null]", "{}", "[]", '""', "''", "00000000-0000-0000-0000-000000000000"),
)
# What databases, languages and spreadsheets write for nothing, in the cases they come in.
NULL_MARKERS = frozenset(case for one in _MARKERS for case in (one, one.upper(), one.title())) | {"", "NaN", "#NA"}
# Accounts that stand for "somebody": LiteLLM's proxy admin, to whom it books every key that is no user's.
PLACEHOLDER_ACCOUNTS = frozenset({"default_user_id", "default_team_id", "litellm_proxy_master_key"})
# What a proxy writes in the place of an address it does not know (RFC 7239).
_NO_ADDRESS = frozenset({"unknown", "_hidden", "_unknown", "localhost", "0.0.0.0", "::"})
IDENTIFIERS = frozenset(
    ("account_id", "org_id", "api_key_hash", "conversation_id", "response_id", "payment_fingerprint")
)
_NULLS = {
    "account_id": NULL_MARKERS | PLACEHOLDER_ACCOUNTS,
    "client_address": NULL_MARKERS | _NO_ADDRESS,
}
_TEXTS = frozenset(field.name for field in CALL_SCHEMA if field.type == pa.string() and field.name != "prompt_text")
_TIMES = frozenset(field.name for field in CALL_SCHEMA if field.type == TIMESTAMP)
_EXACT = 2.0**53  # above, a floating-point number has no room for the last digit of a whole one
_LOST_DIGITS = "has lost digits: it was kept as a floating-point number"
_FLOAT = r"^[+-]?\d+\.\d*(?:[eE]\+?\d+)?$|^[+-]?\d+[eE]\+\d+$"  # 12e45 may be the hash of a key


@dataclass(frozen=True)
class Cleaned:
    """A column of its canonical type, and how many of its rows held something before it was read."""

    cast: Cast
    given: int

    @property
    def used(self) -> int:
        """Rows whose value could be read."""
        return len(self.cast.array) - int(self.cast.array.null_count)


def clean(name: str, array: pa.Array) -> Cleaned:
    """Column ``name``, in any layout, as its canonical type; a value that says nothing is null, and no fault.

    Raises ``InputError`` as ``casting.cast`` does.
    """
    array = casting.decode(array)
    if name == "prompt_text":
        return Cleaned(casting.cast(array, pa.string()), _given(array))
    faults: tuple[casting.Fault, ...] = ()
    if name in _TEXTS and casting.is_list(array.type):
        array = pa.array([plain(name, value) for value in array.to_pylist()], pa.string())
    if casting.is_text(array.type):
        text = casting.cast(array, pa.string())
        array, faults = without_markers(name, text.array), text.faults
    read = _read(name, array)
    return Cleaned(Cast(read.array, faults + read.faults), _given(array) + sum(int(rows.sum()) for rows, _ in faults))


def _given(array: pa.Array) -> int:
    if pt.is_floating(array.type):
        return pc.sum(pc.is_finite(array)).as_py() or 0
    return len(array) - int(array.null_count)


def _read(name: str, array: pa.Array) -> Cast:
    if name in _TIMES:
        return casting.times(array, dates=name != "start_time")
    if name in IDENTIFIERS:
        return _identifiers(array)
    text = array.type == pa.string() and name in _TEXTS  # checked already
    found = Cast(array) if text else casting.cast(array, CALL_SCHEMA.field(name).type)
    return Cast(addresses.normalised(found.array), found.faults) if name == "client_address" else found


def without_markers(name: str, text: pa.StringArray) -> pa.StringArray:
    """``text`` of column ``name`` without white space around it, and without what stands for nothing."""
    text = pc.utf8_trim_whitespace(text)
    nothing = pc.is_in(text, pa.array(sorted(_NULLS.get(name, NULL_MARKERS))))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), text) if pc.any(nothing).as_py() else text


def _identifiers(array: pa.Array) -> Cast:
    """Identifiers as text; whole numbers that a table made floating-point ones have their digits back."""
    if pt.is_floating(array.type):
        array = array.cast(pa.float64())
        whole = pc.and_(pc.equal(array, pc.floor(array)), pc.less(pc.abs(array), _EXACT))
        lost = mask(pc.greater_equal(pc.abs(array), _EXACT).fill_null(False))
        digits = pc.if_else(whole, array, None).cast(pa.int64()).cast(pa.string())
        other = casting.cast(pc.if_else(pa.array(lost), None, array), pa.string()).array
        return Cast(pc.coalesce(digits, other), ((lost, _LOST_DIGITS),) if lost.any() else ())
    found = Cast(array) if array.type == pa.string() else casting.cast(array, pa.string())
    odd = pc.match_substring_regex(found.array, _FLOAT).fill_null(False)
    if not pc.any(odd).as_py():
        return found
    encoded = found.array.dictionary_encode()
    digits = pa.array([_digits(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
    lost = mask(pc.and_(digits.is_null(), found.array.is_valid()))
    return Cast(digits, (*found.faults, *(((lost, _LOST_DIGITS),) if lost.any() else ())))


def _digits(text: str) -> str | None:
    """A number as a table writes it without ``.0`` or exponent; None where its digits are not all there."""
    if not re.match(_FLOAT, text):
        return text
    number, _, exponent = text.lower().partition("e")
    whole, _, fraction = number.partition(".")
    if not exponent:
        return text if fraction.strip("0") else whole if abs(float(whole)) < _EXACT else None
    value = float(text)
    # A spreadsheet writes 1.23E+11 for twelve digits of its own; Java writes 1.23456789E8 for all there are.
    return str(int(value)) if "+" not in exponent and value.is_integer() and abs(value) < _EXACT else None


# Values out of records, before they are Arrow arrays
_DEPTH_MAX = 8  # of lists around a text: no log writes more


def plain(name: str, value: Any, depth: int = 0) -> Any:
    """A JSON-like value as column ``name`` takes it: of a list in a column of text its first text that says something,
    of an object in a column of times its JSON.
    """
    if isinstance(value, list) and name in _TEXTS:
        said = (plain(name, one, depth + 1) for one in value) if depth < _DEPTH_MAX else ()
        return next((one for one in said if isinstance(one, str | int) and not says_nothing(name, one)), None)
    if isinstance(value, dict) and name in _TIMES:
        return casting.to_json(value)
    return value


def says_nothing(name: str, value: Any) -> bool:
    """Whether a JSON-like value stands for nothing in column ``name``, so that another place may be asked."""
    if value is None or value == []:
        return True
    if not isinstance(value, str) or len(value) > _SHORT:
        return False
    text = value.strip()
    if name == "prompt_text":
        return text == "" or _PLACEHOLDER.fullmatch(text) is not None
    return text in _NULLS.get(name, NULL_MARKERS)


def all_say_something(name: str, column: Sequence[Any]) -> bool:
    """Whether all of some JSON-like values certainly say something in column ``name``: one look at each."""
    try:
        return name != "prompt_text" and _NULLS.get(name, NULL_MARKERS).isdisjoint(map(str.strip, column))
    except TypeError:  # not texts alone
        return False


def any_says_nothing(name: str, text: pa.StringArray) -> bool:
    """Whether any of the texts, or of the nulls, stands for nothing in column ``name``."""
    if name == "prompt_text":
        return bool(text.null_count or casting.empty(text).any() or placeholders(text).any())
    return bool(without_markers(name, text).null_count)


# Prompts that are none

_SHORT = 96  # bytes; no placeholder is longer
_BRACKETS = (r"[\[<({*_\"'` ]*", r"[\])>}*_\"'` .]*")
_PARTS_OF_A_CALL = (
    r"(?:prompt|content|message|text|input|request|data|body)s?(?: has| have)?(?: is| are| was| were| been)?"
)
# Markers, and what proxies write instead of a text they may not keep.
_PLACEHOLDERS = (
    *(re.escape(marker) for marker in sorted({one.lower() for one in NULL_MARKERS} - {""})),
    r"\*{3,}",
    r"\[object object\]",
    # At most three words follow: who writes more behind it has said something.
    rf"{_BRACKETS[0]}(?:(?:the |this )?{_PARTS_OF_A_CALL}[ _:-]{{1,2}}{_BRACKETS[0]})?redacted"
    rf"(?:[ _-](?:by|for|due to)[ _-][\w.-]+(?: [\w.-]+){{0,2}})?{_BRACKETS[1]}",
    rf"[\[<({{*]+(?:{_PARTS_OF_A_CALL}[ _:-]{{1,2}})?"
    r"(?:masked|removed|hidden|filtered|filtered out|omitted|scrubbed|elided|empty|not logged|no content)[\])>}*]+",
    "default-message-value",  # LiteLLM's, for a call without messages
)
_PLACEHOLDER = re.compile("|".join(_PLACEHOLDERS), re.IGNORECASE)
_PLACEHOLDER_ROWS = rf"(?i)^\s*(?:{'|'.join(_PLACEHOLDERS)})\s*$"
_LENIENT = json.JSONDecoder(strict=False)  # a line break within a string is no end
_HALF_A_WORD = len("\\u000")
_CHAT = r'^\s*(?:\[\s*)?\{\s*"(?:role|content|messages|parts|contents)"\s*:'


def placeholders(prompts: pa.StringArray) -> np.ndarray:
    """Which prompts are nothing but a marker that no text was kept. Bool, one per row."""
    short = mask(pc.less_equal(pc.binary_length(prompts), _SHORT).fill_null(False))
    return _among(prompts, short, lambda some: mask(pc.match_substring_regex(some, _PLACEHOLDER_ROWS)))


def cut_chats(prompts: pa.StringArray) -> np.ndarray:
    """Which prompts begin as a chat in JSON and break off before it ends. Bool, one per row.

    JSON that is wrong in the middle, or has words behind it, is what somebody wrote.
    """
    chats = mask(pc.match_substring_regex(prompts, _CHAT).fill_null(False))
    return _among(prompts, chats, lambda some: np.array([_breaks_off(text) for text in some.to_pylist()], dtype=bool))


def _among(prompts: pa.StringArray, rows: np.ndarray, test: Callable[[pa.StringArray], np.ndarray]) -> np.ndarray:
    """``test`` of some rows, False for the others."""
    found = np.zeros(len(prompts), dtype=bool)
    if rows.any():
        found[rows] = test(prompts.filter(pa.array(rows)))
    return found


def _breaks_off(text: str) -> bool:
    try:
        _LENIENT.raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        # The reader stands at the end, or a few letters before it in half a word or half an escape.
        return error.msg.startswith("Unterminated string") or error.pos >= len(error.doc.rstrip()) - _HALF_A_WORD
    except RecursionError:
        return False
    return False
