"""`submission.yaml`: what one team hands in."""

from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from checks.contracts.fields import (
    Contract,
    Count,
    Day,
    Identifier,
    NotNegative,
    Positive,
    RelativePath,
    Sha256,
    Share,
    TaskId,
    Version,
    Whole,
    YesNo,
    is_absent,
    refuse_doubles,
)

ReleaseNumber = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)+$")]
#: What a gate can ask for, each by its path in `evidence`.
EvidencePart = Literal[
    "training",
    "training.schedule",
    "training.loss_window",
    "training.seed_commitment",
    "training_log",
    "checkpoints",
    "replays",
    "validation",
    "segments",
    "small_run",
    "anchors",
    "hashes",
    "corpus.inventory",
    "corpus.sample",
]
ComponentId = Literal["language_model", "vision_tower", "audio_tower", "projector"]


class Component(Contract):
    """A part of the model with its own weights, and where they came from."""

    id: ComponentId = Field(
        description="language_model (embeddings and head included), vision_tower, audio_tower or projector"
    )
    origin: Literal["from-scratch", "borrowed"] = Field(
        description="from-scratch (initialised, then trained) or borrowed"
    )
    reference: str | None = Field(
        None, description="borrowed: the model it was taken from, a reference's id where there is one"
    )
    frozen: YesNo | None = Field(None, description="borrowed: whether its weights were left as they were")
    licence: str | None = Field(None, description="borrowed: the licence it came under, an SPDX expression")
    control: Literal["kept", "lost"] | None = Field(
        None, description="borrowed: whether the team can change, operate and replace it without anyone's leave"
    )

    @model_validator(mode="after")
    def _borrowed_from_whom(self) -> "Component":
        if self.origin == "borrowed" and self.reference is None:
            raise ValueError(f"a reference for the borrowed {self.id}; none")
        if self.origin == "from-scratch" and self.reference is not None:
            raise ValueError(f"no reference for the {self.id} from scratch; {self.reference!r}")
        return self


class Model(Contract):
    """The model itself."""

    source: str = Field(
        min_length=1, description="a folder of safetensors, or a hub id with a pinned revision (org/name@commit)"
    )
    licence: str = Field(description="the model's own licence, an SPDX expression; an empty one is a finding")
    components: list[Component] = Field(min_length=1, description="every part with its own weights")
    endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$",
        description="an OpenAI-compatible server of the agency's own that answers in the benchmark (http://HOST:PORT), or null",
    )

    @model_validator(mode="after")
    def _once_each(self) -> "Model":
        refuse_doubles("components", [component.id for component in self.components])
        return self


class Initialisation(Contract):
    """The declared law of the step-0 weights."""

    distribution: Literal["normal", "truncated_normal", "uniform"] = Field(
        description="normal, truncated_normal or uniform"
    )
    std: Positive = Field(description="its standard deviation")


class SeedCommitment(Contract):
    """That the seed was left with the evaluator before training began, and what drew the step-0 weights from it.

    They are what transformers gives for the model's config.json, in float32 on the CPU, after `torch.manual_seed(seed)`.
    """

    committed_on: Day = Field(description="the day on which the evaluator was shown the hash")
    sha256: Sha256 = Field(description="SHA-256 of the seed's decimal digits")
    recorded_by: str = Field(min_length=1, description="who kept it")
    transformers: ReleaseNumber = Field(description="the version of transformers that drew the weights")
    torch: ReleaseNumber = Field(description="the version of PyTorch that drew the weights")


class Optimiser(Contract):
    """The declared optimiser."""

    name: str = Field(min_length=1, description="adamw, adam, muon, …")
    betas: tuple[Share, Share] | None = Field(None, description="Adam's two decay rates")
    weight_decay: NotNegative = Field(Decimal(0), description="decoupled weight decay")
    step_bound: Positive | None = Field(
        None,
        description="the most that a step moves a weight, in learning rates, outside of Adam's family",
    )


class Schedule(Contract):
    """The declared learning rate of every step: peak × min(1, step ÷ warm_up_steps) × the shape's fall."""

    peak: Positive = Field(description="the highest learning rate")
    warm_up_steps: Count = Field(0, description="steps over which the rate rises from zero to the peak")
    shape: Literal["constant", "linear", "cosine", "inverse_sqrt"] = Field(
        description="how it falls: constant (it does not), linear, cosine or inverse_sqrt"
    )
    falls_from: Count | None = Field(
        None, description="the step from which it falls; the end of the warm-up where it is not said"
    )
    last_step: Count | None = Field(None, description="linear, cosine: the step at which the fall ends")
    last_share: Share = Field(Decimal(0), description="linear, cosine: what is left of the peak at the last step")

    @model_validator(mode="after")
    def _falls_somewhere(self) -> "Schedule":
        if self.shape in ("linear", "cosine") and (self.last_step is None or self.last_step <= self.first_step_of_fall):
            raise ValueError(
                f"a last_step after step {self.first_step_of_fall} for the {self.shape} shape; {self.last_step}"
            )
        return self

    @property
    def first_step_of_fall(self) -> int:
        """The step from which the rate falls."""
        return self.warm_up_steps if self.falls_from is None else self.falls_from


class Accelerators(Contract):
    """What it was trained on; absent on CPU, then there is no compute check."""

    kind: str = Field(min_length=1, description="for example H200")
    count: Annotated[Count, Field(ge=1)] = Field(description="how many")
    peak_flops: Positive = Field(description="peak floating-point operations per second of one, in the precision used")
    allocated_hours: Positive | None = Field(
        None, description="accelerator-hours that the cluster's own records allot to this training"
    )


class Training(Contract):
    """What log and checkpoints are held against; a field not declared makes its checks conditional."""

    init: Initialisation | None = Field(None, description="the law of the step-0 weights")
    seed: Whole | None = Field(None, description="the seed of the step-0 weights")
    seed_commitment: SeedCommitment | None = Field(
        None,
        exclude_if=is_absent,
        description="that the seed was committed before training, so that step 0 can be redrawn",
    )
    optimiser: Optimiser | None = Field(None, description="name, betas, weight_decay")
    sequence_length: Annotated[Count, Field(ge=1)] | None = Field(None, description="tokens in a training sequence")
    batch_tokens: Annotated[Count, Field(ge=1)] | None = Field(None, description="tokens in one optimiser step")
    logging_interval: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="steps from one line of the log to the next; the most common distance where it is not said"
    )
    loss_window: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="steps that a logged loss is the mean of; 1: of its own step alone"
    )
    logit_scale: Positive = Field(Decimal(1), description="what the model multiplies its logits by")
    z_loss: NotNegative = Field(
        Decimal(0), description="the weight of the squared logarithm of the partition function in the logged loss"
    )
    schedule: Schedule | None = Field(None, description="the learning rate of every step")
    restarts: list[Count] = Field([], description="steps from which training was taken up again, repeated in the log")
    accelerators: Accelerators | None = Field(None, description="kind, count, peak_flops; absent on CPU")

    @model_validator(mode="after")
    def _a_seed_to_commit_to(self) -> "Training":
        if self.seed_commitment is not None and (self.seed is None or not 0 <= self.seed < 2**64):
            raise ValueError(f"a seed from 0 to 2**64 - 1 for the seed_commitment; {self.seed}")
        return self


class Checkpoint(Contract):
    """Weights handed in from an earlier step."""

    step: Count = Field(description="the optimiser step; 0 is the initialisation")
    source: RelativePath = Field(description="a folder of safetensors")


class Corpus(Contract):
    """The training corpus: what it holds, and a sample."""

    inventory: RelativePath | None = Field(
        None, description="CSV: source, url, licence, language, documents, tokens, epochs, collected_on, sha256"
    )
    sample: RelativePath | None = Field(
        None, description="JSONL, JSONL.zst or Parquet: id, source, text; or a folder of such files"
    )


class Evidence(Contract):
    """What supports the claims; every part may be absent, and what is absent is not proven."""

    training: Training | None = Field(None, description="the declared training")
    training_log: RelativePath | None = Field(
        None,
        description="JSONL: step, tokens, loss, learning_rate, grad_norm, time; optional validation_loss, prev_sha256",
    )
    checkpoints: list[Checkpoint] = Field([], description="weights of earlier steps, step 0 among them")
    replays: RelativePath | None = Field(
        None, description="CSV of segments that somebody ran again: first_step, last_step, distance, spread, run_by"
    )
    validation: RelativePath | None = Field(
        None,
        description="held-out documents as in corpus.sample; the log's validation_loss is the mean loss of their tokens "
        "in nats, each document by itself",
    )
    segments: RelativePath | None = Field(
        None, description="documents read in training, as in corpus.sample, each with the `step` that read it"
    )
    small_run: RelativePath | None = Field(
        None, description="the log of a small run of the team's own, from scratch with the same tokenizer and data"
    )
    anchors: RelativePath | None = Field(
        None, description="CSV of lines of the log that the evaluator was shown: time, step, sha256, recorded_by"
    )
    hashes: RelativePath | None = Field(
        None, description="SHA-256 of the weights' files as sha256sum writes them, paths relative to this file"
    )
    corpus: Corpus | None = Field(None, description="inventory and sample")


class Submission(Contract):
    """What one team hands in."""

    version: Version = Field(description="1")
    team: Identifier = Field(description="the team's id in the programme")
    allow_outside: YesNo = Field(False, description="true: paths may leave this file's folder")
    model: Model = Field(description="the model and its components")
    targets: dict[Identifier, dict[TaskId, Positive]] = Field(
        {}, description="suite → task → the score of the team's own target model, metric × 100"
    )
    target_scores: dict[Identifier, RelativePath] = Field(
        {},
        exclude_if=is_absent,
        description="in place of `targets`: suite → JSON that `gwanmun score TARGET --suite S --json` answered, same settings",
    )
    evidence: Evidence = Field(Evidence.model_validate({}), description="what supports the claims")

    @model_validator(mode="after")
    def _one_source_of_targets(self) -> "Submission":
        if both := sorted(self.targets.keys() & self.target_scores.keys()):
            raise ValueError(f"targets or target_scores for a suite; both for {', '.join(both)}")
        return self

    @model_validator(mode="after")
    def _steps_ascend(self) -> "Submission":
        steps = [checkpoint.step for checkpoint in self.evidence.checkpoints]
        if sorted(set(steps)) != steps:
            raise ValueError(f"checkpoints in ascending order of their steps, none twice; steps {steps}")
        return self


def handed_in(evidence: Evidence) -> list[str]:
    """The parts of the evidence that a submission names, as a gate asks for them."""
    return [part for part in get_args(EvidencePart) if _at(evidence, part)]


def _at(evidence: Evidence, path: str) -> object:
    """What stands there, None where something on the way is absent."""
    found: object = evidence
    for name in path.split("."):
        found = None if found is None else getattr(found, name)
    return found
