"""Phrases that ask for what a student model is trained on: reasoning, grades, data sets.

Three words each (one shingle). Weak evidence: honest users ask for these too; they matter as a share over many
accounts. English only for now.
"""

REASONING, RUBRIC, DATA_SET = 1, 2, 4

PHRASES: dict[int, tuple[str, ...]] = {
    REASONING: (
        "step by step", "chain of thought", "show your reasoning", "explain your reasoning", "think out loud",
        "show all steps", "reason through the", "before giving the", "think carefully about", "show your work",
        "your full reasoning", "reasoning in detail", "detailed reasoning process", "inside think tags",
    ),
    RUBRIC: (
        "on a scale", "following scoring rubric", "to the rubric", "rate the following", "score from 1",
        "grade the following", "better response is", "as an impartial", "as a judge", "which response is",
        "which answer is", "rank the responses", "scoring criteria are", "evaluate the quality",
    ),
    DATA_SET: (
        "diverse task instructions", "task instructions these", "training examples for",
        "question answer pairs", "question and answer", "instruction input output", "generate 10 diverse",
        "generate 20 diverse", "rewrite the given", "the given prompt", "more complex version", "brand new prompt",
        "synthetic data for", "as json lines", "instruction following data", "for fine tuning",
    ),
}  # fmt: skip
