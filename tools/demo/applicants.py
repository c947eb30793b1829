"""Jeonbuk's 176 applicants: track, rank, municipality and total of each, so that the documents' counts come out."""

from dataclasses import dataclass
from random import Random

from tools.demo.companies import Company, code
from tools.demo.randomness import random_multiple
from tools.demo.settings import JeonbukSettings, TrackCounts

Ranked = tuple[str, int | None]
"""A track and a rank in it; None for an applicant that is not eligible."""


@dataclass(frozen=True)
class Applicant:
    """A company's application. `rank` is the position in its track that its reviews lead to; None if not eligible."""

    company: Company
    track: str
    rank: int | None
    total_krw: int

    @property
    def mean_score(self) -> int:
        """The mean of the reviews: different for each of the first 45 of a track, at least 30 of 100."""
        assert self.rank is not None
        return 96 - self.rank if self.rank <= 45 else max(30, 51 - (self.rank - 45) // 2)


def applicants(settings: JeonbukSettings, seed: int) -> list[Applicant]:
    """Build all applicants in the order in which they apply."""
    random = Random(f"{seed}/applicants")
    ranks = [(track, rank) for track, counts in settings.tracks.items() for rank in _ranks(counts)]
    holders = [ranked for ranked in ranks if holds_award(settings, *ranked)]
    others = [ranked for ranked in ranks if not holds_award(settings, *ranked)]
    municipalities = _municipalities(settings, holders, others, random)
    random.shuffle(ranks)
    return [
        Applicant(
            Company(code("B", number), municipalities[track, rank].pop()),
            track,
            rank,
            random_multiple(*settings.tracks[track].total_krw, 100_000, random),
        )
        for number, (track, rank) in enumerate(ranks, start=1)
    ]


def holds_award(settings: JeonbukSettings, track: str, rank: int | None) -> bool:
    """Return whether this rank holds an award at the end: each abandoned one goes to the next reserve."""
    abandoned = [row.rank for row in settings.abandonments if row.track == track]
    last = settings.tracks[track].quota + len(abandoned)
    return rank is not None and rank <= last and rank not in abandoned


def _ranks(counts: TrackCounts) -> list[int | None]:
    eligible = counts.applications - counts.ineligible
    return [*range(1, eligible + 1), *[None] * counts.ineligible]


def _municipalities(
    settings: JeonbukSettings, holders: list[Ranked], others: list[Ranked], random: Random
) -> dict[Ranked, list[str]]:
    """Return a municipality for each rank; the applicants of a track that are not eligible share one list."""
    counts = settings.municipalities.items()
    of_holders = [code for code, (_, holding) in counts for _ in range(holding)]
    of_others = [code for code, (all, holding) in counts for _ in range(all - holding)]
    random.shuffle(of_holders)
    random.shuffle(of_others)
    municipalities: dict[Ranked, list[str]] = {}
    for ranked, municipality in zip(holders + others, of_holders + of_others, strict=True):
        municipalities.setdefault(ranked, []).append(municipality)
    return municipalities
