"""Masked templates show what k accounts share, and never anything else."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.batch import templates
from gauger.batch.score import score
from gauger.batch.templates import mask, render
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.results import tables
from gauger.logs.columns import load_column_map
from tests.bindings import traffic
from tests.bindings.columns import SECRET

K = 3
IDENTITY = load_column_map(None)
_WORDS = st.sampled_from("alba bero cina dolu emi fasa 7 , ; ( é 漢字 _x".split())
_GAPS = st.sampled_from([" ", "  ", "\n", "\t", "\u00a0", ""])
_PROMPTS = st.lists(st.tuples(_WORDS, _GAPS), max_size=12).map(lambda pairs: "".join(map("".join, pairs)))
_TOKEN = re.compile(r"\w+|[^\w\s]")


_SLOT = re.compile(r"\[\.\.\.\d+\]")


def shown(template: str | None) -> list[list[str]]:
    """Tokens of each stretch of a template between slots."""
    return [_TOKEN.findall(stretch) for stretch in _SLOT.split(template or "")]


def holds(prompt: str, phrase: list[str]) -> bool:
    tokens = _TOKEN.findall(prompt)
    return any(tokens[at : at + len(phrase)] == phrase for at in range(len(tokens) - len(phrase) + 1))


@given(st.lists(_PROMPTS, min_size=K, max_size=8))
def test_every_shown_phrase_is_in_the_prompts_of_k_accounts(prompts: list[str]) -> None:
    """Every token, every pair of neighbours, and of three tokens in a row two that overlap."""
    for stretch in shown(mask(prompts, K)):
        for size in (1, 2):
            for at in range(len(stretch) - size + 1):
                assert sum(holds(prompt, stretch[at : at + size]) for prompt in prompts) >= K


@given(st.lists(_PROMPTS, min_size=K, max_size=8))
def test_a_template_is_one_of_the_prompts_with_runs_masked(prompts: list[str]) -> None:
    template = mask(prompts, K)
    if template is not None:
        pattern = r"\s*" + r"\s*".join(
            r"(?:.|\s)*" if _SLOT.fullmatch(piece) else re.escape(piece)
            for piece in re.findall(r"\[\.\.\.\d+\]|\w+|[^\w\s]", template)
        )
        assert any(re.fullmatch(pattern + r"\s*", prompt) for prompt in prompts)


@given(st.lists(_PROMPTS, min_size=K, max_size=8))
def test_slots_are_numbered_from_one(prompts: list[str]) -> None:
    slots = _SLOT.findall(mask(prompts, K) or "")
    assert slots == [f"[...{number}]" for number in range(1, len(slots) + 1)]


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
        ([f"tell me a story about {who}" for who in ("cats", "dogs", "owls")], "tell me a story about [...1]"),
        ([f"{who}: tell me a story" for who in ("cats", "dogs", "owls")], "[...1] : tell me a story"),
        ([f"now {who} then stop it all" for who in ("a b c", "d", "e f")], "now [...1] then stop it all"),
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


def test_only_the_ends_of_a_long_prompt_are_looked_at() -> None:
    middle = " ".join(["one two SECRET three"] * 400)
    template = mask([f"shared words at the head {'x' * 5_000} {middle} {'y' * 3_000} shared words at the tail"] * K, K)
    assert template is not None
    assert template.startswith("shared words at the head xxx")
    assert template.endswith("…")
    assert "SECRET" not in template
    short = mask([f"shared head of it {name * 5_000} shared tail of it" for name in "abc"], K)
    assert short == "shared head of it [...1] shared tail of it"


# What an analyst must never be shown


SENTENCE = "please write a long and careful letter about {} in the style of an old friend"


@pytest.mark.parametrize(("sharing", "read"), [(19, 60), (19, 20), (25, 60)])
def test_a_slot_value_of_few_is_masked(sharing: int, read: int) -> None:
    """Fewer than k accounts, or fewer than half of those read: a value, not the template."""
    prompts = [SENTENCE.format("quartz mines" if number < sharing else f"thing{number}") for number in range(read)]
    for order in (prompts, prompts[::-1]):
        template = mask(order, 20)
        assert template == SENTENCE.format("[...1]")


def test_what_half_of_the_accounts_share_is_the_template() -> None:
    prompts = [SENTENCE.format("quartz mines" if number < 30 else f"thing{number}") for number in range(60)]
    assert mask(prompts, 20) == SENTENCE.format("quartz mines")


NUMBERS = range(60)
ROLES = [chr(97 + number % 26) + chr(97 + number // 26) for number in NUMBERS]
ASSIST = [f"list tasks that {role} can assist {role[::-1]}x in the work" for role in ROLES]
TEXTS = [" ".join(f"w{number}{place}" for place in range(20)) for number in NUMBERS]
JOHN = "my name is john {}smith has the flu"


@pytest.mark.parametrize(
    ("prompts", "template"),
    [
        # Where nothing is in half of the prompts, k accounts decide.
        (["the red fox runs"] * 20 + [f"w{number} x{number}" for number in NUMBERS[20:]], "the red fox runs"),
        # John is in many prompts, and so is Smith: that they are one person is known from one prompt.
        ([JOHN.format(""), *(JOHN.format(f"w{number} ") for number in range(30))], JOHN.format("[...1] ")),
        # Two words between slots are shown where nine tenths have them.
        (ASSIST, "list tasks that [...1] can assist [...2] in the work"),
        (
            [prompt.replace("can assist", "may harm") for prompt in ASSIST[:10]] + ASSIST[10:],
            "list tasks that [...1] in the work",
        ),
        # Turns of phrase in a long slot are masked.
        (
            [f"answer what follows: {text} to the {text[::-1]} and no more" for text in TEXTS],
            "answer what follows: [...1] and no more",
        ),
    ],
)
def test_what_twenty_accounts_share_is_shown(prompts: list[str], template: str) -> None:
    assert mask(prompts, 20) == template


def test_several_slots_are_told_apart() -> None:
    prompts = [f"act as a {one} who teaches a class of {two} all day" for one, two in ("au", "bv", "cw", "dx")]
    assert mask(prompts, K) == "act as a [...1] who teaches a class of [...2] all day"


# Rendering a run


Rows = list[tuple[int, int, str, int | None]]  # file, row, account, family


def rendered(logs: list[Path], rows: Rows, accounts: dict[int, int], k: int = K) -> list[str | None]:
    """Templates of the families, by the accounts that the families table gives each."""
    nothing = dict.fromkeys(tables.FAMILIES.names)
    families = [nothing | {"family_id": family, "accounts": count} for family, count in accounts.items()]

    def examples(wanted: np.ndarray, most: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """By a loop: the first call of each account, in order of file and row."""
        found = {}
        for family in wanted.tolist():
            first: dict[str, tuple[int, int]] = {}
            for file, row, account, own in sorted(rows, key=lambda one: one[:2]):
                if own == list(accounts)[family]:
                    first.setdefault(account, (file, row))
            places = np.asarray(list(first.values())[:most], np.int64).reshape(-1, 2)
            found[family] = places[:, 0], places[:, 1]
        return found

    table = pa.Table.from_pylist(families, tables.FAMILIES)
    return render(table, examples, logs, IDENTITY, k)["template"].to_pylist()


def log_of(prompts: list[str | None], path: Path) -> Path:
    return traffic.write(pa.table({"prompt_text": pa.array(prompts, pa.string())}), path)


def of_one_family(accounts: Iterable[object], first: int = 0) -> Rows:
    """Rows of family 9, a call each of the accounts."""
    return [(0, row, f"account {one}", 9) for row, one in enumerate(accounts, first)]


@pytest.mark.parametrize("suffix", traffic.FORMATS)
def test_prompts_are_read_again_from_every_format(suffix: str, tmp_path: Path) -> None:
    log = log_of(["skip", *(f"write a fine poem about {what}" for what in "abc")], tmp_path / f"log{suffix}")
    assert rendered([log], of_one_family("abc", 1), {9: 3}) == ["write a fine poem about [...1]"]


@pytest.mark.parametrize("said", [2, 10])
def test_accounts_count_once_however_many_calls_and_whatever_the_families_table_says(said: int, tmp_path: Path) -> None:
    log = log_of(["the very same prompt"] * 10, tmp_path / "log.parquet")
    assert rendered([log], of_one_family("ab" * 5), {9: said}) == [None]


def test_an_account_with_a_thousand_prompts_counts_once(tmp_path: Path) -> None:
    """One account repeats its secret a thousand times in a family of 25 accounts."""
    prompts = [SENTENCE.format("my quartz secret")] * 1_000 + [SENTENCE.format(f"thing{one}") for one in range(24)]
    rows = of_one_family(max(0, row - 999) for row in range(1_024))
    assert rendered([log_of([*prompts], tmp_path / "log.parquet")], rows, {9: 25}, 20) == [SENTENCE.format("[...1]")]


def test_families_over_several_files_and_one_that_went_away(tmp_path: Path) -> None:
    paths = [log_of(["do this and that"] * 3, tmp_path / f"{name}.parquet") for name in ("a", "b")]
    rows: Rows = [(0, 0, "account 0", 1), (0, 1, "account 1", 1), (0, 2, "other", None)]
    rows += [(1, row, f"account {row + 2}", 1 + row) for row in range(3)]
    assert rendered(paths, rows, {1: 3, 2: 1, 3: 1}) == ["do this and that", None, None]
    paths[1].unlink()
    assert rendered(paths, rows, {1: 3, 2: 1, 3: 1}) == [None, None, None]


def test_only_the_most_widely_shared_families_are_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "FAMILIES_MAX", 1)
    log = log_of(["small family here"] * 3 + ["large family here"] * 4, tmp_path / "log.parquet")
    rows: Rows = [(0, row, f"account {row}", 1 if row < 3 else 2) for row in range(7)]
    assert rendered([log], rows, {1: 3, 2: 4}) == [None, "large family here"]


def test_prompts_of_token_ids_have_no_template(tmp_path: Path) -> None:
    log = traffic.write(pa.table({"prompt_token_ids": [[1, 2, 3]] * 3}), tmp_path / "log.parquet")
    assert rendered([log], of_one_family("abc"), {9: 3}) == [None]


# Who counts


PLAN = "confidential project falcon : acquire the firm acme for {} million and draft a memo about it"
SHARED = {
    "firm": ("org_id", "firm"),
    "card": ("payment_fingerprint", "card"),
    "network": ("client_address", "10.1.1.{}"),
}


def of_owners(word: str, column: str | None, value: str) -> list[dict[str, Any]]:
    """A call each of 25 accounts that send one text; in the column they have one value, in the others their own."""
    rows = []
    for one in range(25):
        own = {"org_id": f"{word}-{one}", "payment_fingerprint": f"{word}-{one}"}
        own["client_address"] = f"10.{len(word)}.{100 + one}.1"
        if column is not None:
            own[column] = value.format(one)
        text = PLAN.format(word).replace("falcon", word)
        rows.append({**own, "account_id": f"{word}-{one:02d}", "prompt_text": text, "start_time": traffic.DAY})
    return rows


def test_the_seats_of_one_owner_are_not_many_and_files_choose_nothing(tmp_path: Path) -> None:
    kinds = {**SHARED, "everybody": (None, "")}
    rows = [row for word, (column, value) in kinds.items() for row in of_owners(word, column, value)]
    schema = pa.schema([CALL_SCHEMA.field(name) for name in sorted(rows[0])])
    written = []
    for seed in (1, 2):
        order = np.random.default_rng(seed).permutation(len(rows))
        for part in range(seed):
            own = pa.Table.from_pylist([rows[place] for place in order[part::seed].tolist()], schema=schema)
            traffic.write(own, tmp_path / str(seed) / f"{part}.parquet")
        score([tmp_path / str(seed)], tmp_path / f"out{seed}", state=StateDirectory(tmp_path / f"state{seed}", SECRET))
        written.append((tmp_path / f"out{seed}" / "families.parquet").read_bytes())
    assert written[0] == written[1]
    shown = traffic.tables_of(tmp_path / "out1")["families"]["template"].drop_null().to_pylist()
    assert shown == [PLAN.format("everybody").replace("falcon", "everybody")]
