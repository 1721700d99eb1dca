"""Trains several models side by side, each worker a process of one thread: tiny models do not scale over threads.

A worker sees the end of its standard input however this process dies, and ends itself.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

Progress = Callable[[str, int, int], None]

WORKERS = 2
#: A worker answers after every step, far below a second; silence this long means that it hangs.
LONGEST_SILENCE_SECONDS = 300
_SOURCE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """One model to train into `folder`; `needs` is the folder of another job's result that it starts from."""

    recipe: str
    label: str
    seed: int
    folder: Path
    needs: Path | None = None
    share: float = 1.0

    def line(self) -> str:
        """The job as the worker reads it."""
        reference = None if self.needs is None else str(self.needs)
        values = {"recipe": self.recipe, "seed": self.seed, "folder": str(self.folder), "reference": reference}
        return json.dumps({**values, "share": self.share}) + "\n"


class TrainingFailedError(RuntimeError):
    """A worker ended or fell silent before its model was done; the message holds the end of what it said."""


def train_all(jobs: list[Job], progress: Progress | None = None) -> None:
    """Trains `jobs`, earlier ones first where what they need is there; raises TrainingFailedError."""
    waiting = list(jobs)
    with _workers(min(WORKERS, len(jobs))) as workers, selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(_stream(worker.process.stdout), selectors.EVENT_READ, worker)
            worker.take_next(waiting)
        while any(worker.job for worker in workers):
            ready = selector.select(timeout=LONGEST_SILENCE_SECONDS)
            if not ready:
                raise TrainingFailedError(
                    f"no word from training for {LONGEST_SILENCE_SECONDS} s: {workers[0].last_words()}"
                )
            for key, _ in ready:
                if key.data.hear(progress):
                    for worker in workers:
                        worker.take_next(waiting)
    if waiting:
        raise TrainingFailedError(f"{waiting[0].recipe} needs {waiting[0].needs}, which no job makes")


class _Worker:
    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self.process = process
        self.job: Job | None = None
        self._errors = errors
        self._heard = b""

    def take_next(self, waiting: list[Job]) -> None:
        """Starts on the first job that can start, if this worker is free."""
        ready = next((job for job in waiting if job.needs is None or job.needs.is_dir()), None)
        if self.job is None and ready is not None:
            waiting.remove(ready)
            self.job = ready
            channel = _stream(self.process.stdin)
            channel.write(ready.line().encode())
            channel.flush()

    def hear(self, progress: Progress | None) -> bool:
        """Takes in what the process said; True when it has finished its job."""
        said = os.read(_stream(self.process.stdout).fileno(), 65536)
        if not said:
            raise TrainingFailedError(
                f"training of {self.job.recipe if self.job else 'nothing'} ended: {self.last_words()}"
            )
        *lines, self._heard = (self._heard + said).split(b"\n")
        finished = False
        for line in lines:
            message: dict[str, Any] = json.loads(line)
            if "finished" in message:
                self.job, finished = None, True
            elif progress is not None and self.job is not None:
                progress(self.job.label, message["step"], message["steps"])
        return finished

    def last_words(self) -> str:
        """The end of the worker's standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace").strip()


@contextmanager
def _workers(count: int) -> Iterator[list[_Worker]]:
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_SOURCE_ROOT), os.environ.get("PYTHONPATH")))),
    }
    workers: list[_Worker] = []
    try:
        for _ in range(count):
            errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the worker below)
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "flows.demo.training_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
            workers.append(_Worker(process, errors))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.communicate()
            worker._errors.close()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
