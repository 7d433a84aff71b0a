"""Converters: plain values out of foreign ones."""

from typing import Any

import pytest

from gauger.logs import converters


def test_milliseconds() -> None:
    assert converters.milliseconds("1500") == 1.5
    assert converters.milliseconds([1]) is None


def test_what_is_nested_too_deeply_is_no_key() -> None:
    deep: Any = "key"
    for _ in range(200_000):
        deep = [deep]
    assert converters.sha256(deep) is None
    assert converters.sha256("key") == converters.sha256("key") != converters.sha256("other")


@pytest.mark.parametrize(
    ("value", "account", "session"),
    [
        ("user-1", "user-1", None),
        ("user_ab_account_cd_session_e-f", "user_ab_account_cd", "e-f"),
        ("user_ab_account__session_ef", "user_ab_account_", "ef"),
        ('{"device_id": "d", "account_uuid": "cd", "session_id": "ef"}', "cd", "ef"),
        ('{"device_id": "d", "account_uuid": "", "session_id": "ef"}', "d", "ef"),
        ("{not json", "{not json", None),
        ("default_user_id", None, None),
        (7, 7, None),
    ],
)
def test_a_session_is_no_part_of_an_account(value: Any, account: Any, session: str | None) -> None:
    assert converters.account(value) == account
    assert converters.session(value) == session


def test_texts_of_metadata_are_what_is_said_in_words() -> None:
    metadata = {"trace": "0af7651916cd43dd", "note": {"deep": "You will answer in verse"}, "count": 3}
    assert converters.texts(metadata) == ["You will answer in verse"]
