"""Sentences of assessments; `.short` is the form for a row of the overview."""

ASSESSMENTS = {
    "assessment.rule": ("판단 기준", "Rule"),
    "assessment.rule.consultation": (
        "의견 수렴은 판단하지 않고 회신 수를 알립니다. 모두 회신하면 정상입니다.",
        "A consultation is not judged: the number of answers is told. On track once all have answered.",
    ),
    "assessment.rule.history": ("과거 실적만 있는 사업은 판단하지 않습니다.", "Past results are not judged."),
    "assessment.rule.stale": (
        "사업 기간 안에 210일 넘게 들어온 자료가 없으면 확인 필요입니다. 사업 정의를 공고한 것은 자료로 치지 않습니다.",
        "To be checked where nothing has come in for more than 210 days within the programme's years; a published "
        "definition does not count.",
    ),
    "assessment.rule.planned_companies": (
        "올해 계획을 공고한 날(그 전이면 1월 1일)부터 연말까지 고르게 뽑는다고 볼 때, 기준일까지 뽑았어야 할 곳보다 적으면 주의입니다.",
        "Care where fewer are selected than if they were selected evenly from the plan's publication (at the earliest "
        "1 January) to the end of the year.",
    ),
    "assessment.rule.goal": (
        "목표까지 남은 곳을 남은 해로 나눈 수가 가장 많이 뽑거나 계획한 해의 두 배를 넘으면 위험, 그 해를 넘으면 주의입니다. 계획대로 목표를 채우면 정상입니다.",
        "Danger where each year that is left needs more than twice the best year (selected or planned), care where it "
        "needs more than that year. On track where the plans fill the goal.",
    ),
    "assessment.rule.indicator": (
        "지난해까지의 목표보다 적으면 주의입니다. 올해 목표는 연말까지입니다.",
        "Care where the targets up to last year are not reached; this year's is due at its end.",
    ),
    "assessment.rule.nothing_yet": (
        "셀 수 있는 실적이 생기면 판단합니다.",
        "Judged once there is something to count.",
    ),
    "assessment.nothing_yet": ("아직 셀 수 있는 실적이 없습니다.", "There is nothing to count yet."),
    "assessment.nothing_yet.short": ("아직 실적 없음", "nothing yet"),
    "assessment.consulting": (
        "시군 **{asked}곳의 의견을 묻고 있습니다.** 의견이 모이면 사업을 공고합니다.",
        "**{asked} municipalities are being asked.** The programme is published once they have answered.",
    ),
    "assessment.consulting.short": ("시군 {asked}곳에 묻는 중", "{asked} municipalities asked"),
    "assessment.answers": (
        "시군 {asked}곳 가운데 {answered}곳이 회신했습니다. **{left}곳이 더 답해야** 합니다.",
        "{answered} of {asked} municipalities answered. **{left} more are awaited.**",
    ),
    "assessment.answers.short": ("회신 {answered} / {asked} 시군", "{answered} of {asked} answered"),
    "assessment.all_answered": (
        "시군 {asked}곳이 **모두 회신했습니다.** 사업을 공고할 수 있습니다.",
        "**All {asked} municipalities answered.** The programme can be published.",
    ),
    "assessment.all_answered.short": ("{asked}곳 모두 회신", "all {asked} answered"),
    "assessment.history": (
        "과거 실적입니다. **{done}곳을 마쳤고** {running}곳이 진행 중으로 기록되어 있습니다.",
        "Past results: **{done} completed**, {running} recorded as under way.",
    ),
    "assessment.history.short": ("완료 {done}곳, 진행 {running}곳", "{done} completed, {running} under way"),
    "assessment.stale": (
        "**{last} 뒤로 들어온 자료가 없습니다.** 지금 상태는 알 수 없으니 담당 부서에 보고를 요청하세요.",
        "**Nothing has come in since {last}.** The present state is not known: ask the office for a report.",
    ),
    "assessment.stale.short": ("{last} 뒤 자료 없음", "no data since {last}"),
    "assessment.plan_met": (
        "{year}년 계획 {planned}곳을 **모두 뽑았습니다.**",
        "**All {planned} companies** planned for {year} are selected.",
    ),
    "assessment.plan_met.short": ("{year}년 계획을 모두 뽑음", "plan of {year} met"),
    "assessment.to_find_second": (
        "{year}년 계획 {planned}곳 가운데 {running}곳을 진행하고 있습니다. **하반기에 {to_find}곳을 새로 뽑아야** 합니다.",
        "{running} of the {planned} companies planned for {year} are under way. **{to_find} more must be selected "
        "in the second half.**",
    ),
    "assessment.to_find_second.short": (
        "하반기에 **{to_find}곳 더**",
        "**{to_find} more** in the second half",
    ),
    "assessment.to_find_year": (
        "{year}년 계획 {planned}곳 가운데 {running}곳을 진행하고 있습니다. **올해 {to_find}곳을 새로 뽑아야** 합니다.",
        "{running} of the {planned} companies planned for {year} are under way. **{to_find} more must be selected "
        "this year.**",
    ),
    "assessment.to_find_year.short": ("올해 **{to_find}곳 더**", "**{to_find} more** this year"),
    "assessment.round": (
        "{year}년에 뽑은 {selected}곳 가운데 **{finished}곳이 끝났거나 곧 끝납니다.**",
        "Of the {selected} companies selected in {year}, **{finished} are completed or about to be.**",
    ),
    "assessment.round.short": (
        "완료·임박 {finished} / {selected}곳",
        "{finished} of {selected} done or nearly",
    ),
    "assessment.goal": (
        "{year}년 선정 {selected}곳 가운데 {finished}곳이 끝났거나 곧 끝납니다. 목표 {target}곳까지, 다음 계획 {planned}곳을 "
        "채워도 **{last}년까지 {left}곳이 더 필요합니다.**",
        "Of {selected} selected in {year}, {finished} are completed or about to be. For the goal of {target}, even with "
        "the {planned} planned next, **{left} more are needed by {last}.**",
    ),
    "assessment.goal_open": (
        "{year}년 선정 {selected}곳 가운데 {finished}곳이 끝났거나 곧 끝납니다. 목표 {target}곳까지 "
        "**{last}년까지 {left}곳이 더 필요합니다.**",
        "Of {selected} selected in {year}, {finished} are completed or about to be. For the goal of {target}, "
        "**{left} more are needed by {last}.**",
    ),
    "assessment.goal_open.short": ("{last}년까지 **{left}곳 더 필요**", "**{left} more needed** by {last}"),
    "assessment.goal.short": ("{last}년까지 **{left}곳 더 필요**", "**{left} more needed** by {last}"),
    "assessment.goal_planned": (
        "{year}년 선정 {selected}곳 가운데 {finished}곳이 끝났거나 곧 끝납니다. 계획대로면 **목표 {target}곳을 채웁니다.**",
        "Of {selected} selected in {year}, {finished} are completed or about to be. As planned, "
        "**the goal of {target} is met.**",
    ),
    "assessment.goal_planned.short": ("계획대로면 목표 {target}곳", "goal of {target} as planned"),
    "assessment.indicator": (
        "협약 {target}{unit} 가운데 {achieved}{unit}를 맺었고 **올해까지의 계획과 같거나 앞섭니다.**",
        "{achieved} of {target} agreements are signed, **as planned up to this year or ahead.**",
    ),
    "assessment.indicator.short": ("협약 {achieved} / {target}{unit}", "agreements {achieved} of {target}"),
    "assessment.indicator_behind": (
        "올해까지 협약 {due}{unit}를 계획했으나 **{achieved}{unit}를 맺었습니다.** 목표는 {target}{unit}입니다.",
        "{due} agreements were planned up to this year, **{achieved} are signed.** The target is {target}.",
    ),
    "assessment.indicator_behind.short": (
        "협약 {achieved}, 계획 {due}{unit}",
        "{achieved} agreements of {due} planned",
    ),
    "assessment.overview": (
        "사업 {programmes}개 가운데 {counts}입니다.",
        "Of {programmes} programmes, {counts}.",
    ),
    "assessment.overview.danger": ("**위험 {count}개**", "**{count} in danger**"),
    "assessment.overview.unknown": ("**확인 필요 {count}개**", "**{count} to be checked**"),
    "assessment.overview.warning": ("**주의 {count}개**", "**{count} need care**"),
    "assessment.overview_ok": (
        "사업 {programmes}개에 위험이나 주의가 없습니다.",
        "None of {programmes} programmes is in danger or needs care.",
    ),
    "assessment.work": ("할 일은 **{work}건**입니다.", "**{work} things** are to be done."),
    "assessment.case_abandoned": ("기업이 **과제를 포기했습니다.**", "The company **gave up its place.**"),
    "assessment.case_withdrawn": (
        "기업이 **신청을 취하했습니다.**",
        "The company **withdrew its application.**",
    ),
    "assessment.case_rejected": (
        "**선정되지 않았습니다.** 이유는 아래에 있습니다.",
        "**Not selected.** The reason stands below.",
    ),
    "assessment.case_ineligible": (
        "**요건에 맞지 않아** 심사하지 않았습니다. 이유는 아래에 있습니다.",
        "**Not eligible**, so not reviewed. The reason stands below.",
    ),
    "assessment.case_reserved": (
        "**예비 명단**에 있습니다. 앞선 기업이 포기하면 순위대로 이어받습니다.",
        "On the **reserve list**: it follows in rank order when a company gives up.",
    ),
    "assessment.case_completed": (
        "**완료했습니다.** 지급한 돈은 {paid}입니다.",
        "**Completed.** {paid} was paid.",
    ),
    "assessment.case_recorded": (
        "다른 시스템의 기록에서 **옮겨 온 과거 실적**입니다.",
        "A **past result** taken over from another system.",
    ),
    "assessment.case_unconfirmed": (
        "지급을 지시했지만 **금고의 확인이 오지 않았습니다.** 다시 보내지 말고 금고에 조회하세요.",
        "A payment was instructed and **the treasury has not confirmed it.** Do not send it again: ask the treasury.",
    ),
    "assessment.case_missed": (
        "**{name} 기한({due})이 지났습니다.** 기업에 연락해 연장 여부를 정하세요.",
        "**{name} was due on {due} and was missed.** Call the company and decide on an extension.",
    ),
    "assessment.case_open": ("지금 상태는 **{status}**입니다.", "The case now stands at **{status}**."),
    "assessment.case_next": ("다음은 **{due} {name}**입니다.", "Next is **{name}, {due}**."),
    "assessment.case_next_paid": (
        "{paid}을 지급했고 **다음은 {due} {name}**입니다.",
        "{paid} was paid; **next is {name}, {due}**.",
    ),
}
