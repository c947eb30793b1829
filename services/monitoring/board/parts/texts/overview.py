"""Texts of the overview: pending work, recent changes, a row for each programme."""

OVERVIEW = {
    "work.payment_unconfirmed": (
        "지급 확인이 오지 않음|금고 답이 없습니다. 다시 보내지 않았습니다. 금고에 먼저 조회하세요.",
        "no answer from the treasury|It was not sent again. Ask the treasury first.",
    ),
    "work.tranche_to_approve": (
        "승인 대기|기안자와 다른 사람이 승인합니다.",
        "waits for approval|Somebody other than the requester approves.",
    ),
    "work.tranche_to_instruct": (
        "지급 지시 대기|기안자, 승인자와 다른 지출원이 지시합니다.",
        "waits to be instructed|A payer who neither requested nor approved it instructs.",
    ),
    "work.milestone_due": (
        "기한이 다가옴|기업에 보고를 요청하세요.",
        "due soon|Ask the company for its report.",
    ),
    "work.milestone_missed": (
        "기한이 지남|기업에 연락하고 연장 여부를 정하세요.",
        "missed|Call the company and decide on an extension.",
    ),
    "overview.work": ("오늘 할 일", "To do today"),
    "overview.work_none": ("오늘 할 일이 없습니다", "Nothing to do today"),
    "overview.work_none_why": (
        "승인이나 지급을 기다리는 회차도, 7일 안에 닥친 기한도 없습니다.",
        "No tranche waits for approval or payment, and nothing is due within 7 days.",
    ),
    "overview.due": ("기한", "Due"),
    "overview.what": ("무엇을, 왜", "What and why"),
    "overview.amount": ("금액", "Amount"),
    "overview.company": ("기업", "Company"),
    "overview.open_case": ("과제 열기", "Open the case"),
    "overview.recent": ("최근 달라진 것", "Recent changes"),
    "overview.recent_none": ("아직 들어온 사건이 없습니다", "No event has come in yet"),
    "overview.programmes": ("사업", "Programmes"),
    "overview.by_risk": ("위험한 순서", "most pressing first"),
    "overview.glance": ("사업별 상태", "State of every programme"),
    "overview.none": ("아직 공고된 사업이 없습니다", "No programme has been published yet"),
    "overview.none_why": (
        "사업 정의를 등록하면 여기에 나타납니다. 기준일이 첫 사업보다 앞서지 않는지 확인하세요.",
        "A programme appears here once its definition is published. Check that the date is not too early.",
    ),
    "legend.actual": ("실적", "actual"),
    "legend.plan": ("계획", "planned"),
    "legend.short": ("남은 몫", "still missing"),
    "legend.target": ("목표", "target"),
}
