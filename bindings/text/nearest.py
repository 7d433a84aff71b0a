"""What to say when somebody asks for an id that does not exist: which ones do."""

from bisect import bisect_left
from difflib import SequenceMatcher

import pyarrow as pa

from gauger.text import formats

_SUGGESTIONS = 3
_COMPARED_LONGEST = 100  # characters of an id compared with another: the comparison is quadratic


def unknown_account(known: pa.ChunkedArray, wanted: str) -> str:
    """Return the message for an account id that is not there, naming the likest of its neighbours."""
    ids = sorted(known.to_pylist())
    if not ids:
        return "this run has no accounts"
    at = bisect_left(ids, wanted)
    around = ids[max(0, at - 100) : at + 100]
    around.sort(key=lambda known_id: -_likeness(known_id, wanted))
    nearest = ", ".join(formats.shorten(known_id) for known_id in around[:_SUGGESTIONS])
    return f"no account {formats.shorten(wanted)} among {len(ids):,}; the nearest ids are {nearest}"


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_COMPARED_LONGEST], other[:_COMPARED_LONGEST], autojunk=False).ratio()


def unknown_number(known: pa.ChunkedArray, wanted: int, noun: str) -> str:
    """Return the message for a campaign or family number that is not there, naming the nearest."""
    ids = known.to_pylist()
    if not ids:
        return f"no {noun} {wanted}: this run has none"
    nearest = sorted(ids, key=lambda known_id: (abs(known_id - wanted), known_id))[:_SUGGESTIONS]
    return f"no {noun} {wanted} among {len(ids):,}; the nearest are {', '.join(map(str, nearest))}"
