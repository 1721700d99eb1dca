"""Wording of the what-if page and of the query page."""

from checks.records.record import Text

TITLE = Text(ko="가정해 보기 (WHAT-IF)", en="WHAT-IF")
MARK = Text(ko="가정 (WHAT-IF)", en="WHAT-IF")
BANNER = Text(
    ko="이 페이지의 결과는 가정이며 결정이 아닙니다. 아무것도 기록되지 않습니다. 측정값은 그대로 두고 규칙만 바꿉니다.",
    en="What stands on this page is a supposition, not the decision. Nothing is recorded. "
    "Only the rules change; the measurements stay.",
)
UNCHANGED = Text(
    ko="아직 아무 규칙도 바꾸지 않았습니다. 결과는 지금의 결정과 같습니다.",
    en="No rule is changed yet: the result equals the decision.",
)
SOMEBODY_MOVES = Text(ko="결과가 바뀌는 팀: {teams}", en="Whose outcome changes: {teams}")
NOBODY_MOVES = Text(
    ko="규칙은 바뀌었지만, 진출과 탈락은 바뀌지 않습니다.",
    en="The rules changed, but nobody's outcome does.",
)
POINTS = Text(ko="배점 (합은 늘 {total}점)", en="Points of the parts (always adding up to {total})")
GATE_TITLE = Text(ko="관문: {gate_ko}", en="Gate: {gate_en}")
ON_FAIL = Text(ko="불통과이면", en="On fail")
ON_CONDITIONAL = Text(ko="조건부이면", en="On conditional")
ON_INDETERMINATE = Text(ko="판정 보류이면", en="On indeterminate")
THRESHOLD = Text(ko="기준 (이상)", en="At least")
POLICY = Text(ko="정책", en="Policy")
SELECTION = Text(ko="선발 규칙", en="Selection")
BOTTOM = Text(ko="하위 탈락 팀 수", en="Teams cut from the bottom")
SCOPE = Text(ko="하위 탈락의 범위", en="Who the bottom is counted over")
SCOPES = {
    "all": Text(ko="모든 팀", en="all teams"),
    "eligible": Text(ko="관문을 지난 팀만", en="teams through the gates"),
}
QUOTA = Text(ko="관문 탈락과 계획된 탈락", en="Gate eliminations and planned cuts")
QUOTAS = {
    "additive": Text(ko="따로 셈 (더함)", en="on top of the cuts"),
    "absorbing": Text(ko="포함해서 셈", en="use up a cut"),
}
PLACES = Text(ko="자리 수", en="Places")
RESET = Text(ko="지금 규칙으로 되돌리기", en="Back to the rules as they are")
BEFORE = Text(ko="결정", en="Decision")
AFTER = Text(ko="가정", en="What-if")
MOVES = Text(ko="누가 움직이는가", en="Who moves")
CHANGE = Text(ko="변화", en="Change")
RANK_CHANGE = Text(ko="순위", en="Rank")
TOTAL_CHANGE = Text(ko="총점", en="Total")
OTHER_RULE = Text(ko="탈락 규칙이 바뀜", en="out by another rule")
SAME = Text(ko="그대로", en="same")
EFFECTS = {
    "eliminate": Text(ko="탈락", en="out"),
    "review": Text(ko="심의", en="review"),
    "pass": Text(ko="영향 없음", en="no effect"),
}
#: A gate's and the selection's keys in the programme file, and the values of both, in words.
GATE_FIELDS = {
    "fail": ON_FAIL,
    "conditional": ON_CONDITIONAL,
    "indeterminate": ON_INDETERMINATE,
    "at_least": THRESHOLD,
    "at_least_share": THRESHOLD,
}
SELECT_FIELDS = {"eliminate_bottom": BOTTOM, "scope": SCOPE, "quota": QUOTA}
VALUES = EFFECTS | SCOPES | QUOTAS
POLICY_NOTES = {
    "from-scratch": Text(ko="가중치를 초기화한 뒤 학습", en="weights initialised, then trained"),
    "licensed-reuse": Text(ko="신고하고 허가된 재사용은 통과", en="declared and licensed reuse passes"),
    "advisory": Text(ko="기록만 하고 탈락시키지 않음", en="everything noted, nothing fails"),
}
REFUSED = Text(ko="이 규칙으로는 결정할 수 없습니다", en="These rules cannot be applied")

QUERY_TITLE = Text(ko="직접 조회 (SQL)", en="Query (SQL)")
QUERY_NOTE = Text(
    ko="읽기 전용입니다. SELECT 한 문장만, 정해진 시간과 메모리 안에서 실행됩니다.",
    en="Read-only. One SELECT statement, within fixed limits of time and memory.",
)
QUERY_SAMPLES = Text(ko="예시", en="Examples")
QUERY_BOX = Text(ko="SQL", en="SQL")
QUERY_RUN = Text(ko="실행", en="Run")
QUERY_ROWS = Text(ko="{count}행", en="{count} rows")
QUERY_FAILED = Text(ko="실행되지 않았습니다.", en="The query did not run.")
