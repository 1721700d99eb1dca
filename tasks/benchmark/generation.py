"""Text that the model writes after a prompt, up to a stop string.

Greedy unless the task samples. Texts are written in slots where model and settings allow it (see `slots`), else in batches
by transformers' own `generate`: slower, as a batch lasts until its longest text ends.
"""

import json
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs, postprocess_generated_text

from checks.contracts.errors import InputFault
from tasks.benchmark.batch_writing import GENERATE, BatchWriter, Settings, StopStrings
from tasks.benchmark.batching import BatchRunner, Row, RowTooLargeError, is_out_of_memory
from tasks.benchmark.memory_budget import texts_memory
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import model_at_work
from tasks.benchmark.own_forward import Full
from tasks.benchmark.sampling import Sampler, draw_seeds, is_simple
from tasks.benchmark.slots import SlotWriter
from tasks.benchmark.thinking import BUDGET

#: The harness's own: how much is generated where a task does not say.
DEFAULT_NEW_TOKENS = 256

#: Texts written at a time: a CPU's matrix products are near their full speed from some 64 rows on, and twice as many halve the
#: steps, whose other work costs the less (5 %, measured); a GPU's are from some 256 on.
CPU_SLOTS, GPU_SLOTS = 128, 256

#: Prompts that are computed both ways before slots are used.
CHECKED_PROMPTS = 2


@dataclass(frozen=True)
class Written:
    """A generated text without its stop string, how many tokens were generated, why it ended (a stop string, the model's
    own end, the limit of tokens), and whether its prompt had to be cut."""

    text: str
    tokens: int
    ended: Literal["stop", "end", "limit"]
    prompt_cut: bool = False


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
        self._batches = BatchWriter(loaded, runner.company)
        self._model_settings = loaded.model.generation_config
        self._encoder_decoder = loaded.model.config.is_encoder_decoder
        on_cpu = loaded.model.device.type == "cpu"
        self._slots = CPU_SLOTS if on_cpu else GPU_SLOTS
        ends = loaded.model.generation_config.eos_token_id
        self._ends = {loaded.tokenizer.eos_token_id, *([ends] if isinstance(ends, int) else ends or [])}

    @property
    def batches(self) -> str:
        """How texts are written outside slots."""
        return self._batches.words

    def generate(
        self, prompts: Sequence[tuple[Row, dict[str, Any]]], wanted: Collection[int]
    ) -> Iterator[dict[int, Written]]:
        """Index of a prompt → its text, as they end, for those that are wanted and those in batches with them: which prompts
        share one follows from all. Raises InputFault where a prompt leaves no room to write."""
        groups: dict[str, list[int]] = {}
        for index, (_, settings) in enumerate(prompts):
            alike = {name: value for name, value in settings.items() if name != "seed"}
            groups.setdefault(json.dumps(alike, sort_keys=True, default=str), []).append(index)
        for members in groups.values():
            here = {place for place, index in enumerate(members) if index in wanted}
            if not here:
                continue
            rows = [prompts[index][0] for index in members]
            seeds = [int(prompts[index][1].get("seed") or 0) for index in members]
            for written in self._alike(rows, here, seeds, dict(prompts[members[0]][1])):
                yield {members[place]: text for place, text in written.items()}

    def _alike(
        self, rows: list[Row], wanted: set[int], seeds: list[int], settings: Settings
    ) -> Iterator[dict[int, Written]]:
        settings.pop("seed", None)
        options: Settings = dict(normalize_gen_kwargs(settings, DEFAULT_NEW_TOKENS))
        ending = self._loaded.tokenizer.decode(self._loaded.tokenizer.eos_token_id, skip_special_tokens=False)
        stops = handle_stop_sequences(options.pop("until", None), eos=ending)
        room, budget = int(options.pop("max_gen_toks")), options.pop(BUDGET, None)
        if options.get("do_sample") is False:
            options.pop("temperature", None)
        kept = [self._cut(row, room) for row in rows]
        # the harness asks for a limit of prompt and text, before which transformers puts the model's own of the text
        room = min(int(self._model_settings.max_new_tokens or room), budget or sys.maxsize)
        simple = self._encoder_decoder or is_simple(options, self._model_settings)
        simple = simple and not any(row.extras for row in kept)
        first = [replace(row, endings=((0,),)) for row in kept if len(row.ids) > 1][:CHECKED_PROMPTS]
        in_slots = simple and first and self._writer.allows(first, self._full)
        write = self._in_slots if in_slots else self._in_batches
        seeds = draw_seeds(kept, seeds) if options.get("do_sample") else seeds
        for written in write(kept, wanted, seeds, stops, room, options):
            yield {
                index: replace(each, prompt_cut=len(kept[index].ids) < len(rows[index].ids))
                for index, each in written.items()
            }

    def _in_slots(
        self, rows: list[Row], wanted: Collection[int], seeds: list[int], stops: list[str], room: int, options: Settings
    ) -> Iterator[dict[int, Written]]:
        """Fewer slots where memory runs out; texts that were under way then are written anew, with the same draws."""
        stop = StopStrings(self._loaded.tokenizer, stops)
        left = sorted(wanted)
        while left:
            slots = min(self._slots, self._runner.budget.tokens)
            memory = texts_memory(self._loaded.model)
            with model_at_work(GENERATE):  # settings that transformers does not take
                sampler = Sampler(options, self._model_settings, seeds)
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
        self, rows: list[Row], wanted: Collection[int], seeds: list[int], stops: list[str], room: int, options: Settings
    ) -> Iterator[dict[int, Written]]:
        stop = StopStrings(self._loaded.tokenizer, stops)
        seed_of = {id(row): seed for row, seed in zip(rows, seeds, strict=True)}

        def forward(batch: list[Row]) -> list[Written]:
            texts = self._batches.write(batch, [seed_of[id(row)] for row in batch], stop, room, options)
            return [self._written(ids, stop) for ids in texts]

        yield from self._runner.each(rows, wanted, forward, room, self._batches.company(rows, options))

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

    def _written(self, ids: list[int], stop: StopStrings) -> Written:
        ending = next((place + 1 for place, each in enumerate(ids) if each in self._ends), None)
        ids = ids[:ending]
        text = self._loaded.tokenizer.decode(ids, skip_special_tokens=True)
        by_itself = "limit" if ending is None else "end"
        ended: Any = "stop" if ending is None and stop.stands_in(ids) else by_itself
        return Written(postprocess_generated_text(text, stop.strings, None), len(ids), ended)
