"""The tokenizer: real, complete for the demo's text, and the same through every road."""

from pathlib import Path
from random import Random
from unicodedata import normalize

from flows.demo import tokenizer
from flows.demo.corpus import encode
from flows.demo.shapes import IMAGE_MARK
from flows.demo.suites import TASKS


def test_text_goes_through_and_back() -> None:
    built = tokenizer.build()
    text = "수 4372: 사천삼백칠십이\n개수: 3"
    back = built.decode(built(text).input_ids, skip_special_tokens=True)
    assert normalize("NFC", back) == text


def test_every_item_is_known_and_encodes_alike_in_training_and_testing() -> None:
    built, rng = tokenizer.build(), Random(1)
    for task in TASKS:
        for _ in range(100):
            text = task.draw(rng, True)[0].text.removeprefix(IMAGE_MARK)
            ids = built(text, add_special_tokens=False).input_ids
            assert ids == encode(text)
            assert built.unk_token_id not in ids


def test_an_unknown_letter_is_marked_unknown() -> None:
    built = tokenizer.build()
    assert built("漢", add_special_tokens=False).input_ids == [built.unk_token_id]


def test_a_final_consonant_is_a_token_of_its_own() -> None:
    assert len(encode("연필")) == len(encode("사과")) + 2
    assert encode("연필")[-1] != encode("연피")[-1]


def test_saved_and_opened_it_is_the_same(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    built = tokenizer.build()
    built.save_pretrained(tmp_path)
    opened = AutoTokenizer.from_pretrained(tmp_path)
    text = f"{IMAGE_MARK}색: 빨강"
    assert opened(text).input_ids == built(text).input_ids
    assert opened(text).input_ids[:2] == [built.bos_token_id, built.convert_tokens_to_ids(IMAGE_MARK)]
    assert len(opened) == tokenizer.VOCABULARY_SIZE
