"""`gwanmun freeze`, `decide`, `finalise` and `history`: the life of a round, each step recorded with who and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.answers import console, only_the_answer, print_json, say, table
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption

if TYPE_CHECKING:
    from checks.records.life_cycle import RoundEvent

ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it: a name that stands on the record.")]
EXIT_CODES = "Exit codes: 0 every record follows from the one before; 1 one does not; 2 bad input."


def freeze(
    programme: ProgrammeArgument, by: ByOption, round_id: RoundOption = None, as_json: JsonOption = False
) -> None:
    """Fix a round's rules, roster, submissions and data.

    What is fixed is recorded with its hashes, who and when. From then on `gwanmun run`, `rank`, `decide` and `bundle` refuse
    files that say otherwise. A change is possible only with another `rules_version` and by freezing again; what differs stands
    on every decision after it. Days that only the round brings (withdrawals, the opening of appeals or of a call) are no rules.
    """
    from checks.contracts.loading import load_programme
    from warehouse.life_steps import freeze as freeze_round

    with only_the_answer():
        events = freeze_round(load_programme(programme), round_id, by)
    _say(events, as_json)


def decide(
    programme: ProgrammeArgument, by: ByOption, round_id: RoundOption = None, as_json: JsonOption = False
) -> None:
    """Decide a frozen and measured round, and record the decision.

    `gwanmun run` comes first. Where the rules have appeals, their window is recorded as open. A granted appeal or a ruling is
    decided on by the same command: the new decision takes the place of the old one, which stays on record. After the round is
    final only an invalidation changes it.
    """
    from checks.contracts.loading import load_programme
    from warehouse.life_steps import decide_round_by

    with only_the_answer():
        decision = decide_round_by(load_programme(programme), round_id, by)
    if as_json:
        print_json(decision_document(decision))
    else:
        print_decision(decision)


def finalise(
    programme: ProgrammeArgument, by: ByOption, round_id: RoundOption = None, as_json: JsonOption = False
) -> None:
    """Make a round's decision final.

    Refused while the appeal window is open, an appeal is pending or a team is for review, and where anything has changed
    since the decision. Days are in UTC.
    """
    from checks.contracts.loading import load_programme
    from warehouse.life_steps import finalise as finalise_round

    with only_the_answer():
        events = finalise_round(load_programme(programme), round_id, by)
    _say(events, as_json)


def history(programme: ProgrammeArgument, round_id: RoundOption = None, as_json: JsonOption = False) -> None:
    """Show what was done to a round, by whom and when.

    Draft, frozen, measured, decided, appeal window, final: each step is a record that holds the hash of the one before, and so
    is every ruling that was typed. All links are checked.
    """
    from checks.contracts.loading import load_programme
    from checks.rules.life_cycle import amendments, broken_at, state_of
    from warehouse.life_cycle import load_chain
    from warehouse.store import Warehouse

    with only_the_answer():
        loaded = load_programme(programme)
        round_ = loaded.round(round_id)
        chain = load_chain(Warehouse(loaded.warehouse), loaded.programme.programme, round_.id)
    broken = broken_at(chain)
    changed = amendments(chain) if broken is None else []
    if as_json:
        document = {"round": round_.id, "state": state_of(chain), "whole": broken is None}
        listed = [event.model_dump(mode="json") for event in chain]
        print_json({**document, "events": listed, "amendments": [each.model_dump(mode="json") for each in changed]})
    else:
        _print(chain, broken)
        for each in changed:
            typer.echo(f"  {each.rules_version}: {each.text.ko}\n  {each.rules_version}: {each.text.en}")
    if broken is not None:
        say(
            f"{broken}번 기록이 앞 기록에서 이어지지 않습니다.\nRecord {broken} does not follow from the one before it."
        )
        raise typer.Exit(FOUND)


def _say(events: Sequence[RoundEvent], as_json: bool) -> None:
    if as_json:
        print_json({"events": [event.model_dump(mode="json") for event in events]})
    else:
        _print(events, None)


def print_state(chain: Sequence[RoundEvent], as_decided: bool = True) -> None:
    """Where the round stands, and that a decision shown with it is another than the one on record."""
    from checks.rules.life_cycle import STATE_WORDS, last_of, state_of

    terminal, state = console(), STATE_WORDS[state_of(chain)]
    terminal.print(f"상태 {state.ko} · state {state.en}")
    decided = last_of(chain, "decided")
    if decided is not None and not as_decided:
        day = decided.at[:10]
        words = (
            f"{day}에 {decided.by}이(가) 기록한 결정과 다릅니다 · not the decision that {decided.by} recorded on {day}"
        )
        terminal.print(words, style="bold yellow", soft_wrap=True)


def _print(chain: Sequence[RoundEvent], broken: int | None) -> None:
    from checks.rules.life_cycle import KIND_WORDS

    rows = table("#>", "언제 when (UTC)", "누가 by", "단계 step", "내용 what", "사슬 link")
    for place, event in enumerate(chain):
        words = KIND_WORDS[event.kind]
        link = "× " if broken is not None and place >= broken else ""
        rows.add_row(
            str(event.event_no), event.at[:19].replace("T", " "), event.by, f"{words.ko} · {words.en}",
            _what(event.content), f"{link}{event.link[:12]}",
        )  # fmt: skip
    console().print(rows)
    print_state(chain)


def _what(content: dict[str, Any]) -> str:
    """What a record says, in a line."""
    if "rules" in content:
        return f"rules {content['rules']['rules_version']}, {len(content['submissions'])} submissions"
    if "runs" in content:
        return f"{len(content['runs'])} runs"
    if "decision_sha256" in content:
        return f"decision {content['decision_sha256'][:12]}"
    shown = {name: value for name, value in content.items() if name not in ("reason", "evidence") and value is not None}
    return ", ".join(f"{name} {value}" for name, value in shown.items())
