"""A bundle for the public, a team or the committee: nothing withheld can be read or guessed, nothing can be changed."""

import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checks.contracts.disclosure import audience
from checks.contracts.loading import LoadedProgramme, load_programme
from checks.records.canonical import canonical_json, canonical_sha256
from checks.records.decisions import Decision
from tests.dashboard.small_round import measure, record, write_round
from tests.warehouse.programmes import make
from tests.warehouse.test_round_inputs import measured
from warehouse.archive import pack, unpack
from warehouse.attestation import sign, signed_statement, statement
from warehouse.bundle import write_bundle
from warehouse.documents import DECISION
from warehouse.keys import load_private, make_keys
from warehouse.reader import load_decision
from warehouse.round_inputs import decide_round
from warehouse.sealing import WITHHELD
from warehouse.store import Warehouse
from warehouse.verification import ATTESTATION, PROOF, SEAL, Verification, verify_bundle
from warehouse.writer import record_decision

READERS = {
    "auditor": audience(None, "auditor"),
    "public": audience(None, "public"),
    "team": audience(None, "team", "c"),
    "committee": audience(None, "committee"),
}
Files = dict[str, bytes]


@dataclass(frozen=True)
class Bundled:
    """One round's four bundles, and the decision that they are of."""

    loaded: LoadedProgramme
    paths: dict[str, Path]
    public: Path
    decision: Decision

    def files(self, profile: str) -> Files:
        """The files of a bundle."""
        return unpack(self.paths[profile].read_bytes())

    def signed_anew(self, files: Files) -> bytes:
        """The agency's own key over other files under the same statement: what an insider could do."""
        key = load_private(self.loaded.folder / "keys" / "private.pem")
        said = signed_statement(files[ATTESTATION], key.public_key())
        hashes = {name: hashlib.sha256(each).hexdigest() for name, each in files.items() if name != ATTESTATION}
        return pack(files | {ATTESTATION: sign(statement(hashes, said["predicate"]), key)})

    def verified(self, packed: bytes) -> Verification:
        """What verifying other bytes says."""
        path = self.public.with_name("changed.zip")
        path.write_bytes(packed)
        return verify_bundle(path, self.public)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundled]:
    folder = tmp_path_factory.mktemp("redacted")
    programme = write_round(folder / "round")
    measure(programme)
    record(programme)
    loaded = load_programme(programme)
    pair = make_keys(loaded.folder / "keys")
    paths = {profile: folder / f"{profile}.zip" for profile in READERS}
    for profile, reader in READERS.items():
        write_bundle(loaded, None, paths[profile], reader)
    decision = load_decision(Warehouse(loaded.warehouse), loaded.programme.programme, loaded.round().id)
    assert decision is not None
    yield Bundled(loaded, paths, pair.public, decision)


def test_every_profile_verifies_under_the_same_root_and_says_what_was_not_done(bundled: Bundled) -> None:
    found = {profile: verify_bundle(path, bundled.public) for profile, path in bundled.paths.items()}
    assert all(each.holds and each.signer_checked for each in found.values())
    assert len({each.contents for each in found.values()}) == 1
    statuses = {each.team: each.status for each in bundled.decision.standings}
    assert all(each.outcome == statuses for each in found.values())
    assert found["auditor"].rules_applied_again and found["auditor"].decision == bundled.decision
    assert found["auditor"].withheld == 0 and found["team"].team == "c"
    for profile in ("public", "team", "committee"):
        assert not found[profile].rules_applied_again and found[profile].decision is None
    assert found["public"].withheld > found["team"].withheld > found["committee"].withheld > 0


def _values(document: Any) -> Iterator[Any]:
    if isinstance(document, dict | list):
        for each in document.values() if isinstance(document, dict) else document:
            yield from _values(each)
    else:
        yield document


def test_the_number_of_withheld_values_is_the_true_one(bundled: Bundled) -> None:
    """Counted apart from the sealing: values of the team's own document that the public bundle marks."""
    standing = next(each for each in bundled.decision.standings if each.team == "c")
    marked = json.loads(bundled.files("public")["standings/c.json"])
    assert marked["scores"] == {WITHHELD: len(standing.scores)} and marked["total"] == {WITHHELD: 1}
    proof = json.loads(bundled.files("public")[PROOF])
    items = bundled.files("auditor")["teams/c/items/common.jsonl"]
    assert proof["documents"]["teams/c/items/common.jsonl"] == len(items.splitlines())


def test_what_is_withheld_is_in_no_byte_of_the_bundle(bundled: Bundled) -> None:
    whole, public = bundled.files("auditor"), b"".join(bundled.files("public").values()).decode()
    totals = {each.team: each.total for each in bundled.decision.standings}
    for team in ("b", "c"):  # the others' are the best, or on either side of the cut
        assert f'"{totals[team]}"' not in public and f"{totals[team]} points" not in public
    assert '"rank":' not in re.sub(r'"rank":\{"' + WITHHELD, "", public)
    secret = json.loads(whole[SEAL])["secret"]
    withheld = [canonical_sha256(bundled.decision), secret]
    withheld += [sha256 for name, sha256 in bundled.decision.inputs.items() if name.startswith("file:")]
    assert len(withheld) > 3
    withheld += [
        hashlib.sha256(each).hexdigest() for name, each in whole.items() if name not in bundled.files("public")
    ]
    assert [each for each in withheld if each in public] == []
    assert "panels.json" not in bundled.files("public") and "acts.json" not in bundled.files("public")


def test_a_team_gets_its_own_scores_rank_and_the_line_and_nobody_elses(bundled: Bundled) -> None:
    files = bundled.files("team")
    own, other = json.loads(files["standings/c.json"]), json.loads(files["standings/b.json"])
    standing = next(each for each in bundled.decision.standings if each.team == "c")
    assert (own["rank"], own["total"], own["scores"]) == (standing.rank, standing.total, dict(standing.scores))
    assert other["total"] == {WITHHELD: 1} and other["rank"] == {WITHHELD: 1} and other["status"]
    assert json.loads(files["summary.json"])["lowest_kept"] is not None
    assert "teams/c/scores/common.json" in files and "teams/b/scores/common.json" not in files


def test_the_committee_gets_all_but_single_raters(bundled: Bundled, tmp_path: Path) -> None:
    loaded = measured(make(tmp_path / "programme"))
    record_decision(Warehouse(loaded.warehouse), decide_round(loaded))
    make_keys(loaded.folder / "keys")
    write_bundle(loaded, None, tmp_path / "c.zip", audience(None, "committee"))
    panels = json.loads(unpack((tmp_path / "c.zip").read_bytes())["panels.json"])
    assert panels["raters"] == {WITHHELD: 11}  # two teams, five raters each; that nobody was recused is one more
    assert panels["files"]["file:panels/expert.csv"]
    assert json.loads(bundled.files("committee")["standings/b.json"])["total"]


def test_the_same_values_under_another_key_have_another_root(bundled: Bundled, tmp_path: Path) -> None:
    """Salts come from the signer's secret: who knows every value but one cannot try what that one is."""
    before = verify_bundle(bundled.paths["public"], None).contents
    keys = bundled.loaded.folder / "keys"
    kept = keys.rename(keys.with_name("kept"))
    try:
        make_keys(keys)
        assert write_bundle(bundled.loaded, None, tmp_path / "b.zip", READERS["public"]).contents != before
    finally:
        for each in keys.iterdir():
            each.unlink()
        keys.rmdir()
        kept.rename(keys)
    again = write_bundle(bundled.loaded, None, tmp_path / "b.zip", READERS["public"])
    assert again.contents == before and (tmp_path / "b.zip").read_bytes() == bundled.paths["public"].read_bytes()


@pytest.mark.parametrize("profile", ["auditor", "public", "committee"])
def test_any_flipped_bit_is_found(bundled: Bundled, profile: str) -> None:
    whole = bundled.paths[profile].read_bytes()
    chance = random.Random(5)
    for offset in chance.sample(range(len(whole)), 40):
        changed = bytearray(whole)
        changed[offset] ^= 1 << chance.randrange(8)
        assert bundled.verified(bytes(changed)).faults, f"byte {offset} of {len(whole)}"


def _document(name: str, change: Callable[[Any], Any]) -> Callable[[Files], Files]:
    def changed(files: Files) -> Files:
        document = json.loads(files[name])
        return files | {name: canonical_json(change(document) or document).encode()}

    return changed


def _swapped(rows: list[Any]) -> None:
    rows[0], rows[1] = rows[1], rows[0]


def _lines(files: Files) -> Files:
    name = "teams/b/items/common.jsonl"
    first, second, *rest = files[name].splitlines(keepends=True)
    return files | {name: b"".join([second, first, *rest])}


BY_AN_INSIDER: dict[str, tuple[str, Callable[[Files], Files], str]] = {
    "a status": ("public", _document("standings/e.json", lambda it: it.update(status="advances")), "another root"),
    "a finding dropped": ("public", _document("teams/a/data-quality.json", lambda it: it.pop()), "Merkle|salt|proof"),
    "findings reordered": ("public", _document("teams/a/independence.json", lambda it: _swapped(it["coverage"])), "another root"),
    "the best total": ("public", _document("summary.json", lambda it: it["parts"][0].update(best="99.0")), "another root"),
    "a withheld count": ("public", _document("standings/b.json", lambda it: it.update(total={WITHHELD: 2})), "root|hash"),
    "a shown value withheld": ("public", _document("standings/b.json", lambda it: it.update(status={WITHHELD: 1})), "salt"),
    "a value put where one is withheld": ("public", _document("standings/b.json", lambda it: it.update(total="99")), "salt|proof"),
    "a document withheld": ("public", lambda files: {n: c for n, c in files.items() if n != "summary.json"}, "Merkle|salt"),
    "a document more": ("public", lambda files: files | {"standings/z.json": b"{}"}, "salt|proof"),
    "a salt": ("public", _document(PROOF, lambda it: it["salts"].reverse()), "another root"),
    "a hash": ("public", _document(PROOF, lambda it: it["hashes"].reverse()), "another root"),
    "an endless count": ("public", _document(PROOF, lambda it: it["documents"].update({"panels.json": 10**15})), "proof"),
    "a proof that is none": ("public", lambda files: files | {PROOF: b"[]"}, "cannot be read"),
    "another spelling": ("public", lambda files: files | {"summary.json": files["summary.json"] + b" "}, "spelling"),
    "items reordered": ("committee", _lines, "another root"),
    "an item dropped": (
        "committee",
        lambda files: files | {"teams/b/items/common.jsonl": files["teams/b/items/common.jsonl"].split(b"\n", 1)[1]},
        "salt|root",
    ),
    "the rules": ("public", _document("rules.json", lambda it: it["round"].update(places=9)), "another root"),
    "the secret of the salts": ("auditor", _document(SEAL, lambda it: it.update(secret="00" * 32)), "Merkle root"),
    "no secret": ("auditor", lambda files: {n: c for n, c in files.items() if n != SEAL}, "Merkle root"),
}  # fmt: skip


def test_what_is_signed_anew_unchanged_holds(bundled: Bundled) -> None:
    assert all(bundled.verified(bundled.signed_anew(bundled.files(profile))).holds for profile in ("public", "auditor"))


@pytest.mark.parametrize("change", BY_AN_INSIDER)
def test_even_the_signer_cannot_change_what_is_shown(bundled: Bundled, change: str) -> None:
    profile, do, said = BY_AN_INSIDER[change]
    files = bundled.files(profile)
    changed = do(dict(files))
    assert changed != files
    [fault] = bundled.verified(bundled.signed_anew(changed)).faults
    assert re.search(said, fault.en), fault.en
    assert fault.ko


def test_a_redacted_bundle_does_not_pass_for_the_auditors(bundled: Bundled) -> None:
    """With the profile's name changed and signed, the rules would have to be applied, and cannot be."""
    files = bundled.files("public")
    key = load_private(bundled.loaded.folder / "keys" / "private.pem")
    said = signed_statement(files[ATTESTATION], key.public_key())["predicate"] | {"profile": "auditor"}
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in files.items() if name != ATTESTATION}
    found = bundled.verified(pack(files | {ATTESTATION: sign(statement(hashes, said), key)}))
    assert found.faults and not found.rules_applied_again


_ALONE = """
import sys
from importlib.abc import MetaPathFinder

BLOCKED = {"duckdb", "torch", "pyarrow", "prefect", "transformers", "streamlit", "great_expectations", "typst", "pandas"}

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"blocked: {name}")

sys.meta_path.insert(0, Refuse())
import socket
def no_network(*a, **k):
    raise OSError("no network")
socket.socket.connect = no_network
from pathlib import Path
from warehouse.verification import verify_bundle
for path in sys.argv[2:]:
    found = verify_bundle(Path(path), Path(sys.argv[1]))
    print(found.holds, found.rules_applied_again, found.withheld)
"""


def test_verifying_needs_no_database_no_model_and_no_network(bundled: Bundled, tmp_path: Path) -> None:
    files = [bundled.paths[profile] for profile in ("auditor", "public")]
    ran = subprocess.run(
        [sys.executable, "-c", _ALONE, bundled.public, *files],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    whole, redacted = ran.stdout.splitlines()
    assert whole == "True True 0" and redacted.startswith("True False ")


def test_confidence_travels_with_items_clusters_and_seed(tmp_path: Path) -> None:
    """Four items in two groups: the same cut's probability again from the bundle alone, and another from other clusters."""
    loaded = make(tmp_path / "programme")
    suite = loaded.folder / "suites" / "common.yaml"
    suite.write_text(suite.read_text().replace("use: sums.yaml", "use: sums.yaml\n  groups: groups.csv"))
    (loaded.folder / "suites" / "groups.csv").write_text("item,group\n0,x\n1,x\n2,y\n3,y\n")
    loaded = measured(load_programme(loaded.path))
    record_decision(Warehouse(loaded.warehouse), decide_round(loaded))
    make_keys(loaded.folder / "keys")
    found = write_bundle(loaded, None, tmp_path / "b.zip")
    assert found.decision is not None and all(each.cut_probability is not None for each in found.decision.standings)
    files = unpack((tmp_path / "b.zip").read_bytes())
    assert json.loads(files["panels.json"])["groups"]["common"]["sums"] == {"0": "x", "1": "x", "2": "y", "3": "y"}
    assert [json.loads(line)["correct"] for line in files["teams/t1/items/common.jsonl"].splitlines()] == [1, 1, 1, 0]
    key = load_private(loaded.folder / "keys" / "private.pem")
    said = signed_statement(files[ATTESTATION], key.public_key())["predicate"]
    assert set(said["made_with"]) == {"gwanmun", "numpy", "resamples", "seed"}
    assert json.loads(files[DECISION])["standings"][0]["cut_probability"] == found.decision.standings[0].cut_probability
    dropped = files | {"panels.json": files["panels.json"].replace(b'"3":"y"', b'"3":"x"')}
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in dropped.items() if name != ATTESTATION}
    (tmp_path / "c.zip").write_bytes(pack(dropped | {ATTESTATION: sign(statement(hashes, said), key)}))
    assert verify_bundle(tmp_path / "c.zip", None).faults


def test_examples_that_quote_a_corpus_or_name_items_go_to_who_may_see_items(bundled: Bundled) -> None:
    whole = json.loads(bundled.files("auditor")["teams/d/data-quality.json"])
    quoted = [example for each in whole for example in each["examples"]]
    assert quoted
    assert all(
        example not in json.dumps(json.loads(bundled.files("public")["teams/d/data-quality.json"]), ensure_ascii=False)
        for example in quoted
    )
    assert json.loads(bundled.files("committee")["teams/d/data-quality.json"]) == whole
