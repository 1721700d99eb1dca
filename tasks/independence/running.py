"""Runs a language model that was handed in: transformers' own classes, weights from safetensors only, no code from the folder,
no network.

model = RunnableModel(open_checkpoint(Path("models/globe")), "cpu")
model.answers(rows, asked).said.shape                  # (positions, tokens asked for)

One model in float32 is held in memory: the only part of a trace that needs that.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from checks.contracts.errors import InputFault
from tasks.checkpoints import Checkpoint, roles_of
from tasks.independence.permutation_test import Matrix
from tasks.independence.token_tables import vocabulary

#: Hidden units of a layer that are kept: those whose gates answer most differently, which no disguise changes.
MOST_UNITS = 512
#: Sequences that go through the model at a time.
_TOGETHER = 8
#: Bits of the mantissa by stored format; other formats are read as the numbers they stand for, and tell of no rounding.
_MANTISSA = {"F64": 23, "F32": 23, "F16": 10, "BF16": 7, "F8_E4M3": 3, "F8_E5M2": 2}
_WANTED = "a language model that transformers builds without code of its own"


@dataclass(frozen=True)
class UnitAnswers:
    """What the hidden units of a gated layer answer at every position: (units, positions) each, centred, of length one."""

    layer: int
    gates: Matrix
    ups: Matrix


@dataclass(frozen=True)
class Answers:
    """`said` is (positions, tokens asked for): logits without their mean at each position, which changes no probability;
    `units` by layer, empty where the model has no gated layers that can be heard."""

    said: Matrix
    units: Sequence[UnitAnswers]


class RunnableModel:
    """A checkpoint that can be run. Raises InputFault, before anything is built, for one whose kind of model transformers does
    not know or that has no vocabulary."""

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        self._device = device
        self.checkpoint = checkpoint
        self._config, self._class = _config_and_class(checkpoint)
        self.tokens: Mapping[str, int] = vocabulary(checkpoint.folder)
        if not self.tokens:
            found = "no vocabulary that can be read"
            raise InputFault(checkpoint.folder, "tokenizer.json", found, "tokens, to ask both models the same")

    @property
    def mantissa(self) -> int:
        """Bits of the coarsest format that its tensors are stored in."""
        return min(_MANTISSA.get(tensor.dtype, 23) for tensor in self.checkpoint.tensors.values())

    @property
    def positions(self) -> int:
        """The longest sequence that it reads."""
        inner = self._config.get_text_config()
        return int(getattr(inner, "max_position_embeddings", None) or getattr(inner, "n_positions", None) or 1 << 30)

    @property
    def height(self) -> int:
        """Tokens that it has a row for."""
        return int(self._built.get_input_embeddings().weight.shape[0])

    @cached_property
    def _built(self) -> Any:
        import torch
        from transformers.utils import logging

        logging.disable_progress_bar()
        folder = self.checkpoint.folder
        try:
            model, report = self._class.from_pretrained(
                folder,
                config=self._config,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
        except Exception as error:  # whatever transformers finds wrong with a folder that was handed in
            raise _not_built(self.checkpoint, error) from error
        absent = sorted(report["missing_keys"]) + sorted(str(each) for each in report["mismatched_keys"])
        if absent:  # transformers would draw them at random
            found = f"weights without {absent[0]!r} ({len(absent)} missing)"
            raise InputFault(folder, "--run-models", found, "every tensor that config.json calls for, in its shape")
        return model.eval().to(self._device)

    def answers(self, rows: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]) -> Answers:
        """What it says after every position of `rows`, (sequences, length) of its own token numbers."""
        import torch

        said: list[Matrix] = []
        with torch.inference_mode(), _listening(self._built, self.checkpoint) as heard:
            for start in range(0, len(rows), _TOGETHER):
                ids = torch.from_numpy(rows[start : start + _TOGETHER]).to(self._device)
                logits = self._built(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
                logits = logits.flatten(0, 1).float()[:, torch.from_numpy(asked).to(self._device)]
                said.append((logits - logits.mean(dim=1, keepdim=True)).cpu().numpy())
        return Answers(np.concatenate(said), [_of_units(layer, sides) for layer, sides in sorted(heard.items())])

    def disturb(self, mantissa: int) -> None:
        """Moves every weight by at most half of the last place of a format, as storing a turned or renumbered copy would."""
        import torch

        generator = torch.Generator(device=self._device).manual_seed(1)
        with torch.no_grad():
            for weight in self._built.parameters():
                _, exponent = torch.frexp(weight)
                last_place = torch.ldexp(torch.ones_like(weight), exponent - 1 - mantissa)
                weight += (torch.rand(weight.shape, generator=generator, device=self._device) - 0.5) * last_place


def _config_and_class(checkpoint: Checkpoint) -> tuple[Any, Any]:
    import transformers
    from transformers.models.auto import modeling_auto as names

    folder = checkpoint.folder
    try:
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # broken settings, an unknown model type, a model that brings its own code
        raise _not_built(checkpoint, error) from error
    kind, named = config.model_type, (config.architectures or [""])[0]
    sees, writes = names.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, names.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if kind in sees and (named == sees[kind] or kind not in writes):
        return config, transformers.AutoModelForImageTextToText
    if kind in writes:
        return config, transformers.AutoModelForCausalLM
    raise InputFault(folder, "--run-models", f"model_type {kind!r}", _WANTED)


def _not_built(checkpoint: Checkpoint, error: Exception) -> InputFault:
    words = str(error).strip().splitlines() or [""]
    return InputFault(checkpoint.folder, "--run-models", f"{type(error).__name__}: {words[0][:200]}", _WANTED)


@contextmanager
def _listening(model: Any, checkpoint: Checkpoint) -> Iterator[dict[int, dict[str, list[Matrix]]]]:
    """Layer → side → what its gate and up rows answered, a batch after another, (positions, units) each."""
    heard: dict[int, dict[str, list[Matrix]]] = {}

    def keeper(layer: int, side: str) -> Any:
        def keep(_: Any, __: Any, answer: Any) -> None:
            kept = heard.setdefault(layer, {"gate": [], "up": []})
            flat = answer.flatten(0, -2)
            for name, part in (
                zip(("gate", "up"), flat.chunk(2, dim=-1), strict=True) if side == "gate_up" else [(side, flat)]
            ):
                kept[name].append(part.float().cpu().numpy())

        return keep

    with ExitStack() as hooks:
        for layer, side, name in _gated(model, checkpoint):
            hooks.enter_context(_hook(model.get_submodule(name), keeper(layer, side)))
        yield heard


@contextmanager
def _hook(module: Any, keep: Any) -> Iterator[None]:
    handle = module.register_forward_hook(keep)
    try:
        yield
    finally:
        handle.remove()


def _gated(model: Any, checkpoint: Checkpoint) -> list[tuple[int, str, str]]:
    """(Layer, side, name of the module) of every gated layer that has both sides. Experts that only some tokens reach, and layers
    without a gate, are not heard."""
    modules = dict(model.named_modules())
    sides: dict[int, dict[str, str]] = {}
    for role in roles_of((name for name, _ in model.named_parameters()), checkpoint.config):
        name = role.name.removesuffix(".weight")
        fits = role.component == "language_model" and role.expert is None and not role.bias and name in modules
        if fits and role.layer is not None and role.role in ("gate", "up", "gate_up"):
            sides.setdefault(role.layer, {})[role.role] = name
    whole = {layer: held for layer, held in sides.items() if "gate_up" in held or {"gate", "up"} <= held.keys()}
    return [(layer, side, name) for layer, held in whole.items() for side, name in held.items()]


def _of_units(layer: int, sides: Mapping[str, list[Matrix]]) -> UnitAnswers:
    gates, ups = (np.concatenate(sides[side]).T for side in ("gate", "up"))
    kept = np.sort(np.argsort(-gates.std(axis=1), kind="stable")[:MOST_UNITS])
    return UnitAnswers(layer, *(_centred(each[kept]) for each in (gates, ups)))


def _centred(rows: Matrix) -> Matrix:
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
