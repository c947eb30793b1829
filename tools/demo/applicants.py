"""Jeonbuk's 176 applicants: their track, place in the ranking, home and money, so that the counts come out."""

from dataclasses import dataclass
from random import Random

from tools.demo.companies import Company, code
from tools.demo.randomness import multiple
from tools.demo.settings import Jeonbuk, TrackStory


@dataclass(frozen=True)
class Applicant:
    """`rank` is the place in its track's ranking, by the reviews that it will get; None where not eligible."""

    company: Company
    track: str
    rank: int | None
    total_krw: int

    @property
    def mean(self) -> int:
        """The mean of the reviews: different for each of the first 45 of a track, at least 30 of 100."""
        assert self.rank is not None
        return 96 - self.rank if self.rank <= 45 else max(30, 51 - (self.rank - 45) // 2)


def applicants(story: Jeonbuk, seed: int) -> list[Applicant]:
    """In the order in which they apply."""
    random = Random(f"{seed}/applicants")
    ranks = [(track, rank) for track, of in story.tracks.items() for rank in _ranks(of)]
    holders = [place for place in ranks if holds(story, *place)]
    others = [place for place in ranks if not holds(story, *place)]
    homes = _homes(story, holders, others, random)
    random.shuffle(ranks)
    return [
        Applicant(
            Company(code("B", number), homes[track].pop() if rank is None else homes[f"{track}/{rank}"][0]),
            track,
            rank,
            multiple(*story.tracks[track].total_krw, 100_000, random),
        )
        for number, (track, rank) in enumerate(ranks, start=1)
    ]


def holds(story: Jeonbuk, track: str, rank: int | None) -> bool:
    """Whether this rank holds a place at the end: each that gave up is followed by the next reserve."""
    given_up = [gone.rank for gone in story.give_ups if gone.track == track]
    last = story.tracks[track].places + len(given_up)
    return rank is not None and rank <= last and rank not in given_up


def _ranks(track: TrackStory) -> list[int | None]:
    eligible = track.applications - track.ineligible
    return [*range(1, eligible + 1), *[None] * track.ineligible]


def _homes(
    story: Jeonbuk,
    holders: list[tuple[str, int | None]],
    others: list[tuple[str, int | None]],
    random: Random,
) -> dict[str, list[str]]:
    """The municipality of each place; those that are not eligible share a list a track."""
    placed = [home for home, (_, held) in story.municipalities.items() for _ in range(held)]
    rest = [home for home, (all, held) in story.municipalities.items() for _ in range(all - held)]
    random.shuffle(placed)
    random.shuffle(rest)
    homes: dict[str, list[str]] = {}
    for (track, rank), home in zip(holders + others, placed + rest, strict=True):
        homes.setdefault(track if rank is None else f"{track}/{rank}", []).append(home)
    return homes
