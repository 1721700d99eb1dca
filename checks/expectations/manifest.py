"""Suite `manifest`: what the submission says of its model against the tensors that are there."""

from checks.expectations.check import Check
from checks.records.record import Text

_SOURCE = "the submission's own contract: every part with its own weights is declared, under a licence"

CHECKS: tuple[Check, ...] = (
    Check(
        "manifest",
        "weights-finite",
        "hard",
        Text(ko="모델의 모든 가중치가 유한한 수이다", en="every weight of the model is a finite number"),
        "a weight that is no number makes every comparison with it silent",
        high=0,
        seen=Text(ko="텐서 {rows:,}개 중 {bad:,}개", en="{bad:,} of {rows:,} tensors"),
    ),
    Check(
        "manifest",
        "components-declared",
        "hard",
        Text(ko="모델에 있는 모든 구성 요소가 신고되어 있다", en="every component found in the model is declared"),
        _SOURCE,
        high=0,
        seen=Text(ko="구성 요소 {rows}개 중 미신고 {bad}개", en="{bad} of {rows} components found are not declared"),
    ),
    Check(
        "manifest",
        "components-present",
        "hard",
        Text(ko="신고된 모든 구성 요소가 모델에 있다", en="every declared component is in the model"),
        _SOURCE,
        high=0,
        seen=Text(ko="신고된 {rows}개 중 없는 것 {bad}개", en="{bad} of {rows} declared components have no tensors"),
    ),
    Check(
        "manifest",
        "licences-valid",
        "hard",
        Text(ko="라이선스가 올바른 SPDX 표현식이다", en="the licences are valid SPDX expressions"),
        "SPDX licence expressions, with LicenseRef names for 공공누리 (KOGL) and AI-Hub; an empty one is a fault",
        high=0,
        seen=Text(ko="라이선스 {rows}건 중 잘못된 것 {bad}건", en="{bad} of {rows} licences are not valid"),
        needs=Text(
            ko="빌린 구성 요소의 라이선스가 신고되지 않았다", en="a borrowed component's licence is not declared"
        ),
    ),
)
