"""I10: every step follows one that allows it, and three different people stand behind each payment; from the events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.audit.databases import Logged
from tools.audit.evidence import Evidence
from tools.audit.invariant import Count, Finding, Invariant

Steps = Mapping[str, frozenset[str]]
Stories = Mapping[tuple[Any, ...], Sequence[Logged]]


def after(**steps: str) -> Steps:
    """What may follow each event, by its name or the last word of it (`begin`: what may come first)."""
    return {name: frozenset(following.split()) for name, following in steps.items()}


TRANCHE = after(
    begin="scheduled",
    scheduled="ready held",
    ready="requested held",
    requested="approved rejected held",
    rejected="requested held",
    approved="instructed held",
    instructed="disbursed failed unconfirmed",
    unconfirmed="disbursed failed",
    failed="requested held",
)
MILESTONE = after(
    begin="scheduled",
    scheduled="due_soon reported achieved missed",
    due_soon="due_soon reported achieved missed",
    reported="due_soon reported achieved missed",
    missed="reported achieved",
)
DECIDED = "company.selected company.reserved company.rejected"
CASE = after(
    begin="application.submitted case.recorded",
    **{
        "application.submitted": "application.screened application.withdrawn company.selected",
        "application.screened": f"review.submitted application.withdrawn {DECIDED}",
        "review.submitted": f"review.submitted application.withdrawn {DECIDED}",
        "company.reserved": "company.selected case.abandoned",
        "company.selected": "agreement.signed case.abandoned",
        "agreement.signed": "case.abandoned",
    },
)


async def check(evidence: Evidence) -> Finding:
    """The story of every case, milestone and tranche; the people and the conditions of every payment."""
    cases = stories(_about_cases(evidence), "case_id")
    milestones = stories(_starting(evidence, "monitoring", "milestone."), "case_id", "milestone")
    tranches = stories(_starting(evidence, "funding", "tranche."), "case_id", "number")
    paid = {key: story for key, story in tranches.items() if story[-1].name == "tranche.disbursed"}
    counts = [
        Count(len(cases), "과제의 이력", "stories of cases"),
        Count(len(milestones), "이정표의 이력", "stories of milestones"),
        Count(len(tranches), "회차의 이력", "stories of tranches"),
        Count(len(paid), "지급된 회차", "tranches paid"),
    ]
    return Finding(
        counts,
        [
            *_illegal("과제", cases, CASE),
            *_illegal("이정표", milestones, MILESTONE, last_word=True),
            *_illegal("회차", tranches, TRANCHE, last_word=True),
            *_people(paid),
            *_conditions(evidence, paid),
        ],
    )


def stories(events: Iterable[Logged], *fields: str) -> Stories:
    """What happened to each, in the order of its numbers."""
    found: dict[tuple[Any, ...], list[Logged]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.subject, event.sequence)):
        found[tuple(event.body.get(name) for name in fields)].append(event)
    return found


def _about_cases(evidence: Evidence) -> Iterator[Logged]:
    return (event for event in evidence.logged["applications"] if "case_id" in event.body)


def _starting(evidence: Evidence, service: str, prefix: str) -> Iterator[Logged]:
    return (event for event in evidence.logged[service] if event.name.startswith(prefix))


def _illegal(what: str, found: Stories, allowed: Steps, *, last_word: bool = False) -> Iterator[str]:
    for key, story in found.items():
        before = "begin"
        for event in story:
            step = event.name.rpartition(".")[2] if last_word else event.name
            if step not in allowed.get(before, frozenset()):
                yield (
                    f"{what} {' '.join(map(str, key))}: {before} 다음에 {step}(사건 {event.id})은(는) 있을 수 없습니다 "
                    "/ this step may not follow that one"
                )
            before = step


def _people(paid: Stories) -> Iterator[str]:
    """Those of the last round: after a rejection or a failed payment it begins anew."""
    for (case_id, number), story in paid.items():
        people = {role: _last(story, f"tranche.{role}").get(f"{role}_by") for role in ROLES}
        if len({person for person in people.values() if person}) != len(ROLES):
            who = ", ".join(f"{role}: {person or '-'}" for role, person in people.items())
            yield f"과제 {case_id} {number}회차: 세 사람이 아닙니다({who}) / not three different people"


ROLES = ("requested", "approved", "instructed")


def _last(story: Sequence[Logged], name: str) -> Mapping[str, Any]:
    return next((event.body for event in reversed(story) if event.name == name), {})


def _conditions(evidence: Evidence, paid: Stories) -> Iterator[str]:
    """Agreement, own share and milestone, each on a business date no later than the request's."""
    agreed = {event.subject: event for event in evidence.events("applications", "agreement.signed")}
    own = {event.subject: event for event in evidence.events("funding", "self_contribution.confirmed")}
    achieved = {
        (event.subject, event.body["milestone"]): event
        for event in evidence.events("monitoring", "milestone.achieved")
    }
    for (case_id, number), story in paid.items():
        whose = f"과제 {case_id} {number}회차"
        requested = next((event for event in reversed(story) if event.name == "tranche.requested"), story[-1])
        yield from _not_before(whose, "협약 / agreement", agreed.get(case_id), requested)
        if _has_own_share(agreed.get(case_id)):
            yield from _not_before(whose, "자부담 확인 / own share", own.get(case_id), requested)
        milestone = str(story[0].body.get("milestone"))
        yield from _not_before(
            whose, f"이정표 {milestone} / milestone", achieved.get((case_id, milestone)), requested
        )


def _has_own_share(agreement: Logged | None) -> bool:
    return agreement is None or bool(agreement.body["shares_krw"].get("self"))


def _not_before(whose: str, what: str, condition: Logged | None, requested: Logged) -> Iterator[str]:
    if condition is None:
        yield f"{whose}: {what} 없이 지급되었습니다 / paid without it"
    elif condition.occurred_on > requested.occurred_on or _told_later(condition, requested):
        yield f"{whose}: {what}보다 먼저 신청되었습니다 / requested before it"


def _told_later(condition: Logged, requested: Logged) -> bool:
    """Two events of one stream are in the order of their numbers, whatever date they name."""
    same = (condition.service, condition.subject) == (requested.service, requested.subject)
    return same and condition.sequence > requested.sequence


INVARIANT = Invariant(
    "I10",
    "정해진 순서로만 나아가고, 지급마다 서로 다른 세 사람이 있으며, 협약·자부담·이정표가 먼저다",
    "legal steps only; three different people behind each payment; agreement, own share and milestone first",
    check,
)
