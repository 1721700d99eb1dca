"""The suites of examples/ load as they stand and ask their items, with the harness's own task files over data of our own."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite, load_suite
from tasks.benchmark.harness_tasks import LoadedTask, load_tasks
from tasks.benchmark.items import check_items, chunks
from tasks.benchmark.judging import judge
from tests.benchmark.hub_rows import ROWS

SUITES = Path(__file__).parents[2] / "examples" / "suites"
PIN = "cc7b047b6e5bb11b4f1af84efc572db110a51b3c"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`datasets.load_dataset` gives our own rows, kept as its cache keeps them: in a folder of the commit's name."""
    import datasets

    def load(path: str, name: str = "", *, revision: str = "main", **_: Any) -> Any:
        whole = datasets.DatasetDict(
            {split: datasets.Dataset.from_list(rows) for split, rows in ROWS[path](name).items()}
        )
        folder = tmp_path / path / str(name) / revision
        if not folder.exists():
            whole.save_to_disk(str(folder))
        return datasets.load_from_disk(str(folder))

    monkeypatch.setattr(datasets, "load_dataset", load)


def _first_prompts(suite: LoadedSuite, task: LoadedTask) -> None:
    """Every item can be asked, and the first one's requests are made, few-shot examples and all."""
    check_items(task)
    for part in task.parts:
        item = next(iter(next(chunks(task, part, suite.suite, 1))))
        assert item.requests and item.prompt_sha256


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=pytest.mark.slow) for each in ("global", "long-context", "maths")] + ["safety", "code"],
)
def test_a_suite_s_tasks_fit_the_schema_of_their_data(hub: None, name: str) -> None:
    suite = load_suite(SUITES / f"{name}.yaml")
    tasks = load_tasks(suite)
    assert [task.id for task in tasks] == [task.id for task in suite.suite.tasks]
    for task in tasks:
        _first_prompts(suite, task)
    if name == "code":
        right = {"humaneval": "    return a + b", "mbpp": "def add(a, b): return a + b"}
        for task in tasks:
            item = next(iter(next(chunks(task, task.parts[0], suite.suite, 1))))
            assert judge(task, 0, item, [right[task.id]]).correct == 1.0
            assert judge(task, 0, item, ["    return 0"]).correct == 0.0


@pytest.mark.parametrize(
    "task", ["haerae", pytest.param("kobest", marks=pytest.mark.slow), "click", "kormedmcqa", "kmmlu_law"]
)
def test_the_korean_suite_s_tasks_fit_the_schema_of_their_data(hub: None, tmp_path: Path, task: str) -> None:
    """KMMLU by one of its 45 subjects, whose files differ in a name only."""
    content = yaml.safe_load((SUITES / "korean.yaml").read_text())
    entry = next(each for each in content["tasks"] if each["id"] == task.partition("_")[0])
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump({**content, "tasks": [{**entry, "use": f"lm_eval:{task}"}]}))
    suite = load_suite(tmp_path / "suite.yaml")
    _first_prompts(suite, load_tasks(suite)[0])


@pytest.fixture
def no_checker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is the only one for NLTK's data; the checker of instructions is imported anew."""
    import nltk

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    for name in [each for each in sys.modules if each.startswith("lm_eval.tasks.ifeval")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def test_instructions_are_checked_by_the_harness_s_own_rules(hub: None, no_checker: Path) -> None:
    """Their checker splits sentences by NLTK's rules: here rules learnt from one sentence."""
    from nltk.tokenize.punkt import PunktTrainer, save_punkt_params

    folder = no_checker / "tokenizers" / "punkt_tab" / "english"
    folder.mkdir(parents=True)
    save_punkt_params(PunktTrainer("A river runs. It is long.").get_params(), str(folder))
    suite = load_suite(SUITES / "instructions.yaml")
    (task,) = load_tasks(suite)
    check_items(task)
    items = [item for chunk in chunks(task, task.parts[0], suite.suite, 3) for item in chunk]
    written = ["It runs to the sea.", "It runs, to the sea.", "It runs. It is long. It is deep."]
    right = [[judge(task, 0, item, [text]).correct for text in written] for item in items]
    assert right == [[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]


def test_instructions_without_what_their_checker_needs_are_one_fault(
    hub: None, no_checker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules for sentences are not fetched, as nothing is; a module that is not there is named."""
    suite = load_suite(SUITES / "instructions.yaml")
    monkeypatch.setattr("nltk.downloader.Downloader.download", lambda *_, **__: pytest.fail("asked the network"))
    fault = r"instructions\.yaml: tasks\[0\]\.use: found .*"
    with pytest.raises(
        InputFault, match=f"{fault}punkt_tab is not on this machine: python -m nltk.downloader punkt_tab"
    ):
        load_tasks(suite)
    monkeypatch.setitem(sys.modules, "langdetect", None)
    with pytest.raises(InputFault, match=f"{fault}langdetect"):
        load_tasks(suite)


@pytest.mark.slow
def test_shuffled_choices_are_the_same_each_time(hub: None) -> None:
    suite = load_suite(SUITES / "global.yaml")
    gpqa = [load_tasks(suite)[1].parts[0].harness for _ in range(2)]
    orders = [[[doc[f"choice{k}"] for k in range(1, 5)] for doc in each.eval_docs] for each in (*gpqa, gpqa[0])]
    assert orders[0] == orders[1] == orders[2]
    assert len({tuple(order) for order in orders[0]}) > 1


def _pinned(folder: Path, revision: str) -> LoadedSuite:
    task = {"id": "gsm8k", "use": "lm_eval:gsm8k", "metric": "exact_match", "revision": revision}
    path = folder / "suite.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "suite": "pinned", "tasks": [task]}))
    return load_suite(path)


@pytest.mark.parametrize("revision", ["main", "v1.0", PIN[:12], PIN.upper()])
def test_a_revision_that_is_not_pinned(tmp_path: Path, revision: str) -> None:
    with pytest.raises(InputFault, match="revision"):
        _pinned(tmp_path, revision)


def test_another_commit_in_the_cache_is_not_taken(hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    at_pin = datasets.load_dataset
    monkeypatch.setattr(
        datasets, "load_dataset", lambda path, *args, **more: at_pin(path, *args, **{**more, "revision": "f" * 40})
    )
    with pytest.raises(InputFault, match="at another commit than the suite's, expected " + PIN):
        load_tasks(_pinned(tmp_path, PIN))


def test_data_that_is_not_on_this_machine(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=rf"'openai/gsm8k' of gsm8k.*HF_HUB_OFFLINE=0 .*revision='{PIN}'"):
        load_tasks(_pinned(tmp_path, PIN))
