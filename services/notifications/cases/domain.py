"""Message context: the facts about a case that any message may use."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.notifications.recipients.domain import Channel
from shared.events.definition import Definition

NamedPart = Literal["track", "milestone", "tranche"]
Names = dict[str, dict[str, dict[str, str]]]


class Name(BaseModel):
    """A name in Korean and English."""

    model_config = ConfigDict(frozen=True)

    ko: str
    en: str


class MessageContext(BaseModel):
    """A case with the names its messages use, and the channels by which its company can be reached."""

    model_config = ConfigDict(frozen=True)

    case_id: UUID
    company_id: UUID
    programme_id: str
    receipt_number: str
    company: str
    programme: Name
    programme_short: Name
    office: Name
    names: Names
    track_id: str | None
    channels: list[Channel]

    @property
    def track(self) -> Name | None:
        return self.name_of("track", self.track_id) if self.track_id else None

    def name_of(self, part: NamedPart, id: str) -> Name:
        """The name in the programme's newest definition, or the id if it is no longer defined there."""
        return Name.model_validate(self.names.get(part, {}).get(id) or {"ko": id, "en": id})


def names_of(definition: Definition) -> Names:
    return {
        "track": {track.id: {"ko": track.name_ko, "en": track.name_en} for track in definition.tracks},
        "milestone": {rule.key: {"ko": rule.name_ko, "en": rule.name_en} for rule in definition.milestones},
        "tranche": {
            str(rule.number): {"ko": rule.name_ko, "en": rule.name_en} for rule in definition.tranches
        },
    }
