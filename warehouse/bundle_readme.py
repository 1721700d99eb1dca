"""The README.txt of a bundle: what it is, for whom, and how anybody checks it."""

from checks.contracts.disclosure import Audience
from checks.records.record import Text

_HEAD = """{title_ko} · {title_en}
{round}: 평가 결과와 그 근거 / the decision and its evidence

"""
_WHOLE = """이 파일 묶음으로 누구나 인터넷, 모델, 데이터베이스 없이 같은 결정을 다시 계산할 수 있습니다:
    gwanmun verify FILE.zip --key PUBLIC.pem
감사용 묶음입니다. 평가위원의 코드(이름 아님), 위원회 결정의 서명, 자료의 해시가 들어 있으며 모델 가중치와 학습 자료는 없습니다.
seal.json의 비밀값이 있으면 다른 묶음에서 가린 값을 알아낼 수 있습니다. 공개하지 마십시오.

From this bundle anyone can come to the same decision again, without network, models or a database:
    gwanmun verify FILE.zip --key PUBLIC.pem
This is the auditor's profile: raters' codes (no names), the signatures on rulings, hashes of data; no weights and no training
data. With the secret in seal.json the values that other profiles withhold can be guessed. It is not for publication.
"""
_REDACTED = """일부 값을 가린 묶음입니다({profile}). 가린 자리에는 "비공개 · withheld"와 값의 수가 있습니다.
남은 값이 서명된 전체에 속한다는 것을 머클 증명(proof.json)으로 누구나 확인할 수 있습니다.
규칙은 다시 적용되지 않으며, 그것은 감사용 묶음으로만 할 수 있습니다:
    gwanmun verify FILE.zip --key PUBLIC.pem

A bundle from which values are withheld ({profile}): "비공개 · withheld" and their number stand in their place. That what is left
belongs to the whole that was signed can be checked by anyone, by the Merkle proof in proof.json. The rules are not applied
again: that takes the auditor's bundle, which has the same root.
    gwanmun verify FILE.zip --key PUBLIC.pem
"""


def readme(title: Text, round_id: str, reader: Audience) -> bytes:
    """The text for that reader."""
    head = _HEAD.format(title_ko=title.ko, title_en=title.en, round=round_id)
    profile = reader.profile if reader.team is None else f"{reader.profile} {reader.team}"
    body = _WHOLE if reader.profile == "auditor" else _REDACTED.format(profile=profile)
    return (head + body).encode()
