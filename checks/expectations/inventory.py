"""Suite `inventory`: the table of the training corpus, source by source."""

from checks.expectations.check import Check
from checks.records.record import Text

_NO_INVENTORY = Text(ko="말뭉치 목록이 제출되지 않았다", en="no corpus inventory was handed in")
_SOURCE = "check I1: sums, licences and shares of the corpus inventory"

CHECKS: tuple[Check, ...] = (
    Check(
        "inventory",
        "numbers-valid",
        "hard",
        Text(
            ko="문서, 토큰, 반복 횟수가 모두 0보다 큰 수이다",
            en="documents, tokens and epochs are all numbers above zero",
        ),
        _SOURCE,
        high=0,
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "sources-distinct",
        "hard",
        Text(ko="출처마다 이름이 있고 겹치지 않는다", en="every source has a name, none twice"),
        _SOURCE,
        high=0,
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "licences-valid",
        "hard",
        Text(ko="모든 출처의 라이선스가 올바른 표현식이다", en="the licence of every source is a valid expression"),
        _SOURCE,
        high=0,
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "licence-coverage",
        "soft",
        Text(ko="토큰의 대부분이 이름 있는 라이선스 아래 있다", en="most tokens are under a named licence"),
        _SOURCE,
        low="licence_coverage_min",
        seen=Text(ko="토큰의 {value:.2%}", en="{value:.2%} of the tokens"),
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "languages-valid",
        "hard",
        Text(ko="모든 출처에 언어 코드가 있다", en="every source has a language code"),
        "BCP 47: two or three letters, then optional subtags",
        high=0,
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "dates-valid",
        "hard",
        Text(ko="수집일이 올바른 날짜이다", en="the days of collection are dates"),
        "ISO 8601, YYYY-MM-DD",
        high=0,
        needs=_NO_INVENTORY,
    ),
    Check(
        "inventory",
        "hashes-valid",
        "hard",
        Text(ko="출처마다 SHA-256 해시가 있다", en="every source has a SHA-256 hash"),
        _SOURCE,
        high=0,
        needs=_NO_INVENTORY,
        note=Text(ko="해시의 형식만 확인한다", en="only the hash's form is checked here"),
    ),
    Check(
        "inventory",
        "epochs",
        "soft",
        Text(ko="같은 출처를 지나치게 반복하지 않았다", en="no source was repeated too often"),
        _SOURCE,
        high="epochs_max",
        seen=Text(ko="최대 {value:g}회 반복", en="at most {value:g} epochs"),
        needs=_NO_INVENTORY,
    ),
)
