"""The page of commands is what the commands say."""

from pathlib import Path

from gauger.commands.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def test_the_page_is_as_the_commands_are() -> None:
    assert PAGE.read_text() == page(), "make it again: python -m gauger.commands.reference > docs/reference/commands.md"


def test_groups_and_examples_are_in_it() -> None:
    assert "\n## gauger state list\n" in page()
    assert "\n    gauger state list --state state\n" in page()
