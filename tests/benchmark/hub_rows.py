"""Small data sets of our own in the schemas of those on the hub, by id: split → rows, for a configuration's name."""

from collections.abc import Callable
from typing import Any

Rows = list[dict[str, Any]]
Splits = dict[str, Rows]

CHOICES = ["바다", "산", "강", "들"]
CATEGORIES = ["biology", "business", "chemistry", "computer science", "economics", "engineering", "health", "history"]
CATEGORIES += ["law", "math", "other", "philosophy", "physics", "psychology"]
CLICK_IDS = ["CSAT_korean_22_1", "CSAT_korean_20_15", "PSE_korean_1_1", "Economy_1", "Geography_1", "History_1"]
CLICK_IDS += ["Law_1", "Politics_1", "Popular_1", "Society_1", "Tradition_1"]


def _each(count: int, row: Callable[[int], dict[str, Any]]) -> Rows:
    return [row(index) for index in range(count)]


def _letters(index: int) -> dict[str, Any]:
    return {"question": f"질문 {index}", **dict(zip("ABCDE", [*CHOICES, "섬"], strict=True)), "answer": index % 4 + 1}


def _instruction(index: int) -> dict[str, Any]:
    """Commas forbidden, and in the last row at least three sentences asked for too."""
    rules = ["punctuation:no_comma", "length_constraints:number_sentences"][: 1 + index // 2]
    settings: Rows = [{"num_sentences": None, "relation": None}, {"num_sentences": 3, "relation": "at least"}]
    prompt = f"Write about river {index}."
    return {"key": index, "prompt": prompt, "instruction_id_list": rules, "kwargs": settings[: len(rules)]}


def _kobest(name: str) -> Splits:
    row: dict[str, Callable[[int], dict[str, Any]]] = {
        "boolq": lambda i: {"paragraph": f"글 {i}", "question": "맞는가?", "label": i % 2},
        "copa": lambda i: {
            "premise": f"비가 {i}번 왔다.",
            "question": "결과",
            "alternative_1": "땅이 젖었다.",
            "alternative_2": "해가 졌다.",
            "label": i % 2,
        },
        "hellaswag": lambda i: {
            "context": f"글 {i}",
            **{f"ending_{k + 1}": each for k, each in enumerate(CHOICES)},
            "label": i % 4,
        },
        "sentineg": lambda i: {"sentence": f"좋다 {i}", "label": i % 2},
        "wic": lambda i: {"word": "배", "context_1": f"배를 탔다 {i}", "context_2": "배를 먹었다", "label": i % 2},
    }
    return {split: _each(7, row[name]) for split in ("train", "validation", "test")}


def _click(_: str) -> Splits:
    rows = [
        {"id": each, "paragraph": "", "question": "물음", "choices": CHOICES, "answer": CHOICES[index % 4]}
        for index, each in enumerate(CLICK_IDS)
    ]
    return {"train": rows}


def _mmlu_pro(_: str) -> Splits:
    rows = [
        {
            "question_id": index,
            "question": f"Question {index}?",
            "options": CHOICES,
            "answer": "B",
            "answer_index": 1,
            "cot_content": "A: Let's think step by step. The answer is (B).",
            "category": category,
            "src": "own",
        }
        for index, category in enumerate(CATEGORIES)
    ]
    return {"test": rows, "validation": [row for row in rows for _ in range(5)]}


def _gpqa(_: str) -> Splits:
    names = ["Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"]
    return {"train": _each(3, lambda i: {"Question": f"Why {i}?", **dict(zip(names, CHOICES, strict=True))})}


def _humaneval(_: str) -> Splits:
    test = "def check(candidate):\n    assert candidate(2, 3) == 5\n"
    row = {"task_id": "own/0", "prompt": "def add(a, b):\n", "canonical_solution": "    return a + b\n"}
    return {"test": [{**row, "test": test, "entry_point": "add"}]}


def _mbpp(_: str) -> Splits:
    tests = ["assert add(1, 1) == 2", "assert add(2, 1) == 3", "assert add(0, 0) == 0"]
    row = {"task_id": 11, "text": "Add.", "code": "def add(a, b): return a + b", "test_list": tests}
    return {split: [row] * 4 for split in ("train", "test", "validation", "prompt")}


def _truthful(_: str) -> Splits:
    targets = {"choices": ["Yes.", "No.", "Never."], "labels": [1, 0, 0]}
    return {
        "validation": _each(2, lambda i: {"question": f"True {i}?", "mc1_targets": targets, "mc2_targets": targets})
    }


ROWS: dict[str, Callable[[str], Splits]] = {
    "HAERAE-HUB/KMMLU": lambda _: {split: _each(6, _letters) for split in ("train", "dev", "test")},
    "HAERAE-HUB/HAE_RAE_BENCH": lambda _: {"test": _each(3, lambda i: {"query": f"물음 {i}", "answer": "(A)"})},
    "skt/kobest_v1": _kobest,
    "EunsuKim/CLIcK": _click,
    "sean0042/KorMedMCQA": lambda _: {split: _each(6, _letters) for split in ("train", "dev", "test", "fewshot")},
    "HAERAE-HUB/HRM8K": lambda _: {"test": _each(2, lambda i: {"question": f"{i} 더하기 1", "answer": float(i + 1)})},
    "TIGER-Lab/MMLU-Pro": _mmlu_pro,
    "google/IFEval": lambda _: {"train": _each(3, _instruction)},
    "Idavidrein/gpqa": _gpqa,
    "recursal/longbench-v2": lambda _: {
        "train": _each(2, lambda i: {"context": "긴 글 " * 50, "question": f"{i}?", "choices": CHOICES, "answer": i})
    },
    "openai/gsm8k": lambda _: {
        split: _each(7, lambda i: {"question": f"{i} + 1?", "answer": f"It is {i + 1}. #### {i + 1}"})
        for split in ("train", "test")
    },
    "openai/openai_humaneval": _humaneval,
    "google-research-datasets/mbpp": _mbpp,
    "skg/toxigen-data": lambda _: {
        split: _each(2, lambda i: {"text": f"a statement {i}", "toxicity_ai": 5.0 * i, "toxicity_human": 1.0})
        for split in ("train", "test")
    },
    "truthfulqa/truthful_qa": _truthful,
}
