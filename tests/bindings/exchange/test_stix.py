"""The bundle: valid STIX 2.1, the same for the same signature, and read strictly."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from stix2validator import ValidationOptions, validate_string

from gauger.engine.common.errors import InputError
from gauger.engine.exchange.encoding import name_of, to_bytes
from gauger.exchange.stix import PATTERN_TYPE, bundle, content_of
from tests.engine.exchange.test_encoding import MEMBER, made

CONTENT = to_bytes(made(), MEMBER)
FOUND = replace(made(), name=name_of(CONTENT))


def indicator() -> dict[str, Any]:
    return next(one for one in bundle(FOUND, CONTENT)["objects"] if one["type"] == "indicator")


def document(*indicators: dict[str, Any]) -> bytes:
    return json.dumps({"objects": indicators}).encode()


def test_it_is_valid_and_the_same_again() -> None:
    made_up = bundle(FOUND, CONTENT)
    result = validate_string(json.dumps(made_up), ValidationOptions(version="2.1"))
    assert result.is_valid, result.errors
    assert bundle(FOUND, CONTENT) == made_up


def test_the_bytes_come_out_of_it() -> None:
    assert content_of(json.dumps(bundle(FOUND, CONTENT)).encode()) == CONTENT
    assert indicator()["pattern_type"] == PATTERN_TYPE


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "neither a shared signature nor a bundle"),
        (b"[]", "neither"),
        (b'{"objects": 5}', "neither"),
        (b'{"objects": ["x"]}', "neither"),
        (b'{"objects": [{"type": "indicator"}]}', "neither"),
        (b"[" * 100_000, "neither"),
        (document(), "has 0 shared signatures"),
        (document(indicator(), indicator()), "has 2 shared signatures"),
        (document(indicator() | {"pattern": "%%%"}), "not in base64"),
        (document(indicator() | {"pattern": 7}), "not in base64"),
        (document(indicator() | {"pattern": base64.b64encode(bytes(20_000)).decode()}), "longer than any is"),
    ],
)
def test_what_holds_none_is_refused_in_a_sentence(given: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        content_of(given)
