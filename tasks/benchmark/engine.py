"""The model behind lm-evaluation-harness's interface: `loglikelihood`, `loglikelihood_rolling`, `generate_until`.

The benchmark stage knows a model only through this interface, so a faster engine takes this one's place without a change
elsewhere. Answers equal those of the harness's own `hf` model: the same tokens at the border of context and
continuation, the same rules for the first token, the same truncation from the left, the same stop strings. Different
inside: no token is computed twice (rows go along their prefix tree where the model allows it, else sorted by length in
right-padded batches, equal rows once), each line of text is encoded once, and logits are made at the scored positions
only, by an output layer in float32.

Imported only where a model is scored: it needs torch, transformers and lm_eval from its first line.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import has_bos_prefix, resolve_max_length
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import (
    CPU_BUDGET,
    GPU_BUDGET,
    BatchRunner,
    Budget,
    Row,
    RowTooLargeError,
)
from tasks.benchmark.generation import Generator
from tasks.benchmark.items import PICTURE_MARK, picture_sha256, pictures
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import OutputLayer
from tasks.benchmark.picture_prompts import PicturePrompts
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.text_encoding import TextEncoder
from tasks.benchmark.tree_scoring import TreeScorer

#: Rows scored both ways at the start: those of two items, at four choices each.
CHECKED_ROWS = 8

Kind = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class Pair:
    """A context and the continuation to score, as token ids; `extras` are pixels, `kind` groups what can be stacked."""

    context: list[int]
    continuation: list[int]
    extras: dict[str, Any]
    kind: Kind = ()


class HarnessModel(TemplateLM):  # type: ignore[misc]  # lm_eval has no types
    """A loaded model as the harness sees one.

    After each call `token_counts` holds, one a request, how many tokens were scored or generated: what the interface
    itself does not return.
    """

    MULTIMODAL = True

    def __init__(self, loaded: LoadedModel, budget: Budget | None = None) -> None:
        super().__init__()
        self.tokenizer = loaded.tokenizer
        self.token_counts: list[int] = []
        self._loaded = loaded
        self._model = loaded.model
        self._device = loaded.model.device
        self._encoded: dict[str, list[int]] = {}
        self._prompts_seen: dict[str, tuple[list[int], dict[str, Any], Kind]] = {}
        self._picture_prompts: PicturePrompts | None = None
        self._texts = TextEncoder(loaded.tokenizer)
        self._output = OutputLayer(loaded.model)
        self._tree = TreeScorer(loaded.model, self._output)
        budget = budget or (CPU_BUDGET if self._device.type == "cpu" else GPU_BUDGET)
        self._runner = BatchRunner(budget, self._output.vocabulary)
        self._generator = Generator(loaded, self._runner, self.max_length)

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """What stands before a text without context: the first token of texts, else the one that ends them."""
        first = self.tokenizer.bos_token_id
        return int(self.eot_token_id if first is None else first)

    @property
    def max_length(self) -> int:
        """The longest sequence that the model takes, in tokens."""
        return int(resolve_max_length(self._model.config, self.tokenizer))

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Token ids; special tokens as the tokenizer adds them, unless the text begins with the first one already."""
        if add_special_tokens is None:
            if string not in self._encoded:
                if has_bos_prefix(string, self.tokenizer.decode(self.prefix_token_id)):
                    self._encoded[string] = list(self.tokenizer.encode(string, add_special_tokens=False))
                else:
                    self._encoded[string] = self._texts.encode(string)
            return self._encoded[string]
        return list(self.tokenizer.encode(string, add_special_tokens=add_special_tokens))

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        """(natural log-likelihood of the continuation, whether it is what the model would write), one a request."""
        with self._texts_encoded_once():
            cut = not self._texts.whole
            pairs = [self._pair(request) for request in requests]
            if cut and self._texts.whole:  # a text came out otherwise in pieces: none of this call's is trusted
                self._encoded.clear()
                pairs = [self._pair(request) for request in requests]
            return self._score(pairs)

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[float]:
        """Natural log-likelihood of each whole text, in windows of the model's length where it is longer."""
        pairs: list[Pair] = []
        owners: list[int] = []
        for owner, request in enumerate(requests):
            windows = get_rolling_token_windows(
                token_list=self.tok_encode(request.args[0], add_special_tokens=None),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            for context, continuation in map(make_disjoint_window, windows):
                pairs.append(Pair(context, continuation, {}))
                owners.append(owner)
        self._encoded.clear()
        scored = self._score(pairs)
        totals, counts = [0.0] * len(requests), [0] * len(requests)
        for owner, (loglikelihood, _), pair in zip(owners, scored, pairs, strict=True):
            totals[owner] += loglikelihood
            counts[owner] += len(pair.continuation)
        self.token_counts = counts
        return totals

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[str]:
        """What the model writes after each context, up to a stop string, without it. `seed` among the settings of a
        request makes its sampling repeatable."""
        with self._texts_encoded_once(), self._memory_fault():
            prompts = []
            for request in requests:
                ids, extras, kind = self._prompt(request.args[0], pictures(request))
                prompts.append((Row(tuple(ids), (), extras, kind), request.args[1]))
            texts = self._generator.generate(prompts)
        self.token_counts = [text.tokens for text in texts]
        return [text.text for text in texts]

    def _loglikelihood_tokens(self, requests: Sequence[Any], **_: Any) -> list[tuple[float, bool]]:
        """The harness's inner interface: (texts, context ids, continuation ids)."""
        return self._score([Pair(context, continuation, {}) for _, context, continuation in requests])

    def _pair(self, request: Any) -> Pair:
        context, continuation = request.args[0], request.args[1]
        shown = pictures(request)
        if shown:
            return self._pair_with_pictures(context, continuation, shown)
        if context == "":
            ids = self.tok_encode(continuation, add_special_tokens=False)
            if ids[:1] == [self.prefix_token_id]:
                return self._checked(Pair(ids[:1], ids[1:], {}), continuation)
            return self._checked(Pair([self.prefix_token_id], ids, {}), continuation)
        before, after = self._encode_pair(context, continuation)
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

    def _score(self, pairs: Sequence[Pair]) -> list[tuple[float, bool]]:
        """Rows are the distinct inputs: pairs that differ in their last token only share one."""
        sharing: dict[tuple[Any, ...], list[int]] = {}
        for index, pair in enumerate(pairs):
            ids = tuple((pair.context + pair.continuation)[-(self.max_length + 1) :][:-1])
            sharing.setdefault((ids, id(pair.extras) if pair.extras else None), []).append(index)
        rows = []
        for (ids, _), members in sharing.items():
            endings = tuple(tuple(pairs[index].continuation) for index in members)
            rows.append(Row(ids, endings, pairs[members[0]].extras, pairs[members[0]].kind))
        with self._memory_fault():
            scored = self._scored_rows(rows)
        answers: dict[int, tuple[float, bool]] = {}
        for members, of_row in zip(sharing.values(), scored, strict=True):
            answers.update(zip(members, of_row, strict=True))
        self.token_counts = [len(pair.continuation) for pair in pairs]
        return [answers[index] for index in range(len(pairs))]

    def _scored_rows(self, rows: list[Row]) -> list[list[tuple[float, bool]]]:
        """For each row, for each of its endings: log-likelihood, and whether the model would have written it."""
        if rows and not any(row.extras for row in rows) and self._tree.allows(rows[:CHECKED_ROWS], self._logits):
            walk = partial(self._tree.run, rows)
            scored = self._runner.until_memory_suffices(lambda budget: self._along_the_tree(rows, walk(budget)))
            return [scored[index] for index in range(len(rows))]
        return self._runner.run(rows, self._forward)

    def _along_the_tree(
        self, rows: list[Row], logprobs: Iterable[tuple[int, torch.Tensor]]
    ) -> dict[int, list[tuple[float, bool]]]:
        return {index: self._endings(rows[index], each) for index, each in logprobs}

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
