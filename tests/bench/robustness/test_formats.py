"""Formats: sound files are read whole, mutants are the same each time, and some of them are odd."""

from pathlib import Path
from random import Random

import pytest

from bench.robustness import formats, oracle
from bench.robustness.formats import FORMATS, mutant
from gauger.engine.intake import admission
from gauger.logs.columns import load_column_map
from gauger.logs.readers import read


@pytest.mark.parametrize("name", FORMATS)
def test_a_sound_file_is_scored_whole(name: str, tmp_path: Path) -> None:
    kind, dice = FORMATS[name], Random(5)
    for count in (1, 6, 300):
        path = tmp_path / f"{count}{kind.suffix}"
        path.write_bytes(kind.write(dice, kind.calls(dice, count), False))
        chunks = list(read(path, load_column_map(kind.columns)))
        admitted = [admission.admit(chunk.batch) for chunk in chunks]
        assert not any(chunk.broken for chunk in chunks)
        assert sum(one.calls.num_rows for one in admitted) == count
        rows = sum(chunk.batch.num_rows for chunk in chunks)
        held = oracle.held(kind, path.read_bytes())
        assert not held.is_damaged
        assert (held.least or 0) <= rows <= (rows if held.most is None else held.most)


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutant_is_made_again_from_its_number(name: str) -> None:
    made = [mutant(name, 1, number) for number in range(60)]
    assert made == [mutant(name, 1, number) for number in range(60)]
    assert len(set(made)) > 50
    assert made != [mutant(name, 2, number) for number in range(60)]


def test_whole_files_are_those_whose_bytes_are_left_alone() -> None:
    whole = [number for number in range(200) if formats.is_whole("avro", 1, number)]
    assert 40 < len(whole) < 100
    assert all(oracle.held(FORMATS["avro"], mutant("avro", 1, number)).most != 0 for number in whole)
    assert not any(formats.is_whole("json-lines", 1, number) for number in range(200))
