"""Opens a model's folder: transformers' own classes, weights from safetensors only, no code from the folder.

loaded = load_model(Path("submissions/t1/model"), choose_device())
loaded.model, loaded.tokenizer, loaded.processor          # the processor only where the model sees pictures
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.plain_files import refuse_pipes
from checks.records.canonical import canonical_sha256
from tasks.benchmark.devices import Placement
from tasks.benchmark.library_quiet import quiet_libraries
from tasks.checkpoints.model_settings import check_settings

WANTED = "a folder with config.json, a tokenizer and safetensors"

#: Files of a model's folder that decide what it answers: settings, tokenizer, chat template, weights.
_DECIDING = (".json", ".jinja", ".model", ".safetensors", ".txt")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode on its device, its tokenizer, and its processor where it sees pictures."""

    folder: Path
    model: Any
    tokenizer: Any
    processor: Any

    @property
    def pad(self) -> int:
        """The token that batches are padded with: the tokenizer's, or one that the model has, where that was added to the
        tokenizer alone. It is never read."""
        named = self.tokenizer.pad_token_id
        return named if named in range(self.model.config.get_text_config(decoder=True).vocab_size) else 0


def load_model(folder: Path, placement: Placement, beside: Path | None = None) -> LoadedModel:
    """Loads a decoder, an encoder-decoder or a vision-language model; an earlier checkpoint's settings and tokenizer are
    those of `beside`.

    Raises InputFault for a folder without safetensors, a truncated or corrupt file, tensors that are missing or of
    another shape (transformers would draw them at random), an architecture that transformers does not know or that
    cannot write text, and a missing tokenizer.
    """
    quiet_libraries()
    import torch

    settings = beside or folder
    check_folder(folder, settings)
    config, opener = _config_and_class(settings)
    tokenizer = load_tokenizer(settings)
    try:
        model, report = opener.from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, placement.dtype),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:  # whatever transformers finds wrong with a folder that was handed in
        raise _model_fault(folder, error) from error
    absent = sorted(report["missing_keys"]) + sorted(str(each) for each in report["mismatched_keys"])
    if absent:
        found = f"weights without {absent[0]!r}" + (f" and {len(absent) - 1} more" if len(absent) > 1 else "")
        raise InputFault(folder, "model.safetensors", found, "every tensor that config.json calls for, in its shape")
    return LoadedModel(folder, model.eval().to(placement.device), tokenizer, _processor(settings, config))


def check_folder(folder: Path, settings: Path | None = None) -> None:
    """Refuses a folder that is no model, holds pickles only, or has a safetensors file that is not whole."""
    if not ((settings or folder) / "config.json").is_file():
        raise InputFault(settings or folder, "config.json", "no such file", WANTED)
    for each in {folder, settings or folder}:
        refuse_pipes(each)
    check_settings(settings or folder)
    weights = _weight_files(folder)
    if not weights:
        pickles = sorted(each.name for each in folder.iterdir() if each.suffix in _PICKLES)
        found = f"pickled weights only ({', '.join(pickles)})" if pickles else "no weights"
        raise InputFault(folder, "", found, f"{WANTED}; pickles run code and are not opened")
    from safetensors import SafetensorError, safe_open

    for path in weights:
        if not path.is_file():
            raise InputFault(path, found="no such file", expected="every shard that the index names")
        try:
            with safe_open(path, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise InputFault(path, found=f"a broken file ({error})", expected="a whole safetensors file") from None


def fingerprint(folder: Path) -> str:
    """SHA-256 over the contents of the settings, the tokenizer and the weights: two models that differ have different ones."""
    files = {path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.suffix in _DECIDING}
    return canonical_sha256(files)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weight_files(folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            return sorted({folder / name for name in json.loads(index.read_text())["weight_map"].values()})
        except (ValueError, KeyError, AttributeError, TypeError):
            raise InputFault(index, found="no index", expected="a JSON object with weight_map") from None
    return sorted(folder.glob("*.safetensors"))


def _config_and_class(folder: Path) -> tuple[Any, Any]:
    import transformers
    from transformers.models.auto import modeling_auto as names

    try:
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # broken JSON, an unknown model type, a model that brings its own code
        raise _model_fault(folder, error) from error
    kind, named = config.model_type, (config.architectures or [""])[0]
    sees = names.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    writes = names.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if named in (sees.get(kind), names.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES.get(kind)) and named != writes.get(kind):
        multimodal = kind not in sees
        return config, transformers.AutoModelForMultimodalLM if multimodal else transformers.AutoModelForImageTextToText
    if kind in sees and writes.get(kind) == sees[kind]:
        return config, transformers.AutoModelForImageTextToText
    answers = names.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    if config.is_encoder_decoder and kind in answers and named in (answers[kind], ""):
        return config, transformers.AutoModelForSeq2SeqLM
    if named == writes.get(kind) or (kind in writes and not named):
        return config, transformers.AutoModelForCausalLM
    raise InputFault(
        folder / "config.json",
        "architectures",
        repr(named or kind),
        "a decoder, an encoder-decoder or a vision-language model (…ForCausalLM, …ForConditionalGeneration) that writes text",
    )


def load_tokenizer(folder: Path) -> Any:
    """The model's tokenizer. Raises InputFault where there is none, it is broken, or no token ends a text."""
    import transformers
    from lm_eval.models.utils import configure_pad_token

    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")):
        raise InputFault(folder, "tokenizer.json", "no such file", WANTED)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a broken tokenizer file
        raise _model_fault(folder, error) from error
    if tokenizer.eos_token_id is None:
        raise InputFault(folder / "tokenizer_config.json", "eos_token", "nothing", "the token that ends a text")
    return configure_pad_token(tokenizer)


def _processor(folder: Path, config: Any) -> Any:
    """The processor of a model that sees pictures; None for one of text, and where no processor was handed in."""
    import transformers

    names = ("processor_config.json", "preprocessor_config.json")
    if not hasattr(config, "vision_config") or not any((folder / name).is_file() for name in names):
        return None
    try:
        processor = transformers.AutoProcessor.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a broken or unknown processor
        raise _model_fault(folder, error) from error
    return processor if hasattr(processor, "image_processor") else None


def _model_fault(folder: Path, error: Exception) -> InputFault:
    words = str(error).strip().splitlines() or [""]
    found = f"{type(error).__name__}: {words[0][:300]}"
    return InputFault(folder, "", found, f"a model that transformers opens without code of its own: {WANTED}")
