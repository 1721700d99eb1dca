"""Scores one model on one suite: every item's result, each task's score with its uncertainty, nothing lost on the way.

    scores = score_suite(Path("submissions/t1/model"), load_suite(Path("suites/common.yaml")))
    scores.tasks[0].value, scores.items[0].correct

Items are planned in chunks (see `items`) and written as they are answered: a batch's results are on disk (in the ledger)
before the next begins. A resumed run asks for what the ledger lacks, in the batches of the whole plan, and ends with the
bytes of an uninterrupted one.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import IMPORTED_PREFIX, LoadedSuite
from checks.records.canonical import canonical_sha256
from checks.records.scores import SuiteScores
from tasks.benchmark.chat import Chat, chat_of
from tasks.benchmark.devices import SERVED, choose_device
from tasks.benchmark.endpoint import Endpoint
from tasks.benchmark.harness_tasks import LoadedTask, load_tasks
from tasks.benchmark.item_groups import groups_of
from tasks.benchmark.items import Item, check_items, chunks
from tasks.benchmark.judging import Verdict, judge, predicted_choice
from tasks.benchmark.ledger import Ledger, LedgerLine
from tasks.benchmark.library_quiet import quiet_libraries
from tasks.benchmark.model_loading import check_folder, fingerprint, load_model
from tasks.benchmark.responses import Response, response_of, together
from tasks.benchmark.settings import draws, line_hashes, suite_settings
from tasks.benchmark.task_scores import Judged, check_group, task_score
from tasks.benchmark.thinking import ThinkingFirst
from tasks.benchmark.variants import Variant, variants

Progress = Callable[[str, int, int], None]
_Kept = tuple[Judged, LedgerLine]


def check_suite(suite: LoadedSuite) -> None:
    """Loads every task and looks at every item, without a model.

    Raises InputFault for a task, data file, split or metric that is not there, and for an item that cannot be asked.
    """
    for task in load_tasks(suite):
        check_group(task)
        groups_of(suite, task)
        draws(suite, task)
        for variant in variants(suite, task):
            check_items(variant.task)


def score_suite(
    model_path: Path,
    suite: LoadedSuite,
    *,
    limit: int | None = None,
    device: str | None = None,
    dtype: str | None = None,
    endpoint: Endpoint | None = None,
    ledger: Path | None = None,
    resume: bool = True,
    progress: Progress | None = None,
) -> SuiteScores:
    """Scores the model in a folder.

    `limit`: only the first so many items of each task (of a group: of each part), at least 1. `device` and `dtype`: see
    `choose_device`. `endpoint`: the server that answers in the model's place.
    `ledger`: a file of items, taken up where it ends (`resume`) or required to be new; it also stays when this raises. A
    complete one is judged again without loading the model. `progress(task, done, total)`.
    Every item is asked in each of its task's ways (see `variants`). Log-likelihoods and greedy answers are computed once;
    sampled answers `repeats` times, with seeds seed, seed + 1, ….

    Raises InputFault for a suite, model, device, limit or ledger that is not as it must be.
    """
    quiet_libraries()
    _refuse_unscorable(suite, limit, endpoint)
    placement = choose_device(device, dtype) if endpoint is None else SERVED
    if endpoint is None:
        check_folder(model_path)
    tasks = load_tasks(suite)
    asked = {task.id: variants(suite, task) for task in tasks}
    for task in tasks:
        check_group(task)
        groups_of(suite, task)
    settings = suite_settings(suite, tasks, placement, limit)
    model_sha256 = fingerprint(model_path) if ledger else ""
    if endpoint is not None:
        model_sha256 = canonical_sha256({"model": model_sha256, **endpoint.identity})
    hashes = line_hashes(settings, model_sha256, placement.device) if ledger else {}
    hashes = hashes or {task.id: "" for task in tasks}

    chat = chat_of(model_path) if suite.suite.chat_template else None

    def open_engine() -> Any:
        if endpoint is not None:
            return endpoint.model
        from tasks.benchmark.engine import HarnessModel

        return HarnessModel(load_model(model_path, placement), alone=suite.suite.batch_invariant)

    with Ledger(ledger, hashes, resume) as book:
        run = _Run(suite, book, hashes, limit, chat, open_engine, progress or _unseen)
        scores = [
            task_score(
                task, run.judge_task(task, asked[task.id]), suite.suite.seed, [each.name for each in asked[task.id]]
            )
            for task in tasks
        ]
        book.finish(run.lines)
    if chat is None:  # a chat template is the model's own: prompts are the same text for all without one
        for task in tasks:
            settings["tasks"][task.id]["prompts_sha256"] = _prompts_sha256(run.lines, task.id)
    items = [line.result for line in run.lines]
    engine = getattr(run.engine, "record", {})  # nothing where every item was held already
    return SuiteScores(suite=suite.suite.suite, tasks=scores, items=items, settings=settings, engine=engine)


def _refuse_unscorable(suite: LoadedSuite, limit: int | None, endpoint: Endpoint | None) -> None:
    for index, each in enumerate(suite.suite.tasks):
        if each.use.startswith(IMPORTED_PREFIX):
            raise suite.fault(
                f"tasks[{index}].use", f"{each.use}, which another tool runs", "its results: gwanmun import"
            )
    if endpoint is not None and suite.suite.batch_invariant:
        found = "true, for a server, which batches as it likes"
        raise suite.fault("batch_invariant", found, "a model in process, or batch_invariant: false")
    if limit is not None and limit < 1:
        raise InputFault(suite.path, "limit", str(limit), "at least 1 item")


@dataclass
class _Run:
    """One scoring run: asks what the ledger lacks, judges everything, and keeps the lines in canonical order."""

    suite: LoadedSuite
    book: Ledger
    hashes: dict[str, str]
    limit: int | None
    chat: Chat | None
    open_engine: Callable[[], Any]
    progress: Progress
    lines: list[LedgerLine] = field(default_factory=list)
    engine: Any = None
    groups: Mapping[int, str] = field(default_factory=dict)

    def judge_task(self, task: LoadedTask, ways: Sequence[Variant]) -> list[Judged]:
        """Every item of the task in each of its ways, judged; what had to be asked is in the ledger when this returns."""
        sizes = [len(part.harness.eval_docs) for part in task.parts]
        total = len(ways) * sum(size if self.limit is None else min(size, self.limit) for size in sizes)
        self.groups = self.suite.groups(task.setting)
        judged: list[Judged] = []
        done = 0
        last = draws(self.suite, task) - 1
        self.progress(task.id, 0, total)
        for variant in ways:
            for part_index, part in enumerate(variant.task.parts):
                for chunk in chunks(variant.task, part, self.suite.suite, self.limit, self.chat):
                    results: dict[tuple[int, int], _Kept] = {}
                    for batch in self._judge_chunk(variant, part_index, chunk):
                        results.update(batch)
                        done += sum(repeat == last for _, repeat in batch)
                        self.progress(task.id, done, total)
                    for key in sorted(results):
                        judged.append(results[key][0])
                        self.lines.append(results[key][1])
        return judged

    def _judge_chunk(
        self, variant: Variant, part_index: int, chunk: list[Item]
    ) -> Iterator[dict[tuple[int, int], _Kept]]:
        """(item, repeat) → what it is judged, for what the ledger holds and then as the model answers."""
        for repeat in range(draws(self.suite, variant.task)):
            held = {item.number: self._held(variant, item, repeat) for item in chunk if item.asked}
            yield {
                (item.number, repeat): self._judged(variant, part_index, item, repeat, response_of(item, line))
                for item in chunk
                if (line := held.get(item.number)) is not None
            }
            missing = [item for item in chunk if item.asked and held[item.number] is None]
            for batch in self._ask(variant, chunk, missing, repeat) if missing else ():
                judged = {
                    (item.number, repeat): self._judged(variant, part_index, item, repeat, response)
                    for item, response in batch
                }
                self.book.append(line for _, line in judged.values())
                yield judged

    def _judged(self, variant: Variant, part_index: int, item: Item, repeat: int, response: Response) -> _Kept:
        verdict = judge(variant.task, part_index, item, response.values)
        line = self._line(variant, part_index, item, repeat, response, verdict)
        return Judged(part_index, verdict.value, verdict.chance, line), line

    def _held(self, variant: Variant, item: Item, repeat: int) -> LedgerLine | None:
        task = variant.task.id
        line = self.book.lines.get((task, variant.number, item.number, repeat))
        if line is not None and line.prompt_sha256 != item.prompt_sha256:
            found = f"item {item.number} of {task!r} with another prompt than the suite's data gives now"
            raise InputFault(self.book.path or "", "prompt_sha256", found, "items of the same data, or a new file")
        return line

    def _ask(
        self, variant: Variant, chunk: list[Item], missing: list[Item], repeat: int
    ) -> Iterator[list[tuple[Item, Response]]]:
        """One draw of the missing items, as their answers come; the chunk is what the model plans over."""
        if self.engine is None:
            self.engine = self.open_engine()
        thinking = variant.task.setting.thinking
        if thinking is not None and thinking.budget >= self.engine.max_length:
            key = f"tasks[{self.suite.suite.tasks.index(variant.task.setting)}].thinking.budget"
            raise self.suite.fault(
                key, str(thinking.budget), f"less than the model's length of {self.engine.max_length}"
            )
        engine = self.engine if thinking is None else ThinkingFirst(self.engine, thinking)
        requests: list[Any] = []
        places: dict[int, range] = {}
        for item in chunk:
            places[item.number] = range(len(requests), len(requests) + len(item.requests))
            seed = _draw_seed(self.suite.suite.seed + repeat, variant.task.id, item.number)
            requests += [_seeded(request, seed) for request in item.requests]
        wanted = [place for item in missing for place in places[item.number]]
        answers: dict[int, Any] = {}
        left = {item.number: item for item in missing}
        since = time.perf_counter()
        for batch in engine.answers(requests, wanted):
            answers.update(batch)
            complete = [item for item in left.values() if all(place in answers for place in places[item.number])]
            if not complete:
                continue
            now = time.perf_counter()
            share, since = (now - since) / len(complete), now
            for item in complete:
                del left[item.number]
            yield [(item, together([answers.pop(place) for place in places[item.number]], share)) for item in complete]
        if left:  # a score without them would look whole
            raise AssertionError(f"no answer to item {min(left)} of {variant.task.id!r}")

    def _line(
        self, variant: Variant, part_index: int, item: Item, repeat: int, response: Response, verdict: Verdict
    ) -> LedgerLine:
        values, task = response.values, variant.task
        written = isinstance(values[0], str)
        pairs = [each if isinstance(each, tuple) else (each, False) for each in values if not written]
        loglikelihoods = [float(loglikelihood) for loglikelihood, _ in pairs]
        return LedgerLine(
            task=task.id,
            item=item.number,
            variant=variant.number,
            repeat=repeat,
            prompt_sha256=item.prompt_sha256,
            loglikelihoods=loglikelihoods,
            prediction=None if written else predicted_choice(task, task.parts[part_index], item, loglikelihoods),
            output=values[0] if written else "",
            answer=verdict.answer,
            correct=verdict.correct,
            unparsed=verdict.unparsed,
            cluster=self.groups.get(item.number, ""),
            greedy=[greedy for _, greedy in pairs],
            settings_sha256=self.hashes[task.id],
            **response.kept,
        )


def _prompts_sha256(lines: Sequence[LedgerLine], task: str) -> str:
    """One hash over all prompts of a task, in the order of its items."""
    digest = hashlib.sha256()
    for line in lines:
        if line.task == task and line.repeat == 0:
            digest.update(f"{line.variant}/{line.item}/{line.prompt_sha256}\n".encode())
    return digest.hexdigest()


def _seeded(request: Any, seed: int) -> Any:
    """The request with the draw's seed among its settings, where it is one to generate."""
    if request.request_type != "generate_until":
        return request
    seeded = copy(request)
    context, options, *others = request.args
    seeded.arguments = (context, {**options, "seed": seed}, *others)
    return seeded


def _draw_seed(seed: int, task: str, item: int) -> int:
    digest = hashlib.sha256(f"{seed}/{task}/{item}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def _unseen(label: str, done: int, total: int) -> None:
    """No progress asked for."""
