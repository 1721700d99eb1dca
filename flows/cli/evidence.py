"""`gwanmun keys`, `bundle` and `verify`: a decided round's evidence, signed, handed over, and checked by anyone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checks.contracts.errors import InputFault
from flows.cli.answers import console, only_the_answer, print_json, say, table
from flows.cli.decision_words import decision_document, print_decision, status_text
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption, OwnTeamOption, ProfileOption, ProgrammeArgument, RoundOption

if TYPE_CHECKING:
    from warehouse.verification import Verification

EXIT_CODES = (
    "Exit codes: 0 the bundle holds; 1 it has a fault, or another key signed it; "
    "2 FILE.zip or the key cannot be read, or the key is none."
)


def keys(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where private.pem and public.pem are written.")],
    as_json: JsonOption = False,
) -> None:
    """Make a key pair for signing evidence bundles.

    Ed25519. `gwanmun bundle` signs with keys/private.pem beside programme.yaml. Keep private.pem to yourself, and publish
    public.pem or its fingerprint, by which others know the signer. Keys that are there are never overwritten.
    """
    from warehouse.keys import make_keys

    if not folder.strip():
        raise InputFault("command line", "DIR", "an empty name", "a folder; `.` is this one")
    made = make_keys(Path(folder))
    if as_json:
        print_json({"private": str(made.private), "public": str(made.public), "fingerprint": made.fingerprint})
    else:
        typer.echo(f"{made.private}\n{made.public}\nfingerprint {made.fingerprint}")


def bundle(
    programme: ProgrammeArgument,
    out: Annotated[Path, typer.Option(metavar="FILE.zip", help="The bundle; it is written whole or not at all.")],
    round_id: RoundOption = None,
    profile: ProfileOption = "auditor",
    team: OwnTeamOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the evidence bundle of a decided round.

    The auditor's holds what anyone needs to come to the recorded decision again, offline: rules, policy, panels, rulings
    and measurements, without weights and training data. The others hold what the round's `disclosure` gives the profile;
    what is withheld is sealed in a Merkle tree, whose signed root they all share. Signed with keys/private.pem beside
    programme.yaml. Refused where nothing was decided, something has changed since, or a public bundle is under embargo.
    """
    from checks.contracts.loading import load_programme
    from warehouse.bundle import write_bundle
    from warehouse.handing_out import audience_for

    with only_the_answer():
        loaded = load_programme(programme)
        reader = audience_for(loaded, loaded.round(round_id), profile, team, date.today())
        written = write_bundle(loaded, round_id, out, reader)
    if as_json:
        told = written.model_dump(mode="json", include={"files", "signer", "profile", "team", "contents", "withheld"})
        print_json({"file": str(out), **told})
    else:
        withheld = f", {written.withheld} values withheld" if written.withheld else ""
        typer.echo(f"{out}: {written.profile}, {written.files} files{withheld}, signed by {written.signer}")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The bundle.")],
    key: Annotated[
        Path | None, typer.Option(metavar="PUB", help="The public key of the signer whom you expect, public.pem.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check an evidence bundle, offline.

    Every byte, hash and signature, and that the rules come to the same decision again. Of a bundle from which values are
    withheld: signature and Merkle proof; its rules cannot be applied again, and it says so with the number of values.
    Prints the signer's fingerprint; without --key the signer is not checked: then anyone may have signed, and it says so.
    """
    from warehouse.verification import verify_bundle

    with only_the_answer():
        found = verify_bundle(file, key)
    for fault in found.faults:
        say(f"{file}: {fault.ko}\n{file}: {fault.en}")
    if as_json:
        decision = {} if found.decision is None else {"decision": decision_document(found.decision)}
        print_json({**found.model_dump(mode="json", exclude={"decision"}), "holds": found.holds, **decision})
    else:
        _print(found)
    if found.faults:
        raise typer.Exit(FOUND)


def _print(found: Verification) -> None:
    terminal = console()
    if found.decision is not None:
        print_decision(found.decision)
        terminal.print()
    if found.signer:
        terminal.print(f"signer {found.signer}")
    if not found.signer_checked:
        terminal.print("서명자를 확인하지 않았습니다 · signer not checked")
    if found.contents:
        terminal.print(f"contents sha256:{found.contents}")
    if found.holds and found.rules_applied_again:
        terminal.print(f"{found.files}개 파일, 같은 결정 · {found.files} files, the same decision again")
    elif found.holds:
        _print_redacted(found)


def _print_redacted(found: Verification) -> None:
    """What holds, and what was not done: nothing here may read as if the rules had been applied."""
    terminal = console()
    outcome = table("팀 team", "상태 status")
    for team, status in found.outcome.items():
        outcome.add_row(team, status_text(status))
    terminal.print(outcome)
    whom = found.profile if found.team is None else f"{found.profile} {found.team}"
    files, count = found.files, found.withheld
    terminal.print(
        f"{whom}: {files}개 파일, 서명과 머클 증명이 맞습니다 · {files} files, signature and Merkle proof hold"
    )
    ko, en = f"규칙을 다시 적용하지 않았습니다: 값 {count}개 비공개", f"rules not re-run: {count} values withheld"
    terminal.print(f"{ko} · {en}", style="bold yellow")
