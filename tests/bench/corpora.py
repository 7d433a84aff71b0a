"""Small corpora of the schema of the shared ones, for days of the detection bench."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.detection.rungs import ALL
from bench.world.campaigns import DEFAULT

BENIGN = ("stackoverflow_sql_titles", "nl2bash_requests", "nq_open_questions", "clinc_oos", "llm_judge_alpaca_eval")


def write_prompts(path: Path, count: int, families: int = 1) -> None:
    """``count`` prompts of a set, in as many families as asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prompts = [f"{path.stem} asks question {n % 17} about item {n}" for n in range(count)]
    names = [f"{path.stem} {n % families}" if families > 1 else None for n in range(count)]
    pq.write_table(pa.table({"prompt": prompts, "family": pa.array(names, pa.string())}), path)


SESSIONS = (  # of people, in sessions of three; families begin as those of the set do
    ("coding_realhumaneval_chat", "task"),
    ("support_en_multidogo", "airline"),
    ("people_ko_chat_questions", "ko"),
    ("batch_translate_newstest2021", "de-en"),
    ("people_en_shopping_goals", "shopping"),
    ("people_en_ubuntu_irc_askers", "irc"),
)


def write_sessions(path: Path, count: int, family: str) -> None:
    """``count`` prompts of a set of people's sessions."""
    prompts = [f"{path.stem} says thing {n % 23} of {n}" for n in range(count)]
    sessions = [f"{path.stem}/{n // 3}" for n in range(count)]
    pq.write_table(pa.table({"prompt": prompts, "session": sessions, "family": [family] * count}), path)


def write_corpora(root: Path, benign: int = 200, attack: int = 100) -> Path:
    """Everything a day of any rung or cohort needs."""
    for name in BENIGN:
        write_prompts(root / f"benign/{name}.parquet", benign)
    for name, family in SESSIONS:
        write_sessions(root / f"benign/{name}.parquet", benign, family)
    for name in {name for planted in (*DEFAULT, *ALL.values()) for name in planted.corpora}:
        write_prompts(root / f"attack/{name}.parquet", attack, families=5)
    write_prompts(root / "pairs/mrpc_pairs.parquet", benign)
    (root / "traces").mkdir(exist_ok=True)
    clients = {
        "category": ["language"] * 9,
        "tier": ["small"] * 9,
        "client": list(range(9)),
        "rate_rps": [0.02 * 1.5**n for n in range(9)],
        "cv": [0.5 + 0.2 * n for n in range(9)],
    }
    pq.write_table(pa.table(clients), root / "traces/trace_servegen_clients.parquet")
    pq.write_table(pa.table({"out_p50": [40.0], "out_p90": [90.0]}), root / "traces/trace_servegen_lengths.parquet")
    return root
