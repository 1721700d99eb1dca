"""Text that the model writes after a prompt, up to a stop string.

Greedy unless the task samples. Sampling is seeded for each batch from the request's own `seed` and the batch's place, so
the same items with the same seed give the same texts.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, postprocess_generated_text
from transformers import StoppingCriteria, StoppingCriteriaList

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import BatchRunner, Row
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.row_tensors import model_inputs

#: The harness's own: how much is generated where a task does not say.
DEFAULT_NEW_TOKENS = 256

#: A stop string may come in other tokens than it encodes to alone; the harness looks two tokens further back.
_EXTRA_LOOK_BACK = 2

#: Sampling draws from torch's generator, of which a process has one: threads take turns.
_SAMPLING = threading.Lock()


@dataclass(frozen=True)
class Written:
    """A generated text without its stop string, and how many tokens were generated."""

    text: str
    tokens: int


class StopAtStrings(StoppingCriteria):  # type: ignore[misc]  # transformers is not followed by mypy
    """Ends each row when one of the strings stands in its last tokens; `ended` holds how many tokens each row has."""

    def __init__(self, tokenizer: Any, strings: Sequence[str], prompt_length: int, rows: int) -> None:
        self._tokenizer = tokenizer
        self._strings = [each for each in strings if each]
        encoded = [len(tokenizer.encode(each, add_special_tokens=False)) for each in self._strings]
        self._look_back = max(encoded, default=0) + _EXTRA_LOOK_BACK
        self._prompt_length = prompt_length
        self.ended: list[int | None] = [None] * rows

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        written = input_ids[:, self._prompt_length :]
        tails = written[:, -self._look_back :].tolist()
        for row, tail in enumerate(tails):
            if self.ended[row] is None:
                text = self._tokenizer.decode(tail)
                if any(each in text for each in self._strings):
                    self.ended[row] = written.shape[1]
        return torch.tensor([each is not None for each in self.ended], device=input_ids.device)


class Generator:
    """Generates for many prompts, those with equal settings in common batches."""

    def __init__(self, loaded: LoadedModel, runner: BatchRunner, max_length: int) -> None:
        self._loaded = loaded
        self._runner = runner
        self._max_length = max_length
        ends = loaded.model.generation_config.eos_token_id
        self._ends = {loaded.tokenizer.eos_token_id, *([ends] if isinstance(ends, int) else ends or [])}

    def generate(self, prompts: Sequence[tuple[Row, dict[str, Any]]]) -> list[Written]:
        """One text a prompt, in their order. Raises InputFault where a prompt leaves no room to write."""
        groups: dict[str, list[int]] = {}
        for index, (_, settings) in enumerate(prompts):
            groups.setdefault(json.dumps(settings, sort_keys=True, default=str), []).append(index)
        texts: dict[int, Written] = {}
        for members in groups.values():
            rows = [prompts[index][0] for index in members]
            written = self._generate_alike(rows, dict(prompts[members[0]][1]))
            texts.update(zip(members, written, strict=True))
        return [texts[index] for index in range(len(prompts))]

    def _generate_alike(self, rows: list[Row], settings: dict[str, Any]) -> list[Written]:
        seed = settings.pop("seed", None)
        options: dict[str, Any] = dict(normalize_gen_kwargs(settings, DEFAULT_NEW_TOKENS))
        ending = self._loaded.tokenizer.decode(self._loaded.tokenizer.eos_token_id, skip_special_tokens=False)
        stops = handle_stop_sequences(options.pop("until", None), eos=ending)
        room = int(options.pop("max_gen_toks"))
        if options.get("do_sample") is False:
            options.pop("temperature", None)
        kept = [self._cut(row, room) for row in rows]
        place = 0

        def forward(batch: list[Row]) -> list[Written]:
            nonlocal place
            place += 1
            if not options.get("do_sample"):
                return self._batch(batch, stops, room, options)
            with _SAMPLING, torch.random.fork_rng(self._gpus()):
                torch.manual_seed((int(seed or 0) + place) % 2**63)
                return self._batch(batch, stops, room, options)

        return self._runner.run(kept, forward, room)

    def _cut(self, row: Row, room: int) -> Row:
        """The prompt's end, where the whole would leave no room for the answer."""
        longest = self._max_length - room
        if longest <= 0:
            found = f"max_gen_toks {room}"
            raise InputFault(self._loaded.folder, "", found, f"less than the model's length of {self._max_length}")
        if len(row.ids) > longest and row.extras:
            found = f"a prompt of {len(row.ids)} tokens with pictures, which cannot be cut"
            raise InputFault(self._loaded.folder, "", found, f"at most {longest} tokens")
        return replace(row, ids=row.ids[-longest:])

    def _batch(self, batch: list[Row], stops: list[str], room: int, options: dict[str, Any]) -> list[Written]:
        model, tokenizer = self._loaded.model, self._loaded.tokenizer
        pad = tokenizer.pad_token_id
        inputs = model_inputs(batch, model.device, model.dtype, pad, left=True)
        length = inputs["input_ids"].shape[1]
        stopping = StopAtStrings(tokenizer, stops, length, len(batch))
        with torch.inference_mode():
            output = model.generate(
                **inputs,
                max_new_tokens=room,
                stopping_criteria=StoppingCriteriaList([stopping]),
                pad_token_id=pad,
                use_cache=True,
                **options,
            )
        return [
            self._written(ids[:end], stops)
            for ids, end in zip(output[:, length:].tolist(), stopping.ended, strict=True)
        ]

    def _written(self, ids: list[int], stops: list[str]) -> Written:
        ending = next((place + 1 for place, each in enumerate(ids) if each in self._ends), None)
        ids = ids[:ending]
        text = self._loaded.tokenizer.decode(ids, skip_special_tokens=True)
        return Written(postprocess_generated_text(text, stops, None), len(ids))

    def _gpus(self) -> list[torch.device]:
        device = self._loaded.model.device
        return [device] if device.type == "cuda" else []
