"""The model behind lm-evaluation-harness's interface: `loglikelihood`, `loglikelihood_rolling`, `generate_until`.

The benchmark stage knows a model only through this interface, so a faster engine takes this one's place without a change
elsewhere. Answers equal those of the harness's own `hf` model (see `answering_model`), with the same truncation from the left
and the same stop strings. Different inside: no token is computed twice (rows go along their prefix tree where the model allows
it, else sorted by length in right-padded batches, equal rows once), each line of text is encoded once, and logits are made at
the scored positions only, by an output layer in float32.

Imported only where a model is scored: it needs torch, transformers and lm_eval from its first line.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval.models.utils import resolve_max_length

from checks.contracts.errors import InputFault
from tasks.benchmark.answering_model import Answer, AnsweringModel, item_of
from tasks.benchmark.batching import BatchRunner, Budget, Company, Row, RowTooLargeError
from tasks.benchmark.company import told_company
from tasks.benchmark.decoder_scoring import DecoderScorer
from tasks.benchmark.encoder_decoder import EncoderDecoderScorer
from tasks.benchmark.generation import Generator
from tasks.benchmark.items import PICTURE_MARK, picture_sha256, pictures
from tasks.benchmark.memory_budget import found_budget
from tasks.benchmark.model_loading import LoadedModel
from tasks.benchmark.output_layer import ModelRaisedError, NotNumbersError, OutputLayer
from tasks.benchmark.packed_weights import pack
from tasks.benchmark.pair_scoring import Kind, Pair, PairScorer, Score
from tasks.benchmark.picture_prompts import PicturePrompts
from tasks.benchmark.slots import SlotWriter

#: A batch of one row, whatever its length.
ONE_ROW = Budget(1, 1)


class HarnessModel(AnsweringModel):
    """A loaded model as the harness sees one.

    `alone`: no bit of an answer depends on what else is asked, at the price of speed: prompts are computed in blocks of their
    own, texts written one at a time.
    """

    MULTIMODAL = True

    def __init__(self, loaded: LoadedModel, budget: Budget | None = None, alone: bool = False) -> None:
        super().__init__(loaded.folder, loaded.tokenizer)
        self._loaded = loaded
        self._model = loaded.model
        self._check_model()
        self._device = loaded.model.device
        self._prompts_seen: dict[str, tuple[list[int], dict[str, Any], Kind]] = {}
        self._picture_prompts: PicturePrompts | None = None
        output = OutputLayer(loaded.model)
        pack(loaded.model)
        budget = ONE_ROW if alone else budget or found_budget(loaded.model)
        self._runner = BatchRunner(budget, output.vocabulary, Company.ALONE if alone else told_company(loaded.model))
        two = loaded.model.config.is_encoder_decoder
        self.backend = "seq2seq" if two else "causal"  # by which the harness's code encodes a context and what follows
        scorer = EncoderDecoderScorer if two else DecoderScorer
        self._scorer: PairScorer = scorer(loaded, output, self._runner, self.max_length, alone)
        self._writer = SlotWriter(loaded.model, output)
        self._generator = Generator(loaded, self._runner, self._writer, self._scorer.logits, self.max_length)

    def _check_model(self) -> None:
        """Refuses models of which it is not known what they answer."""
        file = self._loaded.folder / "config.json"
        if self.max_length < 1:  # XLNet
            raise InputFault(
                file, "max_position_embeddings", str(self.max_length), "the model's length, at least 1 token"
            )
        if getattr(self._model.config, "attention_type", None) == "block_sparse":  # BigBird
            found = "'block_sparse', which the model's code gives up for good at the first short text"
            raise InputFault(file, "attention_type", found, "a model that answers a text alike whatever came before it")

    @property
    def max_length(self) -> int:
        """The longest sequence that the model takes, in tokens."""
        return int(resolve_max_length(self._model.config, self.tokenizer))

    @property
    def ways(self) -> dict[str, str]:
        """How texts are scored and written and pictures seen, for each of these that was asked of the model so far."""
        ways = {}
        if self._scorer.way is not None:
            ways["scoring"] = self._scorer.way
        if self._writer.refused is not None:
            ways["writing"] = (
                f"{self._generator.batches}, as {self._writer.refused}" if self._writer.refused else "slots"
            )
        if self._picture_prompts is not None:
            ways["pictures"] = f"full forward and {self._generator.batches}, as always"
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
        with self._faults():
            yield from ask[requests[0].request_type](requests, wanted)

    def _choices(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Answer]]:
        with self._texts_encoded_once():
            pairs = [self._pair(request) for request in requests]
        for batch in self._scorer.scored(pairs, wanted):
            yield {
                index: Answer(value, len(pair.continuation), prompt_cut=self._scorer.cuts(pair))
                for index, value in batch.items()
                for pair in [pairs[index]]
            }

    def _whole_texts(self, requests: Sequence[Any], wanted: Collection[int]) -> Iterator[dict[int, Answer]]:
        pairs: list[Pair] = []
        of_request: list[range] = []
        with self._texts_encoded_once():
            for request in requests:
                first = len(pairs)
                pairs += [Pair(context, continuation, {}) for context, continuation in self._windows(request.args[0])]
                of_request.append(range(first, len(pairs)))
        yield {index: Answer(0.0, 0) for index in wanted if not of_request[index]}  # texts of white space, say
        left = {index for index in wanted if of_request[index]}
        places = {place for index in left for place in of_request[index]}
        scored: dict[int, tuple[float, bool]] = {}
        for batch in self._scorer.scored(pairs, places) if places else ():
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
                if not ids:
                    found = "an empty prompt, before which the model's tokenizer puts no first token"
                    raise InputFault(self._loaded.folder, item_of(request), found, "at least one token")
                prompts.append((Row(tuple(ids), (), extras, kind), request.args[1]))
        for batch in self._generator.generate(prompts, wanted):
            yield {index: Answer(text.text, text.tokens, text.ended, text.prompt_cut) for index, text in batch.items()}

    def token_scores(self, asked: Sequence[tuple[list[int], list[int]]]) -> list[Score]:
        """Log-likelihood of continuations as token ids behind contexts as token ids, and whether the model would write them."""
        pairs = [Pair(context, continuation, {}) for context, continuation in asked]
        with self._faults():
            found = self._scorer.scored(pairs, range(len(pairs)))
            scored = {index: score for batch in found for index, score in batch.items()}
        return [scored[index] for index in range(len(pairs))]

    def _loglikelihood_tokens(self, requests: Sequence[Any], **_: Any) -> list[Score]:
        """The harness's inner interface: (texts, context ids, continuation ids)."""
        return self.token_scores([(context, continuation) for _, context, continuation in requests])

    def _pair(self, request: Any) -> Pair:
        shown = pictures(request)
        if shown:
            return self._pair_with_pictures(request, shown)
        before, after = self._ids(request)
        return self._checked(Pair(before, after, {}), request)

    def _pair_with_pictures(self, request: Any, shown: list[Any]) -> Pair:
        """The continuation's ids come from the text alone: picture tokens, however often repeated, are cuts for the
        tokenizer. The prompt's come from the processor, once an item."""
        context, continuation = request.args[:2]
        text, moved = context.rstrip(), context[len(context.rstrip()) :]
        ids, extras, kind = self._prompt(text, shown)
        marked = text.replace(PICTURE_MARK, self._loaded.processor.image_token)
        before = self.tok_encode(marked)
        after = self.tok_encode(marked + moved + continuation)[len(before) :]
        if not after:
            raise self._no_token(request, f"the continuation {continuation!r}", "to score")
        pair = self._checked(Pair(ids, after, extras, kind), request)
        if self._scorer.cuts(pair):
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

    def _checked(self, pair: Pair, request: Any) -> Pair:
        if len(pair.continuation) > self.max_length:
            found = f"a continuation of {len(pair.continuation)} tokens"
            expected = f"at most the model's {self.max_length}"
            raise InputFault(self._loaded.folder, item_of(request), found, expected)
        return pair

    @contextmanager
    def _texts_encoded_once(self) -> Iterator[None]:
        self._encoded, self._prompts_seen = {}, {}
        yield
        self._encoded, self._prompts_seen = {}, {}
        self._texts.forget()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except RowTooLargeError as error:
            found = f"too little memory on {self._device} for {error}"
            raise InputFault(self._loaded.folder, "", found, "a larger device, or --dtype bfloat16") from error
        except NotNumbersError as error:
            expected = "finite numbers (are weights NaN or infinite?)"
            raise InputFault(self._loaded.folder, "", str(error), expected) from error
        except ModelRaisedError as error:
            raise InputFault(self._loaded.folder, "", str(error), "a model that computes what it is asked") from error
