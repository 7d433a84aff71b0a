"""Numbers and foreign strings as a person reads them."""

from math import inf, nan

import pytest

from gauger.text import formats

NUMBERS = [0.0, 0.94, 12.345, 999.6, 0.0131, 51_234.5, -1400.0, 0.0001234, -0.0, 2e-7, 3e15, inf, nan, None]
SHOWN = "0 0.94 12.3 1,000 0.0131 51,234 -1,400 0.000123 0 2.00e-07 3.00e+15 infinite – –".split()
ODDS = [
    *((1 / 3200, "1 in 3,200"), (0.001, "1 in 1,000"), (0.25, "1 in 4"), (0.9, "nothing unusual")),
    *((1e-8, "1 in 100,000,000"), (1e-40, "fewer than 1 in a billion"), (0.0, "fewer than 1 in a billion")),
    (None, "not calibrated"),
]


@pytest.mark.parametrize(("number", "shown"), list(zip(NUMBERS, SHOWN, strict=True)))
def test_value(number: float | None, shown: str) -> None:
    assert formats.value(number) == shown


@pytest.mark.parametrize(("probability", "shown"), ODDS)
def test_tail_odds(probability: float | None, shown: str) -> None:
    assert formats.tail_odds(probability) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        *((0.0, "0 %"), (-0.0, "0 %"), (2e-7, "less than 0.001 %"), (0.000234, "0.023 %"), (0.123, "12.3 %")),
        *((0.99951, "more than 99.9 %"), (1.0, "100 %"), (None, "–")),
    ],
)
def test_percent(share: float | None, shown: str) -> None:
    assert formats.percent(share) == shown


def test_evidence_of_nothing_has_no_sign() -> None:
    assert [formats.evidence(number) for number in (-0.0, -0.04, 3.25, None)] == ["0.0", "0.0", "3.2", "–"]


def test_small_files_are_not_of_no_size() -> None:
    assert [formats.mebibytes(size) for size in (10, 3 << 20, None)] == ["10 bytes", "3.0 MiB", "–"]


def test_visible_text_is_printable_and_keeps_what_is() -> None:
    assert formats.visible("Grüße, 世界, שלום") == "Grüße, 世界, שלום"
    assert formats.visible("".join(map(chr, range(0x3000)))).isprintable()


def test_plural() -> None:
    numbers = [(1, "family"), (2, "family"), (3, "day"), (4_000, "row"), (5, "client address")]
    shown = [formats.plural(number, noun) for number, noun in numbers]
    assert shown == ["1 family", "2 families", "3 days", "4,000 rows", "5 client addresses"]


@pytest.mark.parametrize("first", "=+-@")
def test_a_cell_is_no_formula(first: str) -> None:
    assert formats.cell(f"{first}SUM(1)") == f"'{first}SUM(1)"
    assert formats.cell(f"  {first}1").startswith("'")
    assert formats.cell(f"a{first}b") == f"a{first}b"
