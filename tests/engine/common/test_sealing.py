"""Sealed names: only the key reads them, the same name seals to the same bytes, and a changed byte is noticed."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import StateError
from gauger.engine.common.sealing import seal, unseal
from gauger.engine.common.secret import Secret

SECRET, OTHER = Secret(b"0123456789abcdef"), Secret(b"0123456789abcdeg")
NAMES = ["", "a", "a-17", "Zoë 🦊", "tenant/" + "x" * 500, "a" * 64, "a" * 65]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_names_come_back(names: list[str]) -> None:
    assert unseal(seal(names, SECRET).to_pylist(), SECRET) == names


def test_sealed_names_are_those_of_all_earlier_versions() -> None:
    """They are in every kept day: another way to seal would orphan it."""
    assert seal(["a-17"], SECRET).to_pylist()[0].hex() == "470275c4b9af4a96ecfb01e4c9ea74bd5a7e46ba"


def test_the_same_name_seals_to_the_same_bytes_and_no_other_does() -> None:
    sealed = seal([*NAMES, *NAMES], SECRET)
    assert sealed.type == pa.binary()
    assert sealed.to_pylist()[: len(NAMES)] == sealed.to_pylist()[len(NAMES) :]
    assert len(set(sealed.to_pylist())) == len(NAMES)


def test_nothing_of_a_name_shows_but_its_length() -> None:
    name = "account-of-a-person " * 10
    sealed = seal([name], SECRET).to_pylist()[0]
    assert len(sealed) == len(name) + 16
    assert not any(name[at : at + 4].encode() in sealed for at in range(len(name) - 3))
    # One stream for all names would give away their differences.
    other = seal([name.replace("person", "people")], SECRET).to_pylist()[0]
    assert sum(one == two for one, two in zip(sealed, other, strict=True)) < 20


@pytest.mark.parametrize("place", [0, 15, 16, 19])
def test_a_changed_byte_is_noticed(place: int) -> None:
    changed = bytearray(seal(["a-17"], SECRET).to_pylist()[0])
    changed[place] ^= 1
    with pytest.raises(StateError, match="not kept under this key"):
        unseal([bytes(changed)], SECRET)


def test_another_key_reads_nothing_and_the_error_names_nobody() -> None:
    with pytest.raises(StateError, match="not kept under this key") as caught:
        unseal(seal(["a-17"], SECRET).to_pylist(), OTHER)
    assert "a-17" not in str(caught.value)
