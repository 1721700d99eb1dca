"""Ids of texts put together from lines: those of the whole text, always."""

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
        self.backend_tokenizer, self.get_vocab = inner.backend_tokenizer, inner.get_vocab
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


def _with_slashes_behind_breaks() -> Any:
    """Punctuation takes the line break and slashes behind it, as o200k and its kin have it: ";\\n//" is one token."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    words = Regex(r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\p{L}+|\p{N}|\s+")
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        ["int x;\n// one\nint y;\n// two"] * 8, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")


def test_a_token_that_spans_lines_in_a_few_texts_only() -> None:
    """Wherever the first of them comes, and whatever was encoded before."""
    counting = Counting(_with_slashes_behind_breaks())
    plain = "int x\none\nint y\ntwo\n" * 4
    texts = [f"{plain}{mark}\n// one\n{place}\nint y{mark}\nx" for place in range(30) for mark in (":", ";", "x")]
    assert any("Ċ//" in token for text in texts for token in counting.inner.tokenize(text))
    for order in (texts, texts[::-1], texts[7:]):
        encoder = TextEncoder(counting)
        counting.characters = 0
        assert [encoder.encode(text) for text in order] == [counting.inner.encode(text) for text in order]
        assert not encoder.whole
        assert counting.characters < sum(map(len, order)) / 2


def test_what_was_encoded_before_changes_no_ids() -> None:
    """A line that only spans a cut beside another line, met often alone, once with it, and alone again."""
    inner = _with_slashes_behind_breaks()
    encoder = TextEncoder(inner)
    texts = ["x;\nint\n// y"] * 3 + ["x;\n// y"] * 3 + ["x;\nint\n// y;\n// y"] * 3
    for _ in range(2):
        assert [encoder.encode(text) for text in texts] == [inner.encode(text) for text in texts]
        encoder.forget()
