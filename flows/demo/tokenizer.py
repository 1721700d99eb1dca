"""The tokenizer that all demo models share: Hangul split into its letters (NFD), one token a letter, digit or mark.

`사과` becomes ᄉ ᅡ ᄀ ᅪ, so that a final consonant, which decides on particles, is a token of its own.
"""

from functools import cache
from typing import TYPE_CHECKING

from flows.demo.shapes import IMAGE_MARK

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY_SIZE = 128
PAD, BEGIN, END, UNKNOWN = "<pad>", "<s>", "</s>", "<unk>"
SPECIALS = (PAD, BEGIN, END, UNKNOWN, IMAGE_MARK)


def vocabulary() -> dict[str, int]:
    """Token to id: specials, line end, ASCII digits and marks, the 67 modern Hangul letters, then reserved ids."""
    letters = [
        chr(code) for first, count in ((0x1100, 19), (0x1161, 21), (0x11A8, 27)) for code in range(first, first + count)
    ]
    tokens = [*SPECIALS, "\n", " ", *"0123456789", *"+-=:,./()?", *letters]
    tokens += [f"<reserved-{number}>" for number in range(VOCABULARY_SIZE - len(tokens))]
    return {token: number for number, token in enumerate(tokens)}


@cache
def build() -> "PreTrainedTokenizerFast":
    """The tokenizer, ready for `save_pretrained`; its ids do not depend on any training."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel(vocabulary(), unk_token=UNKNOWN))
    inner.normalizer = normalizers.NFD()
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    inner.decoder = decoders.Fuse()
    inner.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, vocabulary()[BEGIN])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        unk_token=UNKNOWN,
        extra_special_tokens={"image_token": IMAGE_MARK},
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
