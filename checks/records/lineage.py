"""What the independence stage measured: per component and reference, tests with their p-values, and the coverage ledger."""

from typing import Literal

from checks.records.record import Record, Text

Verdict = Literal["derived", "independent", "indeterminate", "not_applicable"]
Relation = Literal[
    "copied", "fine-tuned", "transformed", "pruned", "expanded", "merged", "partial", "shared-initialisation", "unknown"
]


class LineageTest(Record):
    """One test on one group of tensors.

    `p_value` in [0, 1] is uncorrected and stands beside `log10_p`, which does not underflow; an exact copy has
    `identity` true and both null. `group` names the disjoint group of tensors that the test looked at (two groups must
    agree before anything is called derived); `scope` says in words what was compared; `note` explains the number.
    """

    test: str
    statistic: float | None
    identity: bool = False
    p_value: float | None = None
    log10_p: float | None = None
    group: str
    scope: str
    note: Text | None = None


class LayerMatch(Record):
    """A layer of the subject that matches a layer of the reference."""

    subject_layer: int
    reference_layer: int
    p_value: float | None
    log10_p: float | None


class ComponentFinding(Record):
    """One component of the subject against one reference; p-values are family-wise corrected over the whole trace."""

    component: str
    verdict: Verdict
    p_value: float | None = None
    log10_p: float | None = None
    relation: Relation | None = None
    share_of_parameters: float
    layers: list[LayerMatch] = []
    tests: list[LineageTest] = []
    explanation: Text


class ArchitectureFinding(Record):
    """Architecture and settings in common: a separate finding that never convicts. `tokenizer_shared` in [0, 1] is Jaccard."""

    same_family: bool
    shared_settings: list[str] = []
    tokenizer_shared: float | None = None
    note: str = "architecture alone is no derivation"


class ReferenceFinding(Record):
    """The subject against one reference; the worst component counts."""

    reference: str
    verdict: Verdict
    p_value: float | None = None
    log10_p: float | None = None
    components: list[ComponentFinding]
    architecture: ArchitectureFinding


class CoverageRow(Record):
    """One tensor of the subject in the coverage ledger: which role it played, or why it took no part."""

    tensor: str
    component: str
    role: str
    layer: int | None
    parameters: int
    used: bool
    reason: str = ""


class ChainFinding(Record):
    """Positive evidence for one component: does it descend from the step-0 weights and checkpoints that were handed in?

    `supported`: every link of the chain correlates with the next, and the chain ends in the submission.
    `contradicted`: a link does not. `missing`: no checkpoints, or they do not hold this component.
    """

    component: str
    result: Literal["supported", "missing", "contradicted"]
    links: list[LineageTest] = []
    explanation: Text


class Trace(Record):
    """The answer of `gwanmun trace`, and the independence stage's rows.

    `screened` names references of a catalogue that were looked at and showed no sign, and were not tested.
    """

    subject: str
    verdict: Verdict
    seconds: float
    bytes_read: int
    references: list[ReferenceFinding]
    coverage: list[CoverageRow] = []
    chain: list[ChainFinding] = []
    screened: list[str] = []
