"""A sheet for the owner of an account: what was seen of it alone, in words, for an appeal.

It names no other account, and says neither how sure the finding is, nor what weighs how much, nor where the alarm level
lies: who wants to pass below it next time learns nothing.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gauger.results.run import Run
from gauger.text import formats, words

_SHOWN = 6  # statistics
_ODD = 0.05  # two-sided tail probability
_ADDED_BY_ALL = ("today_share_", "union_similarity")  # says how it was found
_ROUNDED = ((0.01, "fewer than one in a hundred"), (_ODD, "fewer than one in twenty"))
_HEAD = """Account {account}

Between {start} and {end} UTC this account sent {calls}. It was
looked at together with others, because they act alike. That is no proof of wrongdoing.

"""
_FOOT = """
If there is an ordinary reason for this (a class, a tool that many use, a test of your own application, one customer
with many accounts), please say which, and who can confirm it. A person reads your answer.

No prompt of this account was kept for this sheet, and none is in it.
"""


def sheet(account: dict[str, Any], ranks: pa.Table, run: Run) -> str:
    """The sheet of an account, its row of accounts.parquet given, and the ranks of its finding's accounts."""
    window = run.manifest.get("window") or {}
    head = _HEAD.format(
        account=formats.shorten(account["account_id"]),
        start=formats.moment(str(window.get("start", ""))),
        end=formats.moment(str(window.get("end", ""))),
        calls=formats.plural(account["calls"] or 0, "call"),
    )
    own = ranks.filter(pc.equal(ranks["account_id"], account["account_id"])).to_pylist()
    told = [_line(row) for row in _odd(own)]
    seen = ["What was seen of it, beside accounts of earlier days:", *told] if told else [_NOTHING]
    return head + "\n".join(seen) + "\n" + _FOOT


_NOTHING = "Nothing of this account alone is unusual: it is alike to the others it was looked at with."


def _odd(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Its oddest statistics, those that say how it was found left out."""
    known = [
        row
        for row in rows
        if row["value"] is not None
        and (row["tail_probability"] or 1.0) < _ODD
        and not row["statistic"].startswith(_ADDED_BY_ALL)
    ]
    return sorted(known, key=lambda row: (row["tail_probability"], row["statistic"]))[:_SHOWN]


def _line(row: dict[str, Any]) -> str:
    share = next(said for most, said in _ROUNDED if row["tail_probability"] < most)
    side = "as high or higher" if row["at_least"] < row["at_most"] else "as low or lower"
    return f"- {words.statistic(row['statistic'])}: {formats.value(row['value'])}; {share} of them are {side}"
