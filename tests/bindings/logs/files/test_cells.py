"""Cells: what the csv module reads of sound text, and every physical line in a row of torn text."""

import csv
import io
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.logs.files import cells, limits


def rows(text: bytes, expected: int | None = None, separator: bytes = b",") -> list[list[bytes] | str]:
    return list(cells.Rows([text.split(b"\n")], separator).of(expected))


@given(
    st.lists(st.lists(st.text('ab,"\n ;\u00fc', max_size=4), min_size=2, max_size=2), max_size=4),
    st.sampled_from([",", ";"]),
    st.booleans(),
)
def test_what_the_csv_module_writes(table: list[list[str]], separator: str, all_quoted: bool) -> None:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=separator, lineterminator="\n", quoting=quoting).writerows(table)
    found = rows(out.getvalue().encode(), 2, separator.encode())
    assert found == [[cell.encode() for cell in row] for row in table]


def test_quotes_within_a_cell_are_letters_and_carriage_returns_end_lines() -> None:
    assert rows(b'5" disk,b\r\n\r\n  \na,"x\r\ny"\r\n') == [[b'5" disk', b"b"], [b"a", b"x\r\ny"]]


@pytest.mark.parametrize("torn", [b'a,"torn', b'a,"torn"x', b'"a'])
def test_a_torn_line_costs_itself(torn: bytes) -> None:
    good = [b"b%d,hello" % number for number in range(50)]
    found = rows(b"\n".join([*good, torn, *good]), 2)
    assert found == [*(line.split(b",") for line in good), cells.TORN, *(line.split(b",") for line in good)]


def test_a_cell_closed_by_the_quote_of_another_row_is_torn() -> None:
    found = rows(b'a,"torn\nb,"x"\nc,"y"\nd,"torn,\n"e","z"', 2)
    assert found == [cells.TORN, [b"b", b"x"], [b"c", b"y"], cells.TORN, [b"e", b"z"]]


def test_a_cell_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CELL_LINES_MAX", 10)
    assert rows(b'a,"' + b"x\n" * 8 + b'"', 2) == [[b"a", b"x\n" * 8]]
    assert rows(b'a,"' + b"x\n" * 12 + b'",b', 2)[:2] == [cells.TORN, [b"x"]]
    monkeypatch.setattr(limits, "CELL_BYTES_MAX", 20)
    assert rows(b'a,"' + b"x" * 9 + b"\n" + b"y" * 9 + b'"\nb,c', 2)[0] == cells.TORN
    assert list(cells.Rows([[b"a,b", None, b"c,d"]], b",")) == [[b"a", b"b"], cells.TOO_LONG, [b"c", b"d"]]


def test_torn_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TORN_QUOTES_MAX", 5)
    with pytest.raises(cells.TooManyTornError):
        rows(b'a,"x"y\n' * 6)
    assert rows(b'a,"x"y\n' * 5) == [cells.TORN] * 5


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_may_come_in_any_blocks(size: int) -> None:
    lines: list[bytes | None] = [b'a,"one', b"", b'two"', b"b,c"]
    blocks = [lines[at : at + size] for at in range(0, 4, size)]
    assert list(cells.Rows(chain(blocks, [[]]), b",")) == [[b"a", b"one\n\ntwo"], [b"b", b"c"]]


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        (b"a,b", b","),
        (b"a;b", b";"),
        (b"a\tb", b"\t"),
        (b"a|b", b"|"),
        (b"a", b","),
        (b"a;b,c", b","),
        (b'"a,b";c', b";"),
    ],
)
def test_the_separator_is_told_by_the_header(header: bytes, separator: bytes) -> None:
    assert cells.separator_of(header) == separator


def test_a_header_that_could_be_cut_at_several_is_not_guessed_at() -> None:
    with pytest.raises(cells.AmbiguousError):
        cells.separator_of(b"a;b|c")
