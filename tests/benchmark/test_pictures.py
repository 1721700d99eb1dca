"""Items with pictures: what the engine answers against one plain forward of transformers for each item."""

from pathlib import Path
from typing import Any

import pytest

from checks.contracts.errors import InputFault
from checks.contracts.loading import LoadedSuite
from tasks.benchmark import check_suite, score_suite
from tests.benchmark.suites import write_suite, write_task

PICTURES = """from pathlib import Path
from PIL import Image


def load(document):
    with Image.open(Path(__file__).parent / document["image"]) as picture:
        return [picture.convert("RGB")]
"""
SEEN = {
    "output_type": "multiple_choice",
    "doc_to_text": "<image>{{question}}",
    "doc_to_choice": "choices",
    "doc_to_target": "gold",
    "target_delimiter": " ",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
TOLD = {
    "output_type": "generate_until",
    "doc_to_text": "<image>{{question}}",
    "doc_to_target": "{{choices[0]}}",
    "generation_kwargs": {"until": ["\n"], "do_sample": False, "max_gen_toks": 6},
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}
ITEMS = 10


def _picture_suite(folder: Path, **first: Any) -> LoadedSuite:
    from PIL import Image

    rows = []
    (folder / "tasks" / "pictures").mkdir(parents=True)
    (folder / "tasks" / "images.py").write_text(PICTURES)
    for index in range(ITEMS):
        colour = (index * 25, 255 - index * 20, index * 11 % 256)
        Image.new("RGB", (20, 24), colour).save(folder / "tasks" / "pictures" / f"{index}.png")
        choices = ["하나", "one two", "바다가 넓다"]
        rows.append({"question": "Q" * (index % 3), "image": f"pictures/{index}.png", "choices": choices, "gold": 0})
    for name, config in (("seen", {**SEEN, **first}), ("told", TOLD)):
        path = write_task(folder / "tasks", name, config, rows, rows)
        path.write_text(path.read_text() + "doc_to_image: !function images.load\n")
    tasks = [
        {"id": "seen", "use": "tasks/seen.yaml"},
        {"id": "told", "use": "tasks/told.yaml", "metric": "exact_match"},
    ]
    return write_suite(folder, tasks)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> LoadedSuite:
    """Ten pictures with one question each."""
    return _picture_suite(tmp_path_factory.mktemp("pictures"))


def test_choices_under_a_picture_score_as_one_plain_forward_gives_them(llava: Path, suite: LoadedSuite) -> None:
    import torch
    from PIL import Image
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    scores = score_suite(llava, suite, device="cpu")
    model = LlavaForConditionalGeneration.from_pretrained(llava).eval()
    processor = AutoProcessor.from_pretrained(llava)
    items = [item for item in scores.items if item.task == "seen"]
    assert len(items) == ITEMS
    assert scores.engine["ways"] == {"pictures": "full forward and batches, as always"}
    for item in items:
        with Image.open(suite.folder / "tasks" / "pictures" / f"{item.item}.png") as file:
            picture = file.convert("RGB")
        question = "<image>" + "Q" * (item.item % 3)
        shown = processor(images=[picture], text=question, return_tensors="pt")["input_ids"].shape[1]
        for choice, ours in zip(["하나", "one two", "바다가 넓다"], item.loglikelihoods, strict=True):
            inputs = processor(images=[picture], text=f"{question} {choice}", return_tensors="pt")
            with torch.no_grad():
                logprobs = model(**inputs).logits[0].log_softmax(-1)
            ids = inputs["input_ids"][0]
            plain = sum(float(logprobs[place - 1, ids[place]]) for place in range(shown, len(ids)))
            assert ours == pytest.approx(plain, abs=1e-4)
    assert len({item.loglikelihoods[0] for item in items}) == ITEMS, "different pictures give different numbers"


def test_a_text_written_under_a_picture_is_what_transformers_generates_alone(llava: Path, suite: LoadedSuite) -> None:
    from PIL import Image
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    scores = score_suite(llava, suite, device="cpu")
    model = LlavaForConditionalGeneration.from_pretrained(llava).eval()
    processor = AutoProcessor.from_pretrained(llava)
    for item in (item for item in scores.items if item.task == "told"):
        with Image.open(suite.folder / "tasks" / "pictures" / f"{item.item}.png") as file:
            inputs = processor(
                images=[file.convert("RGB")], text="<image>" + "Q" * (item.item % 3), return_tensors="pt"
            )
        output = model.generate(**inputs, max_new_tokens=6, do_sample=False, pad_token_id=0)
        text = processor.tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        assert item.output == text.split("\n")[0]


def test_another_picture_is_another_prompt(llava: Path, tmp_path: Path) -> None:
    from PIL import Image

    suite = _picture_suite(tmp_path)
    before = score_suite(llava, suite, limit=2, device="cpu").items
    Image.new("RGB", (20, 24), (1, 2, 3)).save(tmp_path / "tasks" / "pictures" / "0.png")
    after = score_suite(llava, suite, limit=2, device="cpu").items
    assert before[0].prompt_sha256 != after[0].prompt_sha256
    assert before[1].prompt_sha256 == after[1].prompt_sha256


def test_a_prompt_without_a_mark_for_its_picture_is_refused(llava: Path, tmp_path: Path) -> None:
    suite = _picture_suite(tmp_path, doc_to_text="{{question}}")
    with pytest.raises(InputFault, match=r"seen, item 0: found 0 <image> marks in the prompt for 1 pictures"):
        score_suite(llava, suite, device="cpu")


def test_a_missing_picture_is_found_before_anything_runs(tmp_path: Path) -> None:
    suite = _picture_suite(tmp_path)
    check_suite(suite)
    (tmp_path / "tasks" / "pictures" / "7.png").unlink()
    with pytest.raises(InputFault, match=r"seen, item 7: found FileNotFoundError"):
        check_suite(suite)


def test_a_model_of_text_is_not_asked_about_pictures(llama: Path, suite: LoadedSuite) -> None:
    with pytest.raises(InputFault, match=r"processor_config\.json: found a model that sees no pictures"):
        score_suite(llama, suite, device="cpu")


def test_text_alone_goes_through_a_vision_language_model(llava: Path, tmp_path: Path) -> None:
    from tests.benchmark.suites import FULL_TEXT, documents

    write_task(tmp_path / "tasks", "text", FULL_TEXT, documents(6))
    scores = score_suite(llava, write_suite(tmp_path, [{"id": "text", "use": "tasks/text.yaml"}]), device="cpu")
    assert [len(item.loglikelihoods) for item in scores.items] == [3] * 6
