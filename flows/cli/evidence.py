"""`gwanmun keys`, `bundle` and `verify`: a decided round's evidence, signed, handed over, and checked by anyone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.answers import console, only_the_answer, print_json, say
from flows.cli.decision_words import decision_document, print_decision
from flows.cli.exit_codes import FOUND
from flows.cli.options import JsonOption, ProgrammeArgument, RoundOption

if TYPE_CHECKING:
    from warehouse.verification import Verification

EXIT_CODES = (
    "Exit codes: 0 the bundle holds; 1 it has a fault, or another key signed it; "
    "2 FILE.zip or the key cannot be read, or the key is none."
)


def keys(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where private.pem and public.pem are written.")],
    as_json: JsonOption = False,
) -> None:
    """Make a key pair for signing evidence bundles.

    Ed25519. `gwanmun bundle` signs with keys/private.pem beside programme.yaml. Keep private.pem to yourself, and publish
    public.pem or its fingerprint, by which others know the signer. Keys that are there are never overwritten.
    """
    from warehouse.keys import make_keys

    made = make_keys(folder)
    if as_json:
        print_json({"private": str(made.private), "public": str(made.public), "fingerprint": made.fingerprint})
    else:
        typer.echo(f"{made.private}\n{made.public}\nfingerprint {made.fingerprint}")


def bundle(
    programme: ProgrammeArgument,
    out: Annotated[Path, typer.Option(metavar="FILE.zip", help="The bundle; it is written whole or not at all.")],
    round_id: RoundOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the evidence bundle of a decided round.

    It holds what anyone needs to come to the recorded decision again, offline: rules, policy, panels, rulings and
    measurements, without weights and training data; signed with keys/private.pem beside programme.yaml. Refused where
    nothing was decided, or something has changed since.
    """
    from checks.contracts.loading import load_programme
    from warehouse.bundle import write_bundle

    with only_the_answer():
        written = write_bundle(load_programme(programme), round_id, out)
    if as_json:
        print_json({"file": str(out), "files": written.files, "signer": written.signer, "profile": written.profile})
    else:
        typer.echo(f"{out}: {written.files} files, signed by {written.signer}")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The bundle.")],
    key: Annotated[
        Path | None, typer.Option(metavar="PUB", help="The public key of the signer whom you expect, public.pem.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check an evidence bundle, offline.

    Every byte, hash and signature, and that the rules come to the same decision again. Prints the signer's fingerprint;
    without --key the signer is not checked: then anyone may have signed, and it says so.
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
    if found.holds:
        terminal.print(f"{found.files}개 파일, 같은 결정 · {found.files} files, the same decision again")
