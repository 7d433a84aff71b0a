"""The adversarial prompts are what their names say, and the table holds each against ordinary text."""

import pyarrow as pa

from bench.speed.adversarial import Case, Cost, page


def case(name: str, prompt: str, count: int) -> Case:
    return Case(name, pa.array([prompt] * count), count * len(prompt))


def test_the_table_says_what_is_over() -> None:
    plain = [Cost(case("plain", "x" * 100, 10), 1e-5, 2**20) for _ in range(3)]
    dear = Cost(case("dear", "x" * 100, 10), 4e-5, 2**21)
    short = Cost(case("short", "", 10), 1e-6, 2**20)
    lines = page([*plain, dear, short], 3).splitlines()
    assert [line.split(" | ")[3:6] for line in lines if line.startswith(("| dear", "| short"))] == [
        ["40.00", "4,000", "4.00 **over**"],
        ["-", "100", "0.10"],
    ]
    assert lines[-1].startswith("Worst: 4.00 x ordinary text (10.00 ns/byte)")
