"""Masked templates show what k accounts share, and never anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger import templates
from gauger.columns import load_column_map
from gauger.engine import tables
from gauger.templates import MASK, mask, render
from tests.bindings import logs

K = 3
IDENTITY = load_column_map(None)
_WORDS = st.sampled_from("alba bero cina dolu emi fasa 7 , ; ( é 漢字 _x".split())
_GAPS = st.sampled_from([" ", "  ", "\n", "\t", "\u00a0", ""])
_PROMPTS = st.lists(st.tuples(_WORDS, _GAPS), max_size=12).map(lambda pairs: "".join(map("".join, pairs)))
_TOKEN = re.compile(r"\w+|[^\w\s]")


@given(st.lists(_PROMPTS, min_size=K, max_size=8))
def test_every_shown_token_is_in_the_prompts_of_k_accounts(prompts: list[str]) -> None:
    template = mask(prompts, K)
    for token in _TOKEN.findall("" if template is None else template.replace(MASK, " ")):
        assert sum(token in _TOKEN.findall(prompt) for prompt in prompts) >= K


@given(st.lists(_PROMPTS, min_size=K, max_size=8))
def test_a_template_is_the_first_prompt_with_runs_masked(prompts: list[str]) -> None:
    template = mask(prompts, K)
    if template is not None:
        pattern = r"\s*" + r"\s*".join(
            r"(?:.|\s)+" if piece == MASK else re.escape(piece)
            for piece in re.findall(r"\[\.\.\.\]|\w+|[^\w\s]", template)
        )
        assert re.fullmatch(pattern + r"\s*", prompts[0])


@given(st.lists(_PROMPTS, max_size=K - 1))
def test_fewer_than_k_prompts_have_no_template(prompts: list[str]) -> None:
    assert mask(prompts, K) is None


@given(_PROMPTS.filter(lambda text: bool(text.strip())))
def test_k_equal_prompts_are_shown_in_full(prompt: str) -> None:
    template = mask([prompt] * K, K)
    assert template is not None
    assert _TOKEN.findall(template) == _TOKEN.findall(prompt)


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        (["tell me a story about cats"] * 3, "tell me a story about cats"),
        ([f"tell me a story about {who}" for who in ("cats", "dogs", "owls")], f"tell me a story about {MASK}"),
        ([f"{who}: tell me a story" for who in ("cats", "dogs", "owls")], f"{MASK} : tell me a story"),
        ([f"now {who} then stop it all" for who in ("a b c", "d", "e f")], f"{MASK} then stop it all"),
        (["one  two\n\tthree,four"] * 3, "one two three,four"),
        (["  padded all round  "] * 3, "padded all round"),
        (["cats", "dogs", "owls"], None),
        (["", "", ""], None),
        ([" \n\t "] * 3, None),
        (["tell me a story", "story a me tell", "me tell story a"], None),
    ],
)
def test_known_templates(prompts: list[str], expected: str | None) -> None:
    assert mask(prompts, K) == expected


def test_a_word_of_the_first_prompt_alone_is_masked_however_often_it_says_it() -> None:
    prompts = ["sesame sesame sesame sesame open now", *["please do open now and here"] * 2]
    template = mask(prompts, K)
    assert template is None or "sesame" not in template


def test_a_long_template_is_cut_and_says_so() -> None:
    template = mask(["word " * 700] * K, K)
    assert template is not None
    assert len(template) == 600
    assert template.endswith("…")


def test_only_the_head_of_a_long_prompt_is_looked_at() -> None:
    template = mask([f"shared words at the head {'x' * 5_000} SECRET words here"] * K, K)
    assert template is not None
    assert "SECRET" not in template


# Rendering a run


def run_tables(rows: list[tuple[int, int, str, int | None]], accounts: dict[int, int]) -> tuple[pa.Table, pa.Table]:
    """(families, calls) tables from (file, row, account, family) and the accounts of each family."""
    empty = dict.fromkeys(tables.CALLS.names)
    calls = [empty | dict(zip(("file", "row", "account_id", "family_id"), row, strict=True)) for row in rows]
    nothing = dict.fromkeys(tables.FAMILIES.names)
    families = [nothing | {"family_id": family, "accounts": count} for family, count in accounts.items()]
    return pa.Table.from_pylist(families, tables.FAMILIES), pa.Table.from_pylist(calls, tables.CALLS)


def log_of(prompts: list[str | None], path: Path) -> Path:
    return logs.write(pa.table({"prompt_text": pa.array(prompts, pa.string())}), path)


@pytest.mark.parametrize("suffix", logs.FORMATS)
def test_prompts_are_read_again_from_every_format(suffix: str, tmp_path: Path) -> None:
    log = log_of(["skip", *(f"write a fine poem about {what}" for what in "abc")], tmp_path / f"log{suffix}")
    families, calls = run_tables([(0, row, f"account {row}", 9) for row in (1, 2, 3)], {9: 3})
    assert render(families, calls, [log], IDENTITY, K)["template"].to_pylist() == [f"write a fine poem about {MASK}"]


def test_a_family_of_few_accounts_has_no_template_however_many_calls(tmp_path: Path) -> None:
    log = log_of(["the very same prompt"] * 10, tmp_path / "log.parquet")
    families, calls = run_tables([(0, row, f"account {row % 2}", 9) for row in range(10)], {9: 2})
    assert render(families, calls, [log], IDENTITY, K)["template"].to_pylist() == [None]


def test_accounts_count_once_even_where_the_families_table_says_more(tmp_path: Path) -> None:
    log = log_of(["the very same prompt"] * 10, tmp_path / "log.parquet")
    families, calls = run_tables([(0, row, f"account {row % 2}", 9) for row in range(10)], {9: 10})
    assert render(families, calls, [log], IDENTITY, K)["template"].to_pylist() == [None]


def test_families_over_several_files_and_one_that_went_away(tmp_path: Path) -> None:
    paths = [log_of(["do this and that"] * 3, tmp_path / f"{name}.parquet") for name in ("a", "b")]
    rows: list[tuple[int, int, str, int | None]] = [(0, row, f"account {row}", 1) for row in range(2)]
    rows += [(0, 2, "other", None)]
    rows += [(1, row, f"account {row + 2}", 1 + row) for row in range(3)]
    families, calls = run_tables(rows, {1: 3, 2: 1, 3: 1})
    assert render(families, calls, paths, IDENTITY, K)["template"].to_pylist() == ["do this and that", None, None]
    paths[1].unlink()
    assert render(families, calls, paths, IDENTITY, K)["template"].to_pylist() == [None, None, None]


def test_only_the_most_widely_shared_families_are_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "FAMILIES_MAX", 1)
    log = log_of(["small family here"] * 3 + ["large family here"] * 4, tmp_path / "log.parquet")
    rows: list[tuple[int, int, str, int | None]] = [(0, row, f"account {row}", 1 if row < 3 else 2) for row in range(7)]
    families, calls = run_tables(rows, {1: 3, 2: 4})
    assert render(families, calls, [log], IDENTITY, K)["template"].to_pylist() == [None, "large family here"]


def test_prompts_of_token_ids_have_no_template(tmp_path: Path) -> None:
    log = logs.write(pa.table({"prompt_token_ids": [[1, 2, 3]] * 3}), tmp_path / "log.parquet")
    families, calls = run_tables([(0, row, f"account {row}", 9) for row in range(3)], {9: 3})
    assert render(families, calls, [log], IDENTITY, K)["template"].to_pylist() == [None]
