"""Asks a server many things at once, patiently: bounded concurrency, retries with back-off, an end to every wait.

    caller = Caller("http://localhost:8000/v1", Limits())
    for index, answer in caller.each([asking(Call("completions", {…}, read)), …]): …

Worth another try: no connection, a cut or broken answer, too slow an answer, 408, 429 and 5xx; `Retry-After` is kept to. Not
worth one: any other refusal, which is an InputFault in the server's own words. Requests run in an event loop of a thread
of its own, which ends with the process: a caller that is interrupted leaves nothing waiting.
"""

import asyncio
import os
import queue
import random
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from checks.contracts.errors import InputFault
from tasks.benchmark.endpoint.faults import BrokenAnswer, ServerStopped

#: Holds the key that the server asks for, where it does: never in a file, never printed.
KEY_VARIABLE = "GWANMUN_ENDPOINT_KEY"

_AGAIN = {408, 429, *range(500, 600)}
_SHOWN = 300


@dataclass(frozen=True)
class Limits:
    """How much is asked at once and how long is waited, times in seconds.

    `at_once`: vLLM's own default is 256 sequences at a time, shared with others; 32 keep it busy. `tries` with waits of
    1, 2, 4, … 60 s are some two minutes, the time that a balancer takes to find another server. `request`: a text of
    32,000 tokens at 10 tokens a second ends within it.
    """

    at_once: int = 32
    tries: int = 8
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_told_wait: float = 300.0
    connect: float = 10.0
    request: float = 3600.0


@dataclass(frozen=True)
class Call:
    """What is asked of a path, and how its answer is read; `read` raises BrokenAnswer for one that is not whole.

    `body` None is a GET. A path from the root begins with a slash; others follow the base.
    """

    path: str
    body: Mapping[str, Any] | None
    read: Callable[[Any], Any]


Ask = Callable[[Call], Awaitable[Any]]
Job = Callable[[Ask], Awaitable[Any]]


def asking(call: Call) -> Job:
    """The job that is one call."""

    async def job(ask: Ask) -> Any:
        return await ask(call)

    return job


class Caller:
    """Asks one server. Close it when done, or use it as a context manager."""

    def __init__(self, base: str, limits: Limits) -> None:
        self.base = base
        self.limits = limits
        parts = urlsplit(base)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="endpoint", daemon=True).start()
        key = os.environ.get(KEY_VARIABLE)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=limits.connect),
            limits=httpx.Limits(max_connections=limits.at_once, max_keepalive_connections=limits.at_once),
            trust_env=not _is_loopback(parts.hostname or ""),  # a proxy from the environment, never for this machine
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections and the thread."""
        asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def one(self, call: Call) -> Any:
        """The answer to one call."""
        return next(self.each([asking(call)]))[1]

    def offered(self, call: Call) -> Any:
        """The answer to one call that the server may not know: None where it refuses or answers something else."""
        try:
            return read_answer(call, self.one(replace(call, read=_as_it_is)))
        except (InputFault, BrokenAnswer):
            return None

    def each(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """(index of a job, what it came to), as they end. Raises InputFault or ServerStopped at the first that fails.

        A job asks once or several times, one call after the other.
        """
        done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        asked = asyncio.run_coroutine_threadsafe(self._all(jobs, done), self._loop)
        try:
            for _ in jobs:
                index, answer = done.get()
                if isinstance(answer, BaseException):
                    raise answer
                yield index, answer
        finally:
            asked.cancel()

    async def _all(self, jobs: Sequence[Job], done: "queue.SimpleQueue[tuple[int, Any]]") -> None:
        left = iter(enumerate(jobs))

        async def worker() -> None:
            for index, job in left:
                try:
                    done.put((index, await job(self._patient)))
                except Exception as error:  # handed over to whoever waits for the answer
                    done.put((index, error))

        await asyncio.gather(*(worker() for _ in range(min(self.limits.at_once, len(jobs)))))

    async def _patient(self, call: Call) -> Any:
        """The answer, asked for again and again within the limits."""
        last = ""
        for attempt in range(self.limits.tries):
            wait = None
            try:
                async with asyncio.timeout(self.limits.request):
                    response = await self._send(call)
                if response.status_code not in _AGAIN:
                    return _read(self.base, call, response)
                last, wait = _status(response), _told_wait(response)
            except TimeoutError:
                last = f"no answer within {self.limits.request:g} s"
            except httpx.TransportError as error:
                last = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            except BrokenAnswer as answer:
                last = f"found {answer.found}, expected {answer.expected}"
                if attempt + 1 == self.limits.tries:
                    raise InputFault(self.base, call.path, answer.found, answer.expected) from None
            if attempt + 1 < self.limits.tries:
                await asyncio.sleep(self._wait(attempt) if wait is None else min(wait, self.limits.longest_told_wait))
        raise ServerStopped(f"{self.base}: {call.path}: no answer after {self.limits.tries} tries, the last: {last}")

    async def _send(self, call: Call) -> httpx.Response:
        url = f"{self._root}{call.path}" if call.path.startswith("/") else f"{self.base}/{call.path}"
        if call.body is None:
            return await self._client.get(url)
        return await self._client.post(url, json=dict(call.body))

    def _wait(self, attempt: int) -> float:
        """Half of it by chance, so that many who failed together do not come back together."""
        longest: float = min(self.limits.longest_wait, self.limits.first_wait * 2**attempt)
        return longest * random.uniform(0.5, 1.0)


def _read(base: str, call: Call, response: httpx.Response) -> Any:
    if not response.is_success:
        raise InputFault(base, call.path, _status(response), "an answer (what was sent is not to this server's liking)")
    try:
        content = response.json()
    except ValueError:
        raise BrokenAnswer("an answer that is not JSON", "a JSON object") from None
    return read_answer(call, content)


def read_answer(call: Call, content: Any) -> Any:
    """What the call reads in its answer; raises BrokenAnswer where it is not there."""
    if not isinstance(content, dict):
        raise BrokenAnswer(f"{type(content).__name__} for an answer", "a JSON object")
    try:
        return call.read(content)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise BrokenAnswer(f"an answer without {error}", "the fields of the completions interface") from None


def _as_it_is(content: Any) -> Any:
    return content


def _status(response: httpx.Response) -> str:
    said = " ".join(response.text.split())[:_SHOWN]
    return f"{response.status_code} {response.reason_phrase}" + (f" ({said})" if said else "")


def _told_wait(response: httpx.Response) -> float | None:
    """The seconds of `Retry-After`, which holds seconds or a date."""
    told = response.headers.get("Retry-After")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
