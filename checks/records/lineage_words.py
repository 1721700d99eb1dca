"""What a lineage finding's words are called in Korean and English, wherever they are shown: verdicts, relations, tests, groups.

>>> VERDICTS["independent"].en
'No derivation found'
"""

from typing import Literal

from checks.records.lineage import Relation, Verdict
from checks.records.record import Text

VERDICTS: dict[Verdict, Text] = {
    "derived": Text(ko="파생됨", en="Derived"),
    "independent": Text(ko="파생 흔적 없음", en="No derivation found"),
    "indeterminate": Text(ko="판정 보류", en="Indeterminate"),
    "not_applicable": Text(ko="해당 없음", en="Not applicable"),
}

RELATIONS: dict[Relation, Text] = {
    "copied": Text(ko="복사", en="copied"),
    "fine-tuned": Text(ko="미세조정", en="fine-tuned"),
    "transformed": Text(ko="변환", en="transformed"),
    "pruned": Text(ko="가지치기", en="pruned"),
    "expanded": Text(ko="확장", en="expanded"),
    "merged": Text(ko="병합", en="merged"),
    "partial": Text(ko="일부 사용", en="partial"),
    "shared-initialisation": Text(ko="초기값 공유", en="shared initialisation"),
    "unknown": Text(ko="관계 미상", en="relation unknown"),
}

COMPONENTS: dict[str, Text] = {
    "language_model": Text(ko="언어 모델", en="Language model"),
    "vision_tower": Text(ko="비전 인코더", en="Vision tower"),
    "audio_tower": Text(ko="음성 인코더", en="Audio tower"),
    "projector": Text(ko="프로젝터", en="Projector"),
}

CHAINS: dict[Literal["supported", "missing", "contradicted"], Text] = {
    "supported": Text(ko="뒷받침됨", en="Supported"),
    "missing": Text(ko="제출 없음", en="Not handed in"),
    "contradicted": Text(ko="어긋남", en="Contradicted"),
}

#: By `LineageTest.test`.
TESTS: dict[str, Text] = {
    "exact-copy": Text(ko="같은 숫자 찾기", en="Exact copies"),
    "centred-correlation": Text(ko="중심화 상관", en="Centred correlation"),
    "permutation": Text(ko="자리마다 견주기 (순열 검정)", en="Place by place (permutation test)"),
    "aligned-by-units": Text(ko="단위로 맞춘 뒤 검정", en="Aligned by units, then tested"),
    "aligned-by-tokens": Text(ko="공통 토큰으로 맞춘 뒤 검정", en="Aligned by shared tokens, then tested"),
    "units-in-stream": Text(ko="돌리지 않은 흐름에서 단위 찾기", en="Units in a stream that was not turned"),
    "aligned-by-layers": Text(ko="모든 층을 함께 맞춘 뒤 검정", en="All layers aligned together, then tested"),
    "units-in-place": Text(ko="단위의 순서가 남았는지 검정", en="Order of units left in place"),
    "values-in-place": Text(ko="헤드 안 값의 순서가 남았는지 검정", en="Order of values inside heads left in place"),
    "moved-layers": Text(ko="다른 자리의 층과 견주기", en="Layers at another place"),
    "aligned-remainder": Text(
        ko="다른 부모를 덜어 낸 나머지의 정렬 검정", en="What is left without the other parent, aligned"
    ),
    "remainder-in-place": Text(
        ko="다른 부모를 덜어 낸 나머지의 자리 검정", en="What is left without the other parent, by place"
    ),
    "planted-derivative": Text(ko="일부러 심은 파생 찾기", en="Finding a planted derivative"),
    "same-answers": Text(ko="두 모델의 답 견주기", en="Answers of both models"),
    "activations-matched": Text(ko="은닉 단위의 반응 견주기", en="Hidden units by what they answer"),
    "norm-gain-cosine": Text(ko="정규화 이득의 코사인", en="Cosine of norm gains"),
    "chain-link": Text(ko="학습 이력의 고리", en="Link of the training chain"),
}

#: By `LineageTest.group`.
GROUPS: dict[str, Text] = {
    "all tensors": Text(ko="모든 텐서", en="all tensors"),
    "all matrices": Text(ko="모든 행렬", en="all matrices"),
    "feed-forward, reading": Text(ko="피드포워드, 읽는 쪽", en="feed-forward, reading"),
    "feed-forward, writing": Text(ko="피드포워드, 쓰는 쪽", en="feed-forward, writing"),
    "attention and embeddings": Text(ko="어텐션과 임베딩", en="attention and embeddings"),
    "held-out units, half 1": Text(ko="맞추는 데 쓰지 않은 단위, 절반 1", en="held-out units, half 1"),
    "held-out units, half 2": Text(ko="맞추는 데 쓰지 않은 단위, 절반 2", en="held-out units, half 2"),
    "planted by the tool, in place": Text(ko="도구가 제자리에 심음", en="planted by the tool, in place"),
    "planted by the tool, disguised": Text(ko="도구가 위장해 심음", en="planted by the tool, disguised"),
    "values, reading": Text(ko="어텐션 값, 읽는 쪽", en="attention values, reading"),
    "values, writing": Text(ko="어텐션 값, 쓰는 쪽", en="attention values, writing"),
    "answers": Text(ko="답", en="answers"),
    "hidden activations, half 1": Text(ko="은닉 단위의 반응, 절반 1", en="hidden activations, half 1"),
    "hidden activations, half 2": Text(ko="은닉 단위의 반응, 절반 2", en="hidden activations, half 2"),
    "norm gains": Text(ko="정규화 이득", en="norm gains"),
}

#: By `CoverageRow.reason`: why a tensor took no part.
REASONS: dict[str, Text] = {
    "no reference has this component": Text(
        ko="어느 참조 모델에도 이 구성 요소가 없음", en="no reference has this component"
    ),
    "proves nothing: norm gains, biases, positions and buffers are alike in unrelated models": Text(
        ko="증거가 되지 않음: 정규화 이득, 편향, 위치표, 버퍼는 무관한 모델끼리도 닮음",
        en="proves nothing: norm gains, biases, positions and buffers are alike in unrelated models",
    ),
    "its name says nothing of its part; looked at for exact copies only": Text(
        ko="이름으로 역할을 알 수 없음: 같은 숫자인지만 확인함",
        en="its name says nothing of its part; looked at for exact copies only",
    ),
    "no counterpart of its shape, or begun as a matrix with a formula; looked at for exact copies only": Text(
        ko="같은 형태의 상대가 없거나 공식으로 쓴 행렬에서 시작함: 같은 숫자인지만 확인함",
        en="no counterpart of its shape, or begun as a matrix with a formula; looked at for exact copies only",
    ),
}


def named(identifier: str, words: dict[str, Text]) -> Text:
    """The words for an id; for one that has none, the id itself."""
    return words.get(identifier) or Text(ko=identifier, en=identifier)
