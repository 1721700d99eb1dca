"""Wording of what stands around every page: the switch, the banner, and what is said when there is nothing to show."""

from checks.records.record import Text

LANGUAGE = Text(ko="언어", en="Language")
ROUND = Text(ko="평가 차수", en="Round")
DECISION = Text(ko="결정", en="Decision")
STAGES = Text(ko="단계", en="Stages")
TOOLS = Text(ko="도구", en="Tools")

SIMULATED = Text(
    ko="모의 자료입니다. 여기 있는 팀과 점수는 실제가 아닙니다.",
    en="Simulated data. The teams and scores here are not real.",
)
SIMULATED_MARK = Text(ko="모의", en="simulated")

NOTHING_YET = Text(ko="아직 보여 줄 결과가 없습니다.", en="There is nothing to show yet.")
RUN_FIRST = Text(
    ko="평가가 아직 끝나지 않았습니다. 아래 명령을 실행한 뒤 이 페이지를 새로 고치십시오.",
    en="The round has not been run to its end. Run the command below, then reload this page.",
)
FAULT = Text(ko="파일을 읽을 수 없습니다.", en="A file cannot be read.")
FAULT_HELP = Text(ko="고친 뒤 이 페이지를 새로 고치십시오.", en="Mend it, then reload this page.")
NOT_YET_MEASURED = Text(
    ko="{team_ko}의 {leaf} 점수가 아직 측정되지 않았습니다.", en="{team_en} has no measured points for {leaf} yet."
)
READING = Text(ko="읽는 중", en="Reading")
NO_MEASUREMENTS = Text(ko="이 단계의 측정값이 없습니다.", en="There are no measurements of this stage.")
NOT_MEASURED = Text(
    ko="이 팀의 이 단계는 아직 측정되지 않았습니다.", en="This stage has not been measured for this team yet."
)
DOWNLOAD = Text(ko="표 내려받기 (CSV)", en="Download the table (CSV)")
TEAM = Text(ko="팀", en="Team")
NONE = Text(ko="없음", en="none")
PAGE = Text(ko="쪽 ({rows}행, 한 쪽에 {size}행)", en="Page ({rows} rows, {size} a page)")
RECORDED = Text(ko="기록된 결정", en="Recorded decision")
NOT_RECORDED = Text(
    ko="기록된 결정이 없어, 저장된 측정값에 지금의 규칙을 적용해 보여 줍니다.",
    en="No decision is recorded yet: this applies the rules as they stand to the measurements in the warehouse.",
)
CHANGED_SINCE = Text(
    ko="이 결정이 기록된 뒤 규칙이나 입력이 바뀌었습니다. 새로 결정하려면 gwanmun run 또는 gwanmun rank 를 실행하십시오.",
    en="The rules or inputs have changed since this decision was recorded. To decide again: gwanmun run or gwanmun rank.",
)
NO_LONGER_DECIDABLE = Text(
    ko="기록된 결정입니다. 지금의 파일로는 다시 결정할 수 없습니다",
    en="This is the recorded decision. It cannot be decided again from the files as they are now",
)
YES = Text(ko="예", en="yes")
NO = Text(ko="아니오", en="no")
