"""The part of docs/rules.md that lists every rule that a round can have, from the contracts."""

from typing import get_args

from checks.contracts.disclosure import Disclosure
from checks.contracts.fields import Contract
from checks.contracts.programme import AnyGate, Gate
from checks.contracts.round_rules import (
    Adjustments,
    AdvanceTop,
    Appeals,
    Cited,
    Freeze,
    OnVacancy,
    Reserve,
    Select,
    Waivers,
    Wildcards,
    Withdrawal,
)
from checks.contracts.score_tree import (
    Combine,
    CostEfficiency,
    Imported,
    Normalise,
    RankPoints,
    Raters,
    Source,
    SuiteMean,
    SuiteRelative,
    TopScaled,
)
from docs.markdown import table

_FORMS: dict[str, list[type[Contract]]] = {
    "from": [SuiteMean, SuiteRelative, Imported, Raters, CostEfficiency],
    "then": [TopScaled, RankPoints, Normalise],
    "combine": [Combine],
    "gates": list(get_args(get_args(AnyGate)[0])),
    "select": [Select, AdvanceTop, Wildcards, Reserve],
    "round": [Adjustments, Waivers, Withdrawal, OnVacancy, Freeze, Appeals, Disclosure],
}
#: Keys that every rule of a kind has, told once in the page's own words.
_SHARED = {*Cited.model_fields, *Source.model_fields, *Gate.model_fields}


def rules_block() -> str:
    """A table with one row a rule: where it stands, what it does, its own keys."""
    rows = []
    for place, models in _FORMS.items():
        for model in models:
            own = [name for name in model.model_fields if name not in _SHARED]
            rows.append((f"`{place}`", _summary(model), ", ".join(f"`{name}`" for name in own)))
    return table(["In", "Rule", "Keys"], rows)


def _summary(model: type[Contract]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
