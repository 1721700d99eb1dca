"""What is read of an Every Eval Ever record, as typed models: the record, and a line of its instances."""

from typing import Literal

from checks.contracts.stated import Count, Finite, Name, Plain, Stated


class Library(Stated):
    """The tool."""

    name: str = "unknown"
    version: str = "(version unknown)"


class ModelInfo(Stated):
    """The model."""

    id: str


class SourceMetadata(Stated):
    """Who measured."""

    source_type: str | None = None
    source_organization_name: str | None = None
    evaluator_relationship: str | None = None


class SourceData(Stated):
    """The data set."""

    dataset_name: str | None = None
    hf_repo: str | None = None
    hf_split: str | None = None
    samples_number: Count | None = None


class MetricConfig(Stated):
    """What a score means."""

    lower_is_better: bool
    score_type: str | None = None
    min_score: Finite | None = None
    max_score: Finite | None = None
    metric_id: str | None = None
    metric_name: str | None = None
    evaluation_description: str | None = None
    metric_parameters: Plain = None
    llm_scoring: Plain = None

    def names(self) -> set[str]:
        """By which the suite may call the metric."""
        return {each for each in (self.metric_id, self.metric_name, self.evaluation_description) if each is not None}


class StandardError(Stated):
    """A standard error."""

    value: Finite


class Interval(Stated):
    """A confidence interval."""

    lower: Finite
    upper: Finite
    confidence_level: Finite | None = None


class Uncertainty(Stated):
    """How far a score may be off, and over how many items it is."""

    standard_error: StandardError | None = None
    confidence_interval: Interval | None = None
    num_samples: Count | None = None


class ScoreDetails(Stated):
    """A score."""

    score: Finite
    uncertainty: Uncertainty | None = None


class EvaluationResult(Stated):
    """One evaluation of a record."""

    evaluation_name: str
    metric_config: MetricConfig
    score_details: ScoreDetails
    source_data: SourceData | None = None
    generation_config: Plain = None


class InstanceFile(Stated):
    """Where a record's instances lie."""

    file_path: str | None = None
    hash_algorithm: Literal["sha256", "md5"] = "sha256"
    checksum: str | None = None


class EvalRecord(Stated):
    """One JSON file."""

    evaluation_id: str
    model_info: ModelInfo
    source_metadata: SourceMetadata
    eval_library: Library | None = None
    evaluation_results: list[EvaluationResult]
    detailed_evaluation_results: InstanceFile | None = None


class InstanceScore(Stated):
    """The score of one item."""

    score: Finite | bool


class InstanceOutput(Stated):
    """The answers of one item."""

    raw: list[str] | None = None


class InstanceUsage(Stated):
    """Tokens of one item."""

    output_tokens: Count | None = None


class Instance(Stated):
    """One line of the instances."""

    evaluation_id: str
    evaluation_name: str
    sample_id: Name
    input: Plain
    output: InstanceOutput | None = None
    evaluation: InstanceScore
    token_usage: InstanceUsage | None = None
