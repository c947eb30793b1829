"""Made-up companies: their names, numbers and contacts cannot be mistaken for real ones."""

from dataclasses import dataclass

from shared.values.business_number import check_digit

# 000 is no tax office, example.com is nobody's domain, and no carrier gives out 010-0000.
OFFICE = "000"
FIRST = {"A": 1000, "B": 2000, "C": 3000, "E": 4000}


@dataclass(frozen=True)
class Company:
    """A made-up company such as `B-017`."""

    code: str
    municipality: str

    @property
    def name_ko(self) -> str:
        return f"기업 {self.code}"

    @property
    def serial(self) -> int:
        series, number = self.code.split("-")
        return FIRST[series] + int(number)

    @property
    def business_number(self) -> str:
        """A business number with a valid check digit and a tax office that does not exist."""
        digits = f"{OFFICE}81{self.serial:04d}"
        return digits + check_digit(digits)

    @property
    def email(self) -> str:
        return f"{self.code.lower()}@company.example.com"

    @property
    def phone(self) -> str:
        return f"010-0000-{self.serial:04d}"


def code(series: str, number: int) -> str:
    return f"{series}-{number:03d}"
