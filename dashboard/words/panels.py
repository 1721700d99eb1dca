"""Wording of the page of panels: raters, rulings, conflicts of interest."""

from checks.records.record import Text

TITLE = Text(ko="평가위원과 위원회 결정", en="Panels and rulings")
RATERS = Text(ko="평가위원: {leaf_ko}", en="Raters: {leaf_en}")
RATERS_NOTE = Text(
    ko="평가위원은 부호로만 적습니다. 엄격함은 같은 팀에 위원들 평균보다 몇 점을 더(+) 또는 덜(−) 주는지입니다"
    "(최소제곱, 팀과 위원의 합으로 본 모형).",
    en="Raters are codes only. Severity is how many points more (+) or fewer (−) than the panel a rater gives the same team "
    "(least squares, team plus rater).",
)
NO_PANEL = Text(ko="평가위원이 점수를 준 항목이 없습니다.", en="No part of the score comes from raters.")
RATER = Text(ko="평가위원", en="Rater")
TEAMS_JUDGED = Text(ko="평가한 팀", en="Teams judged")
MEAN = Text(ko="평균", en="Mean")
SEVERITY = Text(ko="엄격함", en="Severity")
RECUSED = Text(ko="제척·회피", en="Recused")
APART = Text(
    ko="{team}을(를) 함께 평가한 위원이 없어 엄격함을 비교할 수 없습니다.",
    en="{team} shares no rater with the others: severities cannot be compared.",
)
FAR = Text(ko="사람이 확인할 점수", en="Values for a person to look at")
NONE_FAR = Text(ko="크게 벗어난 점수가 없습니다.", en="No value lies far from the others.")
RULINGS = Text(ko="위원회 결정", en="Rulings")
RULINGS_NOTE = Text(
    ko="두 사람이 서명한 결정만 효력이 있습니다. 파일(rulings)에 적거나 아래에서 입력합니다.",
    en="A ruling counts once two people have signed it. It stands in the file (rulings), or is typed below.",
)
NO_RULINGS = Text(ko="위원회 결정이 없습니다.", en="There are no rulings.")
GATE = Text(ko="관문", en="Gate")
RESULT = Text(ko="결과", en="Result")
REASON = Text(ko="사유", en="Reason")
EVIDENCE = Text(ko="근거 자료", en="Evidence")
SIGNATURES = Text(ko="서명", en="Signatures")
STATE = Text(ko="상태", en="State")
COUNTS = Text(ko="효력 있음", en="counts")
WAITS = Text(ko="둘째 서명을 기다림", en="waits for a second signature")
TYPE_ONE = Text(ko="결정 입력 (첫 서명)", en="Type a ruling (first signature)")
COUNTERSIGN = Text(ko="둘째 서명", en="Countersign")
WHICH = Text(ko="어느 결정", en="Which ruling")
NAME = Text(ko="서명하는 사람", en="Who signs")
SIGN = Text(ko="서명하고 기록", en="Sign and record")
NAME_NOTE = Text(
    ko="이 페이지는 이 컴퓨터에서만 열리며 본인 확인을 하지 않습니다. 입력한 이름과 시각이 지울 수 없는 기록으로 남습니다.",
    en="This page is open on this machine alone and checks nobody's identity. The name typed and the time stay on a record "
    "that cannot be changed.",
)
CONFLICTS = Text(ko="이해충돌과 회피", en="Conflicts of interest")
CONFLICTS_NOTE = Text(
    ko="신고한 사람은 그 팀에 관한 결정에 서명할 수 없고, 그 사람의 점수와 표는 제척 처리해야 합니다.",
    en="Who declared one signs nothing that concerns the team, and what that person rated or voted there has to be recused.",
)
NO_CONFLICTS = Text(ko="신고된 이해충돌이 없습니다.", en="No conflict of interest was declared.")
PERSON = Text(ko="이름 또는 평가위원 부호", en="Name, or the rater's code")
WHEN = Text(ko="언제 (UTC)", en="When (UTC)")
DECLARE = Text(ko="이해충돌 신고", en="Declare a conflict")
RECORD_IT = Text(ko="기록", en="Record")
RECORDED_BY = Text(ko="기록하는 사람", en="Who records it")
DONE = Text(ko="기록했습니다.", en="Recorded.")
REFUSED = Text(ko="기록하지 않았습니다.", en="Not recorded.")
