"""Wording of the team page and of the three stage pages."""

from checks.records.record import Text

# The team page
TEAM_TITLE = Text(ko="팀별 결과", en="Team")
SCORE_TREE = Text(ko="점수표", en="Points")
PART = Text(ko="항목", en="Part")
POINTS = Text(ko="점수", en="Points")
OUT_OF = Text(ko="배점", en="Out of")
SHARE = Text(ko="득점률", en="Share")
POINTS_FROM = Text(ko="점수의 출처", en="Where the points come from")
FROM_PARTS = Text(ko="아래 항목의 합", en="sum of its parts")
FROM_IMPORTED = Text(ko="가져온 점수 (불확실성 알 수 없음)", en="imported (uncertainty unknown)")
FROM_RATERS = Text(ko="평가자 점수의 {how_ko}", en="{how_en} of the raters' values")
RATERS_HOW = {
    "mean": Text(ko="평균", en="mean"),
    "median": Text(ko="중앙값", en="median"),
    "trimmed_mean": Text(ko="절사평균", en="trimmed mean"),
    "severity_adjusted": Text(ko="엄격도 보정 평균", en="adjusted for severity"),
}
FROM_COST = Text(ko="비용 대비 성능 (불확실성 알 수 없음)", en="quality for its cost (uncertainty unknown)")
FROM_MEAN = Text(ko="평가 묶음 {suite}의 평균", en="mean of suite {suite}")
FROM_RELATIVE = Text(
    ko="평가 묶음 {suite}, 팀이 정한 목표 모델 대비", en="suite {suite}, relative to the team's target model"
)
GATES = Text(ko="관문 결과", en="Gates")
GATE = Text(ko="관문", en="Gate")
OWN_RESULT = Text(ko="검사 결과", en="The check's own result")
COUNTS = Text(ko="적용된 결과", en="What counts")
EFFECT = Text(ko="효과", en="Effect")
RULED = Text(ko="위원회 결정으로 바뀜", en="changed by the panel's ruling")
WHY = Text(ko="이유", en="Why")
STANDING_REASONS = Text(ko="판단 근거", en="Why it stands where it stands")
DECLARED = Text(ko="제출한 모델과 구성요소", en="The model and components it declared")
COMPONENT = Text(ko="구성요소", en="Component")
ORIGIN = Text(ko="출처", en="Origin")
ORIGIN_WORDS = {
    "from-scratch": Text(ko="직접 학습", en="from scratch"),
    "borrowed": Text(ko="가져옴", en="borrowed"),
}
CONTROL_WORDS = {
    "kept": Text(ko="유지", en="kept"),
    "lost": Text(ko="없음", en="lost"),
}
REFERENCE = Text(ko="참조 모델", en="Reference")
FROZEN = Text(ko="동결", en="Frozen")
LICENCE = Text(ko="라이선스", en="Licence")
CONTROL = Text(ko="통제권", en="Control")
NO_SUBMISSION = Text(
    ko="이 팀은 제출물이 없습니다 (점수는 모두 가져온 것입니다).",
    en="This team has no submission file (all its points are imported).",
)
INDEPENDENCE_FINDINGS = Text(ko="독자성 검사", en="Independence findings")
QUALITY_FINDINGS = Text(ko="데이터 품질에서 통과하지 못한 검사", en="Data-quality checks that did not pass")
ALL_PASSED = Text(ko="검사 {count}건을 모두 통과했습니다.", en="All {count} checks passed.")
RUNS = Text(ko="측정 기록", en="Runs behind this page")
STAGE = Text(ko="단계", en="Stage")
RUN = Text(ko="측정 번호", en="Run")
STATE = Text(ko="상태", en="State")
COMPLETE = Text(ko="끝남", en="complete")
FAILED = Text(ko="끝나지 못함", en="failed")

# The benchmark page
BENCHMARK_TITLE = Text(ko="벤치마크", en="Benchmark")
SUITE = Text(ko="평가 묶음", en="Suite")
TASK = Text(ko="과제", en="Task")
SCORES = Text(ko="과제별 점수와 95% 신뢰구간", en="Scores by task, with 95 % intervals")
SCORES_NOTE = Text(
    ko="점수 × 100. 괄호는 95% 신뢰구간, 우연 수준은 선택지를 아무렇게나 골랐을 때의 점수입니다. 구간이 우연 수준을 포함하는 "
    "점수는 아무것도 말해 주지 않습니다. 두 팀의 차이는 아래 같은 문항의 비교에서 봅니다.",
    en="Score × 100, with its 95 % interval in brackets; chance is what guessing among the choices comes to, and a score whose "
    "interval holds it says nothing. Whether two teams differ is told by the comparison on the same items below.",
)
METRIC = Text(ko="지표", en="Metric")
ITEMS = Text(ko="문항", en="Items")
ITEMS_TITLE = Text(ko="문항별 결과", en="Item by item")
ITEM = Text(ko="문항 번호", en="Item")
DOCUMENT_TITLE = Text(
    ko="문항 원문 (과제 파일의 자료 그대로)", en="The item itself, as it stands in the task's data file"
)
NO_DOCUMENT = Text(
    ko="문항 원문은 여기서 보일 수 없습니다. 과제가 자료를 가공하거나 다른 곳에 두었거나, 측정 뒤에 파일이 바뀌었습니다.",
    en="The item itself cannot be shown here: its task processes its data or keeps them elsewhere, or files have changed since.",
)
FIELD = Text(ko="필드", en="Field")
CORRECT = Text(ko="정답", en="Correct")
ALL_ITEMS = Text(ko="모두", en="All")
RIGHT = Text(ko="맞힘", en="Right")
WRONG = Text(ko="틀림", en="Wrong")
PARTLY = Text(ko="부분 점수", en="Partly")
SCORE = Text(ko="점수 × 100", en="Score × 100")
ANSWER = Text(ko="답", en="Answer")
PREDICTION = Text(ko="고른 답", en="Choice")
OUTPUT = Text(ko="출력", en="Output")
LOGLIKELIHOODS = Text(ko="선택지별 로그가능도", en="Log-likelihood of each choice")
PROMPT_HASH = Text(ko="질문 해시 (SHA-256)", en="Prompt hash (SHA-256)")
TOKENS = Text(ko="토큰", en="Tokens")
SAME_PROMPT = Text(ko="모든 팀이 같은 질문을 받았습니다.", en="Every team got the same prompt.")
OTHER_PROMPT = Text(
    ko="팀에 따라 질문이 달랐습니다. 점수를 그대로 비교할 수 없습니다.",
    en="Teams got different prompts: their scores cannot be compared as they stand.",
)
SETTINGS = Text(ko="측정 설정", en="Settings of the measurement")
SETTING = Text(ko="설정", en="Setting")
VALUE = Text(ko="값", en="Value")
SETTINGS_DIFFER = Text(ko="팀마다 설정이 다릅니다.", en="The settings differ between teams.")
SETTINGS_SAME = Text(ko="모든 팀의 설정이 같습니다.", en="The settings are the same for every team.")

# The independence page
INDEPENDENCE_TITLE = Text(ko="독자성", en="Independence")
MATRIX = Text(ko="팀 × 참조 모델 × 구성요소", en="Team × reference × component")
MATRIX_NOTE = Text(
    ko="각 칸은 한 구성요소의 가중치를 참조 모델과 비교한 결과입니다. 유사도 하나만으로 판정하지 않습니다. "
    "보정된 p값, 효과 크기, 서로 다른 두 텐서 묶음의 일치가 모두 있어야 ‘파생됨’입니다. "
    "판정은 측정 결과이며, 당락은 정책과 규칙이 정합니다.",
    en="Each cell compares one component's weights with a reference. No single similarity number convicts: "
    "'derived' needs a corrected p-value, an effect size, and two disjoint groups of tensors that agree. "
    "This is a measurement; policy and rules decide.",
)
P_VALUE = Text(ko="p값", en="p-value")
EXACT = Text(ko="완전히 같음", en="identical")
SHARE_OF_PARAMETERS = Text(ko="매개변수 비중", en="Share of parameters")
RELATION = Text(ko="관계", en="Relation")
VERDICT = Text(ko="판정", en="Verdict")
TESTS = Text(ko="검정", en="Tests")
TEST = Text(ko="검정", en="Test")
STATISTIC = Text(ko="통계량", en="Statistic")
GROUP = Text(ko="텐서 묶음", en="Group of tensors")
SCOPE = Text(ko="비교 대상", en="What was compared")
NOTE = Text(ko="설명", en="What it says")
TESTS_NOTE = Text(
    ko="검정별 p값은 보정 전 값이고, 위 판정의 p값은 구성요소·층·검정·참조 모델 전체에 대해 보정한 값입니다.",
    en="Each test's p-value is before correction; the verdict's is corrected over components, layers, tests and references.",
)
NULLS = Text(ko="통계량과 우연의 분포", en="The statistic against its null distribution")
NULLS_NOTE = Text(
    ko="회색은 무관한 두 모델에서 우연히 나올 값입니다. 순열 검정에서는 그 평균과 폭이 정확하며(Hoeffding 1951) 모양은 "
    "정규분포로 그렸습니다. 왼쪽 그림 밖의 값은 화살표와 표준편차의 수로 적었습니다. 음영이 든 검정이 판정의 근거입니다.",
    en="Grey is what unrelated models come to by chance; for permutation tests its centre and width are exact (Hoeffding 1951) "
    "and its shape is drawn as the normal curve. A value beyond the left panel is an arrow with its number of standard "
    "deviations. Shaded tests in the table are what the finding rests on.",
)
LAYER_MAP = Text(ko="층 대응 지도", en="Layer map")
LAYER_MAP_NOTE = Text(
    ko="색칠한 칸은 제출 모델의 그 층이 참조 모델의 그 층에서 왔음을 뜻합니다. 진할수록 우연히 이만큼 닮을 가능성이 낮습니다.",
    en="A coloured cell says that this layer of the submission came from that layer of the reference; the darker, the less likely "
    "that the two are this alike by chance.",
)
LAYER_TABLE = Text(ko="층 대응을 표로 보기", en="The layer map as a table")
SUBJECT_LAYER = Text(ko="제출 모델의 층", en="Layer of the submission")
REFERENCE_LAYER = Text(ko="참조 모델의 층", en="Layer of the reference")
LAYER_SHARE = Text(ko="대응하는 몫", en="Share that corresponds")
NO_NUMBERED_LAYERS = Text(ko="이 구성요소에는 번호가 붙은 층이 없습니다.", en="This component has no numbered layers.")
ARCHITECTURE = Text(ko="구조의 공유 (따로 기록)", en="Architecture in common (noted separately)")
ARCHITECTURE_NOTE = Text(
    ko="구조나 설정이 같은 것만으로는 파생이 아닙니다. 여기 적힌 것은 판정에 불리하게 작용하지 않습니다.",
    en="The same architecture or settings are no derivation. What stands here does not count against a team.",
)
SAME_FAMILY = Text(ko="같은 구조 계열", en="Same family")
SHARED_SETTINGS = Text(ko="같은 설정", en="Settings in common")
TOKENIZER = Text(ko="토크나이저 겹침", en="Tokenizer overlap")
CHAIN = Text(
    ko="학습 이력의 연결 (초기값에서 제출물까지)", en="Chain of training evidence (from step 0 to the submission)"
)
COVERAGE = Text(ko="무엇을 읽었는가", en="What was read")
COVERAGE_NOTE = Text(
    ko="읽지 못했거나 쓰지 않은 텐서도 이유와 함께 남깁니다.",
    en="A tensor that took no part is listed too, with the reason.",
)
TENSORS = Text(ko="텐서", en="Tensors")
PARAMETERS = Text(ko="매개변수", en="Parameters")
USED = Text(ko="비교에 쓴 비중", en="Share compared")
ROLE = Text(ko="역할", en="Role")
LAYER = Text(ko="층", en="Layer")
REASON = Text(ko="이유", en="Reason")
NOT_USED = Text(ko="쓰지 않음", en="not used")
USED_TITLE = Text(ko="비교", en="Compared")
TENSOR = Text(ko="텐서", en="Tensor")
LEDGER = Text(ko="텐서마다 보기", en="Tensor by tensor")
USED_WORD = Text(ko="씀", en="used")
PICK = Text(ko="자세히 볼 비교", en="Comparison to open")

# The data-quality page
QUALITY_TITLE = Text(ko="데이터 품질", en="Data quality")
OVERVIEW = Text(ko="팀별 요약", en="Summary by team")
SUITES_OF_CHECKS = Text(ko="검사 묶음", en="Groups of checks")
CHECKS = Text(ko="검사 결과", en="Checks")
CHECK = Text(ko="검사", en="Check")
SUBJECT = Text(ko="대상", en="Subject")
EXPECTED = Text(ko="기준", en="Expected")
OBSERVED = Text(ko="관측", en="Observed")
ROWS = Text(ko="행 수", en="Rows")
EXAMPLES = Text(ko="예", en="Examples")
SEVERITY = Text(ko="구분", en="Severity")
RESULT = Text(ko="결과", en="Result")
SHOW = Text(ko="보기", en="Show")
NOT_PASSED = Text(ko="통과하지 못한 것만", en="Only what did not pass")
CONTAMINATED = Text(ko="말뭉치 표본에서 발견된 평가 문항", en="Benchmark items found in the corpus sample")
SCANNED = Text(ko="문항 {count}개를 찾아보았습니다.", en="{count} items were searched for.")
NO_CONTAMINATION = Text(ko="발견되지 않았습니다.", en="None was found.")
DOCUMENT = Text(ko="문서", en="Document")
KIND = Text(ko="종류", en="Kind")
KINDS = {"exact": Text(ko="그대로", en="exact"), "near": Text(ko="비슷함", en="near")}
LONGEST_RUN = Text(ko="가장 긴 일치", en="Longest run")
COVERED = Text(ko="겹침", en="Coverage")
