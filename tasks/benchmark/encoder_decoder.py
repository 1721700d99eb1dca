"""Scores of pairs from an encoder-decoder (T5, BART and their kin), by the rules of the harness's own `hf` model.

The encoder reads the context's last tokens up to the model's length, the decoder the continuation behind its start token. A
context goes through the encoder once, and its states stand beneath all its continuations; of those, equal decoder inputs
(choices of one letter) are computed once too. No prefix tree: what an encoder makes of a token depends on all that follows.

At the start made-up texts and two items are computed both ways. Where they differ from the model's own forward of one pair
(experts with room for so many tokens, say), or the model takes no states from outside, every pair takes that forward.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers.modeling_outputs import BaseModelOutput

from checks.contracts.errors import InputFault
from tasks.benchmark.batching import BatchRunner, Row, is_out_of_memory
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import OutputLayer, model_at_work
from tasks.benchmark.own_attention import TOLERANCE, furthest
from tasks.benchmark.pair_scoring import Pair, PairScorer, Score
from tasks.benchmark.row_tensors import model_inputs
from tasks.benchmark.trial_rows import trial_rows

_LOG = logging.getLogger(__name__)

#: Continuations share a row as long as their tokens are no more than their context's, or this many: whoever encodes a
#: context again then spends at most what its continuations cost, and no row outgrows a batch by many endings.
_TOGETHER = 256


@dataclass(frozen=True)
class Asked(Row):
    """A context's ids, which the encoder reads, and the continuations that the decoder reads, each from its first token."""

    @property
    def scored(self) -> int:
        """Positions of the decoder that need logits: all."""
        return sum(map(len, self.endings))

    @property
    def length(self) -> int:
        """Tokens of the encoder, and of the decoder with its padding."""
        return len(self.ids) + len(self.endings) * max(map(len, self.endings))


class EncoderDecoderScorer(PairScorer):
    """See `PairScorer`."""

    def __init__(
        self, loaded: LoadedModel, output: OutputLayer, runner: BatchRunner, max_length: int, alone: bool
    ) -> None:
        super().__init__(loaded, output, runner, max_length, alone)
        self._refused: str | None = None

    @property
    def way(self) -> str | None:
        """Each context once, or one pair at a time and why."""
        if self._refused is None:
            return None
        if self._refused:
            return f"full forward, one pair at a time, as {self._refused}"
        return "full forward, each context encoded once, as it is an encoder-decoder"

    def cuts(self, pair: Pair) -> bool:
        """The continuation takes no room from its context."""
        return len(pair.context) > self._max_length

    def logits(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        """See `PairScorer`: those of a row's endings, one below the other."""
        model = self._model
        encoder = model_inputs(rows, model.device, model.dtype, self._pad, mask=True)
        inputs = [[self._decoder_input(ending) for ending in row.endings] for row in rows]
        computed = list(dict.fromkeys((at, ids) for at, each in enumerate(inputs) for ids in each))
        beneath = torch.tensor([at for at, _ in computed], device=model.device)
        padded = model_inputs([Row(ids) for _, ids in computed], model.device, model.dtype, self._pad)
        with torch.inference_mode():
            with model_at_work("its encoder"):
                states = model.get_encoder()(**encoder).last_hidden_state
            decoder = {
                "encoder_outputs": BaseModelOutput(last_hidden_state=states[beneath]),
                "attention_mask": encoder["attention_mask"][beneath],
                "decoder_input_ids": padded["input_ids"],
            }
            found = self._output.logits(decoder, [(0, len(ids)) for _, ids in computed])
        of = dict(zip(computed, found, strict=True))
        return [torch.cat([of[at, ids] for ids in each]) for at, each in enumerate(inputs)]

    def _decoder_input(self, ending: tuple[int, ...]) -> tuple[int, ...]:
        """The continuation behind the decoder's start, as the model's own code shifts labels. One at a time, without
        padding: mBART's start is the text's last token."""
        labels = torch.tensor([ending])
        with model_at_work("its prepare_decoder_input_ids_from_labels"):
            shifted = self._model.prepare_decoder_input_ids_from_labels(labels=labels)
        return tuple(shifted[0].tolist())

    def _one_by_one(self, rows: Sequence[Row]) -> list[torch.Tensor]:
        """The same by the model's own forward of each pair, with the continuation as its labels."""
        found = []
        for row in rows:
            encoder = model_inputs([row], self._model.device, self._model.dtype, self._pad, mask=True)
            each = []
            for ending in row.endings:
                labels = torch.tensor([ending], device=self._model.device)
                with torch.inference_mode(), model_at_work("its forward"):
                    each.append(self._model(**encoder, labels=labels).logits[0].float())
            found.append(torch.cat(each))
        return found

    def _rows(self, pairs: Sequence[Pair]) -> tuple[list[Row], list[list[int]]]:
        members: list[list[int]] = []
        newest: dict[tuple[int, ...], list[int]] = {}
        for index, pair in enumerate(pairs):
            if pair.extras:
                found = "items with pictures for an encoder-decoder"
                raise InputFault(self._folder, "", found, "text, or a vision-language model that is a decoder")
            context = tuple(pair.context[-self._max_length :])
            together = [*newest.get(context, ()), index]
            tokens = len(together) * max(len(pairs[each].continuation) for each in together)
            if len(together) > 1 and tokens <= max(len(context), _TOGETHER) and not self._alone:
                newest[context].append(index)
            else:
                newest[context] = [index]
                members.append(newest[context])
        rows: list[Row] = []
        for indices in members:
            endings = tuple(tuple(pairs[index].continuation) for index in indices)
            rows.append(Asked(tuple(pairs[indices[0]].context[-self._max_length :]), endings))
        return rows, members

    def _scored_rows(self, rows: list[Row], wanted: set[int], first: list[Row]) -> Iterator[dict[int, list[Score]]]:
        if self._refused is None:
            self._refused = self._difference([*self._made_up(), *first])
            if self._refused:
                _LOG.warning("every pair is computed by itself, which is slower: %s", self._refused)
        yield from self._runner.each(rows, wanted, self._scores)

    def _made_up(self) -> list[Row]:
        """Contexts of two lengths, continuations of two: the same whatever is asked."""
        rows = trial_rows(self._model.config)
        return [Asked(row.ids, (row.ids[:3], row.ids[:1])) for row in (rows[0], rows[-1])]

    def _difference(self, rows: list[Row]) -> str:
        """What speaks against computing a context once: nothing, or a sentence."""
        expected = self._one_by_one(rows)
        try:
            mine = self.logits(rows)
        except Exception as error:  # whatever a model's own code makes of states that it did not make itself
            if is_out_of_memory(error):
                raise
            return f"{type(self._model).__name__} takes no states from outside ({error.__cause__ or error})"
        for ours, theirs in zip(mine, expected, strict=True):
            off = furthest(ours.log_softmax(dim=-1), theirs.log_softmax(dim=-1))
            if not off < TOLERANCE[self._model.dtype]:
                return f"texts computed both ways differ by {off:.2g}"
        return ""

    def _scores(self, batch: list[Row]) -> list[list[Score]]:
        logits = (self._one_by_one if self._refused else self.logits)(batch)
        found: list[list[Score]] = []
        for row, each in zip(batch, logits, strict=True):
            parts = torch.split(each.log_softmax(dim=-1), [len(ending) for ending in row.endings])
            pairs = zip(parts, row.endings, strict=True)
            found.append([self._score(logprobs, logprobs.argmax(dim=-1), ending) for logprobs, ending in pairs])
        return found
