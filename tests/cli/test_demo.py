"""`gwanmun demo` on a folder where all is done: it does nothing again and prints the decision that `rank` prints."""

import json
from pathlib import Path

from tests.cli.command import contents, gwanmun


def test_the_demo_again(changeable_round: Path) -> None:
    folder = changeable_round.parent
    again = gwanmun("demo", "--dir", folder, "--json")
    assert again.code == 0, again
    assert again.document == gwanmun("rank", folder, "--json").document
    statuses = {each["team"]: each.get("eliminated_by", each["status"]) for each in again.document["standings"]}
    assert statuses == {
        "t1": "advances",
        "t2": "independence",
        "t3": "advances",
        "t4": "advances",
        "t5": "eliminate_bottom",
    }
    ran = gwanmun("run", folder, "--json").document
    assert (ran["measured"], ran["reused"], ran["faults"]) == (0, 20, [])
    signed = gwanmun("bundle", folder, "--out", folder / "round.zip")
    assert signed.code == 0, "the demo makes its own keys"


def test_a_folder_of_something_else(programme: Path, changeable_programme: Path) -> None:
    before = contents(programme)
    gwanmun("demo", "--dir", programme, "--json").refused("round", "an empty folder, or one made by the demo")
    gwanmun("demo", "--dir", programme / "programme.yaml").refused("programme.yaml", "found a file")
    assert contents(programme) == before
    manifest = changeable_programme.parent / "demo.json"
    gwanmun("demo", "--dir", manifest.parent, "--seed", "3").refused("demo.json", "'seed': 2026", "'seed': 3")
    assert json.loads(manifest.read_text())["seed"] == 2026
