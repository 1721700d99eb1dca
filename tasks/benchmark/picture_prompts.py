"""A prompt with pictures as token ids and pixels, through the model's own processor.

`<image>` in a prompt becomes the model's picture token, and the processor repeats that token once for each feature that
the vision tower will give (as the harness's `hf-multimodal` does it).
"""

from dataclasses import dataclass
from typing import Any

from checks.contracts.errors import InputFault
from tasks.benchmark.items import PICTURE_MARK
from tasks.benchmark.model_loading import LoadedModel


@dataclass(frozen=True)
class PicturePrompt:
    """Ids of the whole prompt, and the model's further inputs: one tensor a name, first dimension pictures or (where
    its shape is that of the ids) tokens."""

    ids: list[int]
    extras: dict[str, Any]


class PicturePrompts:
    """Encodes prompts with pictures for one model. Raises InputFault where the model does not see pictures."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._folder = loaded.folder
        self._processor = loaded.processor
        if loaded.processor is None:
            raise InputFault(
                loaded.folder,
                "processor_config.json",
                "a model that sees no pictures, or whose processor was not handed in",
                "a vision-language model with its processor, for a task with pictures",
            )
        _complete(loaded.processor, loaded.model.config)

    def encode(self, text: str, pictures: list[Any]) -> PicturePrompt:
        """The prompt's ids with the picture tokens repeated, and its pixels."""
        shown = text.replace(PICTURE_MARK, self._processor.image_token)
        try:
            encoded = self._processor(images=pictures, text=shown, return_tensors="pt")
        except Exception as error:  # whatever a processor that was handed in finds wrong with its settings
            words = f"{type(error).__name__}: {str(error)[:200]}"
            raise InputFault(self._folder, "processor", words, "a processor that takes text and pictures") from error
        ids = encoded["input_ids"][0].tolist()
        extras = {name: value for name, value in encoded.items() if name not in ("input_ids", "attention_mask")}
        return PicturePrompt(ids, extras)


def _complete(processor: Any, config: Any) -> None:
    """Takes from the model's settings what older processor files leave out, and repeating picture tokens needs."""
    if getattr(processor, "patch_size", 0) is None:
        processor.patch_size = getattr(config.vision_config, "patch_size", None)
    if getattr(processor, "vision_feature_select_strategy", "") is None:
        processor.vision_feature_select_strategy = getattr(config, "vision_feature_select_strategy", None)
