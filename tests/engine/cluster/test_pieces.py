"""Pieces: bytes of any number come back whole, whatever order their parts come in, and none is missed silently."""

import random
from pathlib import Path

import pytest

from gauger.engine.cluster import pieces
from gauger.engine.cluster.pieces import Arrived, Piece, batch_of, pieces_of
from gauger.engine.cluster.telling import told, untold, without_refused
from gauger.engine.common.errors import StateError
from gauger.engine.segments.segment import Account, Tally


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1_000])
def test_bytes_come_back_in_any_order_and_twice(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PART_BYTES", 100)
    data = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(data)
    sent = list(Piece.of("calls", 7, "a", data))
    assert sent == list(Piece.of_file("calls", 7, "a", tmp_path / "file"))
    came = list(pieces_of(map(batch_of, [*sent, *sent[:2]])))
    random.Random(1).shuffle(came)
    arrived = Arrived(tmp_path / "in")
    for piece in came:
        arrived.put(piece)
    assert list(arrived.each("calls")) == [(7, "a", data)]
    ((_, place),) = arrived.places("calls")
    Arrived.join(place, tmp_path / "joined")
    assert (tmp_path / "joined").read_bytes() == data


def test_a_missing_part_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PART_BYTES", 2)
    arrived = Arrived(tmp_path)
    for piece in list(Piece.of("calls", 0, "a", b"abcdef"))[1:]:
        arrived.put(piece)
    with pytest.raises(StateError, match="a part of calls is missing"):
        list(arrived.each("calls"))


def test_an_account_is_told_whole() -> None:
    account = Account(
        files={3: Tally(next_row=9, rows=9, scored=7, refused=1, left_out=1, ended=True, error="x")},
        refused_file=[3],
        refused_row=[4],
        refused_reason=["no account"],
        refused_account=[""],
        left_out={"spans": 1},
        filled={"prompt_text": [9, 8]},
        names={"request_model": [1, 2**64 - 1]},
        hours={493_000: 7},
        window=(5, 6),
        content="text",
        columns={"prompt_text", "account_id"},
        novelty_day="2026-03-16",
    )
    assert untold(told(account)) == account
    assert untold(told(Account())) == Account()
    assert without_refused(account).refused_row == []
    assert without_refused(account).files == account.files
