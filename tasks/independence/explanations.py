"""What the numbers mean, in Korean and English, for people who decide by them."""

from checks.records.record import Text
from tasks.independence.aligned_tests import BY_TOKENS, BY_UNITS, IN_STREAM
from tasks.independence.alignment import CHANCE_AGREEMENT
from tasks.independence.component_evidence import ComponentEvidence
from tasks.independence.correlation import NormGains
from tasks.independence.layer_matches import LOG10_ALPHA
from tasks.independence.notes import answers_note, percent
from tasks.independence.one_order_tests import LEAST_COSINE, UNITS_IN_PLACE
from tasks.independence.planted import R_DISGUISED, R_IN_PLACE
from tasks.independence.verdict import (
    FINE_TUNED_R,
    Judgement,
    alike_in_place,
    clearest_order,
    moved_order,
)


def explain(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    """Why the verdict is what it is."""
    sentences = {
        "copied": _copied,
        "place": _place,
        "aligned": _aligned,
        "one-order": _one_order,
        "moved": _moved,
        "remainder": _remainder,
        "one-group": _one_group,
        "same-answers": _same_answers,
        "units-alike": _units_alike,
        "tensors-alike": _tensors_alike,
        "copies-unplaced": _copies_unplaced,
        "not-covered": _not_covered,
        "no-power": _no_power,
        "nothing-found": _nothing_found,
        "fingerprint-only": _fingerprint_only,
        "same-surroundings": _same_surroundings,
        "shared-initialisation": _shared_initialisation,
    }[judgement.why](evidence, judgement)
    if evidence.behaviour is not None and evidence.behaviour.same and judgement.why != "same-answers":
        sentences = joined(sentences, answers_note(evidence.behaviour))
    return sentences if evidence.gains is None else joined(sentences, gains_note(evidence.gains))


def joined(first: Text, second: Text) -> Text:
    """Two sentences after each other."""
    return Text(ko=f"{first.ko} {second.ko}", en=f"{first.en} {second.en}")


def gains_note(gains: NormGains) -> Text:
    """Why the cosine of norm gains means nothing."""
    r = "-" if gains.r is None else f"{gains.r:.3f}"
    return Text(
        ko=f"정규화 이득의 코사인 {gains.cosine:.3f}은 아무 의미가 없습니다: 이득은 모두 한 평균 둘레의 양수라서 "
        f"서로 무관한 모델도 그만큼 닮습니다(중심화 상관 {r}).",
        en=f"The norm gains' cosine of {gains.cosine:.3f} means nothing: gains are positive numbers around one mean, so models "
        f"that have nothing to do with each other are as close (centred correlation {r}).",
    )


def _copied(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    count, share = len(evidence.copies), percent(evidence.copied_share)
    return Text(
        ko=f"텐서 {count}개(구성 요소 매개변수의 {share})가 이름과 관계없이 숫자 하나하나 같습니다.",
        en=f"{count} tensors ({share} of the component's parameters) are the same number for number, whatever they are called.",
    )


def _place(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    agreeing = [group for group in evidence.groups if group.log10_p < LOG10_ALPHA]
    share = percent(max(group.share for group in agreeing))
    r = 0.0 if evidence.r is None else evidence.r
    return Text(
        ko=f"서로 겹치지 않는 텐서 묶음 {len(agreeing)}개에서 가중치가 자리마다 대응합니다: 중심화 상관 {r:.3f}, "
        f"단위의 {share}가 제자리에서 자신을 찾습니다. 따로 학습된 모델에서는 우연히 한 개쯤입니다.",
        en=f"In {len(agreeing)} disjoint groups of tensors the weights correspond place by place: centred correlation {r:.3f}, and "
        f"{share} of the units find themselves at their own place, where of models trained apart about one unit would.",
    )


#: What an alignment began with, by test.
_STARTS = {
    BY_UNITS: ("변환에 변하지 않는 특징", "features that no turn changes"),
    BY_TOKENS: ("공통 토큰의 임베딩", "the embeddings of shared tokens"),
    IN_STREAM: ("돌리지 않은 잔차 흐름", "the residual stream as it lies"),
}


def _aligned(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    assert evidence.aligned is not None
    pair = evidence.aligned.best()
    assert pair is not None
    found, limit = pair.agreement, percent(CHANCE_AGREEMENT)
    start_ko, start_en = _STARTS.get(pair.test, _STARTS[BY_UNITS])
    before_ko = f"{pair.parent}에서 온 부분을 단위마다 덜어 낸 나머지를 " if pair.parent else ""
    before_en = f"What is left without {pair.parent}, a" if pair.parent else "A"
    return Text(
        ko=f"{before_ko}{start_ko}으로 맞추었더니, 맞추는 데 쓰지 않은 단위 {found.tested}개 가운데 {found.agreed}개가 "
        f"읽는 쪽과 쓰는 쪽에서 같은 단위를 가리킵니다. 우연으로는 {limit}를 넘지 않으며, 겹치지 않는 두 절반이 일치합니다.",
        en=f"{before_en}ligned by {start_en}: {found.agreed} of {found.tested} units that took no part in the alignment point to "
        f"the same unit by what they read and by what they write, where chance stays under {limit}; two disjoint halves agree.",
    )


def _moved(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    order = moved_order(evidence)
    assert order is not None
    count = len(judgement.layers)
    return Text(
        ko=f"참조 모델의 다른 자리에 있는 층과 단위마다 대응하는 층이 {count}개입니다: 자리를 고르는 데 쓰지 않은 단위가 "
        f"읽는 쪽과 쓰는 쪽에서 모두 제 순서대로 같습니다(평균 코사인 {order.mean_cosine:.3f}). 따로 학습된 모델은 0에 가깝습니다.",
        en=f"{count} layers correspond, unit by unit, to layers that stand at other places in the reference: units that took no "
        f"part in choosing the place are the same in their order, by what they read and by what they write (mean cosine "
        f"{order.mean_cosine:.3f}, where models trained apart are near 0).",
    )


def _one_order(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    order = clearest_order(evidence)
    assert order is not None
    units = order.test == UNITS_IN_PLACE
    moved_ko = "잔차 흐름은" if units else "은닉 단위, 헤드 또는 잔차 흐름은"
    kept_ko = "은닉 단위의 순서는" if units else "어텐션 헤드 안 값의 순서는"
    kept = "the order of hidden units" if units else "the order of values inside attention heads"
    moved = (
        "the residual stream was turned" if units else "hidden units, heads or the residual stream are not as they were"
    )
    return Text(
        ko=f"{moved_ko} 달라졌지만 {kept_ko} 읽는 쪽과 쓰는 쪽에서 모두 참조 모델과 같습니다"
        f"(평균 코사인 {order.mean_cosine:.3f}). 따로 학습된 모델은 {LEAST_COSINE}에 거의 이르지 않습니다.",
        en=f"Though {moved}, {kept} is the reference's, by what they read and by what they write (mean cosine "
        f"{order.mean_cosine:.3f}; models trained apart hardly ever reach {LEAST_COSINE}).",
    )


def _remainder(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    order = clearest_order(evidence)
    assert order is not None
    return Text(
        ko=f"{order.parent}에서 온 부분을 단위마다 덜어 내면, 남은 것이 읽는 쪽과 쓰는 쪽에서 모두 "
        f"이 참조 모델의 단위와 제자리에서 대응합니다(평균 코사인 {order.mean_cosine:.3f}). 두 모델을 병합한 것입니다. "
        f"병합되지 않은 모델은 {LEAST_COSINE}에 거의 이르지 않습니다.",
        en=f"With what came from {order.parent} taken out of every unit, what is left is this reference's units at their own "
        f"places, by what they read and by what they write (mean cosine {order.mean_cosine:.3f}; a model that was not merged "
        f"in hardly ever reaches {LEAST_COSINE}): a merge of the two.",
    )


def _one_group(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="한 텐서 묶음만 대응하고 다른 묶음은 그렇지 않아, 판정에 필요한 두 묶음의 일치가 없습니다.",
        en="Only one group of tensors corresponds; a verdict needs two disjoint groups that agree.",
    )


def _same_answers(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    assert evidence.behaviour is not None
    return joined(
        answers_note(evidence.behaviour),
        Text(
            ko="가중치에서는 대응을 찾지 못했으므로, 답을 바꾸지 않는 변환으로 가린 것입니다.",
            en="The weights show no correspondence, so the copy was disguised by changes that leave answers as they are.",
        ),
    )


def _units_alike(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="가중치에서는 파생의 흔적이 없으나, 은닉 단위가 따로 학습된 모델보다 훨씬 닮게 반응합니다. "
        "가중치에는 더 남지 않은 파생일 수도, 상대의 은닉 상태를 흉내 내는 학습일 수도 있어 깨끗하다고 하지 않습니다.",
        en="The weights show no derivation, but hidden units answer far more alike than those of models trained apart: a "
        "derivation that the weights no longer show, or training on the other's inner states. It is not cleared.",
    )


def _tensors_alike(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    share = percent(alike_in_place(evidence))
    return Text(
        ko=f"검정에서는 파생의 흔적이 없으나, 구성 요소 매개변수의 {share}가 제자리의 참조 텐서와 {FINE_TUNED_R} 이상으로 "
        "상관됩니다. 검정이 다른 텐서를 보았을 수 있으므로 깨끗하다고 하지 않습니다.",
        en=f"The tests show no derivation, but tensors with {share} of the component's parameters correlate with the reference's "
        f"at their place by {FINE_TUNED_R} and more, which models trained apart do not. The tests may have seen other tensors: it "
        "is not cleared.",
    )


def _copies_unplaced(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko=f"역할을 알 수 없는 텐서의 수 {evidence.unplaced:,}개가 참조 모델과 똑같습니다. 코드가 정해진 시드로 만드는 표일 수도 "
        "있고 구성 요소에서 차지하는 몫이 작아 파생이라고도 깨끗하다고도 하지 않습니다.",
        en=f"{evidence.unplaced:,} numbers in tensors of no known part are the reference's. They may be tables that code makes "
        "from a fixed seed, and are a small share of the component: neither a derivation nor cleared.",
    )


def _not_covered(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    share = percent(evidence.tested_share)
    return Text(
        ko=f"구성 요소 매개변수의 {share}만 검정할 수 있었습니다. 검정하지 못한 것을 깨끗하다고 하지 않습니다.",
        en=f"Only {share} of the component's parameters could be tested; what was not tested is not cleared.",
    )


def _no_power(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="파생의 흔적은 없으나, 이 크기와 형태에서는 일부러 심은 파생 모델도 찾지 못하므로 결론을 내릴 수 없습니다.",
        en="Nothing was found, but at this size and shape the tests do not find a planted derivative either, so that says nothing.",
    )


def _nothing_found(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    share, power = percent(evidence.tested_share), f"{evidence.power:.0f}"
    in_place = evidence.planted_in_place <= evidence.planted_disguised
    r = R_IN_PLACE if in_place else R_DISGUISED
    ko = "같은 형태의 텐서가 없어 정렬 검정만 했습니다." if evidence.r is None else f"중심화 상관 {evidence.r:.3f}."
    en = (
        "No tensors of the same shape, so aligned tests only."
        if evidence.r is None
        else f"Centred correlation {evidence.r:.3f}."
    )
    return Text(
        ko=f"{ko} 매개변수의 {share}를 검정했고, 같은 검정이 일부러 심은 파생"
        f"({'' if in_place else '위장함, '}상관 {r})은 찾아냅니다(log10 p = {power}). 참조 모델의 몫이 5분의 1 이하이고 모든 것을 "
        "옮긴 병합은, 다른 부모를 함께 대지 않으면 놓칠 수 있습니다.",
        en=f"{en} {share} of the parameters were tested, and the same tests do find a planted derivative "
        f"({'' if in_place else 'disguised, '}correlation {r}, log10 p = {power}). A merge with a fifth or less of the reference "
        "in which everything was moved can be missed, unless its other parent is named too.",
    )


def _fingerprint_only(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="참조 모델의 지문만 있어 제자리 비교만 했고, 그것으로는 아무것도 찾지 못했습니다. 순서를 바꾸거나 돌린 파생은 "
        "가중치가 있어야 볼 수 있으므로 깨끗하다고 하지 않습니다. 참조 모델의 가중치로 다시 추적하십시오.",
        en="Only the reference's fingerprint is at hand, by which places can be compared and show nothing. A derivative that was "
        "renumbered, turned or moved shows in the weights alone: it is not cleared. Trace against the reference's weights.",
    )


def _same_surroundings(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="프로젝터가 닮았지만, 양쪽의 인코더와 언어 모델이 모두 참조 모델의 것이 아니라고 알려지지 않았습니다. 같은 두 모델 "
        "사이에서는 따로 학습한 프로젝터도 이렇게 닮으므로(측정됨) 이것만으로는 파생이라 하지 않습니다.",
        en="The projector is alike, but neither the encoder nor the language model at its two ends is known to be another than the "
        "reference's. Projectors trained apart between the same two models come out as alike (measured), so this alone calls "
        "nothing derived.",
    )


def _shared_initialisation(evidence: ComponentEvidence, judgement: Judgement) -> Text:
    return Text(
        ko="두 모델의 초기 가중치가 같지만, 그 뒤의 학습은 따로 이루어졌습니다. 위원회가 판단할 일입니다.",
        en="Both models start from the same initial weights and were trained apart from there: for the panel to decide.",
    )
