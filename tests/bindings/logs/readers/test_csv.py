"""CSV: nothing guessed, broken rows numbered, foreign bytes kept for intake to judge."""

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits, sound_rows, streams
from gauger.logs.readers.chunk import Chunk

CANONICAL = load_column_map(None)
HEADER = b"start_time,account_id,prompt_text\n"
GOOD = b"2026-11-20T12:00:00Z,00123,hello\n"


def read(path: Path, content: bytes, batch_rows: int = 65_536) -> list[Chunk]:
    path.write_bytes(content)
    return list(readers.read(path, CANONICAL, batch_rows=batch_rows))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


def test_cells_are_not_guessed_at(path: Path) -> None:
    [chunk] = read(path, HEADER + b'1795176000,00123,"a ""quoted""\nnewline, and comma"\n')
    [row] = intake.admit(chunk.batch).calls.to_pylist()
    assert (row["account_id"], row["prompt_text"]) == ("00123", 'a "quoted"\nnewline, and comma')
    assert row["start_time"].year == 2026


def test_a_byte_order_mark_and_columns_in_any_order(path: Path) -> None:
    [chunk] = read(path, b"\xef\xbb\xbfprompt_text,x,account_id,start_time\nhello,,a,2026-11-20T12:00:00Z\n")
    assert intake.admit(chunk.batch).rows.tolist() == [0]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize("odd_cell", [b"x", b"\xff"], ids=["utf-8", "not utf-8"])
def test_broken_rows_keep_the_numbers_of_the_others_right(path: Path, batch_rows: int, odd_cell: bytes) -> None:
    too_few, too_many = odd_cell + b"\n", odd_cell + b",x,x,x\n"
    chunks = read(path, HEADER + GOOD + too_few + GOOD + too_many + too_few + b"\n" + GOOD, batch_rows)
    broken = [entry for chunk in chunks for entry in chunk.broken]
    assert [row for chunk in chunks for row in chunk.rows.tolist()] == [0, 2, 5]
    assert broken == [(1, "row has 1 cells, not 3"), (3, "row has 4 cells, not 3"), (4, "row has 1 cells, not 3")]


def test_nothing_but_broken_rows(path: Path) -> None:
    [chunk] = read(path, HEADER + b"x\ny\n")
    assert [row for row, _ in chunk.broken] == [0, 1]
    assert intake.admit(chunk.batch).calls.num_rows == 0


def test_bad_utf8_refuses_its_own_row_only(path: Path) -> None:
    text = "gr\u00fc\u00df".encode()
    [chunk] = read(
        path, HEADER + GOOD + b"2026-11-20T12:00:00Z,a,\xff\xfe\n" + b"2026-11-20T12:00:00Z,b," + text + b"\n"
    )
    admitted = intake.admit(chunk.batch)
    assert (admitted.rejected.tolist(), admitted.reasons) == ([1], ["prompt is not valid UTF-8"])
    assert admitted.calls.column("prompt_text").to_pylist() == ["hello", "gr\u00fc\u00df"]


def test_lists_are_written_as_json(path: Path) -> None:
    header = b"start_time,account_id,prompt_token_ids,response_finish_reasons\n"
    [chunk] = read(
        path, header + b'2026-11-20T12:00:00Z,a,"[1, 2]","[""stop""]"\n2026-11-20T12:00:00Z,a,"[3]",length\n'
    )
    calls = intake.admit(chunk.batch).calls
    assert calls.column("prompt_token_ids").to_pylist() == [[1, 2], [3]]
    assert calls.column("response_finish_reasons").to_pylist() == [["stop"], ["length"]]


@pytest.mark.parametrize("content", [b"", HEADER, HEADER[:-1]])
def test_no_rows_is_no_error(path: Path, content: bytes) -> None:
    assert sum(chunk.batch.num_rows for chunk in read(path, content)) == 0


def test_a_repeated_column_is_an_error(path: Path) -> None:
    with pytest.raises(InputError, match="a column appears twice in the header"):
        read(path, b"account_id,account_id\na,b\n")


def test_json_in_cells_is_followed_by_a_column_map(path: Path) -> None:
    path.write_bytes(b'startTime,messages,metadata\n1795176000,hi,"{""user_api_key_user_id"": ""u""}"\n')
    [chunk] = readers.read(path, load_column_map("litellm"))
    [row] = intake.admit(chunk.batch).calls.to_pylist()
    assert (row["account_id"], row["prompt_text"]) == ("u", "hi")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_other_separators_and_encodings(path: Path, separator: str, encoding: str) -> None:
    lines = [
        ["start_time", "account_id", "prompt_text"],
        ["2026-11-20T10:00:00Z", "a", '"gr\u00fc\u00df, ""x""\nand more"'],
    ]
    text = "\n".join(map(separator.join, lines))
    [chunk] = read(path, text.encode(encoding))
    [found] = intake.admit(chunk.batch).calls.to_pylist()
    assert (found["account_id"], found["prompt_text"]) == ("a", 'gr\u00fc\u00df, "x"\nand more')


def test_a_first_line_may_name_the_separator(path: Path) -> None:
    [chunk] = read(path, b"\nsep=;\r\naccount_id;prompt,text;prompt_text\r\na;x;p\r\n")
    assert chunk.batch.to_pylist() == [{"account_id": b"a", "prompt_text": b"p"}]


def test_lines_that_end_with_carriage_returns_alone(path: Path) -> None:
    [chunk] = read(path, b"account_id,prompt_text\ra,p\rb,q\r")
    assert chunk.batch.column("account_id").to_pylist() == [b"a", b"b"]


def test_a_separator_that_cannot_be_told_is_an_error(path: Path) -> None:
    with pytest.raises(InputError, match="no comma but several of"):
        read(path, b"account_id;prompt_text|x\na;b|c\n")


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_every_physical_line_is_accounted_for(path: Path, batch_rows: int) -> None:
    rows = [b"2026-11-20,%d,hello\n" % number for number in range(300)]
    chunks = read(path, HEADER + b"".join([*rows, b'2026-11-20,torn,"cut here\n', *rows]), batch_rows)
    numbers = [row for chunk in chunks for row in chunk.rows.tolist()]
    [(torn, reason)] = [entry for chunk in chunks for entry in chunk.broken]
    assert (torn, reason.split(",")[0]) == (300, "a quote is opened and not closed")
    assert numbers == [row for row in range(601) if row != 300]


def test_limits_are_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COLUMNS_MAX", 4)
    with pytest.raises(InputError, match="more than 4 columns"):
        read(path, b"a,b,c,d,e\n1,2,3,4,5\n")
    monkeypatch.setattr(limits, "TORN_QUOTES_MAX", 2)
    with pytest.raises(InputError, match="quotes are torn in more than 2 rows"):
        read(path, HEADER + b'"x"y\n' * 3)
    monkeypatch.setattr(limits, "BROKEN_ROWS_MAX", 5)
    with pytest.raises(InputError, match="more than 5 rows cannot be read"):
        read(path, HEADER + b"x\n" * 6)


def test_a_truncated_gzip_gives_its_good_rows_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress(HEADER + b"".join(b"2026-11-20,%d,hello\n" % number for number in range(20_000)))
    path.write_bytes(whole[: len(whole) // 2])
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match="truncated or damaged after") as caught:
        chunks.extend(readers.read(path, CANONICAL))
    rows = sum(chunk.batch.num_rows + len(chunk.broken) for chunk in chunks)
    assert f"after {rows} rows" in str(caught.value)
    assert rows > 1_000


LINES = st.sampled_from(
    [
        b"1,a,x",
        b'2,"b","y, ""z"""',
        b'3,c,"one\ntwo"',
        b"4,d,",
        b"5,e",
        b'6,f,"torn',
        b'7,"g"h,i',
        b"",
        b"  ",
        b"8,j,k\r",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=12), st.integers(1, 40), st.integers(1, 5))
def test_sound_rows_change_nothing_but_the_time(path: Path, lines: list[bytes], piece: int, batch_rows: int) -> None:
    content = HEADER + b"\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "PIECE_BYTES", piece)
        found = account(path, content, batch_rows)
        patch.setattr("gauger.logs.files.cells.sound_lines", lambda *_: (b"", 0))
        assert found == account(path, content, batch_rows)


def account(path: Path, content: bytes, batch_rows: int) -> tuple[list[int], list[object], list[tuple[int, str]]]:
    """Row numbers, rows and broken rows of a file."""
    chunks = read(path, content, batch_rows)
    rows = [row for chunk in chunks for row in chunk.rows.tolist()]
    values: list[object] = [row for chunk in chunks for row in chunk.batch.to_pylist()]
    return rows, values, [entry for chunk in chunks for entry in chunk.broken]


def test_sound_rows_are_not_read_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauger.logs.readers.csv._Gathered.add", None)
    [chunk] = read(path, HEADER + GOOD * 50 + b'2026-11-20T12:00:00Z,a,"quoted, and ""more"""\n' + GOOD)
    assert chunk.rows.tolist() == list(range(52))
    assert sound_rows.sound_lines([b"a,b"], b",", b'"') == (b"a,b\n", 1)
