"""A model behind an OpenAI-compatible server (vLLM, SGLang), for models too large for one machine.

    with connect("http://gpu-1:8000", Path("submissions/t1/model")) as endpoint:
        score_suite(Path("submissions/t1/model"), suite, endpoint=endpoint)

Texts are encoded here, with the tokenizer of the model's folder, and sent as token ids to the completions interface: so the
border of context and continuation, chat templates and truncation are the same as in process. Nothing is sent anywhere but to
the server that was named.
"""

from tasks.benchmark.endpoint.connection import Endpoint, connect
from tasks.benchmark.endpoint.faults import ServerStopped

__all__ = ["Endpoint", "ServerStopped", "connect"]
