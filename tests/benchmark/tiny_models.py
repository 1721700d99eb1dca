"""Real small models and tokenizers, made in a second or two: a Llama that has learned a little, and a LLaVA."""

from pathlib import Path
from typing import Any

import torch

SENTENCES = [
    "3+4=7",
    "2+5=7",
    "바다가 넓다",
    "도서관을 찾다",
    "A. 하나 B. 둘 C. 셋 D. 넷",
    "정답： A",
    "Question: 2+2? Answer: four\n",
    "one two three four five",
]

#: Writes the first token itself, and marks the assistant's turns only.
CHAT = "{{ bos_token }}{% for m in messages %}{{ '\n# ' if m['role'] == 'assistant' else '\n' }}{{ m['content'] }}{% endfor %}"


def tokenizer(first_token: bool = True, pictures: bool = False, last_token: bool = False) -> Any:
    """Byte-level BPE; with `first_token` every text begins with <s>, without it there is no padding token either. With
    `last_token` it ends with </s> too, as texts for encoders do."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", *(["<image>"] if pictures else [])]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    inner.train_from_iterator(SENTENCES * 4, trainer)
    if first_token:
        inner.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>" if last_token else "<s> $A",
            pair="<s> $A $B",
            special_tokens=[("<s>", 1), ("</s>", 2)],
        )
    extra = {"pad_token": "<pad>"} if first_token else {}
    more = {"extra_special_tokens": {"image_token": "<image>"}} if pictures else {}
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", **extra, **more)


def save_llama(folder: Path, first_token: bool = True, length: int = 160, seed: int = 7, chat: str = "") -> Path:
    """A two-layer Llama taught a few sentences, so that it writes more than one token over and over."""
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokens = tokenizer(first_token)
        tokens.chat_template = chat or None
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokens),
                hidden_size=48,
                intermediate_size=96,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=length,
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=0,
            )
        )
        rows = [[*tokens.encode(sentence), 2] for sentence in SENTENCES]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        labels = ids.masked_fill(ids == 0, -100)
        optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for _ in range(60):
            optimiser.zero_grad()
            model(ids, labels=labels).loss.backward()
            optimiser.step()
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def save_drawn(folder: Path, family: str, settings: dict[str, Any]) -> Path:
    """A decoder or encoder-decoder of any family, its matrices drawn so wide that answers differ."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    two = "decoder_start_token_id" in settings
    tokens = tokenizer(last_token=two)
    config = AutoConfig.for_model(family, vocab_size=len(tokens), bos_token_id=1, eos_token_id=2, **settings)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        model = (AutoModelForSeq2SeqLM if two else AutoModelForCausalLM).from_config(config)
        for parameter in model.parameters():
            if parameter.ndim > 1 and min(parameter.shape) > 4:
                parameter.normal_(0, 0.15)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def save_llava(folder: Path) -> Path:
    """A LLaVA (SigLIP tower, Llama) with random weights large enough that pictures change the answer."""
    from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor, SiglipVisionConfig
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    tokens = tokenizer(pictures=True)
    vision = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        vision_use_head=False,
    )
    text = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=tokens.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        image_seq_length=4,
    )
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(11)
        model = LlavaForConditionalGeneration(config)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.2)
    model.save_pretrained(folder)
    half = [0.5, 0.5, 0.5]
    processor = SiglipImageProcessorPil(size={"height": 16, "width": 16}, image_mean=half, image_std=half)
    LlavaProcessor(processor, tokens, patch_size=8, vision_feature_select_strategy="full").save_pretrained(folder)
    return folder
