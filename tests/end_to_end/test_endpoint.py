"""A submission whose model a server answers for: the same flow, the same answers, and the record says who answered."""

import json
from pathlib import Path

import yaml

from checks.contracts.loading import load_programme
from tests.benchmark.fake_server import FakeServer
from tests.cli.command import gwanmun
from tests.end_to_end.fewer_teams import keep_teams
from tests.end_to_end.test_round import rows

ANSWERS = (
    "select task, item, repeat, prompt_sha256, prediction, correct, items.tokens from items join runs using (run_id) "
    "where team = 't5' and subject = 'common' and task <> 'colours' order by all"
)


def test_the_flow_asks_the_server_that_a_submission_names(changeable_programme: Path, demo_round: Path) -> None:
    """Letters and written numbers come out as in process; items with pictures, which no server is asked, are one fault."""
    keep_teams(changeable_programme, "t5")
    suite = changeable_programme.parent / "suites" / "common.yaml"
    content = yaml.safe_load(suite.read_text(encoding="utf-8"))
    content["tasks"] = [each for each in content["tasks"] if each["id"] != "colours"]
    suite.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")

    folder = changeable_programme.parent / "submissions" / "t5"
    with FakeServer(folder / "model") as server:
        submission = folder / "submission.yaml"
        handed_in = yaml.safe_load(submission.read_text(encoding="utf-8"))
        handed_in["model"]["endpoint"] = server.url
        submission.write_text(yaml.safe_dump(handed_in, allow_unicode=True, sort_keys=False), encoding="utf-8")
        answer = gwanmun("run", changeable_programme, "--stage", "benchmark", "--json")
        again = gwanmun("run", changeable_programme, "--stage", "benchmark", "--json")

    assert (answer.code, answer.document["measured"]) == (3, 1), answer
    (fault,) = answer.document["faults"]
    assert "an item with pictures" in fault and "no endpoint" in fault
    assert rows(changeable_programme, ANSWERS) == rows(demo_round, ANSWERS) != []
    (environment,) = rows(changeable_programme, "select environment from runs where subject = 'common'")
    recorded = json.loads(str(environment[0]))
    assert server.url in recorded["device_name"] and recorded["served_weights"].startswith("agree")
    assert again.document["measured"] == 0
    assert not list((load_programme(changeable_programme).warehouse / "items").iterdir())
