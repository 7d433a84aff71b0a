"""Sound rows: what pyarrow reads of them is what ``cells`` reads, and nothing odd counts as sound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.logs.files import cells, sound_rows

NAMES = ["a", "b", "c"]
# Whole rows, and what damage leaves of them.
CELLS = st.sampled_from(
    [b"", b"x", b" ", b'""', b'"x"', b'"x,y"', b'"x\ny"', b'"x""y"', b'"\n\n"', b"\xff", b"\0", b"\xef\xbb\xbf"]
)
ROWS = st.lists(CELLS, min_size=3, max_size=3).map(b",".join)
DAMAGE = st.sampled_from([b'"', b'"x', b'x"y', b'"x"y,', b",", b"\r", b"\n", b" \n", b"\r\n", b"x,,,", b'""x', b'","'])
TEXTS = st.lists(
    st.tuples(ROWS, DAMAGE | st.none() | st.none() | st.none(), st.sampled_from([b"\n", b"\r\n"])), max_size=8
)


def read_both(text: bytes) -> tuple[list[list[bytes]], list[list[bytes] | str]]:
    """What is read of the sound lines at the beginning of a text, and what ``cells`` reads of them."""
    lines = text.split(b"\n")
    sound, count = sound_rows.sound_lines(lines, b",", b'"')
    table = sound_rows.table(sound, NAMES, NAMES, b",", b'"') if count else None
    if table is None:
        return [], []
    found = [[cell or b"" for cell in row.values()] for row in table.to_pylist()]
    return found, list(cells.Rows([lines[:count]], b",").of(len(NAMES)))


@settings(max_examples=1_500, deadline=None)
@given(TEXTS)
def test_sound_rows_are_those_of_cells(parts: list[tuple[bytes, bytes | None, bytes]]) -> None:
    found, expected = read_both(b"".join(row + (damage or b"") + end for row, damage, end in parts))
    assert found == expected


def test_rows_up_to_an_open_quote_are_sound() -> None:
    lines = [b'1,"x\n', b'",3', b"4,5,6", b'7,"8', b"9"]
    text, count = sound_rows.sound_lines(b"\n".join(lines).split(b"\n"), b",", b'"')
    assert (text, count) == (b'1,"x\n\n",3\n4,5,6\n', 4)
    assert sound_rows.table(text, NAMES, ["c", "a"], b",", b'"').to_pylist() == [
        {"c": b"3", "a": b"1"},
        {"c": b"6", "a": b"4"},
    ]


@pytest.mark.parametrize("odd", [b'x"y,b,c', b'"x"y,b,c', b"a\rb,b,c", b"  ", b"\xef\xbb\xbfa,b,c", b'a,b,"c'])
def test_what_could_be_read_otherwise_is_not_sound(odd: bytes) -> None:
    assert sound_rows.sound_lines([odd, b'a,"b",c'], b",", b'"') == (b"", 0)
    assert sound_rows.sound_lines([b"a,b,c", None], b",", b'"') == (b"", 0)
    assert sound_rows.sound_lines([b"a,b,c"], b"::", b'"') == (b"", 0)


def test_rows_beyond_a_limit_are_left_to_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes | None] = [b'a,"b', *([b"x"] * 20), b'",c']
    assert sound_rows.sound_lines(lines, b",", b'"')[1] == len(lines)
    monkeypatch.setattr(sound_rows.limits, "CELL_LINES_MAX", 20)
    assert sound_rows.sound_lines(lines, b",", b'"')[1] == 0


def test_a_row_of_another_width_is_left_to_cells() -> None:
    assert sound_rows.table(b"1,2\n", NAMES, NAMES, b",", b'"') is None
