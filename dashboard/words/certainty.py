"""Wording of the benchmark page's sections on how certain scores are."""

from checks.records.record import Text

ANSWERS = Text(ko="답변 상태", en="What went wrong with answers")
ANSWERS_NOTE = Text(
    ko="답을 찾지 못한 출력과 길이 제한에서 잘린 출력은 오답과 따로 셉니다. 지문이나 주제를 함께 쓰는 문항은 한 묶음으로 "
    "오차를 계산합니다. 셀 것이 없는 과제는 내려받는 표에만 있습니다.",
    en="Outputs in which no answer was found and outputs cut at their limit are counted apart from wrong answers. Items that share "
    "a passage or a subject count as one cluster in errors. Tasks with nothing to count stand in the download only.",
)
NOTHING_WRONG = Text(
    ko="모든 출력에서 답을 찾았고, 잘린 출력이나 질문이 없습니다.",
    en="An answer was found in every output, and no output or prompt was cut.",
)
CHANCE = Text(ko="우연 수준", en="Chance")
AT_CHANCE = Text(ko="≈ 우연", en="≈ chance")
CLUSTERS = Text(ko="독립 묶음", en="Clusters")
JUDGED = Text(ko="답변", en="Answers")
UNPARSED = Text(ko="답 못 찾음", en="Unparsed")
TRUNCATED = Text(ko="출력 잘림", en="Truncated")
THINKING_TRUNCATED = Text(ko="생각 잘림", en="Thoughts cut")
PROMPTS_TRUNCATED = Text(ko="질문 잘림", en="Prompts cut")

WAYS = Text(ko="묻는 방식에 따른 차이", en="How much the way of asking matters")
WAYS_NOTE = Text(
    ko="같은 문항을 다른 문구(template), 다른 선택지 순서(order), 다른 추출로 물은 점수입니다. 과제의 점수는 그 평균입니다.",
    en="The same items in other wordings (template), other orders of their choices (order) and further draws. The task's score "
    "is their mean.",
)
WAY_COUNT = Text(ko="방식 × 추출", en="Ways × draws")
MEAN = Text(ko="평균", en="Mean")
LEAST = Text(ko="최소", en="Least")
MOST = Text(ko="최대", en="Most")
DEVIATION = Text(ko="표준편차", en="Standard deviation")
MAJORITY = Text(ko="다수결", en="By majority")
PASS_AT = Text(ko="k번 중 한 번 이상 정답", en="pass@k")
EACH_WAY = Text(ko="방식별 점수", en="Each way")

PAIRED = Text(ko="같은 문항에서 두 팀의 비교", en="Teams compared on the same items")
PAIRED_NOTE = Text(
    ko="두 팀이 모두 답한 문항의 차이로 검정합니다. 문항의 난이도는 상쇄됩니다. 맞고 틀림만 있으면 McNemar의 정확 검정, 그 밖에는 "
    "대응 t 검정이며, 지문을 함께 쓰는 문항은 한 묶음으로 셉니다. 보정한 p값(Holm)은 이 표의 모든 비교에 대한 것입니다.",
    en="Tests on the differences of items that both answered, where what makes an item hard cancels: McNemar's exact test where "
    "items are right or wrong, Student's paired t elsewhere; items that share a passage count together. The corrected p-value "
    "(Holm) is over all comparisons of this table.",
)
FIRST = Text(ko="팀", en="Team")
SECOND = Text(ko="비교한 팀", en="Against")
SHARED = Text(ko="함께 답한 문항", en="Shared items")
DIFFERENCE = Text(ko="차이", en="Difference")
STANDARD_ERROR = Text(ko="표준오차", en="Standard error")
ALONE = Text(ko="혼자 더 나은 문항", en="Better alone")
P_VALUE = Text(ko="p값", en="p-value")
HOLM = Text(ko="보정한 p값", en="Corrected p")
APART = Text(ko="판단", en="Apart?")
ARE_APART = Text(ko="차이가 있음", en="apart")
NOT_APART = Text(ko="차이를 말할 수 없음", en="cannot be told apart")
NOT_TOLD = Text(ko="비교할 수 없음", en="too little to compare")

# One item
TAKEN = Text(ko="찾은 답", en="Answer taken")
THINKING = Text(ko="생각", en="Thoughts")
STATE = Text(ko="상태", en="State")
SECONDS = Text(ko="초", en="Seconds")
WAY = Text(ko="방식", en="Way")
UNPARSED_WORD = Text(ko="답을 찾지 못함", en="no answer found")
TRUNCATED_WORD = Text(ko="출력이 잘림", en="output cut")
THINKING_TRUNCATED_WORD = Text(ko="생각이 잘림", en="thoughts cut")
PROMPT_TRUNCATED_WORD = Text(ko="질문이 잘림", en="prompt cut")
