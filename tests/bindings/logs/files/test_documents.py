"""Documents: every layout and cut gives the same records; damage costs its own record, and no row is unexplained."""

import json
import random

import pytest

from gauger.logs.files import documents

RECORDS = [
    {
        "id": f"r{number}",
        "number": number,
        "messages": [{"role": "user", "content": f'he said "{{[ \\ \n {number}\u00e9'}, {"id": "x", "number": -1.5e3}],
        "empty": {},
        "more": [1, True, None, []],
    }
    for number in range(20)
]
ONE_LINE = [json.dumps(record) for record in RECORDS]
LAYOUTS = {
    "array": json.dumps(RECORDS),
    "indented array": json.dumps(RECORDS, indent=2),
    "array of lines": "[\n" + ",\n".join(ONE_LINE) + "\n]\n",
    "side by side": "".join(ONE_LINE),
    "indented": "\n".join(json.dumps(record, indent=4) for record in RECORDS),
    "commas": ",\n".join(ONE_LINE),
    "lines": "\n".join(ONE_LINE),
    "arrays": "\n".join(json.dumps(RECORDS[at : at + 3]) for at in range(0, 20, 3)),
}


def cut(text: bytes, size: int, record_bytes_max: int = 1 << 20) -> tuple[list[bytes | str], str | None]:
    found: list[bytes | str] = []
    try:
        for block in documents.blocks((text[at : at + size] for at in range(0, len(text), size)), record_bytes_max):
            found += block
    except documents.UnreadableError as error:
        return found, str(error)
    return found, None


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [1, 2, 7, 50, 1_000_000])
def test_every_layout_and_cut_gives_the_same_records(name: str, size: int) -> None:
    mark = b"\xef\xbb\xbf" if size > 2 else b""
    found, error = cut(mark + LAYOUTS[name].encode(), size)
    assert error is None
    assert [json.loads(record) for record in found] == RECORDS


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_flipped_byte_costs_its_own_record(name: str) -> None:
    dice = random.Random(name)
    sound = LAYOUTS[name].encode()
    lost = []
    for _ in range(60):
        damaged = bytearray(sound)
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        found, error = cut(bytes(damaged), 97)
        assert (found, error) == cut(bytes(damaged), 1_000_000)
        kept = [record for record in found if isinstance(record, bytes) and json_of(record) in RECORDS]
        assert len(kept) == 20 or len(found) > len(kept) or error is not None
        lost.append(20 - len(kept))
    assert sorted(lost)[-3] <= 1  # where the first record is hit, or an array's end, more may go, with an error


def json_of(record: bytes) -> object:
    try:
        return json.loads(record)
    except ValueError:
        return None


def test_reasons() -> None:
    long = json.dumps({**RECORDS[1], "number": "x" * 5_000}).encode()
    first, third = ONE_LINE[0].encode(), ONE_LINE[2].encode()
    assert cut(first + long + third, 100, 4_000)[0] == [first, "record is longer than 0 MB", third]
    assert cut(first + b'{"id": "r1", "number": 1 oops}' + third, 100)[0] == [first, documents.INVALID, third]
    assert cut(first + third[:50], 100) == ([first, documents.CUT_OFF], None)
    assert cut(b"[" + first + b", " + third[:50], 100)[1] == "its JSON array is never closed, the file is cut off"
    assert cut(b"[" + first + b", " + third, 100)[1] == "its JSON array is never closed, the file is cut off"
    assert cut(first + b"and no more JSON", 100) == ([first, documents.INVALID], "it is no JSON from there on")
    assert cut(b'[7, "text", null, ' + first + b"]", 3) == ([b"7", b'"text"', b"null", first], None)


def test_deep_nesting_takes_neither_stack_nor_time() -> None:
    found, error = cut(b'{"a":' * 60_000, 10_000)
    assert error is None
    assert set(found) == {documents.INVALID, documents.CUT_OFF}
    assert len(found) < 1_100  # the last thousand are open when the text ends


def test_a_record_of_very_many_values_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "NODES_MAX", 100)
    first, third = ONE_LINE[0].encode(), ONE_LINE[2].encode()
    assert cut(first + b'{"z": [' + b"[]," * 60 + b"1]}" + third, 100)[0] == [first, documents.TOO_MANY, third]


@pytest.mark.parametrize(
    ("head", "whole", "shape"),
    [
        (b"", True, "lines"),
        (b'{"a": 1}\n{"a": 2}', True, "lines"),
        (b'{"a": 1}', True, "lines"),
        (b'{"a": "torn\n{"a": 2}\n', True, "lines"),
        (b'[{"a": 1}]\n[{"a": 2}]', True, "lines"),
        (b"{'a': 1}\n", True, "lines"),
        (b'{"a": 1}{"a": 2}', True, "documents"),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}', True, "documents"),
        (b'[\n{"a": 1},\n{"a": 2}\n]', True, "documents"),
        (b'[{"a": 1}, {"a"', False, "documents"),
        (b'[\n 7,\n null,\n {\n "a": 1\n }\n]', True, "documents"),
        (b'{}\n{\n "a": 1\n}\n', True, "documents"),
        (b'{}\n{"a": 1\n', True, "lines"),
        (b"{ }\n{}\n", True, "lines"),
        (b'{"a": "a long first li', False, "documents"),
        (b"INFO 11-16 10:00:00 started\nINFO done\n", True, "text"),
        (b"[2026-11-16 10:00:00] INFO started\n", True, "text"),
        (b'note\n{"a": 1}\n', True, "lines"),
    ],
)
def test_shapes(head: bytes, whole: bool, shape: str) -> None:
    assert documents.shape_of(head, whole) == shape
