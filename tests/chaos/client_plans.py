"""Plans of the clients, decided before anything is asked: the same seed gives the same plans."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from shared.values.business_number import check_digit
from tests.chaos.programme import CITIES, TRACKS

GivesUp = Literal["never", "before", "after", "paid"]

# What the local gateway does with these numbers: refuses, stays silent, is late, cannot deliver, loses its answer.
ODD_PHONES = ("01099990001", "01099990002", "01099990003", "01099990004", "01099990005")
AWARDS = 0.6  # of the applications of a track


@dataclass(frozen=True)
class ClientPlan:
    """One company's course. `mean` is that of its reviews; `gives_up` before its agreement, after it, or after its
    first payment; `clicks` is how often its submission is sent at once."""

    number: int
    track: str
    total_krw: int
    mean: int
    city: str
    phone: str
    language: str
    eligible: bool = True
    clicks: int = 1
    other_keys: int = 0
    hangs_up: bool = False
    gives_up: GivesUp = "never"
    completes: bool = False
    is_rejected_first: bool = False

    def business_number(self, seed: int) -> str:
        """Return a number of no tax office, another one for each client of the next 1,800 seeds."""
        serial = (100 * seed + self.number) % 180_000
        digits = f"000{82 + serial // 10_000}{serial % 10_000:04d}"
        return digits + check_digit(digits)


def plans(seed: int, clients: int) -> list[ClientPlan]:
    random = Random(seed)
    made = [_plan(number, random) for number in range(clients)]
    for track in TRACKS:
        made = _with_withdrawals(made, track, random)
    return made


def quota(made: list[ClientPlan]) -> dict[str, int]:
    """Return awards by track; at least one."""
    return {track: max(1, int(AWARDS * sum(one.track == track for one in made))) for track in TRACKS}


def _plan(number: int, random: Random) -> ClientPlan:
    return ClientPlan(
        number=number,
        track=TRACKS[number % len(TRACKS)],
        total_krw=random.randint(30_000_000, 120_000_000),
        mean=random.randint(40, 95),
        city=random.choice(CITIES),
        phone=ODD_PHONES[number] if number < len(ODD_PHONES) else f"0100000{7000 + number:04d}",
        language=random.choice(["ko", "en"]),
        clicks=random.choice([1, 1, 3, 5]),
        other_keys=random.choice([0, 0, 1, 2]),
        hangs_up=random.random() < 0.3,
        completes=random.random() < 0.5,
        is_rejected_first=random.random() < 0.2,
    )


def _with_withdrawals(made: list[ClientPlan], track: str, random: Random) -> list[ClientPlan]:
    """Make one company of each track ineligible, and of those with an award one withdraw at each possible time.

    Equal means are told apart by business number, as the ranking does it: by our numbers.
    """
    applicants = sorted((one for one in made if one.track == track), key=lambda one: -one.mean)
    ineligible = random.choice(applicants[1:]).number if len(applicants) > 1 else None
    ranked = [one.number for one in applicants if one.number != ineligible]
    holders = ranked[: quota(made)[track]]
    times: tuple[GivesUp, ...] = ("before", "after", "paid")
    withdrawing = dict(zip(random.sample(holders, min(len(times), len(holders) - 1)), times, strict=False))
    return [
        replace(one, eligible=one.number != ineligible, gives_up=withdrawing.get(one.number, one.gives_up))
        if one.track == track
        else one
        for one in made
    ]
