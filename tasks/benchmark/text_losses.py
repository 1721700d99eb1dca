"""The loss of whole texts, for whoever has to know what weights make of documents.

    text_losses(Path("evidence/step-400"), Path("model"), ["가나다 …"], 4096)

Each text by itself after the token that begins texts, which is not predicted itself.
"""

from collections.abc import Sequence
from pathlib import Path

from checks.contracts.errors import InputFault
from tasks.benchmark.devices import choose_device
from tasks.benchmark.model_loading import load_model


def text_losses(weights: Path, model: Path, texts: Sequence[str], most_tokens: int | None) -> list[tuple[float, int]]:
    """(loss summed over tokens in nats, tokens) of each text.

    Over at most the model's length and `most_tokens` of its first tokens. `model` is the folder whose settings and tokenizer
    are used. Raises InputFault for weights that cannot be run, and for a text without a token.
    """
    placement = choose_device(None, "float32")
    loaded = load_model(weights, placement, beside=model)
    from tasks.benchmark.engine import HarnessModel

    engine = HarnessModel(loaded)
    most = min(engine.max_length, most_tokens or engine.max_length)
    ids = [engine.tok_encode(text, add_special_tokens=False)[:most] for text in texts]
    if empty := [text for text, each in zip(texts, ids, strict=True) if not each]:
        raise InputFault(model, "tokenizer", f"the text {empty[0][:40]!r}, which has no token", "at least one token")
    scored = engine.token_scores([([engine.prefix_token_id], each) for each in ids])
    return [(-loglikelihood, len(each)) for (loglikelihood, _), each in zip(scored, ids, strict=True)]
