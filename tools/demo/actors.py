"""Actors of the scenario: opaque subjects with a role, as in any token."""

from dataclasses import dataclass

from tools.demo.steps import Actor

OPERATOR = Actor("operator-1", "operator")


@dataclass(frozen=True)
class Office:
    """One office's people; a payment passes through three different ones."""

    code: str

    @property
    def officer(self) -> Actor:
        """담당자(기안)."""
        return Actor(f"{self.code}-officer-1", "officer")

    @property
    def approver(self) -> Actor:
        """재무관."""
        return Actor(f"{self.code}-approver-1", "approver")

    @property
    def payer(self) -> Actor:
        """지출원."""
        return Actor(f"{self.code}-payer-1", "payer")


def reviewer(office: Office, number: int) -> Actor:
    return Actor(f"{office.code}-reviewer-{number:02d}", "reviewer")


def company(code: str) -> Actor:
    """Return the company as an actor: its token's subject is the id that it was registered under."""
    return Actor(f"{{company:{code}}}", "company")


GIMCHEON, JEONBUK, CHUNGNAM = Office("gimcheon"), Office("jeonbuk"), Office("chungnam")
