"""Nothing is undocumented, no generated page is stale, every command shown exists as shown, every link leads somewhere."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from checks.contracts.fields import Contract
from checks.contracts.policy import (
    ComponentPolicy,
    DataQualityPolicy,
    DerivedRelation,
    EvidencePolicy,
    IndependencePolicy,
    LicencePolicy,
)
from checks.contracts.programme import AnyGate, Gate
from checks.contracts.round_rules import Select
from checks.contracts.score_tree import Missing, Normalise, Raters, ScoreNode, SuiteMean, SuiteRelative, Then
from checks.expectations.suites import ALL_CHECKS
from docs import generate
from docs.commands_page import command_group
from docs.files_page import FILES, files_page, keys_of, models_below
from tests.conftest import REPOSITORY
from tests.docs.pages import PAGES, anchors, links, name, shown_commands

RULES = (REPOSITORY / "docs" / "rules.md").read_text("utf-8")
EVIDENCE = (REPOSITORY / "docs" / "evidence.md").read_text("utf-8")
MODELS = sorted(
    {each for model in FILES.values() for each in (model, *models_below(model))}, key=lambda each: each.__name__
)


@pytest.mark.parametrize("page", [*generate.PAGES, *generate.BLOCKS])
def test_a_generated_page_is_what_the_code_says_now(page: str) -> None:
    assert (REPOSITORY / "docs" / page).read_text("utf-8") == generate.generated(page), "run `make docs`"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_a_contract_says_what_it_means(model: type[Contract]) -> None:
    assert model.__doc__ and [key for key, field in keys_of(model).items() if not field.description] == []


def test_files_page_holds_every_key_of_every_contract() -> None:
    page = files_page()
    rows = {model: page.split(f"## {heading}\n")[1].split("\n#")[0] for heading, model in FILES.items()}
    rows |= {m: page.split(f"### {m.__name__}\n")[1].split("\n#")[0] for m in MODELS if m not in FILES.values()}
    assert [(m.__name__, key) for m, text in rows.items() for key in keys_of(m) if f"| `{key}` |" not in text] == []


@pytest.mark.parametrize("command", sorted(command_group().commands))
def test_every_command_and_option_says_what_it_does(command: str) -> None:
    found = command_group().commands[command]
    assert found.help and found.epilog
    assert [param.name for param in found.params if not param.help] == []


def test_every_table_and_column_has_a_comment() -> None:
    from warehouse.schema import describe

    described = describe()
    assert {"scoreboard", "latest_scores", "findings", "decisions"} <= {table.name for table in described}
    assert [table.name for table in described if not table.comment] == []
    assert [f"{table.name}.{each.name}" for table in described for each in table.columns if not each.comment] == []


def test_every_check_is_said_in_both_languages_and_stands_in_evidence() -> None:
    assert [check.key for check in ALL_CHECKS if not (check.title.ko and check.title.en and check.source)] == []
    sections = re.split(r"^### ", EVIDENCE, flags=re.M)
    told = {
        suite: [part for part in sections if f"`{suite}`" in part.split("\n")[0]]
        for suite in {c.suite for c in ALL_CHECKS}
    }
    assert [check.key for check in ALL_CHECKS if not any(f"`{check.id}`" in part for part in told[check.suite])] == []


def test_every_independence_test_stands_in_evidence() -> None:
    from tasks.independence.aligned_tests import BY_LAYERS, BY_TOKENS, BY_UNITS
    from tasks.independence.layer_matches import COPY, IN_PLACE

    sources = "".join(path.read_text("utf-8") for path in (REPOSITORY / "tasks" / "independence").glob("*.py"))
    tests = {*re.findall(r'test="([a-z-]+)"', sources), BY_UNITS, BY_TOKENS, BY_LAYERS, COPY, IN_PLACE}
    assert len(tests) >= 8 and [test for test in sorted(tests) if f"`{test}`" not in EVIDENCE] == []


def test_every_rule_and_policy_key_stands_in_rules() -> None:
    gates = list(get_args(get_args(AnyGate)[0]))
    words = {*Select.model_fields, *IndependencePolicy.model_fields, *EvidencePolicy.model_fields, *Then.model_fields}
    words |= {*ComponentPolicy.model_fields, *LicencePolicy.model_fields, *DataQualityPolicy.model_fields}
    words |= {key for gate in gates for key in gate.model_fields if key not in Gate.model_fields or key == "fail"}
    words |= {str(get_args(gate.model_fields["check"].annotation)[0]) for gate in gates}
    words |= set(keys_of(ScoreNode)) | {*get_args(Missing), *get_args(DerivedRelation)}
    words |= {key for form in (SuiteMean, SuiteRelative, Raters) for key in form.model_fields}
    for form in (SuiteMean, SuiteRelative, Raters, Normalise):
        words |= {*get_args(form.model_fields["how"].annotation)}
    prose = re.sub(r"^```.*?^```", "", RULES, flags=re.M | re.S)
    written = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert sorted(words - written - {"default"}) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_shown_is_one_that_the_program_takes(page: Path) -> None:
    group = command_group()
    for words in shown_commands(page, "gwanmun"):
        if "[OPTIONS]" in words or words == ["COMMAND", "--help"]:
            continue
        assert words[0] in group.commands, f"{name(page)}: gwanmun {words[0]}"
        group.commands[words[0]].make_context(words[0], list(words[1:]))
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.M))
    for words in shown_commands(page, "make"):
        assert [word for word in words if "=" not in word and word not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_named_in_a_sentence_exists(page: Path) -> None:
    commands: dict[str, Any] = command_group().commands
    for command, rest in re.findall(r"`gwanmun ([a-z][a-z-]*)([^`]*)`", page.read_text("utf-8")):
        options = {option for param in commands[command].params for option in param.opts} | {"--help"}
        assert command in commands and set(re.findall(r"--[a-z-]+", rest)) <= options, f"gwanmun {command}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, section = target.partition("#")
        led_to = (page.parent / path).resolve() if path else page
        assert led_to.exists(), f"{name(page)}: {target}"
        assert not section or section in anchors(led_to), f"{name(page)}: {target}"
