"""The numbers that the story is made of, as scenario.yaml states them."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tools.demo.yamlfile import YamlError, lines_of, read_yaml

FILE = Path(__file__).with_name("scenario.yaml")
Standing = Literal["completed", "about_to", "late", "going_on"]
Span = tuple[date, date]
Range = tuple[int, int]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Past(Part):
    """Past results of one programme and year: `companies` records that sum to `total_krw`."""

    records: str
    company: str
    first: int = 1
    programme: str
    track: str | None = None
    years: tuple[int, int]
    status: Literal["completed", "in_progress"]
    companies: int
    total_krw: int | None = None


class Round(Part):
    opens_on: date
    closes_on: date
    agreed_on: date
    agency_ko: str
    name_ko: str

    @property
    def year(self) -> int:
        return self.opens_on.year


class MinistrySelection(Part):
    company: str
    selected_on: date
    agreed_on: date
    total_krw: int


class TopUp(Part):
    programme: str
    round: Round
    companies: list[MinistrySelection]


class Menu(Part):
    programme: str
    track: str
    companies: int
    round: Round
    screened_on: date
    reviewed_on: date
    selected_on: date
    agreements: Span
    total_krw: Range


class Pledge(Part):
    pledge: str
    programme: str
    percent: int
    reported_by_ko: str
    occurred_on: date


class TrackStory(Part):
    """Counts of companies; those that hold a place at the end add up to `places`."""

    places: int
    applications: int
    ineligible: int
    total_krw: Range
    completed: int
    about_to: int
    late: int
    going_on: int


class GiveUp(Part):
    """The company of this rank gives up, before or after its agreement."""

    track: str
    rank: int
    agreed_on: date | None = None
    occurred_on: date
    reason: str


class Jeonbuk(Part):
    programme: str
    round: Round
    screened_on: date
    reviewed_on: date
    selected_on: date
    tracks: dict[str, TrackStory]
    give_ups: list[GiveUp]
    municipalities: dict[str, tuple[int, int]]
    agreements: dict[Standing, Span]
    final_payments_for_completion_until: date
    unconfirmed: int
    rejected: int
    visits: int
    mentors: int
    conflicts_of_interest: int
    reviewed_by_five: int


class Settings(Part):
    seed: int
    business_date: date
    past: list[Past]
    top_up: TopUp
    menu: Menu
    pledge: Pledge
    jeonbuk: Jeonbuk


def load_settings(file: Path = FILE) -> Settings:
    """The settings; raises YamlError, a line for each error, for a file that is not whole."""
    try:
        return Settings.model_validate(read_yaml(file))
    except ValidationError as error:
        raise YamlError("\n".join(f"{file.name}: {line}" for line in lines_of(error))) from error
