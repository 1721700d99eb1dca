"""An OpenAI-compatible server of our own, run for real on loopback, with a real tiny model behind it and faults on request.

    with FakeServer(folder, dialect="vllm") as server:
        connect(server.url, folder)

`dialect`: what it offers, in the words of the servers that do. vllm: prompt_logprobs, likeliest labels as token ids, texts as
token ids. sglang: /generate with suffix-only log-probabilities and named labels. openai: echo. closed: texts alone.
`faults`: what the next completions do instead of answering, taken from the front; `bent` changes every answer.
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch

Answer = dict[str, Any]


class FakeServer:
    """Serves until the block ends; `seen` holds the bodies it was sent."""

    def __init__(self, folder: Path, dialect: str = "vllm", **entry: Any) -> None:
        from tasks.benchmark.devices import Placement
        from tasks.benchmark.model_loading import load_model

        self.dialect = dialect
        self.entry = {"id": "tiny", "owned_by": dialect, **entry}
        self.faults: list[str] = []
        self.bent: Callable[[Answer], Answer] = lambda answer: answer
        self.seen: list[tuple[str, Answer]] = []
        self.headers: list[dict[str, str]] = []
        self.model = load_model(folder, Placement("cpu", "float32"))
        self._one_at_a_time = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.headers.append(dict(self.headers))
                known = self.path == "/v1/models"
                self.reply(200 if known else 404, {"data": [server.entry]} if known else {"error": "not found"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.seen.append((self.path, body))
                fault = server.faults.pop(0) if server.faults else ""
                if fault == "slow":
                    time.sleep(1.5)
                elif fault == "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", "5000")
                    self.end_headers()
                    self.wfile.write(b'{"choices": [')
                    self.close_connection = True
                    return None
                elif fault == "words":
                    return self.reply(200, "no object")
                elif fault:
                    self.reply(int(fault), {"error": f"fault {fault}"}, {"Retry-After": "0"} if fault == "429" else {})
                    return None
                with server._one_at_a_time, torch.inference_mode():
                    status, answer = server.answer(self.path, body)
                return self.reply(status, server.bent(answer) if status == 200 else answer)

            def reply(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
                written = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(written))}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):  # who asked has given up
                    self.wfile.write(written)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> "FakeServer":
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, body: Answer) -> tuple[int, Answer]:
        """Status and content, as that kind of server answers."""
        if path == "/generate" and self.dialect == "sglang":
            return 200, self._generate(body)
        if path != "/v1/completions":
            return 404, {"error": f"no {path}"}
        if self.dialect in ("openai", "closed") and "prompt_logprobs" in body:
            return 400, {"error": "unknown parameter prompt_logprobs"}
        return 200, self._completion(body)

    def _completion(self, body: Answer) -> Answer:
        ids, room = body["prompt"], body["max_tokens"]
        written = self._write(ids, room, body.get("stop", []))
        choice: Answer = {"index": 0, "text": self.model.tokenizer.decode(written, skip_special_tokens=True)}
        choice |= {"finish_reason": "length" if len(written) == room else "stop", "logprobs": None}
        if self.dialect == "vllm":
            choice |= {"token_ids": written} if body.get("return_token_ids") else {}
            choice["prompt_logprobs"] = self._prompt(ids) if body.get("prompt_logprobs") is not None else None
            if body.get("logprobs") and not body.get("echo"):
                choice["logprobs"] = {"top_logprobs": [self._top(ids, min(5, body["logprobs"]))]}
        if self.dialect == "openai" and body.get("echo"):
            logprobs = self._logprobs(ids)
            own = [None, *(float(logprobs[at - 1, ids[at]]) for at in range(1, len(ids))), -1.0]
            best = [None, *({"?": float(logprobs[at - 1].max())} for at in range(1, len(ids))), {"?": -1.0}]
            choice["logprobs"] = {"token_logprobs": own, "top_logprobs": best, "tokens": ["?"] * len(own)}
        return {"choices": [choice], "usage": {"prompt_tokens": len(ids), "completion_tokens": len(written)}}

    def _generate(self, body: Answer) -> Answer:
        ids, first = body["input_ids"], body["logprob_start_len"]
        logprobs = self._logprobs(ids)
        about: Answer = {}
        if first >= 0:
            places = range(max(first, 1), len(ids))
            blank = [[None, ids[0], None]] if first == 0 else []
            about["input_token_logprobs"] = blank + [[float(logprobs[at - 1, ids[at]]), ids[at], None] for at in places]
            tops = [logprobs[at - 1].max(dim=-1) for at in places]
            about["input_top_logprobs"] = [None] * len(blank) + [
                [[float(top.values), int(top.indices), None]] for top in tops
            ]
        if body.get("token_ids_logprob"):
            named = [[float(logprobs[-1, each]), each, None] for each in body["token_ids_logprob"]]
            about["output_token_ids_logprobs"] = [named]
        best = int(logprobs[-1].argmax())
        about["output_token_logprobs"] = [[float(logprobs[-1, best]), best, None]]
        return {"text": "", "meta_info": about}

    def _write(self, ids: list[int], room: int, stops: list[str]) -> list[int]:
        written: list[int] = []
        while len(written) < room:
            written.append(int(self._logprobs([*ids, *written])[-1].argmax()))
            text = self.model.tokenizer.decode(written)
            if written[-1] == self.model.tokenizer.eos_token_id or any(stop in text for stop in stops):
                break
        return written

    def _logprobs(self, ids: list[int]) -> torch.Tensor:
        return self.model.model(torch.tensor([ids])).logits[0].float().log_softmax(dim=-1)

    def _top(self, ids: list[int], count: int) -> dict[str, float]:
        top = self._logprobs(ids)[-1].topk(count)
        return {
            f"token_id:{token}": value for value, token in zip(top.values.tolist(), top.indices.tolist(), strict=True)
        }

    def _prompt(self, ids: list[int]) -> list[dict[str, Any] | None]:
        logprobs = self._logprobs(ids)
        rows: list[dict[str, Any] | None] = [None]
        for at in range(1, len(ids)):
            best = int(logprobs[at - 1].argmax())
            rows.append({str(each): {"logprob": float(logprobs[at - 1, each])} for each in (best, ids[at])})
        return rows
