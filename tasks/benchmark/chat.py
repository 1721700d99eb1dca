"""Prompts as a conversation, in the words of the model's own chat template.

Each example is a turn of its own, as the harness does it by default; a template that knows no system role gets none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks.contracts.errors import InputFault
from tasks.benchmark.model_loading import load_tokenizer

#: Messages → the prompt; with `add_generation_prompt` false the last message is left open for the model to go on.
Chat = Callable[..., str]


def chat_of(folder: Path) -> Chat:
    """The chat template of the model in a folder. Raises InputFault where its tokenizer has none."""
    from jinja2.exceptions import TemplateError

    tokenizer = load_tokenizer(folder)
    if tokenizer.chat_template is None:
        expected = "a chat template, which the suite asks for (chat_template: true)"
        raise InputFault(folder / "tokenizer_config.json", "chat_template", "nothing", expected)

    def written(messages: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        options: dict[str, Any] = {
            "tokenize": False,
            "add_generation_prompt": add_generation_prompt,
            "continue_final_message": not add_generation_prompt,
        }
        try:
            return str(tokenizer.apply_chat_template(messages, **options))
        except TemplateError:
            plain = [message for message in messages if message["role"] != "system"]
        try:
            return str(tokenizer.apply_chat_template(plain, **options))
        except TemplateError as error:
            words = f"{type(error).__name__}: {str(error)[:200]}"
            raise InputFault(folder, "chat_template", words, "a template that takes the task's messages") from error

    return written
