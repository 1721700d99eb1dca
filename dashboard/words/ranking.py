"""Wording of the ranking page."""

from checks.records.record import Text

TITLE = Text(ko="순위와 결정", en="Ranking")
PLACES = Text(ko="자리", en="Places")
ADVANCE = Text(ko="진출", en="Advance")
OUT = Text(ko="탈락", en="Out")
REVIEW = Text(ko="심의", en="In review")
WITHDRAWN = Text(ko="철회", en="Withdrawn")
INVALIDATED = Text(ko="무효", en="Invalidated")
VACANT = Text(ko="빈자리", en="Vacant")
WHO_IS_OUT = Text(ko="누가, 왜 탈락했는가", en="Who is out, and why")
WHO_IS_IN_REVIEW = Text(ko="누가, 왜 심의 중인가", en="Who is in review, and why")
WHO_ADVANCES_BY_DECISION = Text(ko="누가 위원회의 결정으로 진출하는가", en="Who advances by a decision of the panel")
NOBODY_OUT = Text(ko="탈락한 팀이 없습니다.", en="No team is out.")
TABLE = Text(ko="순위표", en="Ranking table")
RANK = Text(ko="순위", en="Rank")
TEAM = Text(ko="팀", en="Team")
STATUS = Text(ko="상태", en="Status")
TOTAL = Text(ko="총점", en="Total")
OUT_BY = Text(ko="탈락 규칙", en="Out by")
HOW_CLOSE = Text(ko="탈락선과의 차이", en="Distance to the cut")
GATES = Text(ko="관문", en="Gates")
BARS = Text(ko="총점의 구성", en="What each total is made of")
REASONS = Text(ko="팀별 판단 근거", en="The reasons, team by team")
RULE = Text(ko="규칙", en="Rule")
OUTCOME = Text(ko="결과", en="Outcome")
EXPLANATION = Text(ko="설명", en="Explanation")
EVIDENCE = Text(ko="근거", en="Evidence")
RECORD = Text(ko="결정의 기록", en="The record of this decision")
RULES_VERSION = Text(ko="규칙 판", en="Rules version")
RULES_HASH = Text(ko="규칙 해시 (SHA-256)", en="Rules hash (SHA-256)")
POLICY = Text(ko="정책", en="Policy")
DECISION_HASH = Text(ko="결정 해시 (SHA-256)", en="Decision hash (SHA-256)")
STATE = Text(ko="차수의 상태", en="State of the round")
LIFE = Text(ko="차수 기록", en="The round's record")
LIFE_NOTE = Text(
    ko="기록마다 앞 기록의 해시가 들어 있어, 고치거나 빼거나 끼워 넣으면 드러납니다.",
    en="Each record holds the hash of the one before: one that was changed, taken out or put in shows.",
)
STEP = Text(ko="단계", en="Step")
WHEN = Text(ko="언제 (UTC)", en="When (UTC)")
BY = Text(ko="누가", en="By")
LINK = Text(ko="해시", en="Link")
CHANGED_AFTER = Text(ko="동결한 뒤 바뀐 것", en="Changed after the freeze")
CHANGED_NOTE = Text(
    ko="이 결정의 규칙은 동결한 규칙과 다음이 다릅니다. 바뀐 규칙은 새 판으로 다시 동결되었습니다.",
    en="The rules of this decision differ from those that were frozen first; each change was frozen again as a new version.",
)
KEY = Text(ko="항목", en="Key")
FROZEN_AS = Text(ko="동결 당시", en="When frozen")
IS_NOW = Text(ko="바뀐 뒤", en="Since")
VERSION = Text(ko="규칙 판", en="Version")
INPUTS = Text(ko="입력 파일과 측정 (해시)", en="Input files and runs (hashes)")
INPUT = Text(ko="입력", en="Input")
HASH = Text(ko="해시", en="Hash")
NEXT_UP = Text(
    ko="총점 {total}점. 바로 위 팀은 {next_total}점인 {next_ko}입니다.",
    en="Its total is {total}; the next team up is {next_en} with {next_total}.",
)
MORE_REASONS = Text(
    ko="이유가 {count}건 더 있습니다. 팀 페이지에 모두 있습니다.",
    en="{count} more: all of them are on the team's page.",
)
CUT_PROBABILITY = Text(ko="하위권 확률", en="Chance of being in the cut")
EXPLAIN_TABLE = Text(
    ko="순위는 철회하지 않은 모든 팀의 총점 순서입니다. 관문에서 탈락한 팀도 순위에는 남습니다. "
    "탈락선과의 차이는 하위 탈락 규칙의 기준선과의 점수 차입니다.",
    en="Rank orders the totals of all teams that have not withdrawn; a team out by a gate keeps its rank. "
    "The distance to the cut is in points, to the line of the bottom-of-the-table rule.",
)
#: What a reason's `outcome` says, in words.
OUTCOMES = {
    "kept": Text(ko="남음", en="kept"),
    "out": Text(ko="탈락", en="out"),
    "tied": Text(ko="동점", en="tied"),
    "unsure": Text(ko="확신 부족", en="not sure enough"),
    "weight_sensitive": Text(ko="가중치에 따라 다름", en="depends on the weights"),
    "unknown": Text(ko="미정", en="open"),
    "not_counted": Text(ko="산정 제외", en="not counted"),
    "missing": Text(ko="값 없음", en="missing"),
    "pass": Text(ko="통과", en="pass"),
    "fail": Text(ko="불통과", en="fail"),
    "conditional": Text(ko="조건부", en="conditional"),
    "indeterminate": Text(ko="판정 보류", en="indeterminate"),
    "advances": Text(ko="진출", en="would advance"),
    "eliminated": Text(ko="탈락", en="would be out"),
    "review": Text(ko="심의", en="would be in review"),
    "withdrawn": Text(ko="철회", en="withdrawn"),
    "invalidated": Text(ko="무효", en="invalidated"),
    "recorded": Text(ko="기록만 함", en="on record only"),
    "ordered": Text(ko="순서 정함", en="ordered"),
    "listed": Text(ko="예비 명단", en="listed"),
    "bonus": Text(ko="가점", en="bonus"),
    "penalty": Text(ko="감점", en="penalty"),
    "capped": Text(ko="상한까지만", en="capped"),
}
#: The outcome of the total is its rank.
RANKED = Text(ko="{rank}위", en="rank {rank}")
