"""The numbers that decide data-quality checks, each with where it comes from; a policy may change any of them.

>>> with_defaults({"first_loss_distance": Decimal("0.3")})["first_loss_distance"]
0.3
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from checks.contracts.errors import InputFault
from checks.records.canonical import canonical_sha256

_EXPERIMENT = "own experiment on small decoders trained from scratch; recalibrate on a run of billions of parameters"


@dataclass(frozen=True)
class Threshold:
    """One number, what it bounds, and its source."""

    name: str
    value: float
    meaning: str
    source: str


THRESHOLDS: tuple[Threshold, ...] = (
    # inventory
    Threshold(
        "licence_coverage_min",
        0.95,
        "share of tokens under a named licence",
        "ours: one token in twenty may be unsettled",
    ),
    Threshold(
        "epochs_max",
        4.0,
        "how often a source is repeated",
        "Muennighoff et al. 2023, arXiv 2305.16264: up to four epochs are nearly as good as new data",
    ),
    # sample
    Threshold("sample_documents_min", 1.0, "documents in the sample", "ours: an empty sample shows nothing"),
    Threshold("broken_lines_max", 0.0, "share of the sample's lines that cannot be read", "ours"),
    Threshold("empty_documents_max", 0.01, "share of documents without a letter or digit", "ours"),
    Threshold("broken_documents_max", 0.01, "share of documents with undecodable characters (U+FFFD)", "ours"),
    Threshold(
        "duplicates_max",
        0.15,
        "share of documents that repeat an earlier one",
        "Lee et al. 2022, arXiv 2107.06499: near-duplicates are 3 to 14 % of C4, LM1B and RealNews",
    ),
    Threshold(
        "near_duplicates_max",
        0.25,
        "share of documents that repeat or nearly repeat another",
        "ours: the 3 to 14 % of Lee et al. 2022, arXiv 2107.06499, within web corpora, and as much again between sources",
    ),
    Threshold(
        "hangul_share_min",
        0.3,
        "share of Hangul among the letters of sources declared Korean",
        "ours: Korean text with much Latin terminology still passes",
    ),
    Threshold("contaminated_exact_max", 0.0, "items that stand whole in the sample", "ours: an item found is a fact"),
    Threshold("contaminated_near_max", 0.0, "items that stand in the sample in part", "ours: for a person to look at"),
    Threshold("contaminated_short_max", 0.0, "short items that are a whole line", "ours: for a person to look at"),
    Threshold(
        "resident_numbers_max",
        0.0,
        "Korean resident numbers a million characters",
        "ours: Personal Information Protection Act, article 24-2",
    ),
    Threshold("cards_max", 0.0, "payment-card numbers a million characters, beyond chance", "ours"),
    Threshold(
        "phones_max", 10.0, "mobile and landline numbers a million characters", "ours: published numbers are no fault"
    ),
    Threshold("emails_max", 10.0, "e-mail addresses a million characters", "ours: published addresses are no fault"),
    Threshold(
        "business_numbers_max",
        50.0,
        "business numbers a million characters, beyond chance",
        "ours: public data in most cases",
    ),
    Threshold(
        "corporate_numbers_max",
        50.0,
        "corporate numbers a million characters, beyond chance",
        "ours: public data in most cases",
    ),
    # training log
    Threshold("token_total_max", 0.001, "relative distance of the log's tokens from the inventory's", "check L1"),
    Threshold(
        "first_loss_distance",
        0.5,
        "distance of the first loss from a random guess's, in nats",
        f"check L2; {_EXPERIMENT}: honest 0.01 to 0.03, a plain continuation 5.7",
    ),
    Threshold("flops_utilisation_min", 0.1, "share of the declared peak used", "check L4"),
    Threshold(
        "flops_utilisation_max", 0.65, "share of the declared peak used", "check L4: beyond what real clusters reach"
    ),
    Threshold(
        "allocation_max",
        1.01,
        "accelerator-hours between the log's first and last line over those that the cluster allotted",
        "check L4; ours: clocks and records may differ by a hundredth",
    ),
    Threshold(
        "loss_noise_min",
        1e-4,
        "spread of the loss about its smoothed line, relative",
        "check L5; ours: a mean over millions of tokens still moves by more than this from line to line",
    ),
    Threshold(
        "loss_repeats_max",
        0.1,
        "share of lines whose loss is the line before's to the last digit",
        "check L5; ours: even a loss printed with three digits repeats in a few lines of a hundred only",
    ),
    Threshold(
        "plateau_distance_min",
        0.0,
        "first loss less the entropy of single tokens of the sample, in nats",
        "check L3: nothing that was never trained predicts better than the tokens' own frequencies",
    ),
    Threshold(
        "plateau_ratio_min",
        0.5,
        "tokens to the plateau over those of the team's own small run",
        f"check L3; {_EXPERIMENT}: borrowed bodies 0.93 to 0.95 of an honest run",
    ),
    Threshold(
        "schedule_distance_max",
        1e-6,
        "largest distance of a logged learning rate from the declared one, over the peak",
        "check L5",
    ),
    Threshold(
        "loss_lag_max",
        -0.2,
        "correlation of the loss's steps with those one declared window later",
        "check L5; -0.5 for means of independent batches, above -0.05 where a weighted mean over ten lines was logged",
    ),
    Threshold("anchor_days_max", 7.0, "days from one anchor of the log to the next", "check L6: at least weekly"),
    # checkpoints
    Threshold(
        "validation_errors_max",
        3.0,
        "distance of the logged validation loss from the recomputed one, in standard errors",
        "check C5",
    ),
    Threshold(
        "noise_scale_min",
        0.1,
        "spread of the logged loss about its smoothed line over that of means of the declared batches",
        "check L5; 1.0 where the loss is the mean of all tokens, 0.2 to 0.6 in the demo, whose loss counts answers only (measured)",
    ),
    Threshold(
        "noise_scale_max",
        4.0,
        "spread of the logged loss about its smoothed line over that of means of the declared batches",
        "check L5; ours: batches of a sixteenth of the declared size",
    ),
    Threshold(
        "memorisation_min",
        -3.0,
        "how much more the loss of a segment's documents fell over the segment than that of held-out ones, in standard errors",
        "check C4, Choi et al. 2023, arXiv 2307.00682; ours: -3 contradicts and proves nothing, because small models learn no "
        "document by heart (1.0 to 1.7 in the demo); 3 asks for proof, where documents are many",
    ),
    Threshold(
        "memorised_early_max",
        3.0,
        "how much lower the loss of a segment's documents was before it than that of held-out ones, in standard errors",
        "check C4, Choi et al. 2023, arXiv 2307.00682; ours: three standard errors",
    ),
    Threshold(
        "init_p_min",
        1e-6,
        "Kolmogorov-Smirnov p-value, corrected for the number of tensors",
        f"check C1; {_EXPERIMENT}",
    ),
    Threshold("init_kurtosis_max", 0.2, "distance of the kurtosis from the declared law's", f"check C1; {_EXPERIMENT}"),
    Threshold("init_row_spread_min", 0.8, "spread of row norms over the declared law's", f"check C1; {_EXPERIMENT}"),
    Threshold("init_row_spread_max", 1.3, "spread of row norms over the declared law's", f"check C1; {_EXPERIMENT}"),
    Threshold(
        "init_largest_singular_max",
        1.05,
        "largest singular value over sigma (sqrt(m) + sqrt(n))",
        f"check C1, the Marchenko-Pastur edge; {_EXPERIMENT}: honest 1.002, borrowed bodies above 4",
    ),
    Threshold(
        "displacement_max",
        1.5,
        "largest movement of a weight over the sum of learning rates",
        f"check C2; {_EXPERIMENT}: honest 0.96 to 1.10, a foreign checkpoint above 24",
    ),
    Threshold(
        "first_interval_max",
        0.67,
        "sum of learning rates from step 0 to the next checkpoint, in standard deviations of the initial law",
        "ours: 1.5 times this is one deviation, and a looser bound would let any weights pass",
    ),
    Threshold("replay_distance_max", 3.0, "distance of a replay over the spread of honest replays", "check C3"),
    Threshold("replay_segments_min", 3.0, "segments that were run again", "check C3"),
    # items and results
    Threshold(
        "answer_position_max",
        0.1,
        "effect size w of the answers' positions where chi-square p < 1e-3",
        "Cohen 1988: 0.1 is a small effect",
    ),
    Threshold("item_duplicates_max", 0.01, "share of test items that repeat another", "ours"),
    Threshold(
        "item_near_duplicates_max",
        0.2,
        "share of test items that repeat or nearly repeat another",
        "ours: items made by one template are alike in most of their letters; more than this is one item asked often",
    ),
    Threshold(
        "empty_outputs_max",
        0.02,
        "share of generated answers that are empty",
        "ours: beyond this a score measures the parser",
    ),
    Threshold(
        "truncated_outputs_max",
        0.05,
        "share of generated answers that are cut off at the task's limit",
        "ours: beyond this a score measures the limit",
    ),
    Threshold(
        "identical_outputs_max",
        0.5,
        "share of answers that are another team's, to the last letter or bit",
        "ours: two trainings do not agree in long texts and exact likelihoods",
    ),
    Threshold(
        "score_distance_max",
        1e-9,
        "distance of a score from the mean of its items",
        "double precision over a million items",
    ),
)

DEFAULT_THRESHOLDS: dict[str, float] = {each.name: each.value for each in THRESHOLDS}
THRESHOLD_NAMES: tuple[str, ...] = tuple(DEFAULT_THRESHOLDS)


def with_defaults(changed: Mapping[str, Decimal | float], file: Path | str = "policy") -> dict[str, float]:
    """The shipped thresholds with those of a policy in their place; raises InputFault for a name that no check has."""
    for name in changed:
        if name not in DEFAULT_THRESHOLDS:
            known = ", ".join(THRESHOLD_NAMES)
            raise InputFault(file, f"data_quality.thresholds.{name}", "an unknown threshold", f"one of {known}")
    return DEFAULT_THRESHOLDS | {name: float(value) for name, value in changed.items()}


def thresholds_sha256(thresholds: Mapping[str, float]) -> str:
    """SHA-256 of the thresholds that results were decided with."""
    return canonical_sha256({name: float(value) for name, value in thresholds.items()})
