"""Scores one model on one suite: every item's result, each task's score with its uncertainty, nothing lost on the way.

    scores = score_suite(Path("submissions/t1/model"), load_suite(Path("suites/common.yaml")))
    scores.tasks[0].value, scores.items[0].correct

Items are planned in chunks (see `items`) and written as they are answered: a batch's results are on disk (in the ledger)
before the next begins. A resumed run asks for what the ledger lacks, in the batches of the whole plan, and ends with the
bytes of an uninterrupted one.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from checks.contracts.loading import IMPORTED_PREFIX, LoadedSuite
from checks.records.canonical import canonical_sha256
from checks.records.scores import ItemResult, SuiteScores
from tasks.benchmark.chat import Chat, chat_of
from tasks.benchmark.devices import SERVED, choose_device
from tasks.benchmark.endpoint import Endpoint
from tasks.benchmark.harness_tasks import LoadedTask, load_tasks
from tasks.benchmark.items import Item, check_items, chunks
from tasks.benchmark.judging import Judged, check_group, judge, predicted_choice, task_score
from tasks.benchmark.ledger import Ledger, LedgerLine
from tasks.benchmark.library_quiet import quiet_libraries
from tasks.benchmark.model_loading import check_folder, fingerprint, load_model
from tasks.benchmark.settings import draws, line_hashes, suite_settings

Progress = Callable[[str, int, int], None]


def check_suite(suite: LoadedSuite) -> None:
    """Loads every task and looks at every item, without a model.

    Raises InputFault for a task, data file, split or metric that is not there, and for an item that cannot be asked.
    """
    for task in load_tasks(suite):
        check_group(task)
        check_items(task)


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
    Log-likelihoods and greedy answers are computed once; sampled answers `repeats` times, with seeds seed, seed + 1, ….

    Raises InputFault for a suite, model, device, limit or ledger that is not as it must be.
    """
    quiet_libraries()
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
    placement = choose_device(device, dtype) if endpoint is None else SERVED
    if endpoint is None:
        check_folder(model_path)
    tasks = load_tasks(suite)
    for task in tasks:
        check_group(task)
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
        scores = [task_score(task, run.judge_task(task), suite.suite.seed) for task in tasks]
        book.finish(run.lines)
    items = [ItemResult(**line.model_dump(exclude={"greedy", "settings_sha256"})) for line in run.lines]
    engine = getattr(run.engine, "record", {})  # nothing where every item was held already
    return SuiteScores(suite=suite.suite.suite, tasks=scores, items=items, settings=settings, engine=engine)


@dataclass(frozen=True)
class _Response:
    """What the model answered to one item in one draw: one value a request."""

    values: list[Any]
    tokens: int


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

    def judge_task(self, task: LoadedTask) -> list[Judged]:
        """Every item of the task, judged; what had to be asked is in the ledger when this returns."""
        sizes = [len(part.harness.eval_docs) for part in task.parts]
        total = sum(size if self.limit is None else min(size, self.limit) for size in sizes)
        judged: list[Judged] = []
        done = 0
        self.progress(task.id, 0, total)
        for part_index, part in enumerate(task.parts):
            for chunk in chunks(task, part, self.suite.suite, self.limit, self.chat):
                results: dict[tuple[int, int], tuple[Judged, LedgerLine]] = {}
                last = draws(task, self.suite.suite.repeats) - 1
                for batch in self._judge_chunk(task, part_index, chunk):
                    results.update(batch)
                    done += sum(repeat == last for _, repeat in batch)
                    self.progress(task.id, done, total)
                for key in sorted(results):
                    judged.append(results[key][0])
                    self.lines.append(results[key][1])
        return judged

    def _judge_chunk(
        self, task: LoadedTask, part_index: int, chunk: list[Item]
    ) -> Iterator[dict[tuple[int, int], tuple[Judged, LedgerLine]]]:
        """(item, repeat) → what it is judged, for what the ledger holds and then as the model answers."""
        for repeat in range(draws(task, self.suite.suite.repeats)):
            held = {item.number: self._held(task, item, repeat) for item in chunk if item.asked}
            yield {
                (item.number, repeat): self._judged(task, part_index, item, repeat, _response(item, line))
                for item in chunk
                if (line := held.get(item.number)) is not None
            }
            missing = [item for item in chunk if item.asked and held[item.number] is None]
            for batch in self._ask(task, chunk, missing, repeat) if missing else ():
                judged = {
                    (item.number, repeat): self._judged(task, part_index, item, repeat, response)
                    for item, response in batch
                }
                self.book.append(line for _, line in judged.values())
                yield judged

    def _judged(
        self, task: LoadedTask, part_index: int, item: Item, repeat: int, response: _Response
    ) -> tuple[Judged, LedgerLine]:
        judged = judge(task, part_index, item, response.values)
        return judged, self._line(task, part_index, item, repeat, response, judged.correct)

    def _held(self, task: LoadedTask, item: Item, repeat: int) -> LedgerLine | None:
        line = self.book.lines.get((task.id, item.number, repeat))
        if line is not None and line.prompt_sha256 != item.prompt_sha256:
            found = f"item {item.number} of {task.id!r} with another prompt than the suite's data gives now"
            raise InputFault(self.book.path or "", "prompt_sha256", found, "items of the same data, or a new file")
        return line

    def _ask(
        self, task: LoadedTask, chunk: list[Item], missing: list[Item], repeat: int
    ) -> Iterator[list[tuple[Item, _Response]]]:
        """One draw of the missing items, as their answers come; the chunk is what the model plans over."""
        if self.engine is None:
            self.engine = self.open_engine()
        requests: list[Any] = []
        places: dict[int, range] = {}
        for item in chunk:
            places[item.number] = range(len(requests), len(requests) + len(item.requests))
            seed = _draw_seed(self.suite.suite.seed + repeat, task.id, item.number)
            requests += [_seeded(request, seed) for request in item.requests]
        wanted = [place for item in missing for place in places[item.number]]
        answers: dict[int, Any] = {}
        left = {item.number: item for item in missing}
        for batch in self.engine.answers(requests, wanted):
            answers.update(batch)
            complete = [item for item in left.values() if all(place in answers for place in places[item.number])]
            for item in complete:
                del left[item.number]
            yield [(item, _together([answers.pop(place) for place in places[item.number]])) for item in complete]

    def _line(
        self, task: LoadedTask, part_index: int, item: Item, repeat: int, response: _Response, correct: float
    ) -> LedgerLine:
        values = response.values
        written = isinstance(values[0], str)
        pairs = [each if isinstance(each, tuple) else (each, False) for each in values if not written]
        loglikelihoods = [float(loglikelihood) for loglikelihood, _ in pairs]
        return LedgerLine(
            task=task.id,
            item=item.number,
            repeat=repeat,
            prompt_sha256=item.prompt_sha256,
            loglikelihoods=loglikelihoods,
            prediction=None if written else predicted_choice(task, task.parts[part_index], item, loglikelihoods),
            output=values[0] if written else "",
            correct=correct,
            tokens=response.tokens,
            greedy=[greedy for _, greedy in pairs],
            settings_sha256=self.hashes[task.id],
        )


def _together(answers: Sequence[Any]) -> _Response:
    """The engine's answers to an item's requests."""
    return _Response([answer.value for answer in answers], sum(answer.tokens for answer in answers))


def _response(item: Item, line: LedgerLine) -> _Response:
    """A ledger's line as the model's answer to the item's requests."""
    kind = item.requests[0].request_type
    if kind == "generate_until":
        return _Response([line.output], line.tokens)
    if kind == "loglikelihood_rolling":
        return _Response(list(line.loglikelihoods), line.tokens)
    return _Response(list(zip(line.loglikelihoods, line.greedy, strict=True)), line.tokens)


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
