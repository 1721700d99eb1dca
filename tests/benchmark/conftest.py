"""Models that the tests of this room share, each made once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small matrices: threads only cost."""
    import torch

    from tasks.benchmark.library_quiet import quiet_libraries

    quiet_libraries()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose texts begin with <s>."""
    from tests.benchmark.tiny_models import save_llama

    return save_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def bare_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without a first token and without a padding token, and shorter than some prompts."""
    from tests.benchmark.tiny_models import save_llama

    return save_llama(tmp_path_factory.mktemp("bare"), first_token=False, length=48, seed=8)


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 of drawn weights."""
    from tests.benchmark.tiny_models import save_drawn

    settings = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 160}
    return save_drawn(tmp_path_factory.mktemp("gpt2"), "gpt2", settings)


@pytest.fixture(scope="session")
def rwkv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An RWKV of drawn weights: recurrent, and without a mask."""
    from tests.benchmark.tiny_models import save_drawn

    settings = {"hidden_size": 48, "num_hidden_layers": 2, "context_length": 160}
    return save_drawn(tmp_path_factory.mktemp("rwkv"), "rwkv", settings)


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 of drawn weights: positions by distance, no start of its own but the padding token."""
    from tests.benchmark.tiny_models import save_drawn

    settings = {"d_model": 48, "d_kv": 12, "d_ff": 96, "num_layers": 2, "num_heads": 4, "n_positions": 160}
    return save_drawn(tmp_path_factory.mktemp("t5"), "t5", {**settings, "pad_token_id": 0, "decoder_start_token_id": 0})


@pytest.fixture(scope="session")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BART of drawn weights: positions counted from the first token, shorter than some prompts."""
    from tests.benchmark.tiny_models import save_drawn

    layers = {
        f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in (("layers", 2), ("ffn_dim", 96))
    }
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "d_model": 48, "max_position_embeddings": 64}
    ends = {"pad_token_id": 0, "decoder_start_token_id": 2, "forced_eos_token_id": None}
    return save_drawn(tmp_path_factory.mktemp("bart"), "bart", {**layers, **heads, **ends})


@pytest.fixture(scope="session")
def chat_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a chat template that writes the first token itself."""
    from tests.benchmark.tiny_models import CHAT, save_llama

    return save_llama(tmp_path_factory.mktemp("chat"), length=400, chat=CHAT)


@pytest.fixture(scope="session")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny vision-language model."""
    from tests.benchmark.tiny_models import save_llava

    return save_llava(tmp_path_factory.mktemp("llava"))
