"""What the independence stage measured: per component and reference, tests with their p-values, and the coverage ledger."""

from typing import Literal

from checks.records.record import Record, Text

Verdict = Literal["derived", "independent", "indeterminate", "not_applicable"]
Relation = Literal[
    "copied", "fine-tuned", "transformed", "pruned", "expanded", "merged", "partial", "shared-initialisation", "unknown"
]


class NullDistribution(Record):
    """What a test's statistic comes to for models that have nothing to do with each other: what it is held against.

    `renumberings`: the statistic of this very pair with its `units` renumbered at random, which for models trained apart is
    as likely as the order seen; `mean` and `deviation` are exact over all renumberings, and the shape is close to normal.
    `binomial`: `units` held-out units of which each agrees with probability `mean`, more than models trained apart reach;
    `deviation` is that of their share.
    """

    kind: Literal["renumberings", "binomial"]
    mean: float
    deviation: float
    units: int


class LineageTest(Record):
    """One test on one group of tensors.

    `p_value` in [0, 1] is uncorrected and stands beside `log10_p`, which does not underflow; an exact copy has
    `identity` true and both null. `group` names the disjoint group of tensors that the test looked at (two groups must
    agree before anything is called derived); `scope` says in words what was compared; `note` explains the number; `null` is
    what `statistic` comes to by chance, where the test has such a distribution. `decides`: a finding of likeness rests on it.
    """

    test: str
    statistic: float | None
    identity: bool = False
    p_value: float | None = None
    log10_p: float | None = None
    group: str
    scope: str
    note: Text | None = None
    decides: bool = False
    null: NullDistribution | None = None


class LayerMatch(Record):
    """A layer of the subject that matches a layer of the reference.

    `test` is the one that found it, by its name in `LineageTest`; `share` in [0, 1] is how much of the layer: of its
    parameters where they are copied, else of the units tested that find themselves.
    """

    subject_layer: int
    reference_layer: int
    p_value: float | None
    log10_p: float | None
    test: str = ""
    share: float | None = None


class ComponentFinding(Record):
    """One component of the subject against one reference; p-values are family-wise corrected over the whole trace.

    `layers` is the layer map: those that match, of `subject_layers` and `reference_layers` numbered from 0.
    """

    component: str
    verdict: Verdict
    p_value: float | None = None
    log10_p: float | None = None
    relation: Relation | None = None
    share_of_parameters: float
    subject_layers: int = 0
    reference_layers: int = 0
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
