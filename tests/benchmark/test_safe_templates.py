"""A template writes text and does nothing else: it reaches no program, ends, and renders what the harness renders."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined

from checks.contracts.errors import InputFault
from tasks.benchmark.safe_templates import MOST_STEPS, EndlessTemplate, sandboxed_like
from tasks.benchmark.scoring import check_suite
from tests.benchmark.suites import LETTERS, documents, write_suite, write_task

PLAIN = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
SAFE = sandboxed_like(PLAIN)
ITEM = {
    "question": "바다?",
    "choices": {"text": ["a", "b"], "label": ["A", "B"]},
    "n": 3,
    "tree": [{"sub": [{"sub": []}]}, {"sub": []}],
}

TEMPLATES = [
    "{{question}}\n",
    "{% for t in choices.text %}{{loop.index}}/{{loop.length}} {{t}}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for key, value in choices.items() %}{{key}}={{value|join('+')}};{% endfor %}",
    "{% for key in choices %}{{key}}{% else %}none{% endfor %}",
    "{% for t in choices.text if t != 'a' %}{{t}}{{loop.first}}{% endfor %}",
    "{% for i in range(n) %}{{'ab' * i}}{{2 ** i}}{{i * 1.5}} {% endfor %}",
    "{% macro m(x) %}<{{x}}>{% endmacro %}{{ choices.label|map('lower')|map('upper')|list }}{{ m(n) }}",
    "{% for node in tree recursive %}n{% if node.sub %}({{ loop(node.sub) }}){% endif %}{% endfor %}",
    "{{ '%s and %03d'|format(question, n) }} {{ 'x'.join(choices.text) }} {{ question.strip('?')[::-1] }}",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_sandbox_renders_what_the_harness_renders(template: str) -> None:
    assert SAFE.from_string(template).render(**ITEM) == PLAIN.from_string(template).render(**ITEM)


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in range(100000) %}{% for y in range(100000) %}a{% endfor %}{% endfor %}",
        "{% for x in range(1000000000) %}a{% endfor %}",
        "{% macro twice(n) %}{% if n %}{{twice(n - 1)}}{{twice(n - 1)}}{% endif %}{% endmacro %}{{twice(40)}}",
        "{% for x in range(3000) %}{{ range(3000)|join }}{% endfor %}",
        "{{ 'a' * 10000000000 }}",
        "{{ 9 ** (9 ** 9) }}",
    ],
)
def test_a_template_without_end_is_stopped(template: str) -> None:
    with pytest.raises(EndlessTemplate):
        SAFE.from_string(template).render(**ITEM)


def test_steps_are_counted_in_each_rendering_by_itself() -> None:
    template = SAFE.from_string("{% for x in range(300000) %}{% endfor %}done")
    assert MOST_STEPS < 3 * 2 * 300000
    assert {template.render() for _ in range(3)} == {"done"}


CODE = "{{ %s.__globals__['os'].system('touch %s') }}{{question}}"


@pytest.mark.parametrize("way", ["cycler.__init__", "lipsum", "joiner.__init__", "namespace.__init__"])
@pytest.mark.parametrize("of", ["suite", "task"])
def test_a_template_runs_no_program(tmp_path: Path, way: str, of: str) -> None:
    made = tmp_path / "made"
    template = CODE % (way, made)
    config: dict[str, Any] = LETTERS | ({"doc_to_text": template} if of == "task" else {})
    task: dict[str, Any] = {"id": "letters", "use": "tasks/letters.yaml"}
    write_task(tmp_path / "tasks", "letters", config, documents(3))
    suite = write_suite(tmp_path, [task | ({"templates": [template]} if of == "suite" else {})])
    with pytest.raises(InputFault, match=r"SecurityError|UndefinedError|AttributeError: __globals__"):
        check_suite(suite)
    assert not made.exists()


def test_a_suites_template_without_end_is_a_fault_of_the_suite(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "letters", LETTERS, documents(3))
    task = {"id": "letters", "use": "tasks/letters.yaml"}
    check_suite(write_suite(tmp_path, [{**task, "templates": ["{% for x in range(9) %}{{question}}{% endfor %}"]}]))
    endless = "{% for x in range(10**9) %}a{% endfor %}"
    with pytest.raises(InputFault, match=r"templates\[0\]: found .*EndlessTemplate: more than 1000000 rounds"):
        check_suite(write_suite(tmp_path, [{**task, "templates": [endless]}]))
