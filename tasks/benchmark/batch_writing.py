"""Texts written in batches by transformers' own `generate`, for models and settings that slots are not for.

Which prompts share a batch is decided by what a text written in one is worth: that of the prompt alone, or the prompt is written
alone. Where a batch has one token a row to choose, each row is drawn for with its own generator.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from tasks.benchmark.batching import Company, Row
from tasks.benchmark.company import WORDS, found_company
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import model_at_work
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.sampling import Drawn, NumbersOnly, Sampler, is_by_row
from tasks.benchmark.trial_rows import trial_rows

#: What a fault names where transformers writes.
GENERATE = "its generate"

#: Tokens that are put behind prompts which are computed in a batch and alone.
_PUT_BEHIND = 4

#: A stop string may come in other tokens than it encodes to alone; the harness looks two tokens further back.
_EXTRA_LOOK_BACK = 2

#: Where transformers draws itself it does so from torch's generator, of which a process has one: threads take turns.
_SAMPLING = threading.Lock()

#: Settings of `generate`.
Settings = dict[str, Any]


class StopStrings:
    """Looks for stop strings in the last tokens of a text, as the harness's own criterion does."""

    def __init__(self, tokenizer: Any, strings: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self.strings = [each for each in strings if each]
        encoded = [len(tokenizer.encode(each, add_special_tokens=False)) for each in self.strings]
        self._look_back = max(encoded, default=0) + _EXTRA_LOOK_BACK

    def stands_in(self, ids: Sequence[int]) -> bool:
        """Whether one of the strings stands in the text's last tokens."""
        text = self._tokenizer.decode(ids[-self._look_back :])
        return any(each in text for each in self.strings)


class StopAtStrings(StoppingCriteria):  # type: ignore[misc]  # transformers is not followed by mypy
    """Ends each row at a stop string; `ended` holds how many tokens each row has.

    A prompt written by beams comes alone, as several rows, the likeliest first: all end where that one does, as in the harness.
    """

    def __init__(self, stop: StopStrings, prompt_length: int, rows: int) -> None:
        self._stop = stop
        self._prompt_length = prompt_length
        self.ended: list[int | None] = [None] * rows

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        written = input_ids[: len(self.ended), self._prompt_length :].tolist()
        for row, ids in enumerate(written):
            if self.ended[row] is None and self._stop.stands_in(ids):
                self.ended[row] = len(ids)
        ended = torch.tensor([each is not None for each in self.ended], device=input_ids.device)
        return ended.repeat_interleave(len(input_ids) // len(self.ended))


class _Put(LogitsProcessor):  # type: ignore[misc]
    """Leaves `generate` no choice but these tokens, one after the other in every row."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._left = list(ids)

    def __call__(self, _: Any, logits: torch.Tensor) -> torch.Tensor:
        chosen = torch.full_like(logits, float("-inf"))
        chosen[:, self._left.pop(0)] = 0.0
        return chosen


class BatchWriter:
    """Writes with one model, whatever it is; see the module. `company`: which prompts may share a batch at the most."""

    def __init__(self, loaded: LoadedModel, company: Company) -> None:
        self._loaded = loaded
        self._model = loaded.model
        self._encoder_decoder = loaded.model.config.is_encoder_decoder
        self._company = company
        self._looked = False

    @property
    def words(self) -> str:
        """How texts are written, where settings say nothing against it."""
        return WORDS[self._company]

    def company(self, rows: Sequence[Row], options: Mapping[str, Any]) -> Company:
        """Which of these prompts may share a batch; the model is looked at once, on made-up prompts and the first that are
        asked: the shortest and the longest."""
        if not is_by_row(options, self._model.generation_config, padded_before=not self._encoder_decoder):
            return Company.ALONE
        if not self._looked:
            self._looked = True
            made_up = trial_rows(self._model.config)
            behind = made_up[0].ids[-_PUT_BEHIND:]
            prompts = [Row(row.ids[: max(1, len(row.ids) // 2)]) for row in (made_up[0], *made_up[-2:])]
            asked = [min(rows, key=lambda row: row.length), max(rows, key=lambda row: row.length)]
            for tried in (prompts, [] if any(row.extras for row in rows) else asked):
                found = found_company(tried, lambda batch: self._logprobs(batch, behind), self._model.dtype)
                self._company = max(self._company, found)
        return self._company

    def write(
        self, batch: Sequence[Row], seeds: Sequence[int], stop: StopStrings, room: int, options: Mapping[str, Any]
    ) -> list[list[int]]:
        """What is written after each prompt, up to its stop string; beams and what else is for one prompt has one."""
        if is_by_row(options, self._model.generation_config, padded_before=not self._encoder_decoder):
            with model_at_work(GENERATE):  # settings that transformers does not take
                drawn = Drawn(Sampler(options, self._model.generation_config, seeds))
            return self._generated(batch, stop, room, {**options, "do_sample": False}, drawn)
        with _SAMPLING, torch.random.fork_rng(self._gpus()):
            torch.manual_seed(seeds[0])
            return self._generated(batch, stop, room, options, NumbersOnly())

    def _generated(
        self, batch: Sequence[Row], stop: StopStrings, room: int, options: Mapping[str, Any], chooses: LogitsProcessor
    ) -> list[list[int]]:
        inputs = self._inputs(batch)
        # an encoder-decoder gives its decoder's tokens alone, behind the one that starts them
        length = 1 if self._encoder_decoder else inputs["input_ids"].shape[1]
        stopping = StopAtStrings(stop, length, len(batch))
        limit = {} if "max_length" in options else {"max_new_tokens": room}  # of prompt and text, where a task says so
        with torch.inference_mode(), model_at_work(GENERATE):
            output = self._model.generate(
                **inputs,
                **limit,
                **{"use_cache": True, **options},
                logits_processor=LogitsProcessorList([chooses]),
                stopping_criteria=StoppingCriteriaList([stopping]),
                pad_token_id=self._loaded.pad,
            )
        return [ids[:end] for ids, end in zip(output[:, length:].tolist(), stopping.ended, strict=True)]

    def _logprobs(self, rows: Sequence[Row], behind: Sequence[int]) -> list[torch.Tensor]:
        """Log-probabilities [tokens, vocabulary] of each token that is put behind each prompt, as a batch computes them."""
        asked = {"do_sample": False, "num_beams": 1, "output_logits": True, "return_dict_in_generate": True}
        with torch.inference_mode(), model_at_work(GENERATE):
            steps = self._model.generate(
                **self._inputs(rows),
                **asked,
                max_new_tokens=len(behind),
                logits_processor=LogitsProcessorList([_Put(behind)]),
                pad_token_id=self._loaded.pad,
            ).logits
        return list(torch.stack(steps, dim=1).float().log_softmax(dim=-1))

    def _inputs(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What is read, padded before the text that a decoder goes on writing, behind the one that an encoder reads (some
        count positions from its first token)."""
        model = self._model
        left = not self._encoder_decoder
        return model_inputs(rows, model.device, model.dtype, self._loaded.pad, left=left, mask=True)

    def _gpus(self) -> list[torch.device]:
        return [self._model.device] if self._model.device.type == "cuda" else []
