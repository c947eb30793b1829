"""The clients' own programme: its definition, its dates, and the people of its office; the demo's stay as they are.

The dates stand at the end of the demo's story: no payment is late and no milestone near on its business date,
so that the demo's deadlines find what its documents say.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.events.definition import Definition
from shared.values.money import PUBLIC
from tools.demo.actors import Office, reviewer
from tools.demo.steps import Actor

YEAR = 2025
PUBLISHED_ON, APPLIED_ON = date(2025, 1, 2), date(2025, 1, 3)
SCREENED_ON, REVIEWED_ON, SELECTED_ON = date(2025, 1, 6), date(2025, 1, 7), date(2025, 1, 8)
GIVEN_UP_ON, SIGNED_ON, GIVEN_UP_LATE_ON = date(2025, 1, 9), date(2025, 1, 10), date(2025, 1, 13)
REQUESTED_ON, INSTRUCTED_ON, PAID_ON = date(2025, 1, 14), date(2025, 1, 16), date(2025, 1, 17)
ENDS_ON = date(2025, 10, 31)
TRACKS = ("machines", "software")
CRITERIA = {"need": 30, "plan": 40, "effect": 30}
CITIES = ("47150", "52110", "52130", "44200")

OFFICE = Office("chaos")
SECOND_APPROVER = Actor("chaos-approver-2", "approver")
REVIEWERS = [reviewer(OFFICE, number) for number in (1, 2, 3)]


@dataclass(frozen=True)
class Programme:
    """The programme of one seed, so that two runs on one installation do not meet."""

    seed: int

    @property
    def id(self) -> str:
        return f"fault-suite-{self.seed}"

    @property
    def round_id(self) -> str:
        return f"{self.id}-{YEAR}"

    def definition(self) -> dict[str, Any]:
        """Return a definition with four funders and two instalments that divide no amount evenly."""
        shape = {
            "programme_id": self.id,
            "name_ko": "장애 시험 지원사업",
            "name_en": "Support under test",
            "short_ko": "장애 시험",
            "short_en": "Under test",
            "office_ko": "시험 담당",
            "office_en": "Test office",
            "region": "52",
            "first_year": YEAR,
            "last_year": YEAR,
            "term_from": YEAR,
            "entry": "application",
            "funders": {"national": 3, "province": 2, "city": 2, "self": 3},
            "remainder_to": "self",
            "max_support": {"numerator": 4, "denominator": 5},
            "tracks": [{"id": track, "name_ko": track, "name_en": track} for track in TRACKS],
            "milestones": [
                {"key": "start", "name_ko": "착수", "name_en": "Start", "after_months": 2},
                {"key": "end", "name_ko": "완료", "name_en": "End", "after_months": 6, "completes": True},
            ],
            "tranches": [
                {"number": 1, "name_ko": "선금", "name_en": "First", "part": 2, "milestone": "start"},
                {"number": 2, "name_ko": "잔금", "name_en": "Final", "part": 1, "milestone": "end"},
            ],
            "review": {"least": 3, "criteria": CRITERIA, "ties": ["plan"]},
        }
        return Definition.model_validate(shape).model_dump(mode="json")

    def round(self, quota: dict[str, int]) -> dict[str, Any]:
        return {
            "round_id": self.round_id,
            "programme_id": self.id,
            "year": YEAR,
            "name_ko": "2025년 장애 시험 공고",
            "opens_on": f"{PUBLISHED_ON}",
            "closes_on": f"{APPLIED_ON}",
            "quota": quota,
            "occurred_on": f"{PUBLISHED_ON}",
        }

    def budgets(self, total_krw: int) -> list[dict[str, Any]]:
        """Return budgets of which each public funder could pay everything."""
        return [
            {
                "programme_id": self.id,
                "fiscal_year": YEAR,
                "funder": str(funder),
                "amount_krw": total_krw,
                "occurred_on": f"{PUBLISHED_ON}",
            }
            for funder in PUBLIC
        ]
