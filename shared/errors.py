"""What can go wrong in the business; each edge says what it means there."""


class BusinessError(Exception):
    """A refusal names its rule and says, in Korean and English, why and what to do."""

    def __init__(self, rule: str, ko: str, en: str) -> None:
        super().__init__(f"{rule}: {ko} / {en}")
        self.rule, self.ko, self.en = rule, ko, en


class RuleBroken(BusinessError):
    """The request breaks a rule: asking again will not help."""


class Forbidden(BusinessError):
    """Who asks may not do this; somebody else may."""


class NotFound(BusinessError):
    """Nothing has this id."""


class PrerequisiteMissing(BusinessError):
    """What this needs first is not there yet: its event may still be on the way."""


class Malformed(Exception):
    """This is not an event that we know how to read: reading again will not help."""
