"""What is read of lm-evaluation-harness's files, as typed models: a results file, and a line of a samples file."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from checks.contracts.stated import Count, Finite, Plain, Stated

#: How the harness writes whether a choice is what the model would have said.
_GREEDY = ("True", "False", True, False)


class SampleCounts(Stated):
    """Of how many documents (`original`) how many were asked (`effective`)."""

    original: Count
    effective: Count


class HarnessRun(Stated):
    """How the harness was called."""

    model: str | None = None
    model_args: Plain = None
    model_sha: str | None = None
    model_dtype: str | None = None
    limit: Finite | None = None
    random_seed: int | None = None
    numpy_seed: int | None = None
    torch_seed: int | None = None
    fewshot_seed: int | None = None

    def argument_names(self) -> set[str]:
        """What was said of the model: `pretrained=…,dtype=…`, or a mapping."""
        if isinstance(self.model_args, str):
            return {each.partition("=")[0].strip() for each in self.model_args.split(",")}
        return set(self.model_args) if isinstance(self.model_args, dict) else set()


class HarnessResults(Stated):
    """A `results_TIME.json`."""

    results: dict[str, dict[str, Any]]
    configs: dict[str, dict[str, Plain]]
    n_samples: dict[str, SampleCounts] = Field(alias="n-samples")
    group_subtasks: dict[str, list[str]] | None = None
    config: HarnessRun | None = None
    model_name: str | None = None
    lm_eval_version: str | None = None
    model_source: str | None = None
    versions: dict[str, Plain] | None = None
    n_shot: dict[str, int | None] | None = Field(None, alias="n-shot")
    chat_template: Plain = None
    system_instruction: str | None = None
    fewshot_as_multiturn: bool | None = None


def _of_one_kind(answers: list[Any]) -> list[Any]:
    """Choices' log-likelihoods, or texts: a sample that holds both is none of the harness's."""
    pairs = [_is_pair(each) for each in answers]
    if any(pairs) != all(pairs) or any(isinstance(each, dict) for each in answers):
        raise ValueError("texts, or a log-likelihood for each choice")
    return answers


def _is_pair(answer: Any) -> bool:
    return isinstance(answer, list) and len(answer) == 2 and answer[1] in _GREEDY


class HarnessSample(Stated):
    """A line of `samples_TASK_TIME.jsonl`; the metrics' values stand beside, under their names."""

    model_config = ConfigDict(extra="allow")

    doc_id: Count
    filter: str | None = None
    filtered_resps: Annotated[list[Any], AfterValidator(_of_one_kind)]
    prompt_hash: str | None = None

    @property
    def choices(self) -> Sequence[Any] | None:
        """What should be the choices' log-likelihoods; None where the answer is a text."""
        pairs = self.filtered_resps
        return [each[0] for each in pairs] if pairs and all(_is_pair(each) for each in pairs) else None
