"""Settings of the scenario: the numbers in scenario.yaml, as frozen models."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.demo.yamlfile import YamlError, error_lines, read_yaml

FILE = Path(__file__).with_name("scenario.yaml")
Progress = Literal["completed", "about_to", "late", "going_on"]
DateRange = tuple[date, date]
AmountRange = tuple[int, int]


class StrictModel(BaseModel):
    """Base of all settings: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PastResults(StrictModel):
    """Past results of one programme and year: `companies` records whose amounts sum to `total_krw`."""

    records: str
    company: str
    first: int = 1
    programme: str
    track: str | None = None
    years: tuple[int, int]
    status: Literal["completed", "in_progress"]
    companies: int
    total_krw: int | None = None


class Round(StrictModel):
    opens_on: date
    closes_on: date
    agreed_on: date
    agency_ko: str
    name_ko: str

    @property
    def year(self) -> int:
        return self.opens_on.year


class MinistrySelection(StrictModel):
    company: str
    selected_on: date
    agreed_on: date
    total_krw: int


class TopUpSettings(StrictModel):
    programme: str
    round: Round
    companies: list[MinistrySelection]


class ExportMenuSettings(StrictModel):
    programme: str
    track: str
    companies: int
    round: Round
    screened_on: date
    reviewed_on: date
    selected_on: date
    agreements: DateRange
    total_krw: AmountRange


class PledgeReport(StrictModel):
    pledge: str
    programme: str
    percent: int
    reported_by_ko: str
    occurred_on: date


class TrackCounts(StrictModel):
    """Counts of companies; the last four count the holders of an award at the end and add up to `quota`."""

    quota: int
    applications: int
    ineligible: int
    total_krw: AmountRange
    completed: int
    about_to: int
    late: int
    going_on: int


class Abandonment(StrictModel):
    """Abandonment by the company of this rank, before its agreement or (with `agreed_on`) after it."""

    track: str
    rank: int
    agreed_on: date | None = None
    occurred_on: date
    reason: str


class JeonbukSettings(StrictModel):
    programme: str
    round: Round
    screened_on: date
    reviewed_on: date
    selected_on: date
    tracks: dict[str, TrackCounts]
    abandonments: list[Abandonment]
    municipalities: dict[str, tuple[int, int]]
    agreements: dict[Progress, DateRange]
    final_payments_for_completion_until: date
    unconfirmed: int
    rejected: int
    visits: int
    mentors: int
    conflicts_of_interest: int
    reviewed_by_five: int


class Settings(StrictModel):
    seed: int
    business_date: date
    past_results: list[PastResults]
    top_up: TopUpSettings
    menu: ExportMenuSettings
    pledge: PledgeReport
    jeonbuk: JeonbukSettings


def load_settings(file: Path = FILE) -> Settings:
    """Load the settings; raises YamlError, with a line for each error, for an incomplete or wrong file."""
    try:
        return Settings.model_validate(read_yaml(file))
    except ValidationError as error:
        raise YamlError("\n".join(f"{file.name}: {line}" for line in error_lines(error))) from error
