"""The model and the requests that the benchmark's figures are measured on.

A Llama of 32 M random weights (8 layers, hidden size 512) and a byte-level BPE made here. Prompts of some 1,000 tokens, of
which nine tenths are five examples.
"""

import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

CHOICES = 4
#: Words of a question and (least, most) of a choice; of an example.
QUESTION = (16, (4, 6))
EXAMPLE = (50, (4, 6))
SYLLABLES = [chr(0xAC00 + 37 * step) for step in range(300)]


@cache
def model_folder() -> Path:
    """Made once a process."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=8192, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    draw = Random(1)
    inner.train_from_iterator([f"{words(draw, 40)}\n정답： {draw.choice('ABCD')}" for _ in range(2000)], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=8192, hidden_size=512, intermediate_size=1408, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, max_position_embeddings=2048, initializer_range=0.05, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="gwanmun-bench-"))
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def words(draw: Random, count: int) -> str:
    """So many made-up Korean words of one to four syllables."""
    return " ".join("".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(count))


def _question(draw: Random, length: int, choice_words: tuple[int, int]) -> tuple[str, list[str]]:
    """A question with its four choices."""
    choices = [words(draw, draw.randint(*choice_words)) for _ in range(4)]
    return words(draw, length) + "\n" + "\n".join(f"{x}. {c}" for x, c in zip("ABCD", choices, strict=True)), choices


def _examples(draw: Random, shots: int) -> str:
    """Examples of some 190 tokens each: five of them are nine tenths of a prompt."""
    return "".join(f"{_question(draw, *EXAMPLE)[0]}\n정답： {draw.choice('ABCD')}\n\n" for _ in range(shots))


def choice_requests(items: int, shots: int, full_text: bool, random_examples: bool = False) -> list[Any]:
    """Four choices an item: letters, or the choices' full text."""
    from lm_eval.api.instance import Instance

    draw = Random(7)
    examples = _examples(draw, shots)
    requests = []
    for item in range(items):
        if random_examples:
            examples = _examples(Random(item), shots)
        question, choices = _question(draw, *QUESTION)
        context = f"{examples}{question}\n정답："
        for index, answer in enumerate(choices if full_text else "ABCD"):
            requests.append(Instance("loglikelihood", {}, (context, f" {answer}"), index, ("bench", item, 1)))
    return requests
