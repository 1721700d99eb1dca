"""What a model in process and a served one have in common behind lm-evaluation-harness's interface.

Answers equal those of the harness's own `hf` model: the same tokens at the border of context and continuation, the same rules
for the first token. Where the answers come from is the subclass's own.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import has_bos_prefix
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from checks.contracts.errors import InputFault
from tasks.benchmark.text_encoding import TextEncoder


@dataclass(frozen=True)
class Answer:
    """What a request's function of the interface gives, and how many tokens were scored or generated for it.

    Of a generated text, `ended` says by what: a stop string, the model's own end, or the limit of tokens. `prompt_cut`:
    the prompt was too long for the model and lost its beginning.
    """

    value: Any
    tokens: int
    ended: Literal["stop", "end", "limit"] = "stop"
    prompt_cut: bool = False


class AnsweringModel(TemplateLM):  # type: ignore[misc]  # lm_eval has no types
    """A model as the harness sees one. `answers` gives the same as the three functions of the interface, as they come and
    with what those do not return. `source`: what a fault names, the model's folder or its server."""

    def __init__(self, source: Path | str, tokenizer: Any) -> None:
        super().__init__()
        self._source = source
        self.tokenizer = tokenizer
        self._texts = TextEncoder(tokenizer)
        self._encoded: dict[str, list[int]] = {}

    @property
    @abstractmethod
    def max_length(self) -> int:
        """The longest sequence that is scored, in tokens, the last one not counted (as it is not read)."""

    @property
    @abstractmethod
    def record(self) -> dict[str, Any]:
        """How texts were scored and written: what may differ between models, machines and servers."""

    @abstractmethod
    def answers(self, requests: Sequence[Any], wanted: Collection[int] | None = None) -> Iterator[dict[int, Answer]]:
        """Index of a request → its answer, as they come, for requests of one kind; all where `wanted` is not said."""

    @property
    def eot_token_id(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """What stands before a text without context: the first token of texts, else the one that ends them."""
        first = self.tokenizer.bos_token_id
        return int(self.eot_token_id if first is None else first)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Token ids; special tokens as the tokenizer adds them, unless the text begins with the first one already."""
        if add_special_tokens is None:
            if string not in self._encoded:
                own = has_bos_prefix(string, self.tokenizer.decode(self.prefix_token_id))
                self._encoded[string] = self._texts.encode(string, special=not own)
            return self._encoded[string]
        return list(self.tokenizer.encode(string, add_special_tokens=add_special_tokens))

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        """(natural log-likelihood of the continuation, whether it is what the model would write), one a request."""
        return self._all(requests)

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[float]:
        """Natural log-likelihood of each whole text, in windows of the model's length where it is longer."""
        return self._all(requests)

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[str]:
        """What the model writes after each context, up to a stop string, without it. `seed` among the settings of a
        request makes its sampling repeatable."""
        return self._all(requests)

    def _all(self, requests: Sequence[Any]) -> list[Any]:
        answers = {index: answer for batch in self.answers(requests) for index, answer in batch.items()}
        return [answers[index].value for index in range(len(requests))]

    def _ids(self, request: Any) -> tuple[list[int], list[int]]:
        """Token ids of a request's context and continuation; without a context, the continuation stands behind the first
        token of texts. Raises InputFault where one of them has no token."""
        context, continuation = request.args[:2]
        if context:
            before, after = self._encode_pair(context, continuation)
            if not before:  # white space belongs to what follows it, and nothing stands before that
                raise self._no_token(request, f"the context {context!r}", "before what is scored")
        else:
            ids = self.tok_encode(continuation, add_special_tokens=False)
            before, after = [self.prefix_token_id], ids
            if ids[:1] == before:
                before, after = ids[:1], ids[1:]
        if not after:
            raise self._no_token(request, f"the continuation {continuation!r}", "to score")
        return before, after

    def _no_token(self, request: Any, what: str, where: str) -> InputFault:
        found = f"{what}, which has no token of its own"
        return InputFault(self._source, item_of(request), found, f"at least one token {where}")

    def _windows(self, text: str) -> Iterator[tuple[list[int], list[int]]]:
        """A whole text as contexts and continuations that follow one another."""
        windows = get_rolling_token_windows(
            token_list=self.tok_encode(text),
            prefix_token=self.prefix_token_id,
            max_seq_len=self.max_length,
            context_len=1,
        )
        return map(make_disjoint_window, windows)


def item_of(request: Any) -> str:
    """How a fault names a request's item."""
    return f"{request.task_name}, item {request.doc_id}"
