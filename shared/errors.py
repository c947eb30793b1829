"""Business errors and the error for unreadable events; each edge (HTTP, consumer, page) decides what they mean there."""


class BusinessError(Exception):
    """A refusal: the code of the broken rule, and why and what to do, in Korean and English."""

    def __init__(self, rule: str, ko: str, en: str) -> None:
        super().__init__(f"{rule}: {ko} / {en}")
        self.rule, self.ko, self.en = rule, ko, en


class RuleBroken(BusinessError):
    """The request breaks a rule: repeating it will not help."""


class Forbidden(BusinessError):
    """The caller may not do this; somebody with another role may."""


class NotFound(BusinessError):
    """No row has this id."""


class PrerequisiteMissing(BusinessError):
    """A prerequisite is missing: its event may still arrive, so repeating the request may help."""


class Malformed(Exception):
    """The record is not an event that this service can read: reading it again will not help."""
