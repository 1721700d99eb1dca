"""Chat templates that ask for the date: the prompts of one run are those of every other with equal settings."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import score_suite
from tasks.benchmark.chat import TODAY, chat_of
from tests.benchmark.suites import LETTERS, documents, write_suite, write_task
from tests.benchmark.tiny_models import CHAT, save_llama

#: As the templates of Llama 3.1 and of Mistral have it.
DATED = (
    "{%- if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}{% else %}{% set day = '26 Jul 2024' %}{% endif %}"
    + CHAT.replace("{{ bos_token }}", "{{ bos_token }}Today: {{ day }}")
)
MESSAGES = [
    {"role": "user", "content": "2+5"},
    {"role": "assistant", "content": "7"},
    {"role": "user", "content": "3+4"},
]


def _on(patch: pytest.MonkeyPatch, day: datetime) -> None:
    """Whatever asks transformers for the date is told that day."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return day

    patch.setattr("transformers.utils.chat_template_utils.datetime", Clock)


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("dated"), length=400, chat=DATED)


@pytest.fixture
def suite(tmp_path: Path) -> LoadedSuite:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(4))
    return write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml"}], chat_template=True)


def test_prompts_are_the_harnesss_own_of_that_day(dated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(pretrained=str(dated), device="cpu", dtype="float32", batch_size=1)
    other = harness.apply_chat_template(MESSAGES)
    _on(monkeypatch, TODAY)
    own = chat_of(dated)(MESSAGES)
    assert "Today: 26 Jul 2024" in own and own == harness.apply_chat_template(MESSAGES) != other
    going_on = chat_of(dated)(MESSAGES[:2], add_generation_prompt=False)
    assert going_on == harness.apply_chat_template(MESSAGES[:2], add_generation_prompt=False)


def test_a_run_goes_on_the_next_day(
    dated: Path, suite: LoadedSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "items.jsonl"
    _on(monkeypatch, datetime(2026, 11, 27))
    first = score_suite(dated, suite, device="cpu", ledger=path)
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    _on(monkeypatch, datetime(2026, 11, 28))
    assert score_suite(dated, suite, device="cpu", ledger=path).tasks == first.tasks
    assert path.read_bytes() == whole
    assert first.settings["chat_date"] == "2024-07-26"


def test_a_format_that_the_template_does_not_name_is_refused(dated: Path, tmp_path: Path) -> None:
    import shutil

    from transformers import AutoTokenizer

    folder = shutil.copytree(dated, tmp_path / "model")
    tokens = AutoTokenizer.from_pretrained(folder)
    tokens.chat_template = "{% set form = '%d %b' %}" + DATED.replace("'%d %b %Y'", "form + ' %Y'")
    tokens.save_pretrained(folder)
    with pytest.raises(InputFault, match="chat_template: found a template that asks for the date"):
        chat_of(folder)


def test_without_a_chat_template_there_is_no_date(llama: Path, tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(2))
    plain = write_suite(tmp_path, [{"id": "letters", "use": "tasks/letters.yaml"}])
    assert score_suite(llama, plain, device="cpu").settings["chat_date"] is None
