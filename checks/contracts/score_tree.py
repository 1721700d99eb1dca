"""Where points come from: the score tree of a round, its leaves and what may be done to a leaf's values."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from checks.contracts.fields import (
    Contract,
    Count,
    Day,
    Identifier,
    NotNegative,
    Number,
    Positive,
    RelativePath,
    exact_sum,
    is_absent,
    refuse_doubles,
)
from checks.contracts.round_rules import Cited


class FrozenPopulation(Contract):
    """A population fixed in a file: `team`, and optionally each team's frozen `value`."""

    frozen: RelativePath = Field(
        description="CSV with the column team, optionally value: who counts, whatever happens later"
    )


Population = Literal["all", "eligible"] | FrozenPopulation


class TopScaled(Contract):
    """The best team gets all the points, the others in proportion."""

    population: Population = Field(description="over whom: all, eligible or {frozen: roster.csv}; no default")


class RankPoints(Contract):
    """Points by rank; equal values share the better rank's points."""

    table: list[NotNegative] = Field(
        min_length=1, description="points of rank 1, 2, 3, …; the last entry serves further ranks"
    )
    population: Population = Field(description="over whom: all, eligible or {frozen: roster.csv}; no default")

    @model_validator(mode="after")
    def _descending(self) -> "RankPoints":
        if any(later > earlier for earlier, later in zip(self.table, self.table[1:], strict=False)):
            raise ValueError("no rank with more points than a better one; a table that rises")
        return self


class Normalise(Contract):
    """Values normalised over a population, times the leaf's points."""

    how: Literal["minmax", "zscore"] = Field(
        description="minmax: (x − min) ÷ (max − min); zscore: (x − mean) ÷ population standard deviation"
    )
    population: Population = Field(description="over whom: all, eligible or {frozen: roster.csv}; no default")


class Then(Contract):
    """What is done to a leaf's values after they are read: exactly one of the three."""

    top_scaled: TopScaled | None = Field(
        None, description="the best team gets all the points, the others in proportion"
    )
    rank_points: RankPoints | None = Field(None, description="points by rank")
    normalise: Normalise | None = Field(None, description="normalised over a population, times points")

    @model_validator(mode="after")
    def _exactly_one(self) -> "Then":
        if sum(part is not None for part in (self.top_scaled, self.rank_points, self.normalise)) != 1:
            raise ValueError("exactly one of top_scaled, rank_points, normalise; none or several")
        return self

    @property
    def population(self) -> Population:
        """The population of whichever form was chosen."""
        chosen = self.top_scaled or self.rank_points or self.normalise
        assert chosen is not None
        return chosen.population


Missing = Literal["error", "zero", "exclude_for_all", "mean_of_rest"]


class Source(Contract):
    """What every kind of leaf may say beside its own keys."""

    then: Then | None = Field(None, description="what is done to the values: top_scaled, rank_points or normalise")
    missing: Missing = Field(
        "error",
        description="what an absent value does: error, zero, exclude_for_all, or for raters mean_of_rest: a rater of the panel "
        "who has no value for a team counts there with the mean of those who have",
    )

    @model_validator(mode="after")
    def _rest_of_a_panel(self) -> "Source":
        adjusted = isinstance(self, Raters) and self.how == "severity_adjusted"
        if self.missing == "mean_of_rest" and (adjusted or not isinstance(self, Raters)):
            raise ValueError(
                "mean_of_rest only for raters, put together otherwise than severity_adjusted; another leaf"
            )
        return self


class SuiteMean(Source):
    """points × mean of the suite's task scores ÷ scale."""

    suite: Identifier = Field(description="a suite of this programme")
    how: Literal["mean"] = Field(description="mean")
    scale: Positive = Field(description="the mean score that earns all the points, usually 100")


class SuiteRelative(Source):
    """points × mean over tasks of clip(score ÷ the team's own target score, floor, cap)."""

    suite: Identifier = Field(description="a suite of this programme")
    how: Literal["relative_to_target"] = Field(description="relative_to_target")
    cap: Positive = Field(description="the most that score ÷ target counts")
    floor: NotNegative = Field(Decimal(0), description="the least that score ÷ target counts")

    @model_validator(mode="after")
    def _floor_below_cap(self) -> "SuiteRelative":
        if self.floor > self.cap:
            raise ValueError(f"a floor not above the cap; floor {self.floor}, cap {self.cap}")
        return self


class MovingBaseline(Cited):
    """A baseline that moves with the field: the models released in the months before a day, from a table that a freeze pins."""

    table: RelativePath = Field(
        description="CSV: model, released_on, task, score (metric × 100), optional source; every task of the suite for each model"
    )
    as_of: Day = Field(description="the day on which the baseline is fixed; models released later do not count")
    months: Annotated[Count, Field(ge=1)] = Field(description="how many months before that day count, for example 6")
    take: Literal["best_model", "best_of_each_task"] = Field(
        description="best_model: the suite's mean of the best single model; best_of_each_task: the mean over tasks of the best "
        "score of any model there, which is never lower"
    )

    def window(self) -> tuple[date, date]:
        """The first and the last day of release that count: the same day so many months before, or that month's last."""
        year, month = divmod(self.as_of.year * 12 + self.as_of.month - 1 - self.months, 12)
        return date(year, month + 1, min(self.as_of.day, monthrange(year, month + 1)[1])), self.as_of


class SuiteAgainstBaseline(Source):
    """points × clip(the suite's mean score ÷ a moving baseline, floor, cap)."""

    suite: Identifier = Field(description="a suite of this programme")
    how: Literal["relative_to_baseline"] = Field(description="relative_to_baseline")
    baseline: MovingBaseline = Field(description="what the mean is held against")
    cap: Positive = Field(description="the most that mean ÷ baseline counts")
    floor: NotNegative = Field(Decimal(0), description="the least that mean ÷ baseline counts")

    @model_validator(mode="after")
    def _floor_below_cap(self) -> "SuiteAgainstBaseline":
        if self.floor > self.cap:
            raise ValueError(f"a floor not above the cap; floor {self.floor}, cap {self.cap}")
        return self


class IrtImport(Source):
    """points × (ability − low) ÷ (high − low), within 0 and points: abilities of an item-response model, fitted elsewhere."""

    irt: RelativePath = Field(description="CSV with the columns team, ability, stderr, on the model's own scale")
    low: Number = Field(description="the ability that earns nothing")
    high: Number = Field(description="the ability that earns all the points")
    model: str = Field(min_length=1, description="which model was fitted, to what and with which program")

    @model_validator(mode="after")
    def _rises(self) -> "IrtImport":
        if self.low >= self.high:
            raise ValueError(f"a low below the high; low {self.low}, high {self.high}")
        return self


class Imported(Source):
    """points × value ÷ max, from a table."""

    imported: RelativePath = Field(description="CSV with the columns team, value")
    max: Positive = Field(description="the value that earns all the points")


class CostEfficiency(Source):
    """points × min(1, quality ÷ cost ÷ full), from a table."""

    cost_efficiency: RelativePath = Field(description="CSV with the columns team, quality, cost; costs above 0")
    full: Positive = Field(description="the quality for each unit of cost that earns all the points")


class Raters(Source):
    """A panel's values, from 0 to the leaf's points."""

    raters: RelativePath = Field(
        description="CSV with the columns team, rater, value, optionally criterion and recused"
    )
    how: Literal["mean", "median", "trimmed_mean", "severity_adjusted"] = Field(
        description="how a team's raters are put together"
    )
    drop_max: Count | None = Field(None, description="trimmed_mean: how many of the highest are dropped")
    drop_min: Count | None = Field(None, description="trimmed_mean: how many of the lowest are dropped")
    min_raters: Annotated[Count, Field(ge=1)] = Field(
        1, description="fewer counted raters for a team than this is an error"
    )

    @model_validator(mode="after")
    def _trimming_is_said(self) -> "Raters":
        said = self.drop_max is not None and self.drop_min is not None
        if self.how == "trimmed_mean" and not said:
            raise ValueError("drop_max and drop_min with how: trimmed_mean; not both said")
        if self.how != "trimmed_mean" and (self.drop_max is not None or self.drop_min is not None):
            raise ValueError(f"drop_max and drop_min only with how: trimmed_mean; how: {self.how}")
        return self


def _kind_of_leaf(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else vars(value) if isinstance(value, Source) else {}
    if "suite" in keys:
        forms = {"mean": "mean form", "relative_to_target": "relative form", "relative_to_baseline": "baseline form"}
        return forms.get(str(keys.get("how")))
    return next((f"{kind} form" for kind in ("imported", "raters", "cost_efficiency", "irt") if kind in keys), None)


LeafSource = Annotated[
    Annotated[SuiteMean, Tag("mean form")]
    | Annotated[SuiteRelative, Tag("relative form")]
    | Annotated[SuiteAgainstBaseline, Tag("baseline form")]
    | Annotated[Imported, Tag("imported form")]
    | Annotated[Raters, Tag("raters form")]
    | Annotated[CostEfficiency, Tag("cost_efficiency form")]
    | Annotated[IrtImport, Tag("irt form")],
    Discriminator(
        _kind_of_leaf,
        custom_error_type="leaf_form",
        custom_error_message=(
            "one of {suite, how: mean, scale}, {suite, how: relative_to_target, cap}, {imported, max}, {raters, how}, "
            "{suite, how: relative_to_baseline, baseline, cap}, {cost_efficiency, full}, {irt, low, high, model}"
        ),
    ),
]


class Combine(Contract):
    """How a node's parts make its points, where they are not summed: each part counts by its share of the node's points."""

    how: Literal["geometric", "borda"] = Field(
        description="geometric: the weighted geometric mean of the parts' shares; borda: the weighted share of the "
        "population that the team beats in each part, an equal one counted half"
    )
    population: Literal["all", "eligible"] | None = Field(
        None, description="borda: against whom, all or eligible; no default there, and nothing for geometric"
    )

    @model_validator(mode="after")
    def _population_is_said(self) -> "Combine":
        if (self.how == "borda") != (self.population is not None):
            raise ValueError(f"population with how: borda and only there; how: {self.how}, {self.population}")
        return self


class ScoreNode(Contract):
    """A node of the score tree: either `parts`, whose points add up to its own, or a leaf with `from`."""

    id: Identifier = Field(
        "total", description="the node's name; its path joins the names with dots (benchmark.common)"
    )
    points: Positive = Field(description="the most that this node can earn")
    parts: list["ScoreNode"] = Field([], description="the nodes that make this one; their points add up to its own")
    combine: Combine | None = Field(
        None, exclude_if=is_absent, description="how the parts make the node's points; absent: their sum"
    )
    source: LeafSource | None = Field(None, alias="from", description="a leaf: where its points come from")

    @model_validator(mode="after")
    def _adds_up(self) -> "ScoreNode":
        if bool(self.parts) == (self.source is not None):
            raise ValueError(f"either parts or from; {'both' if self.parts else 'neither'}")
        if self.combine is not None and not self.parts:
            raise ValueError("combine on a node with parts; a leaf")
        refuse_doubles("parts", [part.id for part in self.parts])
        total = exact_sum(part.points for part in self.parts)
        if self.parts and total != self.points:
            raise ValueError(f"points of the parts that add up to {self.points}; they add up to {total}")
        then = self.source.then if self.source is not None else None
        if then is not None and then.rank_points is not None and then.rank_points.table[0] > self.points:
            raise ValueError(f"a table of at most {self.points} points; {then.rank_points.table[0]}")
        return self

    def walk(self, prefix: str = "") -> Iterator[tuple[str, "ScoreNode"]]:
        """Every node below this one with its dotted path, parents before their parts; the root itself has no path."""
        for part in self.parts:
            path = f"{prefix}.{part.id}" if prefix else part.id
            yield path, part
            yield from part.walk(path)

    def leaves(self) -> Iterator[tuple[str, "ScoreNode"]]:
        """The leaves with their paths; a tree that is one leaf has the path of its own id."""
        if self.source is not None:
            yield self.id, self
        for path, node in self.walk():
            if node.source is not None:
                yield path, node

    def place_of(self, path: str) -> tuple[str | int, ...]:
        """The keys that lead from here to the node of that dotted path; none to a tree that is one leaf."""
        place: tuple[str | int, ...] = ()
        node = self
        for name in path.split(".") if self.parts else ():
            number = next(number for number, part in enumerate(node.parts) if part.id == name)
            place, node = (*place, "parts", number), node.parts[number]
        return place

    def find(self, name: str) -> str | None:
        """The dotted path that `name` means: a path, or an id that stands once in the tree; None where neither."""
        paths = [path for path, _ in self.walk()] or [self.id]
        if name in paths:
            return name
        ends = [path for path in paths if path.rsplit(".", 1)[-1] == name]
        return ends[0] if len(ends) == 1 else None
