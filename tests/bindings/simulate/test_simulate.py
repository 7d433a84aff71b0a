"""gauger.simulate: the days it makes, the campaigns in them, and campaigns planted in a log."""

import datetime
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake.admission import admit
from gauger.engine.results.tables import TRUTH
from gauger.simulate import CampaignSpec, SimulatedPaths, clock, files, people, plant, simulate
from gauger.simulate.language.grammar import CASING_LOWER, CASING_PROPER, Grammar
from gauger.simulate.language.prompts import grammar
from gauger.simulate.plant import imitated_ids

KINDS = ("template", "diverse", "padded", "grid", "cot")
SPECS = [CampaignSpec(kind, 20, 20) for kind in KINDS]
CALLS = 12_000

# What a gateway writes and gauger does not read.
UNREAD = {"client_as_number", "usage_input_tokens", "duration"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> SimulatedPaths:
    return simulate(tmp_path_factory.mktemp("simulation"), calls=CALLS, campaigns=SPECS, seed=5)


@pytest.fixture(scope="module")
def day(paths: SimulatedPaths) -> pa.Table:
    """The day's calls with ``campaign`` and ``kind`` beside them."""
    truth, calls = pq.read_table(paths.truth), pq.read_table(paths.day)
    row = pc.index_in(calls["account_id"], value_set=truth["account_id"].combine_chunks())
    for name in ("campaign", "kind"):
        calls = calls.append_column(name, truth[name].take(row))
    return calls


def prompts_of(day: pa.Table, kind: str) -> list[str]:
    return day.filter(pc.equal(day["kind"], kind))["prompt_text"].to_pylist()


def honest(day: pa.Table) -> pa.Table:
    return day.filter(pc.is_null(day["campaign"]))


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        campaigns = [CampaignSpec("padded", 5, 6)]
        made = simulate(tmp_path / name, seed=seed, calls=1_500, campaigns=campaigns, reference_days=2)
        written.append([path.read_bytes() for path in (*made.reference, made.day, made.truth)])
    assert written[0] == written[1]
    assert all(one != other for one, other in zip(written[0], written[2], strict=True))


def test_every_file_is_canonical_and_in_order(paths: SimulatedPaths) -> None:
    for path in (*paths.reference, paths.day):
        table = pq.read_table(path)
        date = datetime.date.fromisoformat(path.stem)
        read = [field for field in table.schema if field.name in CALL_SCHEMA.names]
        assert all(field.equals(CALL_SCHEMA.field(field.name)) for field in read)
        assert {field.name for field in table.schema} - {field.name for field in read} == UNREAD
        times = table["start_time"].to_numpy()
        assert (np.diff(times) >= np.timedelta64(0, "us")).all()
        assert set(times.astype("datetime64[D]").astype(object)) == {date}
        for batch in table.to_batches():
            batch.validate(full=True)
            assert not admit(batch).reasons
        assert (table["account_created_at"].to_numpy() < times).all()


def test_reference_is_a_week_that_ends_seven_days_before(paths: SimulatedPaths, day: pa.Table) -> None:
    dates = [datetime.date.fromisoformat(path.stem) for path in paths.reference]
    assert dates == [datetime.date(2026, 3, 3) + datetime.timedelta(days=i) for i in range(7)]
    today = honest(day)
    today_accounts = set(today["account_id"].to_pylist())
    for path in paths.reference:
        table = pq.read_table(path)
        assert pc.count_distinct(table["account_id"]).as_py() == pytest.approx(len(today_accounts), rel=0.05)
        assert table.num_rows == pytest.approx(CALLS / 5, rel=0.15)
    week = set().union(*(pq.read_table(path)["account_id"].to_pylist() for path in paths.reference))
    assert len(today_accounts & week) / len(today_accounts) == pytest.approx(0.6, abs=0.08)
    assert not week & set(day.filter(pc.is_valid(day["campaign"]))["account_id"].to_pylist())


def test_truth_knows_every_account_of_the_day(paths: SimulatedPaths, day: pa.Table) -> None:
    truth = pq.read_table(paths.truth)
    assert truth.schema.equals(TRUTH)
    assert sorted(truth["account_id"].to_pylist()) == sorted(pc.unique(day["account_id"]).to_pylist())
    assert all(re.fullmatch("acct_[0-9a-f]{16}", name) for name in truth["account_id"].to_pylist())
    benign = truth.filter(pc.is_null(truth["campaign"]))
    kinds = "agent batch_pipeline classroom evaluation_harness person popular_tool vendor_app"
    assert " ".join(sorted(set(benign["kind"].to_pylist()))) == kinds
    assert honest(day).num_rows == pytest.approx(CALLS, rel=0.15)
    for number, spec in enumerate(SPECS, start=1):
        mine = day.filter(pc.equal(day["campaign"], f"{number:02d}-{spec.kind}"))
        assert pc.count_distinct(mine["account_id"]).as_py() == spec.accounts
        assert mine.num_rows == pytest.approx(spec.accounts * spec.calls, rel=0.05)


def test_honest_prompts_are_many_and_repeat_as_they_do(day: pa.Table) -> None:
    texts = prompts_of(day, "person")
    assert len(set(texts)) > 0.85 * len(texts)
    assert {"Thanks", "Continue"} <= set(texts)
    sizes = np.array([len(text.encode()) for text in texts])
    assert 350 < sizes.mean() < 650
    assert sizes.min() > 0
    assert np.quantile(sizes, 0.98) > 4 * np.median(sizes)
    together = "\n".join(texts)
    for sign in ("¿", "ich", "où|très|déjà", "[а-я]{5}", "[一-龥]{3}", "[ぁ-ん]{3}", "```", "Traceback", r"\|---\|"):
        assert re.search(sign, together), sign


def test_people_keep_their_habits(day: pa.Table) -> None:
    """An account's calls share its casing, and accounts differ in it."""
    rows = day.filter(pc.equal(day["kind"], "person"))
    by_account: dict[str, list[bool]] = {}
    for account, text in zip(rows["account_id"].to_pylist(), rows["prompt_text"].to_pylist(), strict=True):
        if re.match(r"[A-Za-z][a-z]", text):
            by_account.setdefault(account, []).append(text[0].isupper())
    shares = [np.mean(upper) for upper in by_account.values() if len(upper) >= 8]
    assert len(shares) > 50
    assert np.mean([share in (0.0, 1.0) or share > 0.9 or share < 0.1 for share in shares]) > 0.6
    assert 0.2 < np.mean([share > 0.5 for share in shares]) < 0.9


def test_volumes_have_a_heavy_tail(day: pa.Table) -> None:
    person = day.filter(pc.equal(day["kind"], "person"))
    counts = person.group_by("account_id").aggregate([([], "count_all")])["count_all"].to_numpy()
    assert 12 < counts.mean() < 25
    assert np.quantile(counts, 0.99) > 5 * np.median(counts)


def test_hard_benign_cohorts(paths: SimulatedPaths, day: pa.Table) -> None:
    vendor = day.filter(pc.equal(day["kind"], "vendor_app"))
    assert pc.count_distinct(vendor["client_address"]).as_py() <= 12
    assert pc.count_distinct(vendor["org_id"]).as_py() == 3
    classroom = day.filter(pc.equal(day["kind"], "classroom"))
    assert pc.count_distinct(classroom["client_address"]).as_py() == 1
    exercises = {match for text in classroom["prompt_text"].to_pylist() for match in re.findall(r"Exercise \d+", text)}
    assert 1 <= len(exercises) <= 5
    tool = day.filter(pc.equal(day["kind"], "popular_tool"))
    assert pc.count_distinct(tool["payment_fingerprint"]).as_py() > 10
    framed = [text for text in tool["prompt_text"].to_pylist() if text.startswith(("Improve the wr", "You are a h"))]
    assert len(framed) > 0.5 * tool.num_rows
    before = pq.read_table(paths.reference[0])["prompt_text"].to_pylist()
    assert any(text.startswith("Improve the writing of the selected text.") for text in before)


def test_campaign_prompts(day: pa.Table) -> None:
    for kind in ("template", "diverse", "grid", "cot"):
        texts = prompts_of(day, kind)
        assert len(set(texts)) == len(texts), kind
    frame = "You are generating supervised training data"
    assert all(text.startswith(frame) for text in prompts_of(day, "template"))
    assert len({" ".join(text.split()[:2]) for text in prompts_of(day, "diverse")}) > 60
    assert 0.4 < np.mean([text.startswith("Task: ") for text in prompts_of(day, "padded")]) < 0.6
    assert all(text.startswith("You are a") for text in prompts_of(day, "grid"))
    assert all(re.search("step|reason|rubric|thought|grade", text, re.I) for text in prompts_of(day, "cot"))


def test_campaigns_work_evenly_and_rotate(day: pa.Table) -> None:
    rows = day.filter(pc.equal(day["kind"], "diverse"))
    counts = rows.group_by("account_id").aggregate([([], "count_all")])["count_all"].to_numpy()
    assert counts.std() < 0.15 * counts.mean()
    hours = np.bincount(rows["start_time"].to_numpy().astype("datetime64[h]").astype(int) % 24, minlength=24)
    assert hours.min() > 0.4 * hours.mean()
    assert pc.count_distinct(rows["client_address"]).as_py() > SPECS[1].accounts
    assert pc.count_distinct(rows["payment_fingerprint"]).as_py() < SPECS[1].accounts


def test_addresses_and_pacing_can_be_hard(tmp_path: Path) -> None:
    assert CampaignSpec.parse("template:300:26") == CampaignSpec("template", 300, 26)
    specs = [CampaignSpec.parse("diverse:50:10:human:own"), CampaignSpec.parse("cot:50:10:poisson:shared")]
    made = simulate(tmp_path, calls=1_000, campaigns=specs, reference_days=0)
    truth, calls = pq.read_table(made.truth), pq.read_table(made.day)

    def of(kind: str) -> pa.Table:
        names = truth.filter(pc.equal(truth["kind"], kind))["account_id"].combine_chunks()
        return calls.filter(pc.is_in(calls["account_id"], value_set=names))

    assert made.reference == ()
    assert pc.count_distinct(of("diverse")["client_address"]).as_py() == 50
    assert pc.count_distinct(of("cot")["client_address"]).as_py() == 2


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate(tmp_path, calls=600, campaigns=[], reference_days=1, progress=lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1] == 600 + 120
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("template", "KIND:ACCOUNTS:CALLS"),
        ("template:many:26", "KIND:ACCOUNTS:CALLS"),
        ("poetry:300:26", "not one of template, diverse, padded, grid, cot"),
        ("cot:0:26", "at least one account"),
        ("cot:3:26:lazy", "not one of even, poisson, human"),
        ("cot:3:26:even:moon", "not one of rotating, shared, own"),
    ],
)
def test_bad_campaigns_are_explained(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CampaignSpec.parse(text)


def test_too_few_calls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 500 calls"):
        simulate(tmp_path, calls=10)


def test_cut_short_reaches_the_total() -> None:
    rng = np.random.default_rng(3)
    volumes = people.day_volumes(rng, np.full(5_000, 16.0))
    cut = people.cut_short(rng, volumes, 20_000)
    assert cut.sum() == pytest.approx(20_000, rel=0.02)
    assert (cut <= volumes).all()
    assert cut.min() >= 1
    assert (people.cut_short(rng, volumes, 10**9) == volumes).all()


def test_round_the_clock_leaves_even_gaps() -> None:
    second = clock.round_the_clock(np.random.default_rng(4), np.array([24, 1]), jitter=0.0)
    np.testing.assert_allclose(np.diff(np.sort(second[:24])), 3600.0)


def written(rules: str, attribute: int = 0, casing: int = CASING_PROPER, errors: float = 0.0) -> set[str]:
    """Everything that 400 rows of the symbol ``start`` come to."""
    made = Grammar(["which"])
    made.add_text(rules)
    made.compile()
    count = 400
    texts = made.write(
        np.full(count, made.symbol("start")),
        np.full((count, 1), attribute),
        np.full(count, casing),
        np.full(count, errors),
        np.random.default_rng(0),
    )
    assert len(texts) == count
    return set(texts.to_pylist())


def test_grammar_expands_every_alternative() -> None:
    assert written("start: [pet]s and [pet]\npet: cat | dog\n  | owl") == {
        f"{a}s and {b}" for a in ("cat", "dog", "owl") for b in ("cat", "dog", "owl")
    }


def test_grammar_chooses_by_attribute() -> None:
    rules = "start@which: ∅ /// 3*one | two\n  /// three␣"
    assert [written(rules, value) for value in range(4)] == [{""}, {"one", "two"}, {"three "}, {""}]


def test_grammar_casing_and_escapes() -> None:
    rules = "start: ⇧hello ⇧[name],⏎⇧I said ¦⟦x⟧\nname: Ben\n!code: ⇧print(Ben)"
    assert written(rules) == {"Hello Ben,\nI said |[x]"}
    assert written(rules, casing=CASING_LOWER) == {"hello ben,\ni said |[x]"}
    assert written("start: [code]\n!code: ⇧print(Ben)", casing=CASING_LOWER, errors=1.0) == {"Print(Ben)"}


def test_grammar_mistypes_words() -> None:
    variants = written("start: keyboard", errors=1.0)
    assert variants
    assert "keyboard" not in variants
    assert all(set(word) <= set("keyboard") and 7 <= len(word) <= 8 for word in variants)


def test_grammar_refuses_unknown_and_repeated_symbols() -> None:
    with pytest.raises(KeyError, match="nothing"):
        written("start: [nothing]")
    with pytest.raises(ValueError, match="defined twice"):
        written("start: a\nstart: b")


def test_no_prompt_shows_the_notation() -> None:
    """Every root gives text without leftovers of the rules."""
    roots = ["say", "foreign_say", "instruct", "brief", "frame", "grid", "cot", "vendor", "tool", "agent"]
    roots += ["harness", "pipeline", "homework_say", "edit_text", "explain_table", "fix_code", "follow_up"]
    rng = np.random.default_rng(1)
    count = 100 * len(roots)
    symbols = np.repeat([grammar().symbol(root) for root in roots], 100)
    attributes = rng.integers(0, 4096, (count, 17))
    texts = grammar().write(symbols, attributes, np.zeros(count, int), np.full(count, 0.01), rng).to_pylist()
    assert all(text.strip() for text in texts)
    assert not [text for text in texts if re.search(r"[⇧⏎␣∅¦⟦⟧]|///|\[(noun|action|detail|passage|more|slot)", text)]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield pa.record_batch({"account_id": ["a"]}, schema=pa.schema([("account_id", pa.string())]))
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        files.write_calls(tmp_path / "x.parquet", pa.schema([("account_id", pa.string())]), broken())
    assert list(tmp_path.iterdir()) == []


def small_log(folder: Path) -> Path:
    """A two-day log with few columns and ids of its own fashion."""
    start = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)
    count = 400
    table = pa.table(
        {
            "start_time": [start + datetime.timedelta(minutes=7.2 * i) for i in reversed(range(count))],
            "account_id": [f"user-{1000 + 37 * i % 97}" for i in range(count)],
            "prompt_text": [f"own prompt number {i}" for i in range(count)],
            "request_model": ["house-model"] * count,
            "accepted": [True] * count,
        }
    )
    path = folder / "log.parquet"
    pq.write_table(table, path)
    return path


def test_plant_hides_campaigns_in_a_log(tmp_path: Path) -> None:
    specs = [CampaignSpec("padded", 30, 5), CampaignSpec("cot", 10, 5)]
    made = plant(small_log(tmp_path), tmp_path / "out", specs, seed=2)
    again = plant([tmp_path / "log.parquet"], tmp_path / "again", specs, seed=2)
    assert made.day.read_bytes() == again.day.read_bytes()
    calls, truth = pq.read_table(made.day), pq.read_table(made.truth)
    assert calls.column_names == ["start_time", "account_id", "prompt_text", "request_model", "accepted"]
    times = calls["start_time"].to_numpy()
    assert (np.diff(times) >= np.timedelta64(0, "us")).all()
    assert np.datetime64("2026-01-05") <= times[0] <= times[-1] <= np.datetime64("2026-01-07")
    assert set(calls["request_model"].to_pylist()) == {"house-model"}
    kinds = dict(zip(truth["account_id"].to_pylist(), truth["kind"].to_pylist(), strict=True))
    assert [list(kinds.values()).count(kind) for kind in ("own", "padded", "cot")] == [97, 30, 10]
    assert set(truth.filter(pc.equal(truth["kind"], "own"))["campaign"].to_pylist()) == {None}
    assert all(re.fullmatch(r"user-\d{4,}", name) for name in kinds)
    texts: dict[str, list[str]] = {}
    for account, text in zip(calls["account_id"].to_pylist(), calls["prompt_text"].to_pylist(), strict=True):
        texts.setdefault(kinds[account], []).append(text)
    assert len(texts["own"]) == 400
    # Two days of five calls each, about half of them the log's own prompts, none of those used twice.
    assert len(texts["padded"]) == pytest.approx(300, rel=0.1)
    pads = [text for text in texts["padded"] if text.startswith("own prompt")]
    assert 0.35 < len(pads) / len(texts["padded"]) < 0.65
    assert len(set(pads)) == len(pads)


def test_plant_refuses_logs_without_text(tmp_path: Path) -> None:
    table = pq.read_table(small_log(tmp_path)).drop_columns(["prompt_text"])
    tokens = table.append_column("prompt_token_ids", pa.array([[1, 2]] * table.num_rows, pa.list_(pa.int32())))
    pq.write_table(tokens, tmp_path / "tokens.parquet")
    with pytest.raises(InputError, match="planted in text only"):
        plant(tmp_path / "tokens.parquet", tmp_path / "out", SPECS)


def test_imitated_ids_are_new_and_alike() -> None:
    known = pa.array(["u1", "u2", "u3", "org/aa9", "org/bb7"])
    made = imitated_ids(np.random.default_rng(0), known, 50).to_pylist()
    assert len(set(made) | set(known.to_pylist())) == 55
    assert all(re.fullmatch(r"u\d+|org/[ab]{2}\d+", name) for name in made)
