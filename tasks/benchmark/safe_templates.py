"""Templates that can only write text: the harness's Jinja environment, replaced by a sandbox that renders the same prompts.

A template is data that somebody hands over (a suite's `templates`, a task file's `doc_to_text`), and `gwanmun check` renders it.
In the harness's own environment it could reach Python's modules and run any program, or loop without end.
"""

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any

from jinja2 import Template, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Rounds of loops and calls in one rendering. A prompt takes hundreds; what takes more does not end in a reasonable time.
MOST_STEPS = 1_000_000
#: The longest text or list that a product may make, and the largest exponent.
LONGEST = 1_000_000
MOST_EXPONENT = 1_000

_steps: ContextVar[int] = ContextVar("steps of the template that is being rendered", default=0)


class EndlessTemplate(Exception):  # noqa: N818  (what it is, as the message says)
    """A template that takes more steps than any prompt."""


@cache
def sandbox_templates() -> None:
    """From now on the harness renders in the sandbox. Called before tasks are loaded; again it does nothing."""
    from lm_eval import utils

    utils.env = sandboxed_like(utils.env)


def sandboxed_like(environment: Any) -> "_Sandbox":
    """A sandbox with an environment's own settings and filters."""
    made = _Sandbox(
        loader=environment.loader,
        undefined=environment.undefined,
        keep_trailing_newline=environment.keep_trailing_newline,
    )
    made.filters.update(environment.filters)
    return made


class _Counted(Template):
    """A template whose steps are counted from 0 in each rendering."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        before = _steps.set(0)
        try:
            return super().render(*args, **kwargs)
        finally:
            _steps.reset(before)


class _Sandbox(ImmutableSandboxedEnvironment):
    """No attribute that leads out of the template, no change of the item, no loop without end."""

    template_class = _Counted
    intercepted_binops = frozenset(["*", "**"])

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.filters["counted"] = _counted
        self.globals["range"] = _counted_range
        del self.globals["lipsum"]  # text drawn at random is no prompt, and its length has no bound

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The template with every loop over `counted`."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        tree.set_environment(self)
        return tree

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call of a macro or method, which is one step."""
        _step()
        return super().call(context, function, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A product or a power, which could fill the memory."""
        if operator == "**" and isinstance(right, int) and abs(right) > MOST_EXPONENT:
            raise EndlessTemplate(f"an exponent above {MOST_EXPONENT}")
        for many, times in ((left, right), (right, left)):
            if isinstance(many, str | bytes | list | tuple) and isinstance(times, int) and len(many) * times > LONGEST:
                raise EndlessTemplate(f"a text or list above {LONGEST} long")
        return super().call_binop(context, operator, left, right)


def _step(count: int = 1) -> None:
    _steps.set(_steps.get() + count)
    if _steps.get() > MOST_STEPS:
        raise EndlessTemplate(f"more than {MOST_STEPS} rounds of its loops and calls")


def _counted(values: Any) -> Any:
    """The values of a loop, each of them a step; `loop.length` and mappings work as they do without."""
    return _CountedValues(values) if isinstance(values, Iterable) else values


class _CountedValues:
    """Iterates as what it holds does, and has its length where that has one."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        for value in self._values:
            _step()
            yield value

    def __len__(self) -> int:
        return len(self._values)  # type: ignore[arg-type]  # a TypeError is what Jinja expects of what has no length


def _counted_range(*bounds: int) -> range:
    """Python's range; filters such as `list` and `join` walk it too, so that it costs its length at once."""
    made = range(*bounds)
    _step(len(made))
    return made
