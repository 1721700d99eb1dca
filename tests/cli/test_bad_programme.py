"""What is wrong in a programme or in what it names: `check` finds it (1), everything else refuses it (2), nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import contents, gwanmun, in_process

Change = Callable[[Path], None]


def _edited(file: str, before: str, after: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")

    return change


def _without(file: str) -> Change:
    return lambda folder: (folder / file).unlink()


FAULTS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "unknown key": (
        _edited("programme.yaml", "    places: 4", "    places: 4\n    plaecs: 4"),
        ("programme.yaml:", "rounds[0].plaecs", "found an unknown key"),
    ),
    "missing file": (_without("panels/user.csv"), ("programme.yaml:", "user.from", "'panels/user.csv', no such file")),
    "points that do not add up": (
        _edited("programme.yaml", "id: agency,     points: 10", "id: agency,     points: 11"),
        ("programme.yaml:", "rounds[0].score", "found", "41", "expected", "40"),
    ),
    "duplicate team": (_edited("programme.yaml", "{id: b,", "{id: a,"), ("programme.yaml:", "rounds[0]", "twice: a")),
    "unknown team in a panel": (
        _edited("panels/user.csv", "\na,", "\nz,"),
        ("user.csv:2", "team", "found 'z'", "expected one of a, b, c, d, e, f"),
    ),
    "value over the maximum": (
        _edited("panels/agency.csv", "\na,", "\na,1"),
        ("agency.csv:2", "value", "expected", "from 0 to 10"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_a_run_before_anything_and_check_finds_it(programme: Path, name: str) -> None:
    change, words = FAULTS[name]
    change(programme)
    before = contents(programme)
    gwanmun("run", programme, "--json").refused(*words)
    checked = gwanmun("check", programme / "programme.yaml", "--json")
    assert checked.code == 1 and any(all(word in line for word in words) for line in checked.err.splitlines()), checked
    assert checked.document["faults"][0]["message"] in checked.err
    assert contents(programme) == before


def test_the_same_programme_without_a_fault(programme: Path) -> None:
    """The twin of all that stands above."""
    before = contents(programme)
    checked = gwanmun("check", programme / "programme.yaml", "--json")
    assert (checked.code, checked.document["faults"], checked.document["kind"]) == (0, [], "programme")
    assert contents(programme) == before
    assert gwanmun("run", programme).code == 0


def test_check_shows_every_fault_and_run_the_first_with_their_number(programme: Path) -> None:
    _edited("programme.yaml", "places: 4", "places: four\n    plaecs: 4")(programme)
    _edited("programme.yaml", "scope: all", "scope: some")(programme)
    checked = gwanmun("check", programme)
    keys = [line.split(": ")[1] for line in checked.err.splitlines()]
    assert (checked.code, checked.out, sorted(keys)) == (
        1,
        "",
        ["rounds[0].places", "rounds[0].plaecs", "rounds[0].select.scope"],
    )
    gwanmun("run", programme).refused("plaecs", "and 2 more faults; gwanmun check shows all")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("no such file",)),
        ("rounds: [", ("expected valid YAML",)),
        ("colour: blue", ("the keys colour", "a programme, submission, suite, policy or what-if patch")),
    ],
)
def test_what_is_none_of_the_four_files(tmp_path: Path, content: str | None, words: tuple[str, ...]) -> None:
    file = tmp_path / "file.yaml"
    if content is not None:
        file.write_text(content)
    gwanmun("check", file).refused("file.yaml", *words)


def test_a_folder_without_a_programme(tmp_path: Path) -> None:
    gwanmun("check", tmp_path).refused("programme.yaml", "no such file")


def test_check_reads_a_policy(tmp_path: Path) -> None:
    from checks.contracts.loading import SHIPPED_POLICIES

    text = (SHIPPED_POLICIES / "from-scratch.yaml").read_text(encoding="utf-8")
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    assert gwanmun("check", file, "--json").document == {"file": str(file), "kind": "policy", "faults": []}
    file.write_text(text.replace("undeclared:", "undeclarred:"), encoding="utf-8")
    checked = gwanmun("check", file)
    assert checked.code == 1 and "independence.undeclarred: found an unknown key" in checked.err


def test_a_suite_that_names_a_task_that_does_not_exist(tmp_path: Path, models: Path) -> None:
    suite = tmp_path / "suite.yaml"
    suite.write_text("version: 1\nsuite: s\ntasks: [{id: kmmlu, use: 'lm_eval:kmmluu'}]\n")
    words = ("suite.yaml", "tasks[0].use", "lm_eval:kmmluu, no such task", "kmmlu")
    checked = in_process("check", suite)
    assert checked.code == 1 and all(word in checked.err for word in words), checked
    in_process("score", models / "other", "--suite", suite, "--json").refused(*words)
    suite.write_text("version: 1\nsuite: s\ntasks: [{id: sums, use: tasks/none.yaml}]\n")
    in_process("score", models / "other", "--suite", suite).refused("tasks[0].use", "'tasks/none.yaml', no such file")
