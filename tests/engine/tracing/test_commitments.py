"""Commitments: one opening, nothing else; in time, or not at all."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.tracing.commitments import check, moment, opened, stamp
from tests.engine.tracing.made import WORDS, canaries, listed

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def document() -> dict[str, Any]:
    made = canaries()
    return json.loads(json.dumps(made.opening() | {"served": made.served}))


def test_the_hash_is_of_the_canonical_opening() -> None:
    made = canaries()
    written = json.dumps(made.opening(), sort_keys=True, separators=(",", ":")).encode("ascii")
    assert made.digest() == hashlib.sha256(written).hexdigest() == made.commitment()["sha256"]


def test_what_is_published_holds_no_secret() -> None:
    made = canaries()
    public = json.dumps(made.commitment()) + repr(made)
    assert made.seed.hex() not in public
    assert not any(word in public for word in WORDS)


def test_a_file_is_read_back() -> None:
    assert opened(document(), "f") == canaries()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"seed": "zz"},
        {"seed": "00"},
        {"seed": None},
        {"words": [*WORDS, WORDS[0]]},
        {"words": [*WORDS[:-1], "two words"]},
        {"words": WORDS[:10]},
        {"words": [1] * 700},
        {"slots": "40"},
        {"slots": True},
        {"slots": 10**9},
        {"created": "yesterday"},
        {"created": 3},
        {"served": []},
        {"listed": True},
        {"listed": 0},
    ],
)
def test_a_file_that_is_not_sound_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^f: (no file of canaries|not sound|the pairs named)"):
        opened(document() | json.loads(json.dumps(change)), "f")
    with pytest.raises(InputError):
        opened(list(change), "f")


def test_canaries_are_held_against_what_was_published() -> None:
    made = canaries()
    check(made, made.commitment(), "c", NOW)
    check(made, made.commitment(), "c", NOW, datetime(2026, 11, 2, tzinfo=UTC))
    for other in (
        replace(made, seed=bytes(32)),
        replace(made, words=(*WORDS[1:], WORDS[0])),
        replace(made, slots=39),
        replace(made, created="2026-10-01T08:00:00Z"),
        replace(made, campaign=8),
    ):
        with pytest.raises(InputError, match="only what is committed counts"):
            check(other, made.commitment(), "c", NOW)
    with pytest.raises(InputError, match="no commitment"):
        check(made, {"sha256": made.digest()}, "c", NOW)


def test_the_date_of_a_commitment_cannot_be_moved_in_the_published_file() -> None:
    made = canaries()
    with pytest.raises(InputError, match="not those committed to"):
        check(made, made.commitment() | {"created": "2020-01-01T00:00:00Z"}, "c", NOW)


def test_a_commitment_that_came_late_proves_nothing() -> None:
    made = canaries()
    with pytest.raises(InputError, match="after the outputs were obtained"):
        check(made, made.commitment(), "c", NOW, datetime(2026, 10, 31, tzinfo=UTC))
    with pytest.raises(InputError, match="in the future"):
        check(made, made.commitment(), "c", datetime(2026, 10, 1, tzinfo=UTC))


def test_times_are_whole_seconds_of_utc() -> None:
    assert stamp(moment("2026-11-01T08:00:00Z")) == "2026-11-01T08:00:00Z"
    with pytest.raises(ValueError, match="time"):
        moment("2026-11-01 08:00")


def test_a_response_is_given_a_pair_that_is_served() -> None:
    made = canaries()
    assert made.pair_for("a") == made.pair_for("a")
    assert {made.pair_for(str(number)) for number in range(500)} == set(made.served)


def test_canaries_of_a_list_are_read_back() -> None:
    made = listed()
    document = json.loads(json.dumps(made.opening() | {"served": made.served}))
    assert opened(document, "f") == made
    assert {" ".join(pair) for pair in made.served} < set(made.words)
    with pytest.raises(InputError, match="not sound"):
        opened(document | {"words": [*made.words[:-1], "only"]}, "f")
    with pytest.raises(InputError, match="not sound"):
        opened(document | {"listed": False}, "f")
