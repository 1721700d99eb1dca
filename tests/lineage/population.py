"""Who takes part: parents, derivatives of each, and models that have nothing to do with each other."""

from collections.abc import Iterator

from tests.lineage.models import Changed, Drawn, Recipe, Trained
from tests.lineage.training import BUDGET, ENCODER

DECODERS = (("llama", 12), ("qwen3", 6), ("gpt2", 6))
#: The seed of what a change draws anew: as no model's own, whose numbers it would else begin with, shifted (llama 7 did).
CHANGES = 70_007
#: Added to the seeds of a family: the same seed would give two families the same numbers, which would be one start.
_SEEDS = {"llama": 0, "qwen3": 1_000, "gpt2": 2_000, ENCODER: 3_000}


def drawn(family: str, number: int) -> Drawn:
    """A step 0 like no other of any family."""
    return Drawn(family, number + _SEEDS[family])


def parent(family: str, number: int) -> Trained:
    """A reference: its own step 0; the same rows in the same order for all of them."""
    return Trained(drawn(family, number), data=1)


def parents() -> list[Trained]:
    """Of the decoder families."""
    return [parent(family, number) for family, count in DECODERS for number in range(1, count + 1)]


def encoders() -> list[Trained]:
    """Vision encoders."""
    return [parent(ENCODER, number) for number in range(1, 13)]


def strangers() -> dict[str, Recipe]:
    """Models drawn apart, by name: most read the very same rows in the same order as each other and as the parents."""
    found: dict[str, Recipe] = {f"parent {each.start.family} {each.start.weights}": each for each in parents()}  # type: ignore[union-attr]
    for family, count in (("llama", 24), ("qwen3", 10), ("gpt2", 10)):
        for number in range(count):
            found[f"same rows {family} {number}"] = Trained(drawn(family, 101 + number), data=1)
    for number in range(12):
        found[f"other rows llama {number}"] = Trained(drawn("llama", 141 + number), data=141 + number)
    for number in range(8):
        teacher, states = parent("llama", 1 + number % 2), number >= 4
        name = f"distilled {'with its states ' if states else ''}from llama {1 + number % 2}, llama {number}"
        found[name] = Trained(drawn("llama", 161 + number), data=1, teacher=teacher, states=states)
    for budgets in (3, 10):
        teacher = parent("llama", 1)
        taught = Trained(drawn("llama", 190 + budgets), data=1, steps=budgets * BUDGET, teacher=teacher, states=True)
        found[f"distilled for {budgets}x the budget with its states from llama 1, llama"] = taught
    for family, count in (("llama", 8), ("gpt2", 2)):
        for number in range(count):
            found[f"untrained {family} {number}"] = drawn(family, 171 + number)
    for number in range(2):
        start = Trained(drawn("llama", 181 + number), data=1)
        found[f"gains of another llama {number}"] = Changed(start, "gains of another", other=parent("llama", 1))
    return found


def strange_encoders() -> dict[str, Recipe]:
    """The same for vision encoders."""
    found: dict[str, Recipe] = {f"encoder {number}": each for number, each in enumerate(encoders())}
    return found | {f"encoder {number}": Trained(drawn(ENCODER, 101 + number), data=1) for number in range(12, 20)}


def siblings() -> Iterator[tuple[Recipe, Recipe, Recipe]]:
    """(subject, reference, the step 0 of both): trained apart from the same initial weights, on other rows and on the same; of
    those either is the subject once, as at the lower rate one goes less far."""
    for family, number in (("llama", 1), ("llama", 2), ("qwen3", 1), ("gpt2", 1)):
        start, less_far = drawn(family, number), Trained(drawn(family, number), data=1, rate=3e-3)
        yield parent(family, number), Trained(start, data=201), start
        yield less_far, parent(family, number), start
        yield parent(family, number), less_far, start


def larger_parent(reference: Trained) -> Trained:
    """What a reference is merged into: the reference's rows in their order, from other initial weights."""
    start = reference.start
    assert isinstance(start, Drawn)
    return Trained(Drawn(start.family, 101 + start.weights), data=1)


def derivatives(reference: Trained) -> dict[str, Recipe]:
    """Row of the table → a model derived from the reference."""
    start, stranger = reference.start, larger_parent(reference)
    assert isinstance(start, Drawn)
    tuned = Trained(reference, data=301, steps=BUDGET // 3, rate=1e-3)

    def healed(how: str, amount: float = 0.0, steps: int = BUDGET // 4) -> Recipe:
        return Trained(Changed(reference, how, seed=CHANGES, amount=amount), data=302, steps=steps, rate=1e-3)

    def mixed(how: str, share: float) -> Recipe:
        return Changed(reference, how, amount=share, other=stranger)

    found: dict[str, Recipe] = {
        "copy": reference,
        "fine-tuned": tuned,
        "continued, 1x the budget": Trained(reference, data=303),
        "continued, 3x the budget": Trained(reference, data=304, steps=3 * BUDGET),
        "depth pruned, tuned": healed("every second layer"),
        "width pruned, tuned": healed("units pruned", 0.65),
        "layers twice, tuned": healed("layers twice"),
        "expanded, tuned": healed("expanded", 1.25),
        "merged, share 50 %": mixed("merged", 0.5),
        "merged, share 20 %": mixed("merged", 0.2),
        "merged, share 10 %": mixed("merged", 0.1),
        "SLERP, share 50 %": mixed("merged on a sphere", 0.5),
        "SLERP, share 20 %": mixed("merged on a sphere", 0.2),
        "int8 and back": Changed(tuned, "rounded", amount=8),
        "int4 and back": Changed(tuned, "rounded", amount=4),
        "fp8 and back": Changed(tuned, "rounded", amount=0),
        "one layer kept, trained": healed("one layer kept", 2, BUDGET),
        "vocabulary swapped, tuned": healed("vocabulary swapped", 0.6, BUDGET // 2),
    }
    if start.family == "llama":
        found["experts, tuned"] = healed("experts", 4)
    return found


def encoder_derivatives(encoder: Trained) -> dict[str, Recipe]:
    """Row of the table → a vision encoder derived from another."""
    return {
        "copied": encoder,
        "tuned, r about 0.99": Trained(encoder, data=311, steps=BUDGET // 2, rate=3e-4),
        "tuned, r about 0.9": Trained(encoder, data=312, steps=BUDGET, rate=3e-3),
        "units renumbered": Changed(
            Trained(encoder, data=311, steps=BUDGET // 2, rate=3e-4), "units renumbered", seed=11
        ),
        "all disguises": Changed(Trained(encoder, data=311, steps=BUDGET // 2, rate=3e-4), "all disguises", seed=11),
        "all, new embeddings": Changed(
            Trained(encoder, data=312, steps=BUDGET, rate=3e-3), "all, new embeddings", seed=11
        ),
    }
