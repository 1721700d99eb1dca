"""Whatever stands in the settings beside a model, it is scored and traced, or refused in one line."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.contracts.errors import InputFault
from tasks.benchmark import score_suite
from tasks.independence import trace
from tests.benchmark.suites import FULL_TEXT, documents, write_suite, write_task
from tests.changed_values import VALUES, Place, changed, places


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
def test_any_value_in_a_models_settings_is_refused_or_lived_with(name: str, tmp_path: Path, llama: Path) -> None:
    write_task(tmp_path / "tasks", "text", FULL_TEXT, documents(2))
    suite = write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml"}])
    folder = Path(shutil.copytree(llama, tmp_path / "model"))
    content = json.loads((folder / name).read_text())
    every = list(places(content))

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(every), VALUES)
    def check(place: Place, value: object) -> None:
        (folder / name).write_text(json.dumps(changed(content, place, value)))
        for measure in (lambda: score_suite(folder, suite, device="cpu"), lambda: trace(folder, {"llama": llama})):
            try:
                measure()
            except InputFault as fault:
                assert str(folder) in fault.message and "\n" not in fault.message

    check()
