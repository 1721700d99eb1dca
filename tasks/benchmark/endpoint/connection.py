"""Connecting to a server: what it offers is found out, and whether it serves the weights that were handed in."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from checks.contracts.errors import InputFault
from tasks.benchmark.endpoint.calls import Caller, Limits
from tasks.benchmark.endpoint.faults import ServerStopped
from tasks.benchmark.endpoint.offer import Offer, find_offer
from tasks.benchmark.endpoint.served_weights import ServedWeights, check_weights
from tasks.benchmark.library_quiet import quiet_libraries

#: What the server is asked with at first, in at most so many tokens.
_PROBE, _PROBE_TOKENS = "대한민국의 수도는 서울이다. The capital of Korea is Seoul.", 16

#: A server that is not there is noticed soon: only one that has answered is waited for.
_FIRST_TRIES = 3

#: Beside what is scored a server writes one token, and it counts the token that is scored last.
_BESIDE = 2


@dataclass
class Endpoint:
    """A server that answers for the model in `folder`. Close it, or use it as a context manager."""

    folder: Path
    offer: Offer
    weights: ServedWeights
    model: Any
    caller: Caller

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.caller.close()

    @property
    def identity(self) -> dict[str, Any]:
        """What an item must have been answered by to be taken up again: the model's name there and how it was asked."""
        offer = self.offer
        return {"served_model": offer.model, "weights": offer.weights_sha256, "ways": offer.words}

    def environment(self) -> dict[str, Any]:
        """What a run records of where it was answered."""
        from importlib.metadata import version

        return {
            "device": "server",
            "device_name": f"{self.offer.kind} at {self.caller.base}",
            "served_model": self.offer.model,
            "served_weights": self.weights.words,
            "served_logprobs": self.offer.words,
            "dtype": "as served",
            "transformers": version("transformers"),
            "lm_eval": version("lm_eval"),
        }


def connect(url: str, folder: Path, limits: Limits | None = None) -> Endpoint:
    """Connects to a server for the model whose tokenizer (and weights, where they are there) lie in a folder.

    Raises InputFault for a URL that is none, no server there, a server that serves something else or cannot be asked by token
    ids, and weights that differ from the folder's; ServerStopped where the server breaks off while it is asked.
    """
    quiet_libraries()
    from tasks.benchmark.endpoint.served_model import ServedModel
    from tasks.benchmark.model_loading import load_tokenizer

    base = base_url(url)
    tokenizer = load_tokenizer(folder)
    limits = limits or Limits()
    caller = Caller(base, replace(limits, tries=min(limits.tries, _FIRST_TRIES)))
    try:
        probe = tokenizer.encode(_PROBE)[:_PROBE_TOKENS]
        offer = find_offer(caller, folder, probe)
        model = ServedModel(caller, offer, tokenizer, _length(folder, tokenizer, offer))
        weights = check_weights(base, offer, folder, model)
        caller.limits = limits
        return Endpoint(folder, offer, weights, model, caller)
    except ServerStopped as error:
        caller.close()
        raise InputFault(base, found=str(error).removeprefix(f"{base}: "), expected="a server that answers") from None
    except BaseException:
        caller.close()
        raise


def base_url(url: str) -> str:
    """The base of the server's interface: `http://host:8000` is taken as `http://host:8000/v1`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputFault("endpoint", found=repr(url), expected="http://HOST:PORT or http://HOST:PORT/v1")
    if parts.username or parts.password:
        raise InputFault("endpoint", found="a URL with a password", expected="the key in GWANMUN_ENDPOINT_KEY")
    return url.rstrip("/") + ("" if parts.path.strip("/") else "/v1")


def _length(folder: Path, tokenizer: Any, offer: Offer) -> int:
    """The longest sequence to score: the model's own, or what the server takes where that is less."""
    import transformers
    from lm_eval.models.utils import resolve_max_length

    config = None
    if (folder / "config.json").is_file():
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    own = int(resolve_max_length(config, tokenizer))
    return own if offer.max_length is None else max(1, min(own, offer.max_length - _BESIDE))
