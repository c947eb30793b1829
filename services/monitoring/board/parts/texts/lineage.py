"""Texts of the lineage page."""

LINEAGE = {
    "lineage.kicker": ("숫자의 근거", "Origin of a figure"),
    "lineage.title": ("{title}: {value}", "{title}: {value}"),
    "lineage.lead_same": (
        "사건 {events}개를 더하고 뺀 값이며, **합계가 화면의 숫자와 정확히 같습니다.**",
        "{events} events added and subtracted; **the sum equals the figure exactly.**",
    ),
    "lineage.lead_differs": (
        "사건 {events}개의 합이 화면의 숫자와 **{difference}만큼 다릅니다.** 시스템 담당자에게 알리세요.",
        "The sum of {events} events **differs from the figure by {difference}.** Tell the system's operator.",
    ),
    "lineage.lead_part": (
        "사건 {total}개 가운데 앞의 {events}개를 보입니다.",
        "The first {events} of {total} events are shown.",
    ),
    "lineage.figure": ("숫자", "Figure"),
    "lineage.cases": ("과제", "Cases"),
    "lineage.events": ("사건", "Events"),
    "lineage.adds": ("더하는 사건", "Adds"),
    "lineage.subtracts": ("빼는 사건", "Subtracts"),
    "lineage.date": ("업무일", "Business date"),
    "lineage.part": ("몫", "Part"),
    "lineage.same": ("화면의 숫자와 같음, 차이 0", "Equals the figure, difference 0"),
    "lineage.differs": ("차이 {difference}", "Difference {difference}"),
    "lineage.equation": (
        "사건들의 합이 화면의 숫자와 같은지 보임",
        "Whether the events add up to the figure",
    ),
    "lineage.raw": ("사건 원문", "The event as it came"),
    "lineage.headers": ("CloudEvents 1.0 헤더(Kafka binary)", "CloudEvents 1.0 headers (Kafka binary)"),
    "lineage.header_name": ("이름", "Name"),
    "lineage.header_value": ("값", "Value"),
    "lineage.payload": ("내용(JSON)", "Payload (JSON)"),
    "lineage.payload_marked": (
        "내용(JSON). 표시한 곳이 이 숫자에 들어간 값",
        "Payload (JSON); what is marked went into the figure",
    ),
    "lineage.plus_more": ("그 밖의 사건 {count}개", "{count} other events"),
}
