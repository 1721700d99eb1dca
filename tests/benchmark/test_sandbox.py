"""Programs of a model run without network, files, privileges, much time or memory; a code task scores what passes there."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from checks.contracts.errors import InputFault
from tasks.benchmark import score_suite
from tasks.benchmark.harness_tasks import load_tasks
from tasks.benchmark.items import Item
from tasks.benchmark.judging import judge
from tasks.benchmark.sandbox import check_sandbox, isolation, passes
from tasks.benchmark.sandbox.code_eval import SandboxedCodeEval, _pass_at, code_eval_sandboxed
from tests.benchmark.suites import write_suite, write_task

ADD = "def add(a, b):\n    return a + b"


def test_what_is_right_passes_and_what_is_wrong_does_not() -> None:
    assert passes(ADD, "assert add(2, 3) == 5")
    assert not passes(ADD, "assert add(2, 3) == 6")
    assert not passes("def add(a, b:", "assert add(2, 3) == 5")


@pytest.mark.parametrize(
    "ending", ["import os; os._exit(0)", "raise SystemExit(0)", "import sys; sys.exit()", "print('ready'); exit(0)"]
)
def test_ending_early_is_not_passing(ending: str) -> None:
    assert not passes(ending, "assert True")


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)",
        "open('/usr/written', 'w')",
        "open('/written', 'w')",
        "open('{secret}').read()",
        "import os; assert [each for each in os.listdir('/proc')]",
        "import os; assert os.environ['GWANMUN_ENDPOINT_KEY']",
        "import os; os.chroot('/usr')",
        "import subprocess; subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/work'], check=True)",
        "open('/work/large', 'wb').write(bytes(2**23))",
        "bytearray(2**31)",
    ],
)
def test_what_it_may_not_do(attempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would pass outside of the sandbox (the last two but for their size)."""
    import socket

    monkeypatch.setenv("GWANMUN_ENDPOINT_KEY", "secret")
    (tmp_path / "secret").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not passes(attempt.format(port=port, secret=tmp_path / "secret"), "pass")


def test_it_may_use_its_own_folder_and_pythons_library() -> None:
    assert passes("import json, math, re\nopen('/work/own', 'w').write('x')", "assert open('own').read() == 'x'")


def test_forks_are_counted_and_none_outlives_it() -> None:
    forks = """
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            os.execvp('sleep', ['sleep', '61.4142'])
        made += 1
except BlockingIOError:
    pass
"""
    assert passes(forks, f"assert 0 < made < {isolation.PROCESSES}")
    assert "61.4142" not in subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True).stdout


def test_loops_end_by_processor_time_and_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "CPU_SECONDS", 1)
    assert not passes("while True: pass", "")
    monkeypatch.setattr(isolation, "CLOCK_SECONDS", 1)
    assert not passes("import time; time.sleep(60)", "")


def test_no_sandbox_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    check_sandbox.cache_clear()
    monkeypatch.setattr(isolation, "_ENTER", "echo refused >&2; exit 1")
    try:
        with pytest.raises(InputFault, match="refused, expected Linux with util-linux"):
            passes(ADD, "assert True")
    finally:
        check_sandbox.cache_clear()


def test_pass_at_k() -> None:
    assert _pass_at(4, 1, 1) == pytest.approx(1 / 4)
    assert _pass_at(4, 2, 2) == pytest.approx(1 - 1 / 6)  # of six pairs one holds none that passes
    values, _ = SandboxedCodeEval().compute(
        ["assert add(2, 3) == 5"], [[ADD, "def add(a, b): return 5", "x"]], k=[1, 3, 10]
    )
    assert values == {"pass@1": pytest.approx(2 / 3), "pass@3": 1.0}


CODE = {
    "unsafe_code": True,
    "output_type": "generate_until",
    "doc_to_text": "{{prompt}}",
    "doc_to_target": "{{test}}",
    "metric_list": [{"metric": "METRIC", "aggregation": "mean", "higher_is_better": True}],
    "generation_kwargs": {"until": ["\ndef"], "max_gen_toks": 4},
}


def _task(folder: Path, functions: str) -> Path:
    rows = [{"prompt": "def add(a, b):\n", "test": "assert add(2, 3) == 5"}]
    path = write_task(folder, "code", CODE, rows, rows)
    path.write_text(path.read_text().replace("METRIC", "!function own.score"))
    (folder / "own.py").write_text(functions)
    return path


def test_a_code_task_scores_what_passes_in_the_sandbox(llama: Path, tmp_path: Path) -> None:
    _task(
        tmp_path,
        "import evaluate\nrunner = evaluate.load('code_eval')\n"
        "def score(references, predictions, **_):\n"
        "    return runner.compute(references=references, predictions=[predictions], k=[1])[0]['pass@1']\n",
    )
    suite = write_suite(tmp_path, [{"id": "code", "use": "code.yaml", "metric": "score"}])
    assert score_suite(llama, suite, device="cpu").tasks[0].value == 0.0
    task = load_tasks(suite)[0]
    harness = task.parts[0].harness
    document = harness.eval_docs[0]
    request = harness.construct_requests(doc=document, ctx=document["prompt"], metadata=("code", 0, 1))
    for text, right in (("def add(a, b):\n    return a + b", 1.0), ("def add(a, b):\n    return a - b", 0.0)):
        verdict = judge(task, 0, Item(0, document, [request], ""), [text])
        assert verdict.correct == right


def test_a_code_task_by_means_of_its_own_is_refused(tmp_path: Path) -> None:
    _task(tmp_path, "def score(references, predictions, **_):\n    exec(predictions[0])\n    return 1.0\n")
    suite = write_suite(tmp_path, [{"id": "code", "use": "code.yaml", "metric": "score"}])
    with pytest.raises(InputFault, match="by means of its own"):
        load_tasks(suite)


@pytest.mark.parametrize("there_before", [True, False], ids=["imported before", "imported meanwhile"])
def test_code_eval_is_the_sandboxed_one_only_while_a_task_is_loaded(
    there_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evaluate.py").write_text("def load(path):\n    return path\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "evaluate", raising=False)
    finders = list(sys.meta_path)
    if there_before:
        importlib.import_module("evaluate")
    with code_eval_sandboxed():
        inside = importlib.import_module("evaluate")
        assert isinstance(inside.load("code_eval"), SandboxedCodeEval)
        assert inside.load("bleu") == "bleu"
    assert inside.load("code_eval") == "code_eval"
    assert sys.meta_path == finders
