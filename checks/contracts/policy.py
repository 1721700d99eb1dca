"""`policy.yaml`: what a finding means. People disagree about what independent should mean, so it is a file, not code."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from checks.contracts.errors import Misfit
from checks.contracts.fields import Contract, Identifier, Number, Share, Text, Version
from checks.contracts.submission import ComponentId
from checks.records.decisions import GateOutcome

DerivedRelation = Literal[
    "copied", "fine-tuned", "transformed", "pruned", "expanded", "merged", "partial", "unknown", "default"
]


class EvidencePolicy(Contract):
    """What positive evidence is asked for, and what its absence or contradiction means."""

    require: list[Literal["training_log", "checkpoints"]] = Field(description="training_log, checkpoints, both or none")
    missing: GateOutcome = Field(description="where it was not handed in or is not complete")
    contradicted: GateOutcome = Field(description="where it does not hold")


class ComponentPolicy(Contract):
    """Overrides for one kind of component; what is not said is as for all."""

    derived: dict[DerivedRelation, GateOutcome] | None = Field(None, description="by relation")
    indeterminate: GateOutcome | None = Field(None, description="neither derived nor cleared")
    shared_initialisation: GateOutcome | None = Field(None, description="the same initial weights, trained apart")
    declared_but_licensed: GateOutcome | None = Field(
        None, description="derived, declared, licence allowed, control kept"
    )
    undeclared: GateOutcome | None = Field(None, description="derived and not declared")
    minimum_share_of_parameters: Share | None = Field(None, description="a smaller derived part is noted only")


class IndependencePolicy(Contract):
    """What the independence findings mean."""

    derived: dict[DerivedRelation, GateOutcome] = Field(description="by relation; `default` for those not named")
    indeterminate: GateOutcome = Field(description="a component neither derived nor cleared")
    shared_initialisation: GateOutcome = Field(
        description="the same initial weights, trained apart (a public seed, say)"
    )
    architecture_shared: GateOutcome = Field(description="the same family and settings as a reference")
    tokenizer_shared: GateOutcome = Field(description="much of a reference's vocabulary")
    declared_but_licensed: GateOutcome = Field(
        description="derived, declared in the submission, licence allowed, control kept"
    )
    undeclared: GateOutcome = Field(description="derived and not declared, whatever the licence")
    minimum_share_of_parameters: Share = Field(Decimal(0), description="a derived part smaller than this is noted only")
    components: dict[ComponentId, ComponentPolicy] = Field({}, description="overrides by component")
    evidence: EvidencePolicy = Field(description="what positive evidence is asked for")

    @model_validator(mode="after")
    def _has_default(self) -> "IndependencePolicy":
        if "default" not in self.derived:
            raise ValueError("`default` among the relations of `derived`; none")
        return self

    def for_relation(self, relation: str | None) -> GateOutcome:
        """What a derived component of that relation means."""
        named: dict[str, GateOutcome] = dict(self.derived.items())
        return named.get(relation or "unknown", named["default"])

    def for_component(self, component: str) -> "IndependencePolicy":
        """This policy with the overrides for one component applied."""
        override = self.components.get(component)  # type: ignore[call-overload]
        if override is None:
            return self
        said: dict[str, Any] = {name: getattr(override, name) for name in override.model_fields_set}
        if said.get("derived") is not None:
            said["derived"] = self.derived | said["derived"]
        return self.model_copy(update={name: value for name, value in said.items() if value is not None})


def refuse_on_both(allow: Sequence[str], deny: Sequence[str]) -> None:
    """Raises Misfit for a licence that is allowed and denied."""
    allowed = {each.casefold() for each in allow}
    for place, licence in enumerate(deny):
        if licence.casefold() in allowed:
            raise Misfit(f"a licence on one of the lists; {licence!r} on both", "deny", place)


class LicencePolicy(Contract):
    """Which licences leave the right to change and operate the weights."""

    allow: list[str] = Field(description="SPDX identifiers that are allowed")
    deny: list[str] = Field([], description="SPDX identifiers that are not")
    unknown: GateOutcome = Field(description="a licence on neither list")

    @model_validator(mode="after")
    def _on_one_list(self) -> "LicencePolicy":
        refuse_on_both(self.allow, self.deny)
        return self


class DataQualityPolicy(Contract):
    """What data-quality results mean."""

    hard: GateOutcome = Field(description="a hard check failed")
    soft: GateOutcome = Field(description="a soft check failed, or evidence is missing")
    thresholds: dict[str, Number] = Field({}, description="bounds of single checks that differ from the shipped ones")


class Policy(Contract):
    """What a finding means."""

    version: Version = Field(description="1")
    policy: Identifier = Field(description="the policy's name")
    title: Text = Field(description="its title, Korean and English")
    source: str = Field(min_length=1, description="the notice or guideline that this states")
    independence: IndependencePolicy = Field(description="what the independence findings mean")
    licences: LicencePolicy = Field(description="which licences are allowed")
    data_quality: DataQualityPolicy = Field(description="what data-quality results mean")
