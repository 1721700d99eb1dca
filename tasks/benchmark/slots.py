"""Writing many texts at once, each in a slot of its own: a text that ends makes room for the next at once.

One forward takes the newest token of every slot and the whole prompts of those that begin, as one row of tokens without
padding. A prompt that begins like one in another slot takes over its keys and values (few-shot examples are computed
once). What a slot writes does not depend on its neighbours, but for rounding.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import scaled_dot_product_attention

from tasks.benchmark.batching import Row
from tasks.benchmark.own_attention import Sees, causal_mask, stacked
from tasks.benchmark.own_forward import OwnForward
from tasks.benchmark.prefix_tree import common_length

#: Tokens that a prompt must share with one that begins in the same step to wait for it: below, waiting costs more.
_WORTH_WAITING = 32


@dataclass
class Beginning:
    """Tokens that follow the first `start` of a slot."""

    slot: int
    start: int
    ids: tuple[int, ...]


@dataclass
class Slots(Sees):
    """Keys and values [slots, heads, longest, size] of each layer; slots 0 to `lengths` - 1 write one token each."""

    count: int
    longest: int
    _lengths: list[int] = field(default_factory=list)
    _beginnings: Sequence[Beginning] = ()
    _held: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)
    _places: tuple[torch.Tensor, torch.Tensor] | None = None
    _masks: dict[int | None, torch.Tensor] = field(default_factory=dict)
    _first_masks: dict[tuple[int, int | None, bool], torch.Tensor | None] = field(default_factory=dict)

    @property
    def token_bytes(self) -> int:
        """What a token's keys and values take in all layers."""
        held = [each for pair in self._held.values() for each in pair]
        return sum(each.shape[1] * each.shape[3] * each.element_size() for each in held)

    def begin(self, lengths: list[int], beginnings: Sequence[Beginning], device: torch.device) -> None:
        """The next step: `lengths` are how many tokens the writing slots hold already."""
        self._lengths, self._beginnings = lengths, beginnings
        self._places = torch.arange(len(lengths), device=device), torch.tensor(lengths, device=device)
        self._masks.clear()
        self._first_masks.clear()

    def move(self, source: int, target: int, length: int) -> None:
        """Copies the first `length` tokens of a slot to another."""
        with torch.inference_mode():
            for keys, values in self._held.values():
                keys[target, :, :length] = keys[source, :, :length]
                values[target, :, :length] = values[source, :, :length]

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
    ) -> torch.Tensor:
        """See `own_attention.Sees`: first the writing slots' tokens, then the beginnings'."""
        if layer not in self._held:
            self._held[layer] = (
                key.new_zeros(self.count, len(key), self.longest, key.shape[-1]),
                value.new_zeros(self.count, len(value), self.longest, value.shape[-1]),
            )
        keys, values = self._held[layer]
        first = len(self._lengths)
        output = query.new_empty(len(query), query.shape[1], value.shape[-1])
        if first:
            output[:, :first] = self._newest(keys, values, query[:, :first], key, value, scale, window)
        tokens = queries = first
        for each in self._beginnings:
            end = each.start + len(each.ids)
            here = slice(tokens, tokens := tokens + len(each.ids))
            keys[each.slot, :, each.start : end] = key[:, here]
            values[each.slot, :, each.start : end] = value[:, here]
            places = range(end - 1 if self.last else each.start, end)
            block = slice(queries, queries := queries + len(places))
            answer = scaled_dot_product_attention(
                stacked(query[:, block], len(key))[None],
                keys[each.slot : each.slot + 1, :, :end],
                values[each.slot : each.slot + 1, :, :end],
                attn_mask=self._first_mask(each, places, window, len(query) // len(key), query),
                scale=scale,
            )
            output[:, block] = answer.reshape(len(query), len(places), -1)
        return output

    def _first_mask(
        self, beginning: Beginning, places: range, window: int | None, groups: int, like: torch.Tensor
    ) -> torch.Tensor | None:
        """What the tokens of a beginning see; kept for the step, as every layer asks for the same."""
        key = beginning.slot, window, self.last
        if key not in self._first_masks:
            self._first_masks[key] = causal_mask(places, range(places.stop), window, groups, like)
        return self._first_masks[key]

    def _newest(
        self,
        keys: torch.Tensor,
        values: torch.Tensor,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float,
        window: int | None,
    ) -> torch.Tensor:
        """Attention of one token a slot over its slot, all slots at once."""
        assert self._places is not None
        slots, places = self._places
        count, longest = len(slots), max(self._lengths) + 1
        keys[slots, :, places] = key[:, :count].transpose(0, 1)
        values[slots, :, places] = value[:, :count].transpose(0, 1)
        if window not in self._masks:
            seen = torch.arange(longest, device=query.device)[None]
            hidden = seen > places[:, None]
            if window is not None:
                hidden |= seen <= places[:, None] - window
            mask = query.new_zeros(count, longest).masked_fill_(hidden, float("-inf"))
            self._masks[window] = mask[:, None, None]
        asked = query.transpose(0, 1).reshape(count, len(key), -1, query.shape[-1])
        answer = scaled_dot_product_attention(
            asked, keys[:count, :, :longest], values[:count, :, :longest], attn_mask=self._masks[window], scale=scale
        )
        return answer.reshape(count, len(query), -1).transpose(0, 1)


@dataclass
class _Writing:
    row: int
    ids: tuple[int, ...]
    written: list[int] = field(default_factory=list)


class SlotWriter(OwnForward):
    """Writes after many prompts with one model, where its attention can be this stage's."""

    SLOWER = "texts are written in batches, which is slower"
    NOT_TAKEN = "writes in no slots"
    DIFFERENT = "two prompts computed both ways"

    _token_bytes = 0  # found when the model is looked at

    def run(
        self,
        rows: Sequence[Row],
        wanted: Sequence[int],
        room: int,
        slots: int,
        memory: int,
        choose: Callable[[torch.Tensor, Sequence[int]], list[int]],
        ended: Callable[[list[int]], bool],
    ) -> Iterator[dict[int, list[int]]]:
        """Row → what it wrote, for the rows that end with a step.

        `choose(logits, rows)` gives the next token of each, `ended(ids)` whether a text ends with its newest token; each
        ends after `room` tokens. Prompts that begin alike begin one after the other. Fewer `slots` where their keys and
        values would take more than `memory` bytes.
        """
        waiting = deque(sorted(wanted, key=lambda index: rows[index].ids))
        longest = max(len(rows[index].ids) for index in wanted) + room
        fitting = max(1, memory // max(1, longest * self._token_bytes))
        held = Slots(min(slots, fitting, len(wanted)), longest)
        writing: list[_Writing] = []
        with self._computing():
            while waiting or writing:
                old = len(writing)
                beginnings = self._begin(rows, waiting, writing, held)
                steps = [(each.written[-1], len(each.ids) + len(each.written) - 1) for each in writing[:old]]
                logits = self._step(held, steps, beginnings)
                tokens = choose(logits, [each.row for each in writing])
                for each, token in zip(writing, tokens, strict=True):
                    each.written.append(token)
                over = [at for at, each in enumerate(writing) if len(each.written) == room or ended(each.written)]
                if over:
                    yield {writing[at].row: writing[at].written for at in over}
                for at in reversed(over):
                    last = writing.pop()
                    if at < len(writing):
                        writing[at] = last
                        held.move(len(writing), at, len(last.ids) + len(last.written) - 1)

    def _begin(self, rows: Sequence[Row], waiting: deque[int], writing: list[_Writing], held: Slots) -> list[Beginning]:
        """Gives free slots to prompts; what a prompt shares with one already there is copied."""
        beginnings: list[Beginning] = []
        old = len(writing)
        while waiting and len(writing) < held.count:
            ids = rows[waiting[0]].ids
            alike = [min(common_length(each.ids, ids), len(ids) - 1) for each in writing]
            shared, donor = max(((length, at) for at, length in enumerate(alike[:old])), default=(0, 0))
            if max(alike[old:], default=0) >= shared + _WORTH_WAITING:
                break
            if shared:
                held.move(donor, len(writing), shared)
            beginnings.append(Beginning(len(writing), shared, ids[shared:]))
            writing.append(_Writing(waiting.popleft(), ids))
        return beginnings

    def _step(self, held: Slots, steps: list[tuple[int, int]], beginnings: Sequence[Beginning]) -> torch.Tensor:
        """Float32 logits [slots, vocabulary] after the (token, place) of each writing slot and after each beginning."""
        held.begin([place for _, place in steps], beginnings, self._model.device)
        ids, places = [token for token, _ in steps], [place for _, place in steps]
        wanted = list(range(len(steps)))
        for each in beginnings:
            ids += each.ids
            places += range(each.start, each.start + len(each.ids))
            wanted.append(len(ids) - 1)
        return self._forward(ids, places, held, wanted)

    def _tried(self, rows: Sequence[Row]) -> Sequence[torch.Tensor]:
        """The last token of each prompt comes by a step of its own."""
        held = Slots(len(rows), max(len(row.ids) for row in rows))
        with self._computing():
            self._step(held, [], [Beginning(slot, 0, row.ids[:-1]) for slot, row in enumerate(rows)])
            last = [(row.ids[-1], len(row.ids) - 1) for row in rows]
            logprobs = self._step(held, last, []).log_softmax(dim=-1)
        self._token_bytes = held.token_bytes
        return [each[None] for each in logprobs]
