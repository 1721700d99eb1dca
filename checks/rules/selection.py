"""Who is out by points: bottom-n over the scope, the quota, ties, confidence, places. Pure functions over exact numbers.

The order: totals of every team that has not withdrawn; the lowest `eliminate_bottom` of them within `scope`, less the
cuts that an absorbing quota has used; a tie that the chain leaves and that straddles the cut is for review, and so is a
cut less sure than `confidence`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from checks.contracts.round_rules import AdvanceTop, FewerParameters, PublishedDraw, Select, WeightRobustness
from checks.contracts.score_tree import ScoreNode
from checks.rules.points import Points

Cut = Literal["kept", "out", "tied", "unsure", "weight_sensitive", "unknown", "not_counted"]
Key = tuple[Fraction, ...]


@dataclass(frozen=True)
class Cutting:
    """What the bottom-n rule does to each team, how many it cuts, and how sure each team's cut is.

    `planned` is what is left of `eliminate_bottom` after the `used` cuts of an absorbing quota; `counted` are the teams with
    a total that take part, `above` how many of them stand above each, `unknown` how many take part without a total.
    `weight_share` is the share of other weightings under which each counted team would be cut, where the rules ask for it.
    """

    cuts: Mapping[str, Cut]
    planned: int
    counted: Sequence[str]
    used: int = 0
    unknown: int = 0
    above: Mapping[str, int] = field(default_factory=dict)
    probability: Mapping[str, float] = field(default_factory=dict)
    weight_share: Mapping[str, float] = field(default_factory=dict)


def order_keys(points: Points, select: Select, tree: ScoreNode, parameters: Mapping[str, int]) -> dict[str, Key]:
    """Team → total and then the tie chain; teams without a total are left out. A higher key is a better team."""
    return {
        team: (total, *(_tie_key(each, team, points, tree, parameters) for each in select.tie_break))
        for team, total in points.totals.items()
        if total is not None
    }


def _tie_key(
    rule: str | FewerParameters | PublishedDraw,
    team: str,
    points: Points,
    tree: ScoreNode,
    parameters: Mapping[str, int],
) -> Fraction:
    if isinstance(rule, FewerParameters):
        return Fraction(-parameters[team])
    if isinstance(rule, PublishedDraw):
        return Fraction(-int(drawn_number(rule, team), 16))
    path = tree.find(rule)
    value = points.nodes[team].get(path) if path else None
    return Fraction(-1) if value is None else value


def drawn_number(rule: PublishedDraw, team: str) -> str:
    """What the team drew, hexadecimal: the smallest goes first. Anyone can draw it again: `printf SEED:TEAM | sha256sum`."""
    return hashlib.sha256(f"{rule.draw}:{team}".encode()).hexdigest()


def ranks(keys: Mapping[str, Key]) -> dict[str, int]:
    """1 + the number of better teams; equal teams share a rank."""
    return {team: 1 + sum(other > key for other in keys.values()) for team, key in keys.items()}


def cut_bottom(
    keys: Mapping[str, Key],
    without_total: Sequence[str],
    out_by_gate: Sequence[str],
    select: Select,
    probability: Mapping[str, float] | None = None,
    withdrawn: int = 0,
) -> Cutting:
    """Applies `eliminate_bottom`.

    Teams without a total (their own submission was at fault) may stand anywhere: a team is out only if it would be out
    wherever they stood, and one that might be is `unknown`. `withdrawn` are the cuts that withdrawals use up;
    `probability` is each counted team's chance of being in the bottom n, from paired resampling.
    """
    used = withdrawn + (len(out_by_gate) if select.quota == "absorbing" else 0)
    used = min(used, select.eliminate_bottom)
    planned = select.eliminate_bottom - used
    in_scope = [team for team in keys if select.scope == "all" or team not in out_by_gate]
    unknown = [team for team in without_total if select.scope == "all" or team not in out_by_gate]
    cuts: dict[str, Cut] = dict.fromkeys([*keys, *without_total], "not_counted")
    for team in in_scope:
        cuts[team] = _cut(keys[team], [keys[other] for other in in_scope if other != team], len(unknown), planned)
    cuts |= dict.fromkeys(unknown, "unknown" if planned else "kept")
    above = {team: sum(keys[other] > keys[team] for other in in_scope) for team in in_scope}
    cutting = Cutting(cuts, planned, in_scope, used, len(unknown), above, probability or {})
    if probability is None or select.confidence is None or planned == 0:
        return cutting
    return replace(cutting, cuts=_unsure(cutting, select.confidence))


def cut_robustly(cutting: Cutting, shares: Mapping[str, float], rule: WeightRobustness) -> Cutting:
    """Where a planned cut stands under too few weightings, the cut teams and all that more than the rest of them cut are open."""
    told = replace(cutting, weight_share=dict(shares))
    out = [team for team, cut in cutting.cuts.items() if cut == "out"]
    least = Fraction(rule.at_least)
    exact = {team: Fraction(repr(share)) for team, share in shares.items()}
    if rule.otherwise == "flag" or all(exact[team] >= least for team in out):
        return told
    open_ = {*out, *(team for team, share in exact.items() if share > 1 - least)}
    kept = {team: cut for team, cut in cutting.cuts.items() if team not in open_ or cut not in ("out", "kept")}
    return replace(told, cuts={**cutting.cuts, **{team: "weight_sensitive" for team in open_ if team not in kept}})


def cut_top(
    keys: Mapping[str, Key], without_total: Sequence[str], out_by_gate: Sequence[str], top: AdvanceTop
) -> dict[str, tuple[Cut, int]]:
    """Applies `advance_top`: team → what it does to it, and how many stand above it.

    A team is kept only if it would be wherever the teams without a total stood; equal teams across the line are `tied`.
    """
    in_scope = [team for team in keys if top.scope == "all" or team not in out_by_gate]
    unknown = sum(top.scope == "all" or team not in out_by_gate for team in without_total)
    cuts: dict[str, tuple[Cut, int]] = {}
    for team in in_scope:
        above = sum(keys[other] > keys[team] for other in in_scope)
        equal = sum(keys[other] == keys[team] for other in in_scope) - 1
        if above >= top.teams:
            cuts[team] = "out", above
        elif above + equal >= top.teams:
            cuts[team] = "tied", above
        else:
            cuts[team] = "kept" if above + equal + unknown < top.teams else "unknown", above
    return cuts


def _cut(key: Key, others: Sequence[Key], unknown: int, planned: int) -> Cut:
    lower = sum(other < key for other in others)
    equal = sum(other == key for other in others)
    if lower + equal + unknown < planned:
        return "out"
    if lower >= planned:
        return "kept"
    return "tied" if lower + equal >= planned else "unknown"


def _unsure(cutting: Cutting, confidence: Decimal) -> dict[str, Cut]:
    """Where any planned cut is less sure than `confidence`, the cut teams and all whose chance exceeds 1 − it are unsure."""
    chances = {team: Fraction(repr(chance)) for team, chance in cutting.probability.items()}
    least = Fraction(confidence)
    out = [team for team, cut in cutting.cuts.items() if cut == "out"]
    if all(chances[team] >= least for team in out):
        return dict(cutting.cuts)
    unsure = {*out, *(team for team in cutting.counted if chances[team] > 1 - least)}
    return {team: "unsure" if team in unsure else cut for team, cut in cutting.cuts.items()}
