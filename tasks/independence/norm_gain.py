"""The gains of the norms in front of a layer, as the model multiplies by them, whatever the file holds."""

import re
from collections.abc import Mapping, Sequence

from tasks.checkpoints import Checkpoint
from tasks.checkpoints.spellings import plain_name
from tasks.independence.permutation_test import Matrix

#: Model types whose norms multiply by one more than the number that is stored (transformers' modeling files, 5.x). Of a wrapped
#: model only the language model's do.
_ONE_MORE = re.compile(
    r"(gemma|gemma2|gemma3|gemma3_text|recurrent_gemma|t5_gemma_module|t5gemma|t5gemma2\w*|vaultgemma|nemotron|qwen3_next|qwen3_5\w*"
    r"|minimax_m3_vl\w*|muse_\w+|qwen4_exp\w*|step3p[57])"
)


def gain_of(checkpoint: Checkpoint, component: str, norms: Sequence[str], wanted_names: Sequence[str]) -> Matrix | None:
    """The gain (width,) of a layer's norm by the first of these names that it has; None where it has none of them."""
    for wanted in wanted_names:
        for name in norms:
            if f".{wanted}." in f".{plain_name(name)}":
                stored = checkpoint.read(name).reshape(-1)
                return stored + 1 if component == "language_model" and _is_one_more(checkpoint) else stored
    return None


def _is_one_more(checkpoint: Checkpoint) -> bool:
    nested = checkpoint.config.get("text_config")
    settings = nested if isinstance(nested, Mapping) and nested.get("model_type") else checkpoint.config
    return _ONE_MORE.fullmatch(str(settings.get("model_type", ""))) is not None
