"""The model behind lm-evaluation-harness's interface: `loglikelihood`, `loglikelihood_rolling`, `generate_until`.

The benchmark stage knows a model only through this interface, so a faster engine takes this one's place without a change
elsewhere. Answers equal those of the harness's own `hf` model (see `answering_model`), with the same truncation from the left
and the same stop strings. Different inside: no token is computed twice (rows go along their prefix tree where the model allows
it, else sorted by length in right-padded batches, equal rows once), each line of text is encoded once, and logits are made at
the scored positions only, by an output layer in float32.

Imported only where a model is scored: it needs torch, transformers and lm_eval from its first line.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lm_eval.models.utils import resolve_max_length

from checks.contracts.errors import InputFault
from tasks.benchmark.answering_model import Answer, AnsweringModel
from tasks.benchmark.batching import (
    BatchRunner,
    Budget,
    Row,
    RowTooLargeError,
    is_out_of_memory,
)
from tasks.benchmark.generation import Generator
from tasks.benchmark.items import PICTURE_MARK, picture_sha256, pictures
from tasks.benchmark.memory_budget import found_budget
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.picture_prompts import PicturePrompts
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.slots import SlotWriter
from tasks.benchmark.tree_scoring import TreeScorer

#: Contexts whose rows are scored both ways at the start, and the most rows of them: two items at four choices each.
CHECKED_CONTEXTS = 2
CHECKED_ROWS = 8

#: A batch of one row, whatever its length.
ONE_ROW = Budget(1, 1)

Kind = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class Pair:
    """A context and the continuation to score, as token ids; `extras` are pixels, `kind` groups what can be stacked."""

    context: list[int]
    continuation: list[int]
    extras: dict[str, Any]
    kind: Kind = ()

    @property
    def length(self) -> int:
        """Tokens of both."""
        return len(self.context) + len(self.continuation)


class HarnessModel(AnsweringModel):
    """A loaded model as the harness sees one.

    `alone`: no bit of an answer depends on what else is asked, at the price of speed: prompts are computed in blocks of their
    own, texts written one at a time.
    """

    MULTIMODAL = True

    def __init__(self, loaded: LoadedModel, budget: Budget | None = None, alone: bool = False) -> None:
        super().__init__(loaded.tokenizer)
        self._loaded = loaded
        self._model = loaded.model
        self._device = loaded.model.device
        self._prompts_seen: dict[str, tuple[list[int], dict[str, Any], Kind]] = {}
        self._picture_prompts: PicturePrompts | None = None
        self._output = OutputLayer(loaded.model)
        self._alone = alone
        self._tree = TreeScorer(loaded.model, self._output, alone)
        budget = ONE_ROW if alone else budget or found_budget(loaded.model)
        self._runner = BatchRunner(budget, self._output.vocabulary)
        self._writer = SlotWriter(loaded.model, self._output)
        self._generator = Generator(loaded, self._runner, self._writer, self._logits, self.max_length)

    @property
    def max_length(self) -> int:
        """The longest sequence that the model takes, in tokens."""
        return int(resolve_max_length(self._model.config, self.tokenizer))

    @property
    def ways(self) -> dict[str, str]:
        """How texts are scored and written and pictures seen, for each of these that was asked of the model so far."""
        ways = {}
        if self._tree.refused is not None:
            ways["scoring"] = f"full forward, as {self._tree.refused}" if self._tree.refused else "prefix tree"
        if self._writer.refused is not None:
            ways["writing"] = (
                f"{self._generator.batches}, as {self._writer.refused}" if self._writer.refused else "slots"
            )
        if self._picture_prompts is not None:
            ways["pictures"] = "full forward and batches, as always"
        return ways

    @property
    def record(self) -> dict[str, Any]:
        """What of the engine may differ between models and machines: its ways, and the budget of its batches as it is now."""
        budget = self._runner.budget
        return {"ways": self.ways, "budget": {"tokens": budget.tokens, "logits": budget.logits}}

    def answers(self, requests: Sequence[Any], wanted: Collection[int] | None = None) -> Iterator[dict[int, Answer]]:
        """Index of a request → its answer, a batch at a time, for requests of one kind.

        Which tokens meet in a batch is decided over all requests, so that the last bits of an answer do not depend on
        which of them are `wanted` (all, where it is not said); answers that come for nothing are given too.
        """
        wanted = range(len(requests)) if wanted is None else wanted
        ask = {
            "loglikelihood": self._choices,
            "loglikelihood_rolling": self._whole_texts,
            "generate_until": self._written,
        }
        with self._memory_fault():
            yield from ask[requests[0].request_type](requests, wanted)

    def _choices(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Answer]]:
        with self._texts_encoded_once():
            cut = not self._texts.whole
            pairs = [self._pair(request) for request in requests]
            if cut and self._texts.whole:  # a text came out otherwise in pieces: none of this call's is trusted
                self._encoded.clear()
                pairs = [self._pair(request) for request in requests]
        for batch in self._scored(pairs, wanted):
            yield {
                index: Answer(value, len(pair.continuation), prompt_cut=pair.length > self.max_length + 1)
                for index, value in batch.items()
                for pair in [pairs[index]]
            }

    def _whole_texts(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Answer]]:
        pairs: list[Pair] = []
        of_request: list[range] = []
        for request in requests:
            first = len(pairs)
            pairs += [Pair(context, continuation, {}) for context, continuation in self._windows(request.args[0])]
            of_request.append(range(first, len(pairs)))
        self._encoded.clear()
        scored: dict[int, tuple[float, bool]] = {}
        left = set(wanted)
        for batch in self._scored(pairs, {place for index in left for place in of_request[index]}):
            scored.update(batch)
            complete = {index for index in left if all(place in scored for place in of_request[index])}
            left -= complete
            yield {
                index: self._sum([scored[p] for p in of_request[index]], [pairs[p] for p in of_request[index]])
                for index in complete
            }

    def _sum(self, scored: list[tuple[float, bool]], pairs: list[Pair]) -> Answer:
        """Windows' log-likelihoods added up in their order."""
        total = 0.0
        for loglikelihood, _ in scored:
            total += loglikelihood
        return Answer(total, sum(len(pair.continuation) for pair in pairs))

    def _written(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Answer]]:
        with self._texts_encoded_once():
            prompts = []
            for request in requests:
                ids, extras, kind = self._prompt(request.args[0], pictures(request))
                prompts.append((Row(tuple(ids), (), extras, kind), request.args[1]))
        for batch in self._generator.generate(prompts, wanted):
            yield {index: Answer(text.text, text.tokens, text.ended, text.prompt_cut) for index, text in batch.items()}

    def _loglikelihood_tokens(self, requests: Sequence[Any], **_: Any) -> list[tuple[float, bool]]:
        """The harness's inner interface: (texts, context ids, continuation ids)."""
        pairs = [Pair(context, continuation, {}) for _, context, continuation in requests]
        with self._memory_fault():
            scored = {index: each for batch in self._scored(pairs, range(len(pairs))) for index, each in batch.items()}
        return [scored[index] for index in range(len(pairs))]

    def _pair(self, request: Any) -> Pair:
        context, continuation = request.args[0], request.args[1]
        shown = pictures(request)
        if shown:
            return self._pair_with_pictures(context, continuation, shown)
        before, after = self._ids(context, continuation)
        return self._checked(Pair(before, after, {}), continuation)

    def _pair_with_pictures(self, context: str, continuation: str, shown: list[Any]) -> Pair:
        """The continuation's ids come from the text alone: picture tokens, however often repeated, are cuts for the
        tokenizer. The prompt's come from the processor, once an item."""
        text, moved = context.rstrip(), context[len(context.rstrip()) :]
        ids, extras, kind = self._prompt(text, shown)
        marked = text.replace(PICTURE_MARK, self._loaded.processor.image_token)
        before = self.tok_encode(marked)
        after = self.tok_encode(marked + moved + continuation)[len(before) :]
        pair = self._checked(Pair(ids, after, extras, kind), continuation)
        if len(ids) + len(after) > self.max_length + 1:
            found = f"an item of {len(ids) + len(after)} tokens with pictures, which cannot be cut"
            raise InputFault(self._loaded.folder, found=found, expected=f"at most {self.max_length + 1} tokens")
        return pair

    def _prompt(self, text: str, shown: list[Any]) -> tuple[list[int], dict[str, Any], Kind]:
        """Ids of a prompt, its extras, and what must be equal for two prompts' extras to be stacked."""
        if not shown:
            return self.tok_encode(text), {}, ()
        if self._picture_prompts is None:
            self._picture_prompts = PicturePrompts(self._loaded)
        key = " ".join([text, *map(picture_sha256, shown)])
        if key not in self._prompts_seen:
            encoded = self._picture_prompts.encode(text, shown)
            shapes = {
                name: ("tokens",) if tuple(value.shape) == (1, len(encoded.ids)) else tuple(value.shape[1:])
                for name, value in encoded.extras.items()
            }
            self._prompts_seen[key] = encoded.ids, {**encoded.extras}, tuple(sorted(shapes.items()))
        return self._prompts_seen[key]

    def _checked(self, pair: Pair, continuation: str) -> Pair:
        if not pair.continuation:
            found = f"the continuation {continuation!r}, which has no token of its own"
            raise InputFault(self._loaded.folder, "tokenizer", found, "at least one token to score")
        if len(pair.continuation) > self.max_length:
            found = f"a continuation of {len(pair.continuation)} tokens"
            raise InputFault(self._loaded.folder, found=found, expected=f"at most the model's {self.max_length}")
        return pair

    def _scored(self, pairs: Sequence[Pair], wanted: Collection[int]) -> Iterator[dict[int, tuple[float, bool]]]:
        """Log-likelihood and greediness of pairs, a batch at a time."""
        rows, members = self._distinct_rows(pairs)
        wanted = set(wanted)
        wanted_rows = {row for row, indices in enumerate(members) if not wanted.isdisjoint(indices)}
        for batch in self._scored_rows(rows, wanted_rows, self._first_items(pairs, rows, members)):
            yield {
                index: answer
                for row, answers in batch.items()
                for index, answer in zip(members[row], answers, strict=True)
            }

    def _distinct_rows(self, pairs: Sequence[Pair]) -> tuple[list[Row], list[list[int]]]:
        """Distinct inputs and the pairs of each: those that differ in their last token only share one (where each row is to be
        alone, only with those that score as many positions)."""
        sharing: dict[tuple[Any, ...], list[int]] = {}
        for index, pair in enumerate(pairs):
            ids = tuple((pair.context + pair.continuation)[-(self.max_length + 1) :][:-1])
            scored = len(pair.continuation) if self._alone else 0
            sharing.setdefault((ids, id(pair.extras) if pair.extras else None, scored), []).append(index)
        rows = []
        for (ids, _, _), members in sharing.items():
            endings = tuple(tuple(pairs[index].continuation) for index in members)
            rows.append(Row(ids, endings, pairs[members[0]].extras, pairs[members[0]].kind))
        return rows, list(sharing.values())

    def _first_items(self, pairs: Sequence[Pair], rows: list[Row], members: list[list[int]]) -> list[Row]:
        """The rows of the first contexts, which are scored both ways."""
        contexts = [tuple(pairs[indices[0]].context) for indices in members[:CHECKED_ROWS]]
        first = list(dict.fromkeys(contexts))[:CHECKED_CONTEXTS]
        return [row for row, context in zip(rows, contexts, strict=False) if context in first]

    def _scored_rows(
        self, rows: list[Row], wanted: set[int], first: list[Row]
    ) -> Iterator[dict[int, list[tuple[float, bool]]]]:
        """For each row, for each of its endings: log-likelihood, and whether the model would have written it."""
        if any(row.extras for row in rows) or not self._tree.allows(first, self._logits):
            yield from self._runner.each(rows, wanted, self._forward)
            return
        left = set(wanted)
        while left:
            budget = self._runner.budget
            try:
                for pack in self._tree.run(rows, left.copy(), budget):
                    left.difference_update(pack)
                    yield {index: self._endings(rows[index], each) for index, each in pack.items()}
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if budget.tokens == 1:
                    raise RowTooLargeError("one token at a time") from error
            if left:
                self._runner.halve(budget.tokens, budget.logits)

    def _forward(self, batch: list[Row]) -> list[list[tuple[float, bool]]]:
        logits = self._logits(batch)
        return [self._endings(row, each.log_softmax(dim=-1)) for row, each in zip(batch, logits, strict=True)]

    def _logits(self, batch: Sequence[Row]) -> list[torch.Tensor]:
        """The plain forward: float32 logits [row.scored, vocabulary] of each row."""
        inputs = model_inputs(batch, self._device, self._model.dtype, pad=self.tokenizer.pad_token_id or 0)
        with torch.inference_mode():
            return self._output.logits(inputs, [(len(row.ids) - row.scored, len(row.ids)) for row in batch])

    def _endings(self, row: Row, logprobs: torch.Tensor) -> list[tuple[float, bool]]:
        best = logprobs.argmax(dim=-1)
        return [self._one(logprobs, best, ending) for ending in row.endings]

    def _one(self, logprobs: torch.Tensor, best: torch.Tensor, ending: tuple[int, ...]) -> tuple[float, bool]:
        ids = torch.tensor(ending, device=logprobs.device)
        total = float(logprobs[-len(ids) :].gather(1, ids[:, None]).sum())
        if not math.isfinite(total):
            found = f"a log-likelihood of {total}"
            raise InputFault(self._loaded.folder, "", found, "finite numbers (are weights NaN or infinite?)")
        return total, bool((best[-len(ids) :] == ids).all())

    @contextmanager
    def _texts_encoded_once(self) -> Iterator[None]:
        self._encoded, self._prompts_seen = {}, {}
        yield
        self._encoded, self._prompts_seen = {}, {}
        self._texts.forget()

    @contextmanager
    def _memory_fault(self) -> Iterator[None]:
        try:
            yield
        except RowTooLargeError as error:
            found = f"too little memory on {self._device} for {error}"
            raise InputFault(self._loaded.folder, "", found, "a larger device, or --dtype bfloat16") from error
