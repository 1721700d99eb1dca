"""Ids of texts put together from lines: those of the whole text, or no text is cut."""

from typing import Any

from tasks.benchmark.text_encoding import TextEncoder
from tests.benchmark.tiny_models import tokenizer

TEXTS = [
    f"Question: {a}+{b}\nA. one\nB. two\n\n정답： A\n\nQuestion: {b}?\n  indented\nAnswer:\n{end}"
    for a in range(8)
    for b in range(4)
    for end in ("", " 바다", "\n", "3 \n 4")
]


class Counting:
    """A tokenizer that counts the characters it is given."""

    is_fast = True

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.characters = 0

    def encode(self, text: str, **options: Any) -> list[int]:
        self.characters += len(text)
        return list(self.inner.encode(text, **options))


def test_ids_are_those_of_the_whole_text_and_lines_are_encoded_once() -> None:
    for first_token in (True, False):
        counting = Counting(tokenizer(first_token))
        encoder = TextEncoder(counting)
        assert [encoder.encode(text) for text in TEXTS] == [counting.inner.encode(text) for text in TEXTS]
        assert not encoder.whole
        assert counting.characters < sum(map(len, TEXTS)) / 4


def test_a_text_that_brings_its_special_tokens_gets_none_around_it() -> None:
    inner = tokenizer()
    encoder = TextEncoder(inner)
    for text in TEXTS:
        assert encoder.encode(text) == inner.encode(text)
        assert encoder.encode("<s>" + text, special=False) == inner.encode("<s>" + text, add_special_tokens=False)
    assert not encoder.whole


def test_a_tokenizer_whose_tokens_span_lines_encodes_whole_texts() -> None:
    """Without pre-tokens a merge may take a line's end together with the next line's beginning."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.train_from_iterator(["one\ntwo\nthree"] * 8, trainers.BpeTrainer(vocab_size=200, special_tokens=["</s>"]))
    spanning = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")
    encoder = TextEncoder(spanning)
    texts = [f"one\ntwo\nthree{'e' * count}" for count in range(4)]
    assert [encoder.encode(text) for text in texts] == [spanning.encode(text) for text in texts]
    assert encoder.whole
