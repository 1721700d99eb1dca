"""Text that the model writes after a prompt, up to a stop string.

Greedy unless the task samples. Texts are written in slots where model and settings allow it (see `slots`), else in batches
by transformers' own `generate`: slower, as a batch lasts until its longest text ends.
"""

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, postprocess_generated_text
from transformers import LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import BatchRunner, Row, RowTooLargeError, is_out_of_memory
from tasks.benchmark.memory_budget import texts_memory
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import model_at_work
from tasks.benchmark.own_attention import TOLERANCE, furthest
from tasks.benchmark.own_forward import Full
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.sampling import NumbersOnly, Sampler, is_simple, setting
from tasks.benchmark.slots import SlotWriter

#: The harness's own: how much is generated where a task does not say.
DEFAULT_NEW_TOKENS = 256

#: Texts written at a time: a CPU's matrix products are near their full speed from some 64 rows on, and twice as many halve the
#: steps, whose other work costs the less (5 %, measured); a GPU's are from some 256 on.
CPU_SLOTS, GPU_SLOTS = 128, 256

#: Prompts that are computed both ways before slots are used.
CHECKED_PROMPTS = 2

#: A stop string may come in other tokens than it encodes to alone; the harness looks two tokens further back.
_EXTRA_LOOK_BACK = 2

#: What a fault names where transformers writes.
_GENERATE = "its generate"

#: Sampling draws from torch's generator, of which a process has one: threads take turns.
_SAMPLING = threading.Lock()


@dataclass(frozen=True)
class Written:
    """A generated text without its stop string, how many tokens were generated, why it ended (a stop string, the model's
    own end, the limit of tokens), and whether its prompt had to be cut."""

    text: str
    tokens: int
    ended: Literal["stop", "end", "limit"]
    prompt_cut: bool = False


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


class Generator:
    """Generates for many prompts, those with equal settings in common batches."""

    def __init__(
        self, loaded: LoadedModel, runner: BatchRunner, writer: SlotWriter, full: Full, max_length: int
    ) -> None:
        self._loaded = loaded
        self._runner = runner
        self._writer = writer
        self._full = full
        self._max_length = max_length
        #: Whether what shares a batch changes what the model writes; None while nobody knows.
        self._minds_company: bool | None = None
        self._encoder_decoder = loaded.model.config.is_encoder_decoder
        on_cpu = loaded.model.device.type == "cpu"
        self._slots = CPU_SLOTS if on_cpu else GPU_SLOTS
        ends = loaded.model.generation_config.eos_token_id
        self._ends = {loaded.tokenizer.eos_token_id, *([ends] if isinstance(ends, int) else ends or [])}

    @property
    def batches(self) -> str:
        """How texts are written outside slots."""
        return "one at a time" if self._minds_company else "batches"

    def generate(
        self, prompts: Sequence[tuple[Row, dict[str, Any]]], wanted: Collection[int]
    ) -> Iterator[dict[int, Written]]:
        """Index of a wanted prompt → its text, as they end. Raises InputFault where a prompt leaves no room to write."""
        groups: dict[str, list[int]] = {}
        for index in sorted(wanted):
            alike = {name: value for name, value in prompts[index][1].items() if name != "seed"}
            groups.setdefault(json.dumps(alike, sort_keys=True, default=str), []).append(index)
        for members in groups.values():
            rows = [prompts[index][0] for index in members]
            seeds = [int(prompts[index][1].get("seed") or 0) for index in members]
            for written in self._alike(rows, seeds, dict(prompts[members[0]][1])):
                yield {members[place]: text for place, text in written.items()}

    def _alike(self, rows: list[Row], seeds: list[int], settings: dict[str, Any]) -> Iterator[dict[int, Written]]:
        settings.pop("seed", None)
        options: dict[str, Any] = dict(normalize_gen_kwargs(settings, DEFAULT_NEW_TOKENS))
        ending = self._loaded.tokenizer.decode(self._loaded.tokenizer.eos_token_id, skip_special_tokens=False)
        stops = handle_stop_sequences(options.pop("until", None), eos=ending)
        room = int(options.pop("max_gen_toks"))
        if options.get("do_sample") is False:
            options.pop("temperature", None)
        kept = [self._cut(row, room) for row in rows]
        simple = self._encoder_decoder or is_simple(options, self._loaded.model.generation_config)
        simple = simple and not any(row.extras for row in kept)
        first = [replace(row, endings=((0,),)) for row in kept if len(row.ids) > 1][:CHECKED_PROMPTS]
        in_slots = simple and first and self._writer.allows(first, self._full)
        for written in (self._in_slots if in_slots else self._in_batches)(kept, seeds, stops, room, options):
            yield {
                index: replace(each, prompt_cut=len(kept[index].ids) < len(rows[index].ids))
                for index, each in written.items()
            }

    def _in_slots(
        self, rows: list[Row], seeds: list[int], stops: list[str], room: int, options: dict[str, Any]
    ) -> Iterator[dict[int, Written]]:
        """Fewer slots where memory runs out; texts that were under way then are written anew, with the same draws."""
        stop = StopStrings(self._loaded.tokenizer, stops)
        left = list(range(len(rows)))
        while left:
            slots = min(self._slots, self._runner.budget.tokens)
            memory = texts_memory(self._loaded.model)
            sampler = Sampler(options, self._loaded.model.generation_config, rows, seeds)
            try:
                texts = self._writer.run(rows, left, room, slots, memory, sampler, lambda ids: self._ended(ids, stop))
                for ended in texts:
                    left = [index for index in left if index not in ended]
                    yield {index: self._written(ids, stop) for index, ids in ended.items()}
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if slots == 1:
                    raise RowTooLargeError("one text at a time") from error
            if left:
                self._slots = slots // 2

    def _ended(self, ids: list[int], stop: "StopStrings") -> bool:
        return ids[-1] in self._ends or stop.stands_in(ids)

    def _in_batches(
        self, rows: list[Row], seeds: list[int], stops: list[str], room: int, options: dict[str, Any]
    ) -> Iterator[dict[int, Written]]:
        seed_of = {id(row): seed for row, seed in zip(rows, seeds, strict=True)}

        def forward(batch: list[Row]) -> list[Written]:
            if not options.get("do_sample"):
                return self._batch(batch, stops, room, options)
            with _SAMPLING, torch.random.fork_rng(self._gpus()):
                torch.manual_seed(seed_of[id(batch[0])])
                return self._batch(batch, stops, room, options)

        beams = setting("num_beams", options, self._loaded.model.generation_config) or 1
        together = [[place] for place in range(len(rows))] if beams > 1 else self._written_together(rows)
        for members in together:
            found = self._runner.each([rows[place] for place in members], range(len(members)), forward, room)
            yield from ({members[place]: text for place, text in written.items()} for written in found)

    def _written_together(self, rows: list[Row]) -> list[Sequence[int]]:
        """All rows, where a shorter prompt is answered alike in a batch and alone; else each by itself (RWKV's state takes
        in what a batch is padded with)."""
        if self._minds_company is None and not any(row.extras for row in rows):
            two = [min(rows, key=lambda row: len(row.ids)), max(rows, key=lambda row: len(row.ids))]
            if len(two[0].ids) < len(two[1].ids):
                alone = torch.cat([self._next_tokens([row]) for row in two])
                self._minds_company = not furthest(self._next_tokens(two), alone) < TOLERANCE[self._loaded.model.dtype]
        return [[place] for place in range(len(rows))] if self._minds_company else [range(len(rows))]

    def _next_tokens(self, rows: list[Row]) -> torch.Tensor:
        """Log-probabilities of the token behind each prompt [rows, vocabulary], as `generate` computes them in one batch."""
        model, pad = self._loaded.model, self._loaded.tokenizer.pad_token_id
        asked = {"max_new_tokens": 1, "do_sample": False, "output_logits": True, "return_dict_in_generate": True}
        with torch.inference_mode(), model_at_work(_GENERATE):
            logits: torch.Tensor = model.generate(**self._inputs(rows), **asked, pad_token_id=pad).logits[0]
        return logits.float().log_softmax(dim=-1)

    def _inputs(self, rows: list[Row]) -> dict[str, Any]:
        """What is read, padded before the text that a decoder goes on writing, behind the one that an encoder reads (some
        count positions from its first token)."""
        model, pad = self._loaded.model, self._loaded.tokenizer.pad_token_id
        return model_inputs(rows, model.device, model.dtype, pad, left=not self._encoder_decoder, mask=True)

    def _cut(self, row: Row, room: int) -> Row:
        """The prompt's end, where the whole would leave no room for the answer; an encoder's text takes no room from it."""
        longest = self._max_length - (0 if self._encoder_decoder else room)
        if longest <= 0:
            found = f"max_gen_toks {room}"
            raise InputFault(self._loaded.folder, "", found, f"less than the model's length of {self._max_length}")
        if len(row.ids) > longest and row.extras:
            found = f"a prompt of {len(row.ids)} tokens with pictures, which cannot be cut"
            raise InputFault(self._loaded.folder, "", found, f"at most {longest} tokens")
        return replace(row, ids=row.ids[-longest:])

    def _batch(self, batch: list[Row], stops: list[str], room: int, options: dict[str, Any]) -> list[Written]:
        model, tokenizer = self._loaded.model, self._loaded.tokenizer
        inputs = self._inputs(batch)
        # an encoder-decoder gives its decoder's tokens alone, behind the one that starts them
        length = 1 if self._encoder_decoder else inputs["input_ids"].shape[1]
        stop = StopStrings(tokenizer, stops)
        stopping = StopAtStrings(stop, length, len(batch))
        with torch.inference_mode(), model_at_work(_GENERATE):
            output = model.generate(
                **inputs,
                max_new_tokens=room,
                logits_processor=LogitsProcessorList([NumbersOnly()]),
                stopping_criteria=StoppingCriteriaList([stopping]),
                pad_token_id=tokenizer.pad_token_id,
                use_cache=True,
                **options,
            )
        return [
            self._written(ids[:end], stop) for ids, end in zip(output[:, length:].tolist(), stopping.ended, strict=True)
        ]

    def _written(self, ids: list[int], stop: StopStrings) -> Written:
        ending = next((place + 1 for place, each in enumerate(ids) if each in self._ends), None)
        ids = ids[:ending]
        text = self._loaded.tokenizer.decode(ids, skip_special_tokens=True)
        by_itself = "limit" if ending is None else "end"
        ended: Any = "stop" if ending is None and stop.stands_in(ids) else by_itself
        return Written(postprocess_generated_text(text, stop.strings, None), len(ids), ended)

    def _gpus(self) -> list[torch.device]:
        device = self._loaded.model.device
        return [device] if device.type == "cuda" else []
