"""Wording of the page that says how firm a decision is."""

from checks.records.record import Text

TITLE = Text(ko="얼마나 확실한가", en="How firm it is")
DRAWN = Text(
    ko="문항과 평가위원을 {resamples}번 다시 뽑았고, 모든 팀에 같은 표본을 썼습니다. 구간과 순위 집합은 {level} 수준입니다.",
    en="Items and raters were drawn anew {resamples} times, the same draws for all teams. "
    "Intervals and sets of ranks hold at {level}.",
)
TOTALS = Text(ko="총점과 순위의 범위", en="What totals and ranks may be")
TOTAL = Text(ko="총점", en="Total")
INTERVAL = Text(ko="구간", en="Interval")
RANK = Text(ko="순위", en="Rank")
RANKS = Text(ko="가능한 순위", en="Possible ranks")
LOWEST = Text(ko="하위에 들 확률", en="Probability of being lowest")
CUT = Text(
    ko="하위 {planned}팀({teams})이 맞을 확률은 {chance}입니다.",
    en="That {teams} are truly the lowest {planned} has probability {chance}.",
)
UNKNOWN = Text(
    ko="불확실성을 알 수 없어 그대로 둔 항목: {leaves}.",
    en="Taken as certain, because nothing says how they vary: {leaves}.",
)
WARNINGS = Text(ko="주의할 점", en="What to be warned of")
WEIGHTS = Text(ko="다른 가중치라면", en="Under other weightings")
ALL_WEIGHTS = Text(ko="모든 가중치", en="all weightings")
NEAR_WEIGHTS = Text(ko="각 항목 ±{share} 이내", en="each part within ±{share}")
REGION = Text(ko="범위", en="Region")
CUT_SHARE = Text(ko="탈락하는 비율", en="Share that cuts it")
ALWAYS = Text(ko="언제나 같음", en="Always the same")
PAIRS = Text(ko="두 팀씩 비교", en="Teams two by two")
ABOVE = Text(ko="위", en="Above")
BELOW = Text(ko="아래", en="Below")
DIFFERENCE = Text(ko="차이", en="Difference")
PROBABILITY = Text(ko="실제로 위일 확률", en="Probability of being above")
APART = Text(ko="구별됨", en="Told apart")
DOMINATES = Text(ko="모든 가중치에서 위", en="Above under every weighting")
KEPT = Text(ko="탈락한 팀이 남았을 가장 작은 변화", en="The smallest change that would have kept each team")
KEPT_NOTE = Text(
    ko="하나하나 다시 결정하여 확인했습니다. 가정이며 결정이 아닙니다.",
    en="Each was decided again. They are suppositions, not decisions.",
)
CHANGE = Text(ko="변화", en="Change")
KINDS = {
    "points": Text(ko="점수", en="points"),
    "ruling": Text(ko="위원회 결정", en="a ruling"),
    "rule": Text(ko="규칙", en="a rule"),
}
NO_CHANGE = Text(ko="한 가지 변화로는 남지 못합니다.", en="No single change keeps it.")
