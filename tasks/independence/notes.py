"""What the number of each test means, in Korean and English, to stand beside it."""

from checks.records.record import Text
from tasks.independence.alignment import CHANCE_AGREEMENT
from tasks.independence.behaviour import Behaviour
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.layer_matches import LOG10_ALPHA
from tasks.independence.place_tests import GroupTest


def copy_note(evidence: ComponentEvidence) -> Text:
    """How much is the same number for number."""
    count, share = len(evidence.copies), percent(evidence.copied_share)
    if not count:
        return Text(ko="숫자 하나하나 같은 텐서가 없습니다.", en="No tensor is the same number for number.")
    return Text(
        ko=f"텐서 {count}개, 매개변수의 {share}가 숫자 하나하나 같습니다. 학습된 수천 개의 수가 우연히 같을 수는 없습니다.",
        en=f"{count} tensors, {share} of the parameters, are the same number for number. Thousands of trained numbers are "
        f"not alike by coincidence.",
    )


CORRELATION_NOTE = Text(
    ko="효과의 크기일 뿐, 이것만으로는 아무것도 판정하지 않습니다. 무관한 모델은 0 근처입니다.",
    en="A size of effect, which alone convicts nobody. Models trained apart stay near zero.",
)


def place_note(group: GroupTest) -> Text:
    """How many units find themselves, and how many would by chance; the null of the mean cosine beside it."""
    layers = [(test.share, test.units) for test in group.layers.values()] or [(group.share, group.units)]
    units = sum(round(share * of) for share, of in layers)
    low, high = (group.null[0] + side * 3 * group.null[1] for side in (-1, 1))
    return Text(
        ko=f"단위 {group.units}개 가운데 {units}개가 다른 모델의 같은 자리에서 자신을 찾습니다(우연이면 많아야 {len(layers)}개쯤). "
        f"같은 자리끼리의 평균 코사인은 우연이면 거의 언제나 {low:.3f}에서 {high:.3f} 사이입니다.",
        en=f"{units} of {group.units} units find themselves at their own place in the other model (by chance "
        f"about {len(layers)} at most). By chance the mean cosine of units at one place lies between {low:.3f} and "
        f"{high:.3f} nearly always.",
    )


def order_note(mean: float, deviation: float) -> Text:
    """What is left in order after everything else was moved."""
    low, high = (mean + side * 3 * deviation for side in (-1, 1))
    return Text(
        ko=f"나머지는 옮겨졌어도 이 순서는 그대로인지 봅니다. "
        f"우연이면 평균 코사인은 거의 언제나 {low:.3f}에서 {high:.3f} 사이입니다. "
        "상대를 흉내 내어 배운 모델도 자기만의 순서를 갖습니다.",
        en=f"Whether this order was left when all else was moved. By chance the mean cosine lies between {low:.3f} and {high:.3f} "
        "nearly always; a model that learned from the other has an order of its own.",
    )


def aligned_note(tested: int, agreed: int) -> Text:
    """One half of the held-out units of the best pair of layers."""
    limit = percent(CHANCE_AGREEMENT)
    return Text(
        ko=f"맞추는 데 쓰지 않은 단위 {tested}개 가운데 {agreed}개가 읽는 쪽과 쓰는 쪽에서 같은 단위를 가리킵니다. "
        f"따로 학습된 모델은 {limit}를 넘지 않습니다.",
        en=f"{agreed} of {tested} units that took no part in the alignment point to the same unit by what they read and by "
        f"what they write; models trained apart stay under {limit}.",
    )


def answers_note(behaviour: Behaviour) -> Text:
    """How far apart the answers are, and what that does or does not prove."""
    if behaviour.difference is None:
        return Text(
            ko="참조 모델의 답이 읽은 글에 따라 달라지지 않아 견줄 수 없습니다.",
            en="The reference's answers do not depend on what it reads, so there is nothing to compare.",
        )
    apart, limit = f"{behaviour.difference:.1e}", f"{behaviour.tolerance:.1e}"
    if behaviour.same:
        return Text(
            ko=f"무작위 글에 대한 두 모델의 답이 저장할 때의 반올림 안에서 같습니다(차이 {apart}, 한도 {limit}). 따로 학습하거나 "
            f"상대의 답을 배워서는 이렇게 되지 않습니다: 같은 함수의 사본입니다.",
            en=f"To random text both models give the same answers, to within the rounding of the stored numbers (apart by {apart}, "
            f"limit {limit}). Neither training apart nor learning from the other's answers ends there: a copy of one function.",
        )
    return Text(
        ko=f"두 모델의 답은 다릅니다(차이 {apart}, 참조 모델 답의 변동에 대한 비; 사본이면 {limit} 이하). "
        f"조금이라도 더 학습한 파생도, 무관한 모델도 이렇습니다: 아무것도 증명하지 않습니다.",
        en=f"The answers differ (by {apart} of how much the reference's own vary; a copy stays under {limit}). So do those of a "
        f"derivative that was trained on and of unrelated models: this proves nothing.",
    )


def activations_note(tested: int, agreed: int) -> Text:
    """One half of the units of the pair of layers that agrees most."""
    limit = percent(CHANCE_AGREEMENT)
    return Text(
        ko=f"은닉 단위 {tested}개 가운데 {agreed}개가, 게이트의 반응으로 보나 게이트가 통과시키는 값으로 보나, "
        f"상대의 같은 단위처럼 반응합니다. 따로 학습된 모델은 {limit}를 넘지 않습니다. "
        f"은닉 상태를 흉내 내는 학습도 그럴 수 있어, 이것만으로는 파생이라 하지 않습니다.",
        en=f"{agreed} of {tested} hidden units answer as one and the same unit of the other model does, by their gates and by what "
        f"the gates let through; models trained apart stay under {limit}. Training on another's inner states could bring "
        f"that about too, so it alone calls nothing derived.",
    )


def planted_note(log10_p: float) -> Text:
    """Whether the tool's own derivative is found: what finding nothing is worth."""
    if log10_p < LOG10_ALPHA:
        return Text(
            ko="도구가 일부러 심은 파생 모델을 이 검정이 찾아냅니다. 그래서 아무것도 찾지 못한 것이 뜻을 갖습니다.",
            en="These tests find the derivative that the tool planted, so that finding nothing means something.",
        )
    return Text(
        ko="도구가 일부러 심은 파생 모델을 이 방법으로는 찾지 못합니다.",
        en="The derivative that the tool planted is not found in this way.",
    )


def percent(share: float) -> str:
    """A share in whole per cent."""
    return f"{100 * share:.0f} %"
